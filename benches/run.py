"""numbra beside its peers, in one run: python benches/run.py [--quick] [--rows f,saxpy] [--peers numbra,numba] [--devices cpu]

Writes PREFIX.md (the table), PREFIX.png (the picture, where matplotlib is installed) and PREFIX.json (every round).
`make bench` makes an environment with the peers and calls it there.
"""

import argparse
import datetime
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import machine
import peers
from chart import draw
from contest import Entry, compete, line_up
from ratios import duration, ratio
from report import markdown
from rows import ROWS


def chosen(known: list[str], what: str):
    def parse(text: str) -> list[str]:
        names = text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"no {what} '{name}'; there are {', '.join(known)}")
        return [name for name in known if name in names]

    return parse


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    rows, devices = [row.name for row in ROWS], ["cpu", "parallel", "vulkan", "cuda"]
    parser.add_argument("--quick", action="store_true", help="tiny arrays, two short rounds: only to see that it works")
    parser.add_argument("--rows", type=chosen(rows, "row"), default=rows, help=", ".join(rows))
    parser.add_argument("--peers", type=chosen(peers.NAMES, "peer"), default=peers.NAMES, help=", ".join(peers.NAMES))
    parser.add_argument("--devices", type=chosen(devices, "device"), default=devices[:3], help="without cuda if not given")
    parser.add_argument("--rounds", type=int, help="7 if not given")
    parser.add_argument("--seconds", type=float, help="of a turn; 0.3 if not given")
    parser.add_argument("--out", type=Path, default=Path("out/bench"), metavar="PREFIX", help="out/bench if not given")
    options = parser.parse_args()
    options.rounds = options.rounds or (2 if options.quick else 7)
    options.seconds = options.seconds or (0.005 if options.quick else 0.3)
    return options


class Progress:
    """One line that is written over on a terminal; elsewhere one line per row."""

    def __init__(self, total: int) -> None:
        self.total, self.number, self.title = total, 0, ""
        self.begin = time.monotonic()

    def next(self, title: str) -> None:
        self.number, self.title = self.number + 1, title
        if not sys.stderr.isatty():
            print(f"[{self.number}/{self.total}] {title}", file=sys.stderr, flush=True)

    def say(self, text: str) -> None:
        if sys.stderr.isatty():
            line = f"[{self.number}/{self.total}, {time.monotonic() - self.begin:.0f} s] {self.title}: {text}"
            print(f"\r\x1b[K{line[:110]}", end="", file=sys.stderr, flush=True)

    def done(self) -> None:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def summary(result: dict) -> None:
    print(f"{result['title']}, {result['device']}")
    for entry in result["entries"]:
        if entry["failed"]:
            print(f"    {entry['peer']:<14} not measured: {entry['failed']}")
            continue
        measured = ratio(result, entry["peer"])
        times = f"{duration(sorted(entry['seconds'])[len(entry['seconds']) // 2]):>9}"
        print(f"    {entry['peer']:<14} {times}" + (f"   ratio {measured.median:.2f}" if measured else ""), flush=True)


def main() -> int:
    options = arguments()
    absent = machine.absent(options.peers)
    pairs = [(row, device) for row in ROWS if row.name in options.rows for device in options.devices]
    pairs = [(row, device) for row, device in pairs if device in row.devices or device == "cuda"]
    record = {
        "date": datetime.date.today().isoformat(),
        "quick": options.quick,
        "rounds": options.rounds,
        "seconds": options.seconds,
        "load": [machine.load(), 0.0],
        "machine": machine.describe(options.peers),
        "line_ups": [],
    }
    progress = Progress(len(pairs))
    with tempfile.TemporaryDirectory() as scratch:
        for row, device in pairs:
            title = row.heading(options.quick)
            progress.next(f"{title}, {device}")
            entries: list[Entry] = line_up(row, device, options.peers, absent)
            compete(row, device, entries, options.quick, options.rounds, options.seconds, scratch, progress.say)
            progress.done()
            result = {"row": row.name, "title": title, "device": device, "entries": [asdict(entry) for entry in entries]}
            record["line_ups"].append(result)
            summary(result)
    record["load"][1] = machine.load()
    write(record, options.out)
    entries = [entry for result in record["line_ups"] for entry in result["entries"]]
    return 1 if any(entry["peer"] == peers.BASE and entry["failed"] for entry in entries) else 0


def write(record: dict, prefix: Path) -> None:
    prefix.parent.mkdir(parents=True, exist_ok=True)
    picture = prefix.with_name(prefix.name + ".png")
    drawn = False
    try:
        drawn = draw(record, picture)
    except ImportError:
        print("no picture: matplotlib is not installed", file=sys.stderr)
    table = prefix.with_name(prefix.name + ".md")
    table.write_text(markdown(record, picture.name if drawn else None))
    prefix.with_name(prefix.name + ".json").write_text(json.dumps(record, indent=1) + "\n")
    print(f"wrote {table}" + (f" and {picture}" if drawn else ""))


if __name__ == "__main__":
    sys.exit(main())
