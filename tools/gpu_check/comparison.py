"""numbra beside other systems on the same GPU: a process each, taking turns, and the GPU's own copy between them."""

import json
import statistics
import sys
import tempfile

from . import python
from .record import Piece

PEERS = ["numba_cuda", "cupy", "torch", "triton"]
CASES = ["launch", "f", "saxpy", "black_scholes", "stencil"]
ROUNDS = 3
# No process takes longer than this, kernels' compilation and imports included.
PATIENCE = 90


def run(context, piece: Piece, clock) -> None:
    comparison = Comparison(context, piece, clock)
    for number in range(1 if context.options.quick else ROUNDS):
        comparison.copy()
        comparison.take_turns(number)
    comparison.judge()


class Comparison:
    def __init__(self, context, piece: Piece, clock) -> None:
        self.context, self.piece, self.clock = context, piece, clock
        sys.path.insert(0, str(context.root / "benches/gpu"))
        from programs import PROGRAMS

        self.programs = PROGRAMS
        self.own = {f"numbra on {name}": device for name, device in context.devices.found.items()}
        self.numpy, self.no_numpy = python.numpy_folder(context.root)
        self.divide = 16 if context.options.quick else 1
        # (who, case) -> the medians of the rounds, in seconds.
        self.seconds: dict[tuple[str, str], list[float]] = {}
        self.notes: dict[tuple[str, str], str] = {}
        self.copies: dict[str, list[float]] = {}
        piece.figures.update(copy={}, absent={}, versions={}, rows=[])

    def take_turns(self, number: int) -> None:
        """Everyone measures everything once; every other round in the other order."""
        turns = [*self.own, *PEERS]
        for who in turns if number % 2 == 0 else reversed(turns):
            if who in self.piece.figures["absent"]:
                continue
            print(f"    round {number + 1}: {who}", flush=True)
            # The first result of a process, in one that does nothing else.
            for cases in (["first"], CASES):
                if who not in self.piece.figures["absent"]:
                    self.measure(who, cases)
            self.show()

    def measure(self, who: str, cases: list[str]) -> None:
        arguments = ["--cases", ",".join(cases), "--rounds", 3, "--divide", self.divide]
        if who in self.own:
            command = [self.context.root / "bin/checks", "bench", "--device", self.own[who], *arguments]
        else:
            command = [sys.executable, self.context.root / "benches/gpu/peer.py", who, *arguments]
        limit = min(self.clock.left(), PATIENCE)
        with tempfile.TemporaryDirectory(dir=self.context.scratch) as empty:
            variables = python.path(self.numpy) | without_caches(empty)
            ended = self.context.run(command, limit, lambda line: self.hear(who, line), **variables)
        if ended.problem:
            missing = [case for case in cases if (who, case) not in self.seconds and (who, case) not in self.notes]
            self.notes |= {(who, case): ended.problem for case in missing}

    def hear(self, who: str, line: str) -> None:
        try:
            told = json.loads(line)
        except ValueError:
            return
        figures, case = self.piece.figures, told.get("case")
        if "version" in told:
            figures["versions"][who] = told["version"]
        elif case is None:
            figures["absent"][who] = told.get("failed", "no reason given")
        elif "failed" in told:
            self.notes[who, case] = told["failed"]
        else:
            program = self.programs[case]
            # Small things are not made smaller.
            divide = 1 if case in ("first", "launch") else self.divide
            off = program.difference(told["sample"], divide)
            if not off <= program.tolerance:
                self.notes[who, case] = f"wrong: differs from the reference by {off:.1e}"
            elif (who, case) not in self.notes:
                seconds = [told["first_call"]] if case == "first" else told["seconds"]
                self.seconds.setdefault((who, case), []).append(statistics.median(seconds))

    def copy(self) -> None:
        """The ceiling, measured in every round."""
        mib = 64 if self.context.options.quick else 512

        def hear(line: str) -> None:
            told = json.loads(line)
            if "failed" in told:
                self.piece.figures["copy"] = told
            for width, speed in told.get("bytes_per_second", {}).items():
                self.copies.setdefault(width, []).append(speed)
                medians = {width: statistics.median(speeds) for width, speeds in self.copies.items()}
                self.piece.figures["copy"] = {"device": told["device"], "bytes_per_second": medians}

        command = [sys.executable, self.context.root / "benches/gpu/copy_bandwidth.py", "--mib", mib]
        ended = self.context.run(command, min(self.clock.left(), 60), hear)
        if ended.problem:
            self.piece.figures["copy"] = {"failed": ended.problem}

    def show(self) -> None:
        """The rows of the record, as far as they are known."""
        base = "numbra on cuda" if "numbra on cuda" in self.own else next(iter(self.own), None)
        rows = []
        for case in ["first", *CASES]:
            program = self.programs[case]
            for who in [*self.own, *PEERS]:
                seconds, note = self.seconds.get((who, case)), self.notes.get((who, case), "")
                if seconds is None:
                    rows += [[program.title, who, "", "", "", note]] if note else []
                    continue
                median = statistics.median(seconds)
                rows.append([program.title, who, time_text(median), self.ratio(seconds, base, case), self.of_copy(program, median, who), note])
        self.piece.figures.update(rows=rows, base=base)
        self.piece.touch(now=True)

    def ratio(self, seconds: list[float], base: str | None, case: str) -> str:
        own = self.seconds.get((base, case)) if base else None
        if not own:
            return ""
        ratios = [theirs / ours for theirs, ours in zip(seconds, own)]
        return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"

    def of_copy(self, program, seconds: float, who: str) -> str:
        """The share of the 16-byte copy's bandwidth; of NVIDIA's GPU alone, whose copy it is."""
        device = self.own.get(who, "cuda")
        copy = self.piece.figures["copy"].get("bytes_per_second", {}).get("16")
        if not (program.bytes and copy and device.startswith(("cuda", "vulkan"))) or self.context.options.software_vulkan:
            return ""
        return f"{program.bytes * program.elements(self.divide) / seconds / copy:.2f}"

    def judge(self) -> None:
        """numbra must have measured everything, with right results. What others do is no check."""
        if self.no_numpy:
            for peer in PEERS:
                self.piece.figures["absent"].setdefault(peer, self.no_numpy)
        for who in self.own:
            for case in ["first", *CASES]:
                missing = None if (who, case) in self.seconds else "not reached"
                self.piece.check(f"{who}, {self.programs[case].title}", self.notes.get((who, case), missing))
        copy = self.piece.figures["copy"]
        if any(device.startswith("cuda") for device in self.own.values()):
            self.piece.check("the GPU's own copy", copy.get("failed", None if copy else "not reached"))
        self.show()


def without_caches(empty: str) -> dict[str, str]:
    """No kernel comes from a cache on disk, so that first calls are first calls."""
    disabled = {"CUDA_CACHE_DISABLE": "1", "__GL_SHADER_DISK_CACHE": "0", "MESA_SHADER_CACHE_DISABLE": "true"}
    return disabled | {name: empty for name in ("XDG_CACHE_HOME", "CUPY_CACHE_DIR", "TRITON_CACHE_DIR")}


def time_text(seconds: float) -> str:
    return f"{seconds * 1e6:.1f} us" if seconds < 1e-3 else f"{seconds * 1e3:.3g} ms"
