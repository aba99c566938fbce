"""The Markdown table."""

import statistics
from typing import Iterator

from peers import BASE
from ratios import BARS, Ratio, duration, ratio, seconds_of

HEAD = """\
Each number is a peer's time divided by numbra's on the same device: **above 1 numbra is the faster one**. Every peer has a
process of its own; in each round each has one turn of {seconds} s, every other round in reversed order, and a ratio is formed
per round. Given are the median of the rounds and, in brackets, the least and the largest. Before it is timed, a result is
held against a float64 reference: "error" is the largest absolute difference, and what differs by more than is allowed is
named instead of timed. f(x, y) is cos(x² + y²) / (1 + x² + y²).
"""


def markdown(record: dict, picture: str | None) -> str:
    return "\n".join(_lines(record, picture)) + "\n"


def _lines(record: dict, picture: str | None) -> Iterator[str]:
    yield f"# Benchmarks, {record['date']}"
    yield ""
    if record["quick"]:
        yield "**A quick run on tiny arrays, to see that everything works: the times mean nothing.**"
        yield ""
    yield HEAD.format(seconds=record["seconds"])
    if picture:
        yield f"![Ratios to numbra]({picture})"
        yield ""
    yield from _bars(record)
    yield "| | device | peer | ratio | peer's time | numbra's time | error |"
    yield "|---|---|---|---|---|---|---|"
    for line_up in record["line_ups"]:
        yield from _rows(line_up)
    yield ""
    yield from _notes(record)
    yield "## Machine"
    yield ""
    yield from (f"* {what}: {value}" for what, value in record["machine"].items())
    yield f"* {record['rounds']} rounds per row; load average of the machine (1 minute) {record['load'][0]:.1f} at the begin"
    yield f"  and {record['load'][1]:.1f} at the end"


def _rows(line_up: dict) -> Iterator[str]:
    ours = seconds_of(line_up, BASE)
    base = duration(statistics.median(ours)) if ours else ""
    place = [line_up["title"], line_up["device"]]
    for entry in line_up["entries"]:
        cells = [*place, entry["peer"]]
        if entry["failed"]:
            reason = entry["failed"].replace("|", "\\|")
            cells += [f"not measured: {reason}", "", base, ""]
        elif entry["peer"] == BASE:
            # With peers its time stands in their lines.
            if any(other["seconds"] for other in line_up["entries"] if other is not entry):
                continue
            cells += ["1", base, base, _error(entry)]
        else:
            measured = ratio(line_up, entry["peer"])
            cells += [_ratio(measured), duration(statistics.median(entry["seconds"])), base, _error(entry)]
        yield f"| {' | '.join(cells)} |"
        place = ["", ""]


def _ratio(measured: Ratio | None) -> str:
    if measured is None:
        return ""
    return f"**{measured.median:.2f}** ({measured.least:.2f} to {measured.most:.2f})"


def _error(entry: dict) -> str:
    return "" if entry["difference"] is None else f"{entry['difference']:.0e}"


def _bars(record: dict) -> Iterator[str]:
    """What numbra set itself to reach, where the run measured it."""
    if record["quick"]:
        return
    by_place = {(line_up["row"], line_up["device"]): line_up for line_up in record["line_ups"]}
    judged = [(bar, bar.judge(by_place[bar.row, bar.device])) for bar in BARS if (bar.row, bar.device) in by_place]
    judged = [(bar, outcome) for bar, outcome in judged if outcome]
    if judged:
        yield "| what numbra is to reach | measured | |"
        yield "|---|---|---|"
        yield from (f"| {bar.text} | {measured} | {'yes' if enough else '**no**'} |" for bar, (measured, enough) in judged)
        yield ""


def _notes(record: dict) -> Iterator[str]:
    notes = {
        (entry["peer"], line_up["device"], entry["notes"])
        for line_up in record["line_ups"]
        for entry in line_up["entries"]
        if entry["notes"]
    }
    yield "## How they ran"
    yield ""
    yield from HOW
    yield from (f"* {peer} on {device}: {note}" for peer, device, note in sorted(notes))
    yield ""


HOW = [
    "* cpu is one thread, parallel all of them. vulkan takes NumPy's arrays and gives them back: the copies are in the time.",
    "* numbra, numba and numba-vulkan compile the same Python functions (benches/kernels.py) with signatures given; numbra's",
    "  elementary functions are its own. numba-loops: numba with the stencils written out as loops.",
    "* memory-copy: the machine's own copy of as many bytes as the kernel must read and write, by as many threads; below 1",
    "  the kernel takes longer than that copy.",
    "* Kernel caches on disk are off everywhere but where code on disk is what is measured. taichi runs as it starts, with its fast math on.",
]
