"""The process of one peer on one device for one row. benches/contest.py starts it and takes turns between such processes.

    worker.py PEER DEVICE ROW full|quick

It writes one JSON object per line: first {"ready": true, ...} or {"failed": reason}; then, for each line with a number of
seconds that it reads, the time of one run. A row whose subject is a fresh process has the time in the first line."""

import gc
import json
import os
import statistics
import sys
import time

import numpy as np

import peers
from problems import PROBLEMS, difference
from rows import ROWS

# Libraries print; the answers get a channel of their own.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def answer(**fields) -> None:
    print(json.dumps(fields), file=answers, flush=True)


class Clock:
    """Begins when it is made."""

    def __init__(self) -> None:
        self.begin, self.processor = time.perf_counter(), time.thread_time()

    def read(self) -> dict[str, float]:
        """Seconds, and the processor's seconds of this thread: on a busy machine the first has others' work in it."""
        return {"seconds": time.perf_counter() - self.begin, "processor": time.thread_time() - self.processor}


def timed(run, count: int) -> float:
    """Seconds per run."""
    begin = time.perf_counter()
    for _ in range(count):
        run()
    return (time.perf_counter() - begin) / count


def take_turn(run, seconds: float) -> float:
    """The median over batches that fill the time, after one batch that brings memory and threads back."""
    count = 1
    while (once := timed(run, count)) * count < min(1e-3, seconds / 4):
        count *= 2
    batches = [timed(run, count)]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        batches.append(timed(run, count))
    return statistics.median(batches)


def work(name: str, device: str, row, shape) -> None:
    peer = peers.module(name)
    if row.measure == "import":
        clock = Clock()
        peer.load()
        return answer(ready=True, **clock.read(), difference=None, notes="")

    problem = PROBLEMS[row.problem]
    arguments = problem.arguments(shape)
    out = None if row.measure == "new" else np.zeros(shape, problem.dtype)
    make = peer.KERNELS[row.problem]
    if row.measure == "kept":
        peer.OPTIONS["cache"] = True
    peer.load()
    gc.disable()
    clock = Clock()
    peer.begin(device)
    run = make(device, arguments, out)
    result = run()
    first = clock.read()
    error = None if result is None else difference(row.problem, arguments, np.asarray(result))
    answer(ready=True, **first, difference=error, notes=peer.notes(device))
    if row.in_fresh_processes:
        return
    for line in sys.stdin:
        answer(seconds=take_turn(run, float(line)))


def main() -> None:
    name, device, row_name, size = sys.argv[1:]
    row = next(row for row in ROWS if row.name == row_name)
    try:
        work(name, device, row, row.shape if size == "full" else row.quick)
    except Exception as error:  # whatever a peer raises is its reason
        text = str(error).strip().splitlines()
        answer(failed=f"{type(error).__name__}: {text[0]}" if text else type(error).__name__)
    # Some leave threads that never end.
    answers.flush()
    os._exit(0)


main()
