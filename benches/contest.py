"""One line-up: all peers that can run a row on a device, each in a process of its own, taking turns."""

import json
import os
import select
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import peers
from rows import Row

FOLDER = Path(__file__).parent
# The longest that a peer may take for one answer.
PATIENCE = 180


@dataclass
class Entry:
    """What one peer did in a line-up."""

    peer: str
    failed: str | None = None
    seconds: list[float] = field(default_factory=list)
    """Per round."""
    processor: list[float] = field(default_factory=list)
    """The calling thread's seconds on the processor, where a process is all that is timed."""
    difference: float | None = None
    """Its result's largest distance from the reference; None where nothing is computed."""
    notes: str = ""


class Failed(Exception):
    pass


class Worker:
    def __init__(self, peer: str, device: str, row: Row, size: str, environment: dict[str, str]) -> None:
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [sys.executable, str(FOLDER / "worker.py"), peer, device, row.name, size],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=environment,
        )

    def answer(self) -> dict:
        """The next line; Failed with the reason where there is none."""
        if not select.select([self.process.stdout], [], [], PATIENCE)[0]:
            self.process.kill()
            raise Failed(f"no answer within {PATIENCE} s")
        line = self.process.stdout.readline()
        if not line:
            raise Failed(self._how_it_ended())
        fields = json.loads(line)
        if "failed" in fields:
            raise Failed(fields["failed"])
        return fields

    def turn(self, seconds: float) -> float:
        try:
            self.process.stdin.write(f"{seconds}\n".encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failed(self._how_it_ended()) from None
        return self.answer()["seconds"]

    def end(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()
            except BrokenPipeError:
                pass
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def _how_it_ended(self) -> str:
        status = self.process.wait()
        self.log.seek(0)
        said = self.log.read().decode(errors="replace").strip().splitlines()
        how = f"ended by signal {-status}" if status < 0 else f"ended with status {status}"
        return f"{how}: {said[-1]}" if said else how


def environment(scratch: str) -> dict[str, str]:
    """That of the workers: no kernel comes from a cache on disk, so that first calls are first calls; and where that is what is
    measured, from one that is made for it."""
    return os.environ | {
        "BENCH_SCRATCH": scratch,
        "XDG_CACHE_HOME": scratch,
        "NUMBRA_CACHE_DIR": scratch,
        "NUMBA_CACHE_DIR": scratch,
        "MESA_SHADER_CACHE_DISABLE": "true",
        "MESA_GLSL_CACHE_DISABLE": "true",
        "NUMBA_VULKAN_CACHE": "0",
        "NUMBA_VULKAN_WARNINGS": "0",
    }


def line_up(row: Row, device: str, names: list[str], absent: dict[str, str]) -> list[Entry]:
    """The peers that a row is about; `absent`: those that are not installed, with the reason."""
    entries = []
    for name in names:
        peer = peers.module(name)
        if device not in peer.DEVICES or row.measure not in peer.MEASURES:
            continue
        if row.problem in peer.UNABLE and row.measure != "import":
            entries.append(Entry(name, failed=peer.UNABLE[row.problem]))
        elif row.problem in peer.KERNELS:
            entries.append(Entry(name, failed=absent.get(name)))
    return entries


def compete(
    row: Row,
    device: str,
    entries: list[Entry],
    quick: bool,
    rounds: int,
    seconds: float,
    scratch: str,
    say: Callable[[str], None],
) -> None:
    """Fills the entries. In each round everyone has one turn; every other round the order is reversed."""
    size = "quick" if quick else "full"
    variables = environment(scratch)
    workers: dict[str, Worker] = {}

    def attempt(entry: Entry, action: Callable[[], None]) -> None:
        try:
            action()
        except Failed as failure:
            entry.failed, entry.seconds, entry.processor = str(failure), [], []

    def start(entry: Entry) -> dict:
        workers[entry.peer] = Worker(entry.peer, device, row, size, variables)
        first = workers[entry.peer].answer()
        entry.difference, entry.notes = first["difference"], first["notes"]
        return first

    def fresh(entry: Entry) -> None:
        first = start(entry)
        entry.seconds.append(first["seconds"])
        entry.processor.append(first["processor"])
        workers.pop(entry.peer).end()

    def turn(entry: Entry) -> None:
        entry.seconds.append(workers[entry.peer].turn(seconds))

    try:
        if row.in_fresh_processes:
            # Once for nothing: files come from disk, code goes there, and numba-vulkan prepares its library.
            for entry in entries:
                say(f"{entry.peer} warms up")
                if not entry.failed:
                    attempt(entry, lambda: fresh(entry))
                entry.seconds.clear()
                entry.processor.clear()
        else:
            for entry in entries:
                say(f"{entry.peer} starts")
                if not entry.failed:
                    attempt(entry, lambda: start(entry))
        for number in range(rounds):
            for entry in entries if number % 2 == 0 else reversed(entries):
                if not entry.failed:
                    say(f"round {number + 1} of {rounds}, {entry.peer}")
                    attempt(entry, lambda: fresh(entry) if row.in_fresh_processes else turn(entry))
    finally:
        for worker in workers.values():
            worker.end()
