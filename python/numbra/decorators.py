"""The decorators. They hand numbra's compiler the function and, as text, themselves: what options there are and what their
values may be is the compiler's to say."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, Callable, Literal, overload

import numpy

from . import _function, _source
from ._core import Stencil, Ufunc
from ._typeof import text_of
from .types import Signature, Type


if TYPE_CHECKING:
    from typing_extensions import TypedDict, Unpack

    class _KernelOptions(TypedDict, total=False):
        """What vectorize and stencil take."""

        target: str
        cache: bool
        fastmath: bool | dict[str, bool] | set[str]
        typing: Literal["numba", "exact"]

    class _VectorizeOptions(_KernelOptions, total=False):
        identity: Literal[0, 1, "reorderable"] | None
        # Numba's, which make no difference.
        boundscheck: bool | None
        forceobj: Literal[False]
        locals: dict[str, Any]
        nopython: bool
        writable_args: tuple[int | str, ...]

    class _StencilOptions(_KernelOptions, total=False):
        cval: complex
        neighborhood: tuple[tuple[int, int], ...]
        standard_indexing: tuple[str, ...] | list[str]


def prange(*arguments: int) -> range:
    """range(...). In kernels too: vectorize and stencil are parallel as a whole."""
    return range(*arguments)


def literally(value: Any) -> Any:
    """The value. Numba makes a constant of it; numbra's functions know what is constant without."""
    return value


@overload
def vectorize(function: Callable[..., Any], /, **options: Unpack[_VectorizeOptions]) -> Ufunc: ...
@overload
def vectorize(*signatures: Any, **options: Unpack[_VectorizeOptions]) -> Callable[[Callable[..., Any]], Ufunc]: ...
def vectorize(*arguments: Any, **options: Any) -> Any:
    """Makes a function of scalars one of arrays, applied element by element as NumPy's ufuncs are.

        @vectorize
        def axpy(a, x, y):
            return a * x + y

        axpy(2.0, x, y)                     arrays and scalars, broadcast as NumPy does
        axpy(2.0, x, y, out=y)              into an array that is there

    The types come from the arguments of each call, or are declared: then the first signature is taken to which the
    arguments convert safely.

        @vectorize(['float64(float64, float64)'])
        @vectorize([float32(float32), float64(float64)], target='parallel')

    Of two arguments it has also reduce, accumulate and outer; inspect_ir, inspect_llvm, inspect_asm, inspect_ptx,
    inspect_wgsl and inspect_spirv show what it becomes.

    Options:
        target      where it runs: 'cpu', 'parallel', 'cuda', 'vulkan', 'interp', 'auto' (see help(numbra))
        identity    what reduce gives for nothing: 0, 1; or 'reorderable', if the order makes no difference
        fastmath    True allows results that differ in the last places
        typing      'numba': Numba's types; 'exact': operators keep the type of their operands and literals take the
                    type that they meet, so that float32 stays float32
        cache       True keeps the code for the processor on disk, where other processes find it (see help(numbra.jit))
    Numba's nopython is taken too. Global values and those of a closure are constants of the kernel, as they are when it is
    first needed. Mistakes are exceptions that show the kernel's line.
    """
    return _applied("vectorize", _ufunc, arguments, options)


@overload
def stencil(function: Callable[..., Any], /, **options: Unpack[_StencilOptions]) -> Stencil: ...
@overload
def stencil(mode: str = "constant", /, **options: Unpack[_StencilOptions]) -> Callable[[Callable[..., Any]], Stencil]: ...
def stencil(*arguments: Any, **options: Any) -> Any:
    """Makes a function of relative positions one of arrays, applied at every point: a[0, 1] is the element to the right.

        @stencil
        def smooth(a):
            return 0.25 * (a[0, 1] + a[1, 0] + a[0, -1] + a[-1, 0])

        smooth(field)                       a new array of the same shape, 0 at the border
        smooth(field, out=result)           into an array that is there, whose border stays
        smooth.iterate(field, 500)          applied 500 times

    Options:
        cval                what the result is where the function reaches over the border: 0
        neighborhood        ((lowest, highest), ...) for each axis; needed where an index is not constant
        standard_indexing   names of parameters that are indexed absolutely, such as tables of weights
        target, fastmath, typing, cache as in vectorize
    """
    return _applied("stencil", _stencil, arguments, options)


def jit(*arguments: Any, **options: Any) -> Any:
    """Compiles a function whole.

        @jit
        def total(values):
            result = 0.0
            for value in values:
                result += value
            return result

        total(numpy.arange(10.0))           compiled for the types of the arguments, once for each

    The types come from the arguments of each call, or are declared, and then the function takes no others:

        @jit('float64(float64[:])')
        @jit([int64(int64, int64), float64(float64, float64)])

    Kernels can call the function too, and other functions. It runs on this machine's processor; with the target 'interp'
    (NUMBRA_TARGET, set_default_target) in the interpreter, which checks every access.

    Options:
        error_model     'python': a zero divisor is a ZeroDivisionError; 'numpy': it gives inf, nan or 0
        fastmath        True allows results that differ in the last places
        boundscheck     False leaves out the checks of indices
        nogil           True: other threads of Python run meanwhile
        cache           True keeps the code on disk, where other processes find it
    Numba's nopython, parallel (which runs on one thread so far), inline, debug and looplift are taken too. Global values and
    those of a closure are constants of the function, as they are when it is first compiled.

    With cache=True code is found again as long as the function and everything that it is made of stay the same: its text and
    that of the functions that it calls, the values of globals, options, types, numbra, the processor. It is kept in a folder
    that is the user's alone: in the one that NUMBRA_CACHE_DIR (or NUMBA_CACHE_DIR, or numbra.config.CACHE_DIR) names, else
    in ~/.cache/numbra. The folder holds 256 megabytes at most, or as many as NUMBRA_CACHE_MEGABYTES says (0: nothing is
    kept); it can be removed at any time. The attribute .stats tells what was found.
    """
    return _function.applied("jit", arguments, options)


def njit(*arguments: Any, **options: Any) -> Any:
    """Compiles a function whole, as jit does."""
    return _function.applied("njit", arguments, options)


def _applied(name: str, make: Callable[[Any, str], Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """The kernel of a function that is given, or the decorator that makes one."""
    if options.get("func_or_mode") is not None and callable(options["func_or_mode"]):
        arguments = (options.pop("func_or_mode"), *arguments)
    if arguments and _source.function_of(arguments[0]) is not None:
        return make(_source.function_of(arguments[0]), _decorator(name, arguments[1:], options))
    if arguments and not _is_signature(arguments[0]):
        raise _no_function(name, arguments[0])
    decorator = _decorator(name, arguments, options)

    def decorate(function: Any) -> Any:
        plain = _source.function_of(function)
        if plain is None:
            raise _no_function(name, function)
        return make(plain, decorator)

    return decorate


def _is_signature(value: Any) -> bool:
    """Whether a decorator's first argument may be one or several signatures."""
    return isinstance(value, (str, list, tuple, set, Type, Signature)) or type(value).__module__.startswith("numba.core.t")


def _no_function(name: str, value: Any) -> TypeError:
    help = "write a function, def or lambda, that calls it" if callable(value) else "the first argument is a function or signatures"
    return TypeError(f"{name} makes kernels of functions written in Python, not of {value!r}\n  help: {help}")


def _ufunc(function: Any, decorator: str) -> Ufunc:
    kernel = Ufunc(function, decorator, _source.lines_of(function))
    functools.update_wrapper(kernel, function)
    if "(" in decorator:
        kernel.check()
    return kernel


def _stencil(function: Any, decorator: str) -> Stencil:
    kernel = Stencil(function, decorator, _source.lines_of(function))
    functools.update_wrapper(kernel, function)
    if "(" in decorator:
        kernel.check()
    return kernel


def _decorator(name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> str:
    """The decorator as text."""
    parts = [_text(argument) for argument in arguments]
    for option, value in options.items():
        try:
            parts.append(f"{option}={_text(value)}")
        except TypeError:
            help = _ALLOWED.get(option, f"help(numbra.{name}) tells the options and their values")
            raise TypeError(f"the option '{option}' of {name} cannot be {value!r}\n  help: {help}") from None
    return f"numba.{name}({', '.join(parts)})" if parts else f"numba.{name}"


_ALLOWED = {"cval": "cval is the result at the border: a bool, an integer or a float"}


def _text(value: Any) -> str:
    """A value of an option as text that means the same. NumPy's numbers are Python's of the same value."""
    if isinstance(value, (numpy.generic, numpy.ndarray)):
        value = value.tolist()
        if isinstance(value, numpy.generic):  # longdouble has no other form
            value = float(value)
    if value is None or isinstance(value, bool):
        return repr(value)
    # Classes derived from these, such as enumerations, show something else.
    if isinstance(value, int):
        return repr(int(value))
    if isinstance(value, str):
        return str.__repr__(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "math.nan"
        return float.__repr__(value) if math.isfinite(value) else ("math.inf" if value > 0 else "-math.inf")
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, (dict, set, frozenset)):
        return repr(value)
    if isinstance(value, (Type, Signature)) or type(value).__module__.startswith("numba."):
        return repr(text_of(value))
    raise TypeError(
        f"numbra cannot use {value!r} as an option or a signature\n"
        "  help: signatures are text or types: 'float64(float64)', float64(float64), with the types of numbra or Numba"
    )
