"""What the README says is different from Numba, as far as no other test is about it."""

import numpy as np
import pytest

from numbra import stencil, vectorize


def test_the_loop_follows_from_the_arguments_alone():
    f = vectorize(lambda a, b: a + b)
    assert f(1.0, 2).dtype == np.float64 and f(1, 2).dtype == np.int64  # Numba: float64
    assert f.types == ["dl->d", "ll->l"]


def test_zero_to_a_negative_power():
    f = vectorize(lambda a, b: a**b)
    powers = [int(f(base, -1)) for base in (0, 2, 1, -1)]
    assert powers == [0, 0, 1, -1]  # Numba: -2**63, 0, 1, -1
    assert f(np.zeros(3, int), np.array([-1, -2, -3])).tolist() == [0, 0, 0]


@pytest.mark.parametrize("target", ["cpu", "parallel", "interp", "vulkan"])
def test_a_kernel_that_raises_stops(target):
    @vectorize(target=target)
    def f(a):
        if a < 0:
            raise ValueError("negative")
        return a + 1

    x = np.arange(8.0)
    x[3] = -1
    out = np.full(8, 7.0)
    with pytest.raises(ValueError, match="negative"):
        f(x, out=out)
    # Each is computed, as before, or 0.
    assert all(value in (before + 1, 7, 0) for value, before in zip(out.tolist(), x.tolist())) and out[3] in (7, 0)


def test_stencils_keep_to_the_kind():
    halves = stencil(lambda a: a[0] * 0.5)
    assert halves(np.arange(4.0), out=np.zeros(4, "f4")).tolist() == [0, 0.5, 1, 1.5]
    with pytest.raises(TypeError, match="Cannot cast stencil .* from float64 to int32"):
        halves(np.arange(4.0), out=np.zeros(4, "i4"))
