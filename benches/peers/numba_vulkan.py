"""numba-vulkan: ufuncs under Numba's decorator, stencils as kernels of one work item per cell. Arrays come from NumPy and go
back there, as they do for numbra."""

from functools import partial

import numpy as np

import kernels
from kernels import GIVES, STAYS, clear_border

DISTRIBUTION = "numba-vulkan"
DEVICES = ("vulkan",)
MEASURES = ("call", "new", "first", "import")
UNABLE: dict[str, str] = {}


def load():
    global numba, nv
    import numba
    import numba_vulkan as nv


def begin(device):
    pass


def notes(device):
    return ""


def _ufunc(name, device, arguments, out):
    ufunc = numba.vectorize([kernels.SIGNATURES[name]], target="vulkan")(kernels.UFUNCS[name])
    return partial(ufunc, *arguments) if out is None else partial(ufunc, *arguments, out=out)


def _heat(device, arguments, out):
    @nv.jit
    def sweep(a, out):
        j, i = nv.global_id(0), nv.global_id(1)
        if 0 < i < a.shape[0] - 1 and 0 < j < a.shape[1] - 1:
            out[i, j] = STAYS * a[i, j] + GIVES * (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1])

    return _launch(sweep, arguments[0], out)


def _life(device, arguments, out):
    @nv.jit
    def sweep(a, out):
        j, i = nv.global_id(0), nv.global_id(1)
        if 0 < i < a.shape[0] - 1 and 0 < j < a.shape[1] - 1:
            n = a[i - 1, j - 1] + a[i - 1, j] + a[i - 1, j + 1] + a[i, j - 1] + a[i, j + 1]
            n += a[i + 1, j - 1] + a[i + 1, j] + a[i + 1, j + 1]
            out[i, j] = 1 if n == 3 or (n == 2 and a[i, j] == 1) else 0

    return _launch(sweep, arguments[0], out)


def _launch(sweep, a, out):
    out = np.empty_like(a) if out is None else out
    clear_border(out)
    rows, columns = a.shape

    def run():
        sweep.forall((columns, rows))(a, out)
        return out

    return run


KERNELS = {name: partial(_ufunc, name) for name in kernels.UFUNCS} | {"heat": _heat, "life": _life}
