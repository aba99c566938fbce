"""numbra: Numba's programming model on every processor.

    import numpy as np
    from numbra import vectorize, stencil

    @vectorize
    def ripple(x, y):
        r = x * x + y * y
        return np.cos(r) / (1 + r)

    @stencil(target="vulkan")
    def smooth(a):
        return 0.25 * (a[0, 1] + a[1, 0] + a[0, -1] + a[-1, 0])

Targets: 'cpu' (one thread), 'parallel', 'cuda[:n]', 'vulkan[:n]', 'metal', 'dx12', 'interp' (checks every access), 'auto'. A
kernel runs on the device that NUMBRA_TARGET names, else on that of its target=, else on that of set_default_target(), else
on 'cpu'.
"""

from ._core import (
    DeviceError,
    KernelSyntaxError,
    Stencil,
    Ufunc,
    __version__,
    devices,
    get_default_target,
    set_default_target,
    threads,
    versions,
)
from . import types
from .decorators import Helper, NotCompiledWarning, jit, njit, prange, stencil, vectorize
from .types import *

__all__ = [
    "DeviceError",
    "Helper",
    "KernelSyntaxError",
    "NotCompiledWarning",
    "Stencil",
    "Ufunc",
    "devices",
    "get_default_target",
    "jit",
    "njit",
    "prange",
    "set_default_target",
    "stencil",
    "threads",
    "types",
    "vectorize",
    "versions",
] + types.__all__
