"""Triangular numbers from a table: a whole function with an array of its own."""
import numpy as np
from numba import njit


@njit
def triangle(n, k):
    table = np.zeros(n, np.int64)
    for i in range(1, n):
        table[i] = table[i - 1] + i
    try:
        return table[k]
    except Exception:
        return -1
