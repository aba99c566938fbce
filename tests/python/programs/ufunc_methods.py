"""A sum with two signatures, and the methods that ufuncs have."""

import numba
import numpy as np


@numba.vectorize(["int64(int64, int64)", "float64(float64, float64)"])
def f(a, b):
    return a + b


whole = np.arange(6)
assert f(whole, whole).tolist() == [0, 2, 4, 6, 8, 10] and f(whole, whole).dtype == np.int64
parts = np.linspace(0, 1, 6)
assert np.allclose(f(parts, parts), [0, 0.4, 0.8, 1.2, 1.6, 2.0]) and f(parts, parts).dtype == np.float64
assert f(int(4), int(3)) == 7

try:
    f(np.linspace(0, 1 + 1j, 6), np.linspace(0, 1 + 1j, 6))
except TypeError:
    pass
else:
    raise AssertionError("complex numbers convert to neither signature")

a = np.arange(12).reshape(3, 4)
assert f.reduce(a, axis=0).tolist() == [12, 15, 18, 21]
assert f.reduce(a, axis=1).tolist() == [6, 22, 38]
assert f.accumulate(a).tolist() == [[0, 1, 2, 3], [4, 6, 8, 10], [12, 15, 18, 21]]
assert f.accumulate(a, axis=1).tolist() == [[0, 1, 3, 6], [4, 9, 15, 22], [8, 17, 27, 38]]
print("done")
