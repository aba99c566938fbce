"""Building the archive: programs with everything in them but glibc, the Python package, the tests' data, the benchmarks."""

import json
import lzma
import os
import re
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

from .failure import Failure

ROOT = Path(__file__).resolve().parents[2]
NAME = "numbra-gpu-check"
# With the checkout's tracked files.
LARGEST = 60 << 20
# Package, program.
PROGRAMS = [("numbra-cli", "numbra"), ("numbra-tests", "checks")]
GLIBC = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "ld-linux-x86-64.so.2"}
# As tools/wheel has it: crates of others are there already, from it or from the tests.
PROFILE = {
    "CARGO_INCREMENTAL": "0",
    "CARGO_PROFILE_DEV_DEBUG": "false",
    "CARGO_PROFILE_DEV_DEBUG_ASSERTIONS": "false",
    "CARGO_PROFILE_DEV_OVERFLOW_CHECKS": "false",
}
NUMPY = "numpy==2.4.*"
NUMPY_PYTHON = "3.12"


def say(text: str) -> None:
    print(f"gpu-check: {text}", flush=True)


def output(*command, **options) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def build(options) -> int:
    folder = options.out if options.out.is_absolute() else ROOT / options.out
    stage = folder / NAME
    shutil.rmtree(stage, ignore_errors=True)
    for part in ("bin", "lib", "data"):
        (stage / part).mkdir(parents=True)
    try:
        programs(folder / "link", stage / "bin")
        package(options.wheel, stage / "wheel")
        if not options.no_numpy:
            numpy(folder / "numpy", stage / "numpy")
        loader(stage / "lib")
    except subprocess.CalledProcessError as error:
        raise Failure(f"{' '.join(map(str, error.cmd))} failed") from None
    for data in ("conformance", "regressions"):
        shutil.copytree(ROOT / "tests" / data, stage / "data" / data)
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(ROOT / "benches", stage / "benches", ignore=ignored)
    shutil.copytree(ROOT / "examples", stage / "examples", ignore=ignored)
    shutil.copytree(ROOT / "tools/gpu_check", stage / "gpu_check", ignore=ignored)
    shutil.copy2(ROOT / "tools/gpu-check", stage)
    tracked = output("git", "ls-files", "-z", cwd=ROOT).split("\0")
    tracked_bytes = sum((ROOT / name).stat().st_size for name in tracked if name and (ROOT / name).is_file())
    facts = {"commit": commit(), "glibc": newest_glibc(stage)}
    (stage / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")
    path = folder / f"{NAME}.tar.xz"
    pack(stage, path)
    size = path.stat().st_size
    say(f"{path}: {size / 2**20:.1f} MiB; with the checkout's tracked files {(size + tracked_bytes) / 2**20:.1f} MiB")
    if size + tracked_bytes > LARGEST:
        raise Failure(f"that is more than {LARGEST >> 20} MiB; --no-numpy makes it smaller")
    return 0


def commit() -> str:
    name = output("git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*", cwd=ROOT).strip()
    return f"{name}, {output('git', 'log', '-1', '--format=%cs', cwd=ROOT).strip()}"


def programs(link: Path, target: Path) -> None:
    """Builds the programs with LLVM and the libraries of C++ in them."""
    target_folder = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    # rustc and llvm-sys ask for -lgcc_s and -lstdc++; a folder that has archives of these names comes first.
    link.mkdir(parents=True, exist_ok=True)
    archive = Path(output("cc", "-print-file-name=libstdc++.a").strip())
    if not archive.is_absolute():
        raise Failure("the C compiler has no libstdc++.a (Debian: libstdc++-12-dev)")
    shutil.copy2(archive, link)
    (link / "libgcc_s.a").write_text("GROUP(-lgcc_eh -lgcc)\n")
    for crate, program in PROGRAMS:
        say(f"building {program}")
        subprocess.run(
            ["cargo", "rustc", "--quiet", "--package", crate, "--bin", program, "--no-default-features", "--features", "static-llvm",
             "--", "-L", f"native={link}", "-C", "strip=symbols"],
            check=True, cwd=ROOT, env={**environment(), **PROFILE},
        )  # fmt: skip
        shutil.copy2(target_folder / "debug" / program, target)
        needs_only(target / program, GLIBC)


def environment() -> dict[str, str]:
    """Ours, with what tools/setup found."""
    variables = dict(os.environ)
    found = ROOT / "target/tools/environment"
    if not found.exists():
        raise Failure("run `make setup` first")
    for name, value in re.findall(r"^(\w+)='(.*)'$", found.read_text(), re.MULTILINE):
        variables.setdefault(name, value)
    return variables


def needs_only(file: Path, allowed: set[str]) -> None:
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-d", file)))
    if needed - allowed:
        raise Failure(f"{file.name} needs {', '.join(sorted(needed - allowed))}, which the other machine may not have")


def newest_glibc(stage: Path) -> str:
    """The glibc that the files need at least."""
    versions = set()
    for file in [*(stage / "bin").iterdir(), *(stage / "lib").iterdir(), *(stage / "wheel").rglob("*.so")]:
        versions.update(re.findall(r"GLIBC_(\d+)\.(\d+)", output("readelf", "-V", file)))
    return "{}.{}".format(*max((int(major), int(minor)) for major, minor in versions))


def package(wheel: Path | None, target: Path) -> None:
    """The Python package as its wheel has it, unpacked: nothing is installed on the other machine."""
    if wheel is None:
        say("building the wheel")
        subprocess.run(["make", "--silent", "wheel"], check=True, cwd=ROOT)
        [wheel] = (ROOT / "target/wheels").glob("numbra-*.whl")
    unzip(wheel, target)
    for library in target.rglob("*.so"):
        # Every Python on Linux lives with these two (they are on manylinux's list).
        needs_only(library, GLIBC | {"libstdc++.so.6", "libgcc_s.so.1"})


def numpy(downloads: Path, target: Path) -> None:
    """NumPy, for machines that have none; for one version of Python."""
    downloads.mkdir(parents=True, exist_ok=True)
    if not any(downloads.glob("numpy-*.whl")):
        say(f"fetching NumPy for Python {NUMPY_PYTHON}")
        platforms = [f"--platform=manylinux_2_{minor}_x86_64" for minor in (28, 27, 17)]
        subprocess.run(
            [ROOT / "target/venv/bin/python", "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
             f"--python-version={NUMPY_PYTHON}", "--implementation=cp", *platforms, "--dest", downloads, NUMPY],
            check=True,
        )  # fmt: skip
    [wheel] = downloads.glob("numpy-*.whl")
    # Its own tests are a fifth of it.
    unzip(wheel, target, lambda name: "/tests/" not in name)


def unzip(wheel: Path, target: Path, wanted=lambda name: True) -> None:
    try:
        with zipfile.ZipFile(wheel) as content:
            content.extractall(target, [name for name in content.namelist() if wanted(name)])
    except (OSError, zipfile.BadZipFile) as error:
        raise Failure(f"{wheel}: {error}") from None


def loader(target: Path) -> None:
    """The Vulkan loader."""
    found = re.search(r"libvulkan\.so\.1 \(libc6,x86-64\).* => (\S+)", output("ldconfig", "-p"))
    if not found:
        raise Failure("no libvulkan.so.1 here (Debian: libvulkan1)")
    shutil.copy(Path(found[1]).resolve(), target / "libvulkan.so.1")
    needs_only(target / "libvulkan.so.1", GLIBC)


def pack(stage: Path, path: Path) -> None:
    """One stream with a window that spans the programs: most of them is the same LLVM, which is then stored once."""
    say("packing")

    def anonymous(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        return info

    filters = [{"id": lzma.FILTER_LZMA2, "preset": 2, "dict_size": 256 << 20}]
    part = path.with_suffix(".part")
    with lzma.open(part, "wb", filters=filters) as stream, tarfile.open(fileobj=stream, mode="w|") as tar:
        for name in ("gpu-check", "facts.json", "gpu_check", "data", "examples", "benches", "lib", "bin", "wheel", "numpy"):
            if (stage / name).exists():
                tar.add(stage / name, f"{NAME}/{name}", filter=anonymous)
    os.replace(part, path)
