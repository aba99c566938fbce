"""Which devices the machine has, and what must be set so that numbra finds them.

The Vulkan loader comes with the archive, for machines that have none. NVIDIA's driver is often installed without the
manifest by which the loader finds it: then one is written."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

# Where manifests are besides the loader's own places; containers mount the driver under /usr/local/nvidia.
MANIFESTS = [
    "/usr/share/vulkan/icd.d",
    "/etc/vulkan/icd.d",
    "/usr/local/share/vulkan/icd.d",
    "/usr/local/nvidia/share/vulkan/icd.d",
    "/usr/local/nvidia/etc/vulkan/icd.d",
]
LIBRARIES = ["/usr/local/nvidia/lib64", "/usr/local/nvidia/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib/wsl/lib"]
# With and without X11.
DRIVERS = ["libGLX_nvidia.so.0", "libEGL_nvidia.so.0"]
ABSENT = "not here"


@dataclass
class Devices:
    """What is here."""

    variables: dict[str, str] = field(default_factory=dict)
    """To be set for everything that is run."""
    found: dict[str, str] = field(default_factory=dict)
    """A device as asked for -> its name for numbra."""
    descriptions: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    """A device as asked for -> why it is not here."""
    notes: list[str] = field(default_factory=list)


def find(names: list[str], root: Path, scratch: Path, software: bool) -> Devices:
    devices = Devices(variables=libraries(root))
    if (devices.variables.get("LD_LIBRARY_PATH") or "").endswith(str(root / "lib")):
        devices.notes.append("the Vulkan loader is the archive's own")
    if any(name.startswith("vulkan") for name in names):
        vulkan(devices, root, scratch, software)
    listed = list_devices(root, devices.variables)
    for name in names:
        kind, _, number = name.partition(":")
        if kind == "vulkan":
            gpus = [(gpu, text) for gpu, text in listed.items() if gpu.startswith("vulkan:") and (software or "NVIDIA" in text)]
            if int(number or 0) < len(gpus):
                devices.found[name], devices.descriptions[name] = gpus[int(number or 0)]
            else:
                devices.absent[name] = vulkan_reason(listed, devices)
        else:
            own = f"{name}:0" if name == "cuda" else name
            if own in listed and not listed[own].startswith(ABSENT):
                devices.found[name], devices.descriptions[name] = own, listed[own]
            else:
                devices.absent[name] = listed.get(own, "numbra does not know of it")
    return devices


def loads(library: str, variables: dict[str, str]) -> bool:
    """Whether programs with these variables find a library; asked in a process of its own."""
    code = f"import ctypes; ctypes.CDLL({library!r})"
    process = subprocess.run([sys.executable, "-c", code], env={**os.environ, **variables}, capture_output=True)
    return process.returncode == 0


def libraries(root: Path) -> dict[str, str]:
    """Folders that programs must look into besides the system's."""
    folders = [folder for folder in os.environ.get("LD_LIBRARY_PATH", "").split(":") if folder]

    def variables() -> dict[str, str]:
        return {"LD_LIBRARY_PATH": ":".join(folders)} if folders else {}

    if not loads("libcuda.so.1", variables()):
        folders += [folder for folder in LIBRARIES[:2] if (Path(folder) / "libcuda.so.1").exists()]
    if not loads("libvulkan.so.1", variables()):
        folders.append(str(root / "lib"))
    return variables()


def list_devices(root: Path, variables: dict[str, str]) -> dict[str, str]:
    """What `numbra devices` says: a device's name -> its description, or that it is absent and why."""
    try:
        process = subprocess.run(
            [root / "bin/numbra", "devices"], env={**os.environ, **variables}, capture_output=True, text=True, timeout=60
        )
    except subprocess.TimeoutExpired:
        return {}
    listed: dict[str, str] = {}
    name = ""
    for line in process.stdout.splitlines():
        if match := re.match(r"(\w+(?::\d+)?): (.*)", line):
            name = match[1]
            listed[name] = match[2]
        elif listed.get(name) == ABSENT:
            listed[name] += ": " + line.strip().removeprefix(f"{name}: ")
    if process.returncode < 0:
        listed["vulkan:0"] = f"{ABSENT}: `numbra devices` was ended by signal {-process.returncode}"
    return listed


def has_nvidia(listed: dict[str, str]) -> bool:
    return any(name.startswith("vulkan:") and "NVIDIA" in text for name, text in listed.items())


def vulkan(devices: Devices, root: Path, scratch: Path, software: bool) -> None:
    """Tries what makes the loader find NVIDIA's driver; keeps what does."""
    if has_nvidia(list_devices(root, devices.variables)):
        return
    tried = []
    for manifest in [*manifests(), *written(scratch)]:
        # The second name is for loaders before 1.3.207.
        variables = devices.variables | {"VK_DRIVER_FILES": str(manifest), "VK_ICD_FILENAMES": str(manifest)}
        if has_nvidia(list_devices(root, variables)):
            devices.variables = variables
            devices.notes.append(f"NVIDIA's Vulkan driver through {manifest}: {library_of(manifest)}")
            return
        tried.append(f"{manifest} ({library_of(manifest)})")
    devices.notes.append(f"no NVIDIA Vulkan; tried the loader's own places and {', '.join(tried) or 'nothing else'}")


def manifests() -> list[Path]:
    return [path for folder in MANIFESTS for path in sorted(Path(folder).glob("*.json")) if "nvidia" in path.name.lower()]


def written(scratch: Path) -> list[Path]:
    """Manifests of our own, for the driver's libraries that are here."""
    paths = []
    for library in DRIVERS:
        places = [Path(folder) / library for folder in LIBRARIES]
        place = next((str(place) for place in places if place.exists()), None)
        if place is None and loads(library, {}):
            place = library
        if place is not None:
            path = scratch / f"{library.split('.')[0]}.json"
            manifest = {"file_format_version": "1.0.0", "ICD": {"library_path": place, "api_version": "1.3.0"}}
            path.write_text(json.dumps(manifest))
            paths.append(path)
    return paths


def library_of(manifest: Path) -> str:
    try:
        return json.loads(manifest.read_text())["ICD"]["library_path"]
    except (OSError, ValueError, KeyError, TypeError):
        return "unreadable"


def vulkan_reason(listed: dict[str, str], devices: Devices) -> str:
    others = [f"{name}: {text}" for name, text in listed.items() if name.startswith("vulkan")]
    reason = devices.notes[-1] if devices.notes and devices.notes[-1].startswith("no NVIDIA") else "no such NVIDIA GPU"
    software = " (--software-vulkan takes it)" if any(ABSENT not in other for other in others) else ""
    return f"{reason}; numbra sees {'; '.join(others) or 'no Vulkan'}{software}"
