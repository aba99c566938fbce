"""Numba with the stencils written out as loops over the interior: what its users do where the decorator is too slow."""

from functools import partial

import numpy as np

from kernels import GIVES, STAYS, clear_border

DISTRIBUTION = "numba"
DEVICES = ("cpu", "parallel")
MEASURES = ("call",)
UNABLE: dict[str, str] = {}


def load():
    global numba
    import numba


def begin(device):
    pass


def notes(device):
    return f"threading layer {numba.threading_layer()}" if device == "parallel" else ""


def _heat(device, arguments, out):
    @numba.njit(parallel=device == "parallel")
    def sweep(a, out):
        for i in numba.prange(1, a.shape[0] - 1):
            for j in range(1, a.shape[1] - 1):
                out[i, j] = STAYS * a[i, j] + GIVES * (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1])
        return out

    out = np.empty_like(arguments[0]) if out is None else out
    clear_border(out)
    return partial(sweep, *arguments, out)


def _life(device, arguments, out):
    @numba.njit(parallel=device == "parallel")
    def sweep(a, out):
        for i in numba.prange(1, a.shape[0] - 1):
            for j in range(1, a.shape[1] - 1):
                n = a[i - 1, j - 1] + a[i - 1, j] + a[i - 1, j + 1] + a[i, j - 1] + a[i, j + 1]
                n += a[i + 1, j - 1] + a[i + 1, j] + a[i + 1, j + 1]
                out[i, j] = n == 3 or (n == 2 and a[i, j] == 1)
        return out

    out = np.empty_like(arguments[0]) if out is None else out
    clear_border(out)
    return partial(sweep, *arguments, out)


KERNELS = {"heat": _heat, "life": _life}
