"""tools/gpu-check run, as the other machine runs it, on what is here: the processor and software Vulkan.

The programs are those of `cargo test`, put where the archive has them. NUMBRA_GPU_CHECK_ARCHIVE names an archive that
`tools/gpu-check build` made: then that is unpacked and run instead, all pieces of it.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARIES = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).absolute() / "debug"
ARCHIVE = os.environ.get("NUMBRA_GPU_CHECK_ARCHIVE")
sys.path.insert(0, str(ROOT / "tools"))

from gpu_check import archive, devices, pieces, process, record, table  # noqa: E402
from gpu_check.failure import Failure  # noqa: E402


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """What the archive has, but for the Python package."""
    folder = tmp_path_factory.mktemp("archive") / archive.NAME
    if ARCHIVE:
        subprocess.run([sys.executable, "-m", "tarfile", "-e", Path(ARCHIVE).absolute(), folder.parent], check=True)
        return folder
    for part in ("bin", "lib", "data"):
        (folder / part).mkdir(parents=True)
    for _, program in archive.PROGRAMS:
        assert (BINARIES / program).exists(), f"`cargo test` or `cargo build` makes {program}"
        (folder / "bin" / program).symlink_to(BINARIES / program)
    for data in ("conformance", "regressions"):
        (folder / "data" / data).symlink_to(ROOT / "tests" / data)
    (folder / "benches").symlink_to(ROOT / "benches")
    shutil.copytree(ROOT / "tools/gpu_check", folder / "gpu_check")
    shutil.copy2(ROOT / "tools/gpu-check", folder)
    (folder / "facts.json").write_text('{"commit": "of a test"}')
    return folder


def run(unpacked, tmp_path, *arguments, **variables):
    """gpu-check run with hardly any environment; its status, its output and its record."""
    manifests = {name: value for name, value in os.environ.items() if name in ("VK_DRIVER_FILES", "VK_ICD_FILENAMES")}
    done = subprocess.run(
        [sys.executable, unpacked / "gpu-check", "run", "--quick", *arguments],
        cwd=tmp_path, env={"PATH": "/usr/bin:/bin", **manifests, **variables}, capture_output=True, text=True,
    )  # fmt: skip
    [written] = (tmp_path / "results").glob("*-gpu-check.json")
    return done.returncode, done.stdout + done.stderr, json.loads(written.read_text())


def test_all_is_well_here(unpacked, tmp_path):
    only = [] if ARCHIVE else ["--only", "conformance", "--only", "fuzz", "--only", "bench"]
    status, said, kept = run(unpacked, tmp_path, "--devices", "cpu,vulkan", "--software-vulkan", *only)
    assert status == 0, said
    passed, failed = record_totals(kept)
    assert passed > 160 and failed == 0
    assert said.splitlines()[-1] == f"{passed} passed, 0 failed"
    assert all(piece["complete"] for piece in kept["pieces"].values())
    rows = kept["pieces"]["bench"]["figures"]["rows"]
    assert len(rows) == 12 and all(row[2] for row in rows), rows
    assert set(kept["pieces"]["bench"]["figures"]["absent"]) | set(kept["pieces"]["bench"]["figures"]["versions"])
    [text] = (tmp_path / "results").glob("*-gpu-check.md")
    assert f"{passed} passed, 0 failed" in text.read_text().splitlines()[0]


def record_totals(data):
    return tuple(sum(piece[what] for piece in data["pieces"].values()) for what in ("passed", "failed"))


def test_a_device_that_is_asked_for_and_absent_is_a_failure(unpacked, tmp_path):
    status, said, kept = run(unpacked, tmp_path, "--only", "conformance", "--devices", "cuda", NUMBRA_CUDA_DRIVER="")
    assert status == 1 and said.splitlines()[-1] == "0 passed, 1 failed", said
    assert "cuda: not here" in said and kept["devices"]["cuda"].startswith("not here")


def test_software_vulkan_is_not_a_gpu(unpacked, tmp_path):
    status, said, kept = run(unpacked, tmp_path, "--only", "conformance", "--devices", "vulkan")
    assert status == 1 and said.splitlines()[-1] == "0 passed, 1 failed", said
    assert "no NVIDIA Vulkan" in said and "--software-vulkan takes it" in said


def test_pieces_one_by_one_leave_one_record(unpacked, tmp_path):
    for piece in ("conformance", "fuzz"):
        status, said, kept = run(unpacked, tmp_path, "--only", piece, "--devices", "cpu")
        assert status == 0, said
    assert set(kept["pieces"]) == {"conformance", "fuzz"}
    assert "kernels ran" in kept["pieces"]["fuzz"]["figures"]["cpu"]


def test_records_are_joined(tmp_path):
    def one(name, piece, commit="a"):
        kept = record.Record(tmp_path / name, {"commit": commit}) if (tmp_path / name).mkdir() is None else None
        part = kept.begin(piece)
        part.check("this", None)
        part.check("that", "a reason\nof two lines" if piece == "demo" else None)
        part.end()
        return kept.path

    files = [one("first", "fuzz"), one("second", "demo")]
    assert record.join(files, tmp_path / "joined") == 0
    [joined] = (tmp_path / "joined").glob("*.json")
    data = record.read(joined)
    assert list(data["pieces"]) == ["fuzz", "demo"] and record_totals(data) == (3, 1)
    text = table.markdown(data)
    assert "3 passed, 1 failed" in text and "* demo: that: a reason\n      of two lines\n" in text
    with pytest.raises(Failure, match="another build"):
        record.join([*files, one("third", "bench", "b")], tmp_path / "joined")


def test_a_program_that_ends_in_the_middle_is_a_failure(tmp_path):
    part = record.Record(tmp_path, {}).begin("conformance")
    lines = pieces.Lines(part)
    program = "print('one ... ok'); print('two ... FAILED'); print('    why'); print('three ... ', end='', flush=True); import os; os.abort()"
    ended = process.run([sys.executable, "-c", program], 20, {}, tmp_path / "log", lines.hear)
    lines.end("it", ended)
    assert part.data["passed"] == 1
    problems = {failure["check"]: failure["problem"] for failure in part.data["failures"]}
    assert problems == {"two": "why", "it": "ended by signal 6, in three"}


def test_a_program_that_takes_too_long_is_ended(tmp_path):
    heard = []
    program = "import time; print('one', flush=True); time.sleep(60)"
    ended = process.run([sys.executable, "-c", program], 2, {}, tmp_path / "log", heard.append)
    assert heard == ["one"] and ended.status is None and ended.problem == "ended after 2 s, its time"


def test_a_manifest_is_written_for_a_driver_without_one(tmp_path, monkeypatch):
    (tmp_path / "libEGL_nvidia.so.0").touch()
    monkeypatch.setattr(devices, "LIBRARIES", [str(tmp_path)])
    monkeypatch.setattr(devices, "loads", lambda library, variables: False)
    [manifest] = devices.written(tmp_path)
    assert json.loads(manifest.read_text())["ICD"]["library_path"] == str(tmp_path / "libEGL_nvidia.so.0")
    assert devices.library_of(manifest) == str(tmp_path / "libEGL_nvidia.so.0")


def test_the_copy_assembles(tmp_path):
    sys.path.insert(0, str(ROOT / "benches/gpu"))
    import copy_bandwidth

    (tmp_path / "copy.ptx").write_text(copy_bandwidth.PTX)
    ptxas = os.environ.get("NUMBRA_PTXAS", ROOT / "target/tools/ptxas")
    for architecture in ("sm_75", "sm_90", "sm_100"):
        subprocess.run([ptxas, "-arch", architecture, "-o", os.devnull, tmp_path / "copy.ptx"], check=True)
    assert "ld.global.v4.f32" in copy_bandwidth.PTX
