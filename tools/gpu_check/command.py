"""The arguments of tools/gpu-check."""

import argparse
import sys
from pathlib import Path

from . import record
from .failure import Failure


def main() -> int:
    parser = argparse.ArgumentParser(prog="gpu-check", description="Checks and measures numbra on a machine with a GPU.")
    commands = parser.add_subparsers(dest="command", required=True)

    build = commands.add_parser("build", help="make the archive, in a checkout")
    build.add_argument("--out", type=Path, default=Path("target/gpu-check"), help="the folder for it [%(default)s]")
    build.add_argument("--wheel", type=Path, help="take this wheel instead of building one")
    build.add_argument("--no-numpy", action="store_true", help="carry no NumPy, for machines that have it")

    run = commands.add_parser("run", help="run the checks, on a machine with Python alone")
    run.add_argument("archive", nargs="?", type=Path, help="unpack this first, into --at")
    run.add_argument("--at", type=Path, default=Path("numbra-gpu-check"), help="where to unpack it [./%(default)s]")
    run.add_argument("--out", type=Path, default=Path("results"), help="the folder for the record [./%(default)s]")
    run.add_argument(
        "--only", action="append", default=[], choices=["conformance", "fuzz", "demo", "bench"],
        help="run this piece alone (may be given several times); each takes less than 10 minutes",
    )  # fmt: skip
    run.add_argument("--devices", default="cuda,vulkan", help="what must be there and is checked [%(default)s]")
    run.add_argument("--software-vulkan", action="store_true", help="let 'vulkan' be a driver in software")
    run.add_argument("--fuzz-seconds", type=int, default=150, help="for each device [%(default)s]")
    run.add_argument("--seed", type=int, default=1, help="of the random kernels [%(default)s]")
    run.add_argument("--quick", action="store_true", help="small sizes and few seconds: a check that all of it works")

    join = commands.add_parser("record", help="join the records of several runs")
    join.add_argument("files", nargs="+", type=Path, help="records (.json); of a piece in several, the last one counts")
    join.add_argument("--out", type=Path, default=Path("docs/measurements"), help="[%(default)s]")

    options = parser.parse_args()
    try:
        if options.command == "build":
            from . import archive

            return archive.build(options)
        if options.command == "record":
            return record.join(options.files, options.out)
        from . import run as running

        return running.run(options)
    except (Failure, OSError) as failure:
        print(f"gpu-check: {failure}", file=sys.stderr)
        return 2
