"""From times to ratios, and what numbra set itself to reach."""

import statistics
from dataclasses import dataclass

from peers import BASE


@dataclass(frozen=True)
class Ratio:
    """A peer's time over numbra's, of the rounds in which both had a turn."""

    median: float
    least: float
    most: float


def ratio(line_up: dict, peer: str) -> Ratio | None:
    base, other = (seconds_of(line_up, name) for name in (BASE, peer))
    values = [theirs / ours for ours, theirs in zip(base, other)]
    return Ratio(statistics.median(values), min(values), max(values)) if values else None


def seconds_of(line_up: dict, peer: str, clock: str = "seconds") -> list[float]:
    """Per round."""
    return next((entry[clock] for entry in line_up["entries"] if entry["peer"] == peer), [])


@dataclass(frozen=True)
class Bar:
    row: str
    device: str
    text: str
    peer: str | None
    """Whose time is divided by numbra's; None where the bar is numbra's own time in seconds."""
    limit: float

    def judge(self, line_up: dict) -> tuple[str, bool] | None:
        """What was measured, and whether it is enough. None where it was not measured."""
        if self.peer is None:
            ours, processor = seconds_of(line_up, BASE), seconds_of(line_up, BASE, "processor")
            if not ours:
                return None
            text = duration(statistics.median(ours))
            if processor:
                text += f", on the processor {duration(statistics.median(processor))}"
            return text, statistics.median(ours) <= self.limit
        measured = ratio(line_up, self.peer)
        return (f"{measured.median:.2f}", measured.median >= self.limit) if measured else None


BARS = [
    Bar("f", "parallel", "f(x, y) at least 3 times as fast as numba's target='parallel'", "numba", 3),
    Bar("f-new", "parallel", "the same with a new array each time", "numba", 3),
    Bar("f", "vulkan", "f(x, y) faster than numba-vulkan", "numba-vulkan", 1),
    Bar("first-saxpy", "cpu", "first kernel in a process, a*x+y: at most 15 ms", None, 0.015),
    Bar("first-f", "cpu", "first kernel in a process, f(x, y): at most 40 ms", None, 0.040),
    Bar("kept-jit", "cpu", "a first call of a function whose code is on disk: at most 2 ms", None, 0.002),
    Bar("import", "cpu", "import numbra: at most 60 ms after NumPy", None, 0.060),
    Bar("small", "cpu", "a ufunc's call on 10 elements with out=: at most numba's time", "numba", 1),
    Bar("small-new", "cpu", "a ufunc's call on 10 elements: at most numba's time", "numba", 1),
]


def duration(seconds: float) -> str:
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            break
    return f"{seconds / size:.3g} {unit}"
