"""The type stubs say what is there, and type checkers can use them."""

import subprocess
import sys
import textwrap

import numbra


def test_stubs_agree_with_the_package(tmp_path):
    command = [sys.executable, "-m", "mypy.stubtest", "numbra", "--ignore-disjoint-bases"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_programs_are_checked(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(
            """
            import numpy as np
            from numbra import Stencil, Ufunc, float64, set_default_target, stencil, vectorize

            @vectorize([float64(float64, float64)], target="cpu")
            def add(a: float, b: float) -> float:
                return a + b

            @stencil
            def smooth(a):
                return (a[-1] + a[1]) / 2

            kernel: Ufunc = add
            other: Stencil = smooth
            reveal_type(add(np.ones(3), 1.0))
            smooth.iterate(np.ones(3), steps="three")
            set_default_target(3)
            vectorize(targets="cuda")
            stencil(cval="zero")
            reveal_type(add.inspect_spirv("float64(float64, float64)"))
            reveal_type(smooth.inspect_ir())
            """
        )
    )
    done = subprocess.run([sys.executable, "-m", "mypy", program], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    wrong = ['"steps"', '"set_default_target"', "vectorize", "stencil"]
    assert len(errors) == len(wrong) and all(word in error for word, error in zip(wrong, errors)), done.stdout
    revealed = [line.split('"')[1] for line in done.stdout.splitlines() if "Revealed type" in line]
    assert [kind.replace("builtins.", "") for kind in revealed[1:]] == ["bytes", "dict[str, str]"], done.stdout


def test_everything_public_is_documented():
    for name in numbra.__all__:
        thing = getattr(numbra, name)
        assert thing.__doc__ and len(thing.__doc__) > 20, name
    for kind in (numbra.Ufunc, numbra.Stencil):
        for name, thing in vars(kind).items():
            if not name.startswith("_"):
                assert thing.__doc__, f"{kind.__name__}.{name}"
