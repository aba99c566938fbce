"""The Python package as the archive has it, on a device; and NumPy, which the archive has for machines without."""

import os
import subprocess
import sys
from pathlib import Path

from . import process


def numpy_folder(root: Path) -> tuple[list[str], str | None]:
    """What PYTHONPATH needs so that NumPy is there; why that is not to be had, if so."""
    if imports_numpy([]):
        return [], None
    if (root / "numpy").is_dir() and imports_numpy([str(root / "numpy")]):
        return [str(root / "numpy")], None
    version = ".".join(map(str, sys.version_info[:2]))
    return [], f"no NumPy here, and the archive has none for Python {version}"


def imports_numpy(folders: list[str]) -> bool:
    probe = subprocess.run([sys.executable, "-c", "import numpy"], env={**os.environ, **path(folders)}, capture_output=True)
    return probe.returncode == 0


def path(folders: list[str]) -> dict[str, str]:
    """PYTHONPATH with these folders first."""
    folders = folders + [folder for folder in os.environ.get("PYTHONPATH", "").split(":") if folder]
    return {"PYTHONPATH": ":".join(folders)} if folders else {}


def run(context, device: str, limit: float, hear) -> process.Ended:
    """The seeds' programs."""
    folders, problem = numpy_folder(context.root)
    if problem:
        return process.Ended(1, problem, limit)
    program = Path(__file__).with_name("seeds.py")
    return context.run([sys.executable, program, device], limit, hear, **path([str(context.root / "wheel"), *folders]))
