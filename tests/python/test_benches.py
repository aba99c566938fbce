"""benches/ runs: every row on tiny arrays, numbra alone. No time is judged here."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCHES = ROOT / "benches"


def run(*arguments: str, out: pathlib.Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, BENCHES / "run.py", "--quick", "--out", out, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_every_row_with_numbra_alone(tmp_path: pathlib.Path) -> None:
    done = run("--peers", "numbra", "--devices", "cpu", "--rounds", "1", out=tmp_path / "bench")
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((tmp_path / "bench.json").read_text())
    sys.path.insert(0, str(BENCHES))
    try:
        from rows import ROWS
    finally:
        sys.path.remove(str(BENCHES))
    assert [line_up["row"] for line_up in record["line_ups"]] == [row.name for row in ROWS]
    for line_up in record["line_ups"]:
        (entry,) = line_up["entries"]
        assert entry["failed"] is None, (line_up["title"], entry["failed"])
        assert len(entry["seconds"]) == 1 and entry["seconds"][0] > 0
    table = (tmp_path / "bench.md").read_text()
    assert all(line_up["title"] in table for line_up in record["line_ups"])


def test_peers_are_compared_or_their_absence_is_explained(tmp_path: pathlib.Path) -> None:
    out = tmp_path / "bench"
    done = run("--peers", "numbra,numpy,taichi", "--devices", "cpu,vulkan", "--rows", "f", out=out)
    assert done.returncode == 0, done.stdout + done.stderr
    table = (tmp_path / "bench.md").read_text()
    numpy, taichi = (next(line for line in table.splitlines() if f"| {peer} |" in line) for peer in ("numpy", "taichi"))
    assert "**" in numpy and "µs" in numpy
    assert "**" in taichi or "not installed" in taichi
    assert "| f(x, y), float64, 40×50 | vulkan |" in table
    # The picture needs matplotlib, which the tests do without.
    assert "no picture" in done.stderr or (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")


def test_a_wrong_result_is_not_timed(tmp_path: pathlib.Path) -> None:
    text = f"""
import sys
sys.path.insert(0, {str(BENCHES)!r})
import peers.numpy, runpy
peers.numpy.KERNELS["small"] = lambda device, arguments, out: lambda: out
sys.argv = ["worker.py", "numpy", "cpu", "small", "quick"]
runpy.run_path({str(BENCHES / "worker.py")!r}, run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, input="1\n", timeout=60)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == 1 and "wrong" in answers[0]["failed"], done.stdout + done.stderr
