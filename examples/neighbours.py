"""The sum of the four nearest neighbours: the smallest stencil."""
import numba


@numba.stencil
def kernel1(a):
    return 1 * (a[0, 1] + a[1, 0] + a[0, -1] + a[-1, 0])
