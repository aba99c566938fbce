"""The tests of the Python package run against the wheel that `make wheel` left in target/wheels/, never against the folder
python/: what users install is what is tested."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import venv

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WHEELS = ROOT / "target" / "wheels"

# Targets are what the tests say, whatever the caller has set.
os.environ.pop("NUMBRA_TARGET", None)
# What the tests compile is not kept among the user's.
CACHE = tempfile.TemporaryDirectory(prefix="numbra-tests-")
os.environ["NUMBRA_CACHE_DIR"] = CACHE.name


def the_wheel() -> pathlib.Path:
    wheels = sorted(WHEELS.glob("numbra-*.whl"))
    if len(wheels) != 1:
        pytest.exit(f"there are {len(wheels)} wheels in {WHEELS}, not one: run `make wheel`", returncode=1)
    return wheels[0]


def installed_hash() -> str | None:
    """Of the wheel that this environment's package came out of."""
    try:
        record = importlib.metadata.distribution("numbra").read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        return None
    return json.loads(record or "{}").get("archive_info", {}).get("hash")


def pytest_configure() -> None:
    """Installs the wheel beside pytest, if it is not there."""
    wheel = the_wheel()
    if installed_hash() != "sha256=" + hashlib.sha256(wheel.read_bytes()).hexdigest():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", str(wheel)]
        subprocess.run(pip, check=True)


@pytest.fixture(scope="session")
def wheel() -> pathlib.Path:
    return the_wheel()


@pytest.fixture(scope="session")
def fresh_python(wheel: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The interpreter of a new virtual environment with the wheel and what it asks for, and nothing else."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.EnvBuilder(with_pip=True).create(folder)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", str(wheel)], check=True)
    return python


@pytest.fixture(scope="session")
def fake_cuda(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A CUDA driver without a GPU, for NUMBRA_CUDA_DRIVER: see runtime/cuda-driver/fake/."""
    library = tmp_path_factory.mktemp("fake") / "libfake_cuda.so"
    rustc = [os.environ.get("RUSTC", "rustc"), "--edition", "2024", "--crate-type", "cdylib", "--crate-name", "fake_cuda"]
    source = ROOT / "runtime" / "cuda-driver" / "fake" / "driver.rs"
    subprocess.run([*rustc, "-C", "opt-level=1", "-o", library, source], check=True)
    return str(library)


@pytest.fixture
def in_process(tmp_path: pathlib.Path):
    """Runs text as a file in a process of its own; gives what it prints. A failure shows what it wrote."""

    def run(text: str, *, timeout: float = 120, **variables: str) -> str:
        file = tmp_path / "program.py"
        file.write_text(text)
        environment = {**os.environ, **variables}
        done = subprocess.run([sys.executable, file], env=environment, capture_output=True, text=True, timeout=timeout)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
