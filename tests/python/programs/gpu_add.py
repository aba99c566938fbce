"""A sum for CUDA, which the environment may send elsewhere."""

import numpy as np
from numba import vectorize


@vectorize(['int64(int64, int64)'], target='cuda')
def add_ufunc(x, y):
    return x + y


a, b = np.arange(4 * 4).reshape(4, 4), np.array([1, 2, 3, 4])
assert add_ufunc(a, b).tolist() == (a + b).tolist()
print("done")
