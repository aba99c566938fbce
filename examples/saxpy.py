"""a * x + y: the smallest kernel worth a name."""
from numba import vectorize


@vectorize(['float32(float32, float32, float32)'])
def saxpy(a, x, y):
    return a * x + y
