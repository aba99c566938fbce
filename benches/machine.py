"""What the measurements were made on. No names and no paths: the record is published."""

import json
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import peers

DEVICES = """
import json, numbra
print(json.dumps([[device["name"], device.get("description", ""), device["available"]] for device in numbra.devices()]))
"""


def describe(names: list[str]) -> dict[str, str]:
    return (
        {"processor": f"{_processor()}, {len(os.sched_getaffinity(0))} cores for this process", "memory": _memory()}
        | {f"numbra's {name}": description for name, description, available in numbra_devices() if available}
        | {"system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"}
        | {"versions": _versions(names)}
    )


def numbra_devices() -> list[tuple[str, str, bool]]:
    """(name, description, available); nothing where numbra is not installed. In a process of its own: drivers stay loaded."""
    answer = subprocess.run([sys.executable, "-c", DEVICES], capture_output=True, text=True)
    return [tuple(device) for device in json.loads(answer.stdout)] if answer.returncode == 0 else []


def load() -> float:
    return os.getloadavg()[0]


def absent(names: list[str]) -> dict[str, str]:
    """The peers that are not installed, with the reason that prepare.py found."""
    noted = Path(sys.prefix) / "absent.json"
    reasons = json.loads(noted.read_text()) if noted.exists() else {}
    found = {}
    for name in names:
        distribution = peers.module(name).DISTRIBUTION
        if distribution and not _version(distribution):
            found[name] = f"not installed: {reasons.get(distribution, f'{distribution} is not in this environment')}"
    return found


def _versions(names: list[str]) -> str:
    distributions = dict.fromkeys(["numpy", *filter(None, (peers.module(name).DISTRIBUTION for name in names))])
    return ", ".join(f"{name} {_version(name)}" for name in distributions if _version(name))


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    return _field("/proc/cpuinfo", "model name") or platform.processor() or platform.machine()


def _memory() -> str:
    kibibytes = _field("/proc/meminfo", "MemTotal")
    return f"{round(int(kibibytes.split()[0]) / 2**20)} GiB" if kibibytes else "unknown"


def _field(path: str, name: str) -> str | None:
    try:
        with open(path) as file:
            return next((line.split(":", 1)[1].strip() for line in file if line.startswith(name)), None)
    except OSError:
        return None
