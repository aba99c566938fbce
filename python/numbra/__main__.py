"""python -m numbra: what is here. python -m numbra PROGRAM.py ARGUMENTS: the program, with numbra in the place of Numba."""

import argparse
import os
import platform
import runpy
import sys

import numpy

import numbra
from numbra import _core


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m numbra",
        description="Shows versions, threads, the cache and the devices; or runs a program with numbra in the place of Numba.",
    )
    parser.add_argument("program", nargs="?", help="a program in Python, in which `import numba` is numbra")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="its arguments")
    given = parser.parse_args()
    if given.program is not None:
        run(given.program, given.arguments)
    else:
        show()


def run(program: str, arguments: list[str]) -> None:
    if not os.path.exists(program):
        sys.exit(f"python -m numbra: there is no file {program}")
    numbra.pose_as_numba()
    sys.argv = [program, *arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(program))
    runpy.run_path(program, run_name="__main__")


def show() -> None:
    for what, version in [*numbra.versions(), ("NumPy", numpy.__version__), ("Python", platform.python_version())]:
        print(f"{what} {version}")
    print(f"threads: {numbra.threads()} (NUMBRA_NUM_THREADS sets their number)")
    print(f"cache: {_core._cache_folder()} (for what has the option cache; NUMBRA_CACHE_DIR names another folder)")
    try:
        print(f"default target: {numbra.get_default_target()}")
    except ValueError as error:  # what NUMBRA_TARGET says
        print("default target: none")
        for line in str(error).splitlines():
            print(f"    {line.strip()}")
    print("devices:")
    for device in numbra.devices():
        if not device["available"]:
            print(f"  {device['name']}: not here")
            for line in device["reason"].splitlines():
                print(f"    {line.strip()}")
            continue
        print(f"  {device['name']}: {device['description']}")
        print(f"    dtypes: {' '.join(device['dtypes'])}")
        for what, limit in device["limits"]:
            print(f"    {what}: {limit}")


if __name__ == "__main__":
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:  # python -m numbra | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
