"""The decorators. They hand numbra's compiler the function and, as text, themselves: what options there are and what their
values may be is the compiler's to say."""

from __future__ import annotations

import functools
import math
import types as python_types
import warnings
from typing import Any, Callable

from . import _source
from ._core import Stencil, Ufunc
from .types import Array, Scalar, Signature


class NotCompiledWarning(UserWarning):
    """A function marked with njit or jit was called from Python, where it runs as plain Python."""


class Helper:
    """A function for kernels to call, marked with njit or jit. Called from Python it is the plain function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.py_func = function
        self._warned = False
        functools.update_wrapper(self, function)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"'{self.__name__}' is compiled where a kernel calls it; called from Python it runs as plain Python: "
                "numbra does not compile whole functions yet (vectorize and stencil make kernels)",
                NotCompiledWarning,
                stacklevel=2,
            )
        return self.py_func(*arguments, **keywords)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else python_types.MethodType(self, instance)

    def __reduce__(self) -> str:
        return self.__qualname__

    def __repr__(self) -> str:
        return f"<numbra helper '{self.__name__}'>"


def prange(*arguments: int) -> range:
    """range(...). In kernels too: vectorize and stencil are parallel as a whole."""
    return range(*arguments)


def vectorize(*arguments: Any, **options: Any) -> Any:
    """Makes a function of scalars one of arrays, applied element by element as NumPy's ufuncs are.

    @vectorize                                          types from the arguments of each call
    @vectorize(['float64(float64, float64)'])           the first signature to which the arguments convert safely
    @vectorize([float64(float64, float64)], target='cuda', identity=0)

    Options: target (see the package), identity (0, 1, 'reorderable'), fastmath, typing ('numba': Numba's rules; 'exact':
    operators keep the type of their operands and literals take the type that they meet), cache, nopython.
    """
    return _applied("vectorize", _ufunc, arguments, options)


def stencil(*arguments: Any, **options: Any) -> Any:
    """Makes a function of relative positions one of arrays: a[0, 1] is the element to the right.

    Options: cval (what the result is where the function reaches over the border; 0), neighborhood (((min, max), ...), needed
    where an index is not constant), standard_indexing (names of parameters that are indexed absolutely), target, fastmath,
    typing. Called with out=array it stores there; iterate(a, steps) applies it again and again.
    """
    return _applied("stencil", _stencil, arguments, options)


def njit(*arguments: Any, **options: Any) -> Any:
    """Marks a function that kernels call. Numba's options are taken; whole functions are not compiled yet."""
    return _applied("njit", lambda function, decorator: Helper(function), arguments, options)


def jit(*arguments: Any, **options: Any) -> Any:
    """See njit."""
    return njit(*arguments, **options)


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
    return isinstance(value, (str, list, tuple, set, Scalar, Array, Signature)) or type(value).__module__.startswith("numba.")


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
    parts += [f"{option}={_text(value)}" for option, value in options.items()]
    return f"numba.{name}({', '.join(parts)})" if parts else f"numba.{name}"


def _text(value: Any) -> str:
    """A value of an option as text that means the same."""
    if isinstance(value, (Scalar, Array, Signature)):
        return repr(str(value))
    if value is None or isinstance(value, (bool, int, str)):
        return repr(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "math.nan"
        return repr(value) if math.isfinite(value) else ("math.inf" if value > 0 else "-math.inf")
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, (dict, set, frozenset)):
        return repr(value)
    if hasattr(value, "item") and hasattr(value, "dtype"):
        return _text(value.item())
    foreign = _numba_type(value)
    if foreign is not None:
        return repr(foreign)
    raise TypeError(f"numbra cannot use {value!r} as an option or a signature")


def _numba_type(value: Any) -> str | None:
    """A type or signature object of Numba's as text."""
    if not type(value).__module__.startswith("numba."):
        return None
    if hasattr(value, "return_type") and hasattr(value, "args"):
        arguments = [_numba_type(argument) for argument in value.args]
        if None in arguments:
            return None
        result = "" if value.return_type is None else _numba_type(value.return_type)
        return f"{result}({', '.join(map(str, arguments))})"
    if hasattr(value, "dtype") and hasattr(value, "ndim"):
        axes = [":"] * value.ndim
        if value.layout in "CF":
            axes[-1 if value.layout == "C" else 0] = "::1"
        return f"{value.dtype}[{', '.join(axes)}]"
    return str(value)
