"""What kernels become: inspect_*."""

import numpy as np
import pytest

from numbra import float32, stencil, vectorize


@vectorize
def axpy(a, x, y):
    return a * x + y


@stencil
def laplace(u):
    return u[0, 1] + u[1, 0] + u[0, -1] + u[-1, 0] - 4 * u[0, 0]


FORMS = {
    "ir": "kernel",
    "llvm": "define",
    "asm": ".text",
    "ptx": ".visible .entry",
    "wgsl": "@compute",
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_as_text(form):
    text = getattr(axpy, f"inspect_{form}")("float32(float32, float32, float32)")
    assert FORMS[form] in text
    assert getattr(axpy, f"inspect_{form}")(float32(float32, float32, float32)) == text
    assert getattr(axpy, f"inspect_{form}")("(float32, float32, float32)") == text
    assert FORMS[form] in getattr(laplace, f"inspect_{form}")("float32(float32[:, :])")


def test_spirv_is_bytes():
    for words in (axpy.inspect_spirv("float32(float32, float32, float32)"), laplace.inspect_spirv("(float32[:, :],)")):
        assert isinstance(words, bytes) and words[:4] == b"\x03\x02\x23\x07"


def test_ptx_for_an_architecture():
    assert ".target sm_80" in axpy.inspect_ptx("(f4, f4, f4)")
    assert ".target sm_90" in axpy.inspect_ptx("(f4, f4, f4)", arch="sm_90")
    with pytest.raises(NotImplementedError, match="unknown GPU architecture 'x86'"):
        axpy.inspect_ptx("(f4, f4, f4)", arch="x86")


def test_all_signatures_that_there_are():
    f = vectorize(["float64(float64)", "int64(int64)"])(lambda a: a + 1)
    assert list(f.inspect_llvm()) == ["float64(float64)", "int64(int64)"]
    assert all("define" in text for text in f.inspect_llvm().values())
    lazy = vectorize(lambda a: a + 1)
    assert lazy.inspect_ir() == {}
    lazy(1.5)
    assert list(lazy.inspect_ir()) == ["float64(float64)"]


def test_what_stencils_were_compiled_for():
    weighted = stencil(standard_indexing=("w",))(lambda a, w, n: (a[0, 1] + a[0, -1]) * w[0] * n)
    assert weighted.inspect_ir() == {} and weighted.inspect_spirv() == {}
    weighted(np.ones((3, 4), "f4"), np.ones(2), 2)
    weighted(np.ones((5, 6), "f4"), np.ones(3), 7)
    weighted.iterate(np.ones((3, 4)), 2, np.ones(2), np.int32(1))
    signatures = ["float64(float32[:, :], float64[:], int64)", "float64(float64[:, :], float64[:], int32)"]
    assert list(weighted.inspect_llvm()) == signatures
    for text in weighted.inspect_llvm().values():
        assert "define" in text


def test_wrong_signatures():
    with pytest.raises(TypeError, match="takes 3 arguments"):
        axpy.inspect_ir("(float32,)")
    with pytest.raises(TypeError, match="array"):
        laplace.inspect_ir("(float32,)")
    with pytest.raises(TypeError, match="float77"):
        axpy.inspect_ir("(float77, f4, f4)")
