"""numbra itself: the kernels of kernels.py, decorated."""

from functools import partial

import functions
import kernels

DISTRIBUTION = "numbra"
DEVICES = ("cpu", "parallel", "vulkan", "cuda")
MEASURES = ("call", "new", "first", "kept", "import")
UNABLE: dict[str, str] = {}
# Of every decorator.
OPTIONS: dict[str, bool] = {}


def load():
    global numbra
    import numbra


def begin(device):
    pass


def notes(device):
    return ""


def _ufunc(name, device, arguments, out):
    ufunc = numbra.vectorize([kernels.SIGNATURES[name]], target=device, **OPTIONS)(kernels.UFUNCS[name])
    return partial(ufunc, *arguments) if out is None else partial(ufunc, *arguments, out=out)


def _stencil(name, device, arguments, out):
    stencil = numbra.stencil(kernels.STENCILS[name], target=device)
    return partial(stencil, *arguments) if out is None else partial(stencil, *arguments, out=out)


def _sum(axis, device, arguments, out):
    add = numbra.vectorize(identity=0, target=device)(kernels.add)
    return partial(add.reduce, *arguments, axis=axis)


def _function(name, device, arguments, out):
    function, options = functions.FUNCTIONS[name]
    return partial(numbra.njit(**options, **OPTIONS)(function), *arguments)


KERNELS = {name: partial(_ufunc, name) for name in kernels.UFUNCS}
KERNELS |= {name: partial(_stencil, name) for name in kernels.STENCILS}
KERNELS |= {name: partial(_sum, axis) for name, axis in kernels.SUMS.items()}
KERNELS |= {name: partial(_function, name) for name in functions.FUNCTIONS}
