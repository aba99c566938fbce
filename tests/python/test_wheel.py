"""The wheel itself, in an environment with nothing but what it asks for, and the programs that its users have."""

import os
import pathlib
import re
import subprocess
import zipfile

import pytest

PROGRAMS = pathlib.Path(__file__).parent / "programs"


def run(python, *arguments, **variables):
    environment = {**os.environ, **variables}
    return subprocess.run([python, *arguments], env=environment, capture_output=True, text=True, timeout=300)


def test_size_tag_and_contents(wheel):
    assert wheel.stat().st_size <= 35_000_000
    assert re.fullmatch(r"numbra-[\d.]+-cp310-abi3-manylinux_2_(\d+)_\w+\.whl", wheel.name)
    assert int(wheel.name.split("manylinux_2_")[1].split("_")[0]) <= 36
    names = zipfile.ZipFile(wheel).namelist()
    assert {"numbra/__init__.py", "numbra/_core.pyi", "numbra/py.typed"} <= set(names)


def test_shows_no_symbol_but_its_entry(wheel, tmp_path):
    from elftools.elf.elffile import ELFFile

    with zipfile.ZipFile(wheel) as archive:
        library = archive.extract("numbra/_core.abi3.so", tmp_path)
    with open(library, "rb") as file:
        elf = ELFFile(file)
        symbols = elf.get_section_by_name(".dynsym").iter_symbols()
        defined = [symbol.name for symbol in symbols if symbol.name and symbol["st_shndx"] != "SHN_UNDEF"]
        flags = [tag.entry.d_val for tag in elf.get_section_by_name(".dynamic").iter_tags("DT_FLAGS")]
    assert defined == ["PyInit__core"]
    assert flags and flags[0] & 2, "linked without -Bsymbolic"


def test_needs_numpy_alone(fresh_python):
    listed = run(fresh_python, "-m", "pip", "list", "--format", "freeze").stdout.split()
    names = {line.split("==")[0].split("@")[0].strip() for line in listed if "==" in line}
    assert names <= {"numbra", "numpy", "pip", "setuptools"} and {"numbra", "numpy"} <= names


@pytest.mark.parametrize("program", ["maximum", "ufunc_methods", "neighbours", "gpu_add"])
def test_programs_for_numba(fresh_python, tmp_path, program):
    """With nothing changed but the package's name."""
    text = (PROGRAMS / f"{program}.py").read_text()
    file = tmp_path / f"{program}.py"
    file.write_text(re.sub(r"\bnumba\b", "numbra", text))
    variables = {"NUMBRA_TARGET": "cpu"} if program == "gpu_add" else {}
    done = run(fresh_python, file, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip() in {"1.0", "done", "10"} or 0.99 < float(done.stdout) <= 1


def test_the_readme_s_program(fresh_python, tmp_path):
    readme = (PROGRAMS.parents[2] / "README.md").read_text()
    block = readme.split("## In Python")[1].split("```python")[1].split("```")[0]
    (tmp_path / "program.py").write_text(block)
    done = run(fresh_python, tmp_path / "program.py")
    assert done.returncode == 0 and ".visible .entry" in done.stdout, done.stdout + done.stderr


def test_cuda_without_a_driver_says_what_to_do(fresh_python, tmp_path):
    file = tmp_path / "gpu_add.py"
    file.write_text(re.sub(r"\bnumba\b", "numbra", (PROGRAMS / "gpu_add.py").read_text()))
    done = run(fresh_python, file, NUMBRA_CUDA_DRIVER="")
    assert done.returncode == 1
    assert "numbra.DeviceError: cuda:0" in done.stderr and "NUMBRA_TARGET=cpu" in done.stderr


def test_command_line(fresh_python):
    done = run(fresh_python, "-m", "numbra", NUMBRA_NUM_THREADS="3")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    for start in ["numbra 0.", "LLVM 22.", "NumPy ", "Python 3.", "threads: 3 ", "cache: ", "default target: cpu"]:
        assert any(line.startswith(start) for line in lines), start
    for device in ["interp", "cpu", "parallel", "cuda:0", "vulkan:0"]:
        assert any(line.startswith(f"  {device}: ") for line in lines), device


def test_command_line_with_a_wrong_target(fresh_python):
    done = run(fresh_python, "-m", "numbra", NUMBRA_TARGET="abacus")
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    assert "NUMBRA_TARGET" in done.stdout and "abacus" in done.stdout and "  interp: " in done.stdout, done.stdout


def test_command_line_whose_reader_ends(fresh_python):
    command = f"'{fresh_python}' -m numbra | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr, done.stderr


@pytest.mark.parametrize("value", ["0", "-1", "many", "2.5"])
def test_a_wrong_number_of_threads(fresh_python, value):
    program = "import numbra; assert numbra.threads() == numbra.threads() >= 1"
    done = run(fresh_python, "-c", program, NUMBRA_NUM_THREADS=value)
    assert done.returncode == 0 and done.stderr.count("warning") == 1, done.stderr
    assert "warning: NUMBRA_NUM_THREADS" in done.stderr and repr(value) in done.stderr


def test_command_line_rejects_arguments(fresh_python):
    done = run(fresh_python, "-m", "numbra", "--nonsense")
    assert done.returncode == 2 and "--nonsense" in done.stderr
