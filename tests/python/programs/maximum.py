"""The largest value of cos(x² + y²) / (1 + x² + y²) on a grid: one thread, then all."""

import numpy as np
from numba import vectorize


def formula(x, y):
    return np.cos(x**2 + y**2) / (1 + x**2 + y**2)


@vectorize
def f_vec(x, y):
    return np.cos(x**2 + y**2) / (1 + x**2 + y**2)


grid = np.linspace(-3, 3, 500)
x, y = np.meshgrid(grid, grid)
one = f_vec(x, y)
assert one.dtype == np.float64 and one.shape == (500, 500)
np.testing.assert_allclose(one, formula(x, y), rtol=1e-14, atol=1e-15)


@vectorize('float64(float64, float64)', target='parallel')
def f_vec(x, y):
    return np.cos(x**2 + y**2) / (1 + x**2 + y**2)


all_threads = f_vec(x, y)
assert np.array_equal(one, all_threads), "the threads must not change a bit"
print(np.max(all_threads))
