"""What is run, piece by piece: each in less than 10 minutes, all of them in less than 25."""

import re
import time
from dataclasses import dataclass
from pathlib import Path

from . import comparison, process, python
from .devices import Devices
from .record import Piece

# Seconds that each piece may take.
LIMITS = {"conformance": 300, "fuzz": 390, "demo": 240, "bench": 510}


@dataclass
class Context:
    root: Path
    scratch: Path
    log: Path
    """Where programs' standard error goes."""
    devices: Devices
    options: object

    def run(self, command: list, limit: float, hear, **variables: str) -> process.Ended:
        return process.run(command, limit, self.devices.variables | variables, self.log, hear)


class Clock:
    """What is left of a piece's time."""

    def __init__(self, piece: str) -> None:
        self.end = time.monotonic() + LIMITS[piece]

    def left(self) -> float:
        return max(1.0, self.end - time.monotonic())


def conformance(context: Context, piece: Piece) -> None:
    """The tests' tables, kernels and regressions, against the interpreter."""
    clock = Clock("conformance")
    for name, device in context.devices.found.items():
        checks = Lines(piece)
        command = [context.root / "bin/checks", "conformance", "--devices", device, "--data", context.root / "data"]
        ended = context.run(command, clock.left(), checks.hear)
        checks.end(f"conformance on {name}", ended)


class Lines:
    """Reads lines of the form `WHAT ... ok` or `WHAT ... FAILED`, the latter with indented lines after it."""

    def __init__(self, piece: Piece) -> None:
        self.piece = piece
        self.failing: str | None = None
        self.message: list[str] = []
        self.running: str | None = None
        self.ok = self.bad = 0

    def hear(self, line: str) -> None:
        if self.failing is not None and line.startswith("    "):
            self.message.append(line.strip())
            return
        self.settle()
        if not (match := re.fullmatch(r"(.*) \.\.\. ?(ok|FAILED)?", line)):
            print(line, flush=True)
            return
        what, verdict = match.groups()
        if verdict == "ok":
            self.ok += 1
            self.piece.check(what, None)
            if self.ok % 20 == 0:
                print(f"    {self.ok} passed", flush=True)
        elif verdict == "FAILED":
            self.bad += 1
            self.failing = what
        else:
            self.running = what

    def settle(self) -> None:
        if self.failing is not None:
            self.piece.check(self.failing, "\n".join(self.message) or "no reason given")
        self.failing, self.message = None, []

    def end(self, what: str, ended: process.Ended) -> None:
        """The program has ended; it fails with status 1 where checks have failed, which are counted."""
        self.settle()
        expected = ended.status == (1 if self.bad else 0) and self.ok + self.bad > 0
        if not expected:
            where = f", in {self.running}" if self.running else ""
            self.piece.check(what, f"{ended.problem or 'it checked nothing'}{where}")


def fuzz(context: Context, piece: Piece) -> None:
    """Random kernels against the interpreter."""
    clock, count = Clock("fuzz"), max(1, len(context.devices.found))
    seconds = min(context.options.fuzz_seconds, (LIMITS["fuzz"] - 45 * count) // count)
    for name, device in context.devices.found.items():
        kept: list[str] = []

        def hear(line: str) -> None:
            if "kernels ran (" in line:
                piece.figures[name] = line
                print(f"    {name}: {line}", flush=True)
                piece.touch(now=True)
            elif not line.startswith("refused "):
                kept.append(line)

        command = [context.root / "bin/checks", "fuzz", "--devices", device, "--seconds", seconds, "--seed", context.options.seed]
        command += ["--judged", 0, "--no-stages", "--no-cuda-form", "--told", 10]
        command += ["--count", 30] * context.options.quick
        # Its last case is in a file there, should it end the process.
        ended = context.run(command, min(clock.left(), seconds + 45), hear, TMPDIR=str(context.scratch))
        ran = re.search(r"(\d+) kernels ran", piece.figures.get(name, ""))
        problem = ended.problem and f"{ended.problem}\n" + "\n".join(kept[-60:] + last_case(context.scratch))
        if problem is None and not (ran and int(ran[1])):
            problem = "no kernel ran"
        piece.check(f"random kernels on {name}", problem)


def last_case(folder: Path) -> list[str]:
    """What ran when the fuzzer was ended."""
    lines = []
    for file in folder.glob("numbra-fuzz-*.py"):
        lines += file.read_text(errors="replace").splitlines()[:60]
        file.unlink()
    return lines


def demo(context: Context, piece: Piece) -> None:
    """The demo programs, and those of the seeds from Python, whose results are compared with references."""
    clock = Clock("demo")
    for name, device in context.devices.found.items():
        rows: list[list[str]] = []

        def hear(line: str) -> None:
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if len(cells) == 5 and not cells[0].startswith(("program", "---")):
                rows.append(cells)
                print(f"    {line}", flush=True)

        command = [context.root / "bin/numbra", "demo", "--device", device, "--out", context.scratch / "pictures"]
        ended = context.run(command + ["--quick"] * context.options.quick, min(clock.left(), 100), hear)
        piece.figures.setdefault("rows", {})[name] = rows
        piece.check(f"demo on {name}", ended.problem or (None if rows else "it printed no table"))
        checks = Lines(piece)
        checks.end(f"Python on {name}", python.run(context, device, min(clock.left(), 60), checks.hear))


def bench(context: Context, piece: Piece) -> None:
    """numbra beside other systems, all with their arrays on the GPU."""
    comparison.run(context, piece, Clock("bench"))


PIECES = [conformance, fuzz, demo, bench]
