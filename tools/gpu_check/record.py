"""What a run leaves: one dated record, as JSON and as Markdown. It is written anew whenever something is known, so that a
run that is ended keeps what it had."""

import datetime
import json
import os
import platform
import subprocess
import time
from pathlib import Path

from .failure import Failure
from .table import markdown

# Seconds from one writing to the next, at least, while all is well.
PAUSE = 2


def today() -> str:
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")


class Record:
    def __init__(self, folder: Path, facts: dict) -> None:
        """Goes on with the day's record in `folder`, if that is of the same commit and machine."""
        self.path = folder / f"{today()}-gpu-check.json"
        self.data = {"date": today(), "facts": facts, "machine": machine(), "devices": {}, "notes": [], "pieces": {}}
        self.written = 0.0
        if self.path.exists():
            before = read(self.path)
            if (before["facts"], before["machine"]) == (facts, self.data["machine"]):
                self.data["pieces"] = before["pieces"]

    def begin(self, piece: str) -> "Piece":
        begun = {"complete": False, "seconds": 0.0, "passed": 0, "failed": 0, "failures": [], "figures": {}}
        self.data["pieces"][piece] = begun
        self.write()
        return Piece(self, begun)

    def totals(self) -> tuple[int, int]:
        pieces = self.data["pieces"].values()
        return sum(piece["passed"] for piece in pieces), sum(piece["failed"] for piece in pieces)

    def write(self) -> None:
        write(self.data, self.path)
        self.written = time.monotonic()


class Piece:
    """What is known of one piece so far."""

    def __init__(self, record: Record, data: dict) -> None:
        self.record = record
        self.data = data
        self.begun = time.monotonic()

    @property
    def figures(self) -> dict:
        return self.data["figures"]

    def check(self, what: str, problem: str | None) -> None:
        """Counts a check; `problem`: why it failed."""
        self.data["passed" if problem is None else "failed"] += 1
        if problem is not None:
            self.data["failures"].append({"check": what, "problem": problem})
            print(f"FAILED {what}: {problem}", flush=True)
        self.touch(problem is not None)

    def touch(self, now: bool = False) -> None:
        """Something has become known."""
        self.data["seconds"] = round(time.monotonic() - self.begun, 1)
        if now or time.monotonic() - self.record.written > PAUSE:
            self.record.write()

    def end(self) -> None:
        self.data["complete"] = True
        self.touch(now=True)


def read(path: Path) -> dict:
    try:
        data = json.loads(path.read_text())
        data["facts"], data["machine"], data["pieces"]  # what every record has
        return data
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Failure(f"{path} is no record of gpu-check: {error}") from None


def write(data: dict, path: Path) -> None:
    for place, text in ((path, json.dumps(data, indent=1) + "\n"), (path.with_suffix(".md"), markdown(data))):
        part = place.with_name(place.name + ".part")
        part.write_text(text)
        os.replace(part, place)


def join(files: list[Path], folder: Path) -> int:
    """One record of several; an error if they are not of the same commit and machine."""
    records = [read(file) for file in files]
    joined = records[-1]
    for file, other in zip(files, records):
        for same in ("facts", "machine"):
            if other[same] != joined[same]:
                raise Failure(f"{file} is of another {'build' if same == 'facts' else 'machine'} than {files[-1]}")
    pieces: dict = {}
    for other in records:
        pieces |= other["pieces"]
    joined["pieces"] = pieces
    joined["notes"] = list(dict.fromkeys(note for other in records for note in other["notes"]))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{joined['date']}-gpu-check.json"
    write(joined, path)
    print(f"{path} and {path.with_suffix('.md').name}")
    return 0


def machine() -> dict[str, str]:
    """What the figures depend on."""
    facts = {"system": f"{platform.system()} {platform.release()}, glibc {platform.libc_ver()[1]}", "python": platform.python_version()}
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        facts["processor"] = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        facts["processor"] = platform.machine()
    facts["processor"] += f", {os.cpu_count()} threads"
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        gpus = subprocess.run(query, capture_output=True, text=True, timeout=30).stdout.strip().splitlines()
        facts["GPU"] = "; ".join(gpus) or "nvidia-smi names none"
    except (OSError, subprocess.TimeoutExpired):
        facts["GPU"] = "no nvidia-smi here"
    return facts
