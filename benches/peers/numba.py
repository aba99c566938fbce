"""Numba: the same functions under its own decorators. Stencils are called from compiled code, where they are faster."""

from functools import partial

import functions
import kernels

DISTRIBUTION = "numba"
DEVICES = ("cpu", "parallel")
MEASURES = ("call", "new", "first", "kept", "import")
UNABLE: dict[str, str] = {}
# Of every decorator.
OPTIONS: dict[str, bool] = {}


def load():
    global numba
    import numba


def begin(device):
    pass


def notes(device):
    return f"threading layer {numba.threading_layer()}" if device == "parallel" else ""


def _ufunc(name, device, arguments, out):
    ufunc = numba.vectorize([kernels.SIGNATURES[name]], target=device, **OPTIONS)(kernels.UFUNCS[name])
    return partial(ufunc, *arguments) if out is None else partial(ufunc, *arguments, out=out)


def _stencil(name, device, arguments, out):
    stencil = numba.stencil(kernels.STENCILS[name])
    if out is None:
        return partial(numba.njit(parallel=device == "parallel")(lambda a: stencil(a)), *arguments)

    @numba.njit(parallel=device == "parallel")
    def sweep(a, out):
        stencil(a, out=out)
        return out

    return partial(sweep, *arguments, out)


def _function(name, device, arguments, out):
    function, options = functions.FUNCTIONS[name]
    return partial(numba.njit(**options, **OPTIONS)(function), *arguments)


KERNELS = {name: partial(_ufunc, name) for name in kernels.UFUNCS} | {
    name: partial(_stencil, name) for name in kernels.STENCILS
}
KERNELS |= {name: partial(_function, name) for name in functions.FUNCTIONS}
