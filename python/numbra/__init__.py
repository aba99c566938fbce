"""numbra: Numba's programming model on every processor.

    import numpy as np
    from numbra import njit, vectorize, stencil

    @njit
    def gcd(a, b):
        while b:
            a, b = b, a % b
        return a

    @vectorize
    def ripple(x, y):
        r = x * x + y * y
        return np.cos(r) / (1 + r)

    @stencil(target="vulkan")
    def smooth(a):
        return 0.25 * (a[0, 1] + a[1, 0] + a[0, -1] + a[-1, 0])

Targets: 'cpu' (one thread), 'parallel', 'cuda[:n]', 'vulkan[:n]', 'metal', 'dx12', 'interp' (checks every access), 'auto'. A
kernel with target= runs there, unless the environment variable NUMBRA_TARGET names another device. A kernel without runs on
the device of set_default_target(), else on NUMBRA_TARGET's, else on 'cpu'.
"""

import os as _os
import sys as _sys

# Mesa's Vulkan layer that chooses devices for desktops complains on standard error where there is no desktop.
if not _os.path.isdir(_os.environ.get("XDG_RUNTIME_DIR", "")):
    _os.environ.setdefault("NODEVICE_SELECT", "1")

from ._core import (
    Dispatcher,
    Stencil,
    Ufunc,
    __version__,
    devices,
    get_default_target,
    set_default_target,
    threads,
    versions,
)
from . import core, extending, types
from ._config import config
from ._posing import pose_as_numba
from ._typeof import from_dtype, typeof
from .core import errors, types as _types
from .core.errors import *
from ._function import NotCompiledWarning
from .decorators import jit, literally, njit, prange, stencil, vectorize
from .types import (
    b1, bool_, boolean, byte, char, double, f4, f8, float32, float64, float_, i1, i2, i4, i8, int16, int32, int64, int8, int_,
    intc, intp, long_, longlong, none, optional, short, size_t, ssize_t, u1, u2, u4, u8, uchar, uint, uint16, uint32, uint64,
    uint8, uintc, uintp, ulong, ulonglong, ushort, void,
)

_LATER = {
    "guvectorize": "write the loop outside of a vectorize kernel, or a stencil",
    "cfunc": "call the kernel from Python, or use the Rust library",
    "cuda": "write a vectorize or stencil kernel and give it target='cuda'",
    "float16": "compute with float32",
    "complex64": "compute with the real and the imaginary part",
    "complex128": "compute with the real and the imaginary part",
    "set_num_threads": "set NUMBRA_NUM_THREADS in the environment, before the first kernel runs",
    "get_num_threads": "numbra.threads() tells their number",
    "gdb": "run the kernel with target='interp', which checks every access",
    "typed": "pass arrays",
    "experimental": "pass arrays",
    "objmode": "call Python outside of the kernel",
}


def __getattr__(name: str) -> object:
    """Says of what Numba has, and numbra does not have yet, what to do in its place."""
    if name in _LATER:
        message = f"numbra has Numba's '{name}' not yet\n  help: {_LATER[name]}"
        # Python makes an ImportError with words of its own of an AttributeError.
        caller = _sys._getframe(1)
        importing = caller.f_globals.get("__name__") in ("importlib._bootstrap", "_frozen_importlib")
        if importing and caller.f_code.co_name == "_handle_fromlist":
            raise ImportError(message, name="numbra")
        raise AttributeError(message, name=name)
    raise AttributeError(f"module 'numbra' has no attribute '{name}'", name=name)


__all__ = [
    "Dispatcher",
    "NotCompiledWarning",
    "Stencil",
    "Ufunc",
    "config",
    "core",
    "devices",
    "errors",
    "extending",
    "from_dtype",
    "get_default_target",
    "jit",
    "literally",
    "njit",
    "pose_as_numba",
    "prange",
    "set_default_target",
    "stencil",
    "threads",
    "typeof",
    "types",
    "vectorize",
    "versions",
    # The types.
    "b1", "bool_", "boolean", "byte", "char", "double", "f4", "f8", "float32", "float64", "float_", "i1", "i2", "i4", "i8",
    "int16", "int32", "int64", "int8", "int_", "intc", "intp", "long_", "longlong", "none", "optional", "short", "size_t",
    "ssize_t", "u1", "u2", "u4", "u8", "uchar", "uint", "uint16", "uint32", "uint64", "uint8", "uintc", "uintp", "ulong",
    "ulonglong", "ushort", "void",
    # The errors.
    "ByteCodeSupportError", "CompilerError", "ConstantInferenceError", "DeprecationError", "DeviceError",
    "ForbiddenConstruct", "ForceLiteralArg", "IRError", "InternalError", "InternalTargetMismatchError", "KernelNameError",
    "KernelRefusedError", "KernelSyntaxError", "KernelUnsupportedError", "LiteralTypingError", "LoweringError", "NonexistentTargetError",
    "NotDefinedError", "NumbaAssertionError", "NumbaAttributeError", "NumbaDebugInfoWarning", "NumbaDeprecationWarning",
    "NumbaError", "NumbaExperimentalFeatureWarning", "NumbaIRAssumptionWarning", "NumbaIndexError",
    "NumbaInvalidConfigWarning", "NumbaKeyError", "NumbaNotImplementedError", "NumbaParallelSafetyWarning",
    "NumbaPedanticWarning", "NumbaPendingDeprecationWarning", "NumbaPerformanceWarning", "NumbaRuntimeError",
    "NumbaSystemWarning", "NumbaTypeError", "NumbaTypeSafetyWarning", "NumbaValueError", "NumbaWarning", "RedefinedError",
    "RequireLiteralValue", "TypingError", "UnknownOptionError", "UnsupportedBytecodeError", "UnsupportedError",
    "UnsupportedParforsError", "UnsupportedRewriteError", "UntypedAttributeError", "VerificationError",
]
