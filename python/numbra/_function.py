"""Whole functions: options and signatures of jit, read for the dispatcher."""

from __future__ import annotations

import collections
import functools
import warnings
import typing
from typing import Any, Callable

from . import _source, types
from ._config import config
from ._core import Dispatcher, _jit_options
from .core import errors
from .types import Signature, Type


class Overload(typing.NamedTuple):
    """What a function was compiled for: the types, and how to call it."""

    signature: Signature
    entry_point: Callable[..., Any]


class Stats(typing.NamedTuple):
    """The cache on disk: the folder, and by the types of the arguments how often compiled code was found there, and how often
    not. None: the option cache is not set."""

    cache_path: str | None
    cache_hits: collections.Counter[Any]
    cache_misses: collections.Counter[Any]


def applied(name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What jit makes of a function that is given, or the decorator that makes it."""
    from . import decorators

    given = options.pop("signature_or_function", None)
    if given is not None:
        arguments = (given, *arguments)
    signatures: list[Signature] = []
    function = None
    if arguments and isinstance(arguments[0], type) and not issubclass(arguments[0], Type):
        message = f"The decorated object is not a function (got type {type(arguments[0])})."
        raise TypeError(f"{message}\n  help: decorate the functions in the class '{arguments[0].__name__}'")
    for argument in arguments[:1]:
        if isinstance(argument, Dispatcher):
            message = f"A jit decorator was called on an already jitted function '{argument.__name__}'"
            raise TypeError(f"{message}\n  help: the Python function is its attribute .py_func")
        function = _source.function_of(argument)
        if function is None:
            if not decorators._is_signature(argument) and argument is not None:
                raise decorators._no_function(name, argument)
            signatures = signatures_of(argument)
    for option, value in zip(("locals", "cache", "pipeline_class", "boundscheck"), arguments[1:]):
        options.setdefault(option, value)
    check(name, options)

    def decorate(function: Any) -> Any:
        plain = _source.function_of(function)
        if plain is None:
            raise decorators._no_function(name, function)
        return plain if config.DISABLE_JIT else dispatcher(plain, signatures, options)

    return decorate if function is None else decorate(function)


def dispatcher(function: Any, signatures: list[Signature], options: dict[str, Any]) -> Dispatcher:
    """The function, compiled whole when it is called, or now for the signatures that there are."""
    from . import decorators

    fastmath = _fastmath(options.get("fastmath", False))
    bounds = config.BOUNDSCHECK if config.BOUNDSCHECK is not None else options.get("boundscheck")
    spoken = [decorators._text(signature) for signature in signatures if all(map(_is_plain, (*signature.args, signature.return_type)))]
    parts = [f"[{', '.join(spoken)}]"] if spoken and len(spoken) == len(signatures) else []
    parts += ["fastmath=True"] if fastmath else []
    parts += ["error_model='numpy'"] if options.get("error_model", "python") != "python" else []
    parts += ["boundscheck=False"] if bounds is not None and not bounds else []
    made = Dispatcher(
        function,
        f"numba.njit({', '.join(parts)})" if parts else "numba.njit",
        None if vars(function).get(_source.ARRIVED) else _source.lines_of(function),
        (signatures, options),
        fastmath=fastmath,
        zero_division=options.get("error_model", "python") == "python",
        bounds=bounds is None or bool(bounds),
        releases_lock=bool(options.get("nogil")),
        cache=bool(options.get("cache")),
    )
    functools.update_wrapper(made, function)
    for signature in signatures:
        made.compile(signature)
    if signatures:
        made.disable_compile()
    return made


def _is_plain(kind: Any) -> bool:
    """Whether signatures of kernels have the type too."""
    if isinstance(kind, types.Array):
        return kind.ndim > 0
    return kind is None or isinstance(kind, (types.Number, types.Boolean, types.NoneType)) and not isinstance(kind, types.Complex)


class NotCompiledWarning(UserWarning):
    """A function marked with njit or jit needs what numbra does not have yet: it runs as plain Python."""


def warn_of_plain(name: str, error: Exception) -> None:
    """Says why a function runs as plain Python."""
    warnings.warn(f"'{name}' runs as plain Python, which is slow: {error}", NotCompiledWarning, stacklevel=2)


def warn_of_cache(trouble: str) -> None:
    """Says why the option cache does nothing."""
    help = "set NUMBRA_CACHE_DIR to a folder of yours, or leave out cache=True"
    warnings.warn(f"{trouble}\n  help: {help}", errors.NumbaWarning, stacklevel=2)


def check(name: str, options: dict[str, Any]) -> None:
    """Error: an option that jit does not have, or a value that it cannot have."""
    known = [*_jit_options(), "pipeline_class"]
    unknown = [option for option in options if option not in known]
    if unknown:
        listed = "', '".join(known)
        message = f"Unrecognized options: {{{', '.join(map(repr, unknown))}}}. Known options are dict_keys(['{listed}'])"
        raise errors.UnknownOptionError(f"{message}\n  help: remove what '{name}' does not know")
    if options.get("forceobj"):
        message = "there is no object mode\n  help: remove 'forceobj': functions are always compiled"
        raise errors.KernelUnsupportedError(message)
    if options.get("nopython") is False:
        options.pop("nopython")  # Numba falls back to nothing either.
    if options.get("error_model", "python") not in ("python", "numpy"):
        message = f"the option 'error_model' of {name} cannot be {options['error_model']!r}\n  help: it is 'python' or 'numpy'"
        raise errors.NumbaValueError(message)
    if options.get("locals"):
        names = ", ".join(options["locals"])
        message = f"the option 'locals' of {name} has types for {names}, which numbra does not take yet"
        raise errors.KernelUnsupportedError(f"{message}\n  help: convert where the name is assigned: x = np.float32(...)")
    _fastmath(options.get("fastmath", False))


# Those of LLVM.
_FLAGS = {"fast", "nnan", "ninf", "nsz", "arcp", "contract", "afn", "reassoc"}


def _fastmath(value: Any) -> bool:
    """Whether all of the flags are allowed. With some of them alone functions are compiled without: that is always right."""
    if isinstance(value, dict):
        value = {flag for flag, on in value.items() if on}
    if isinstance(value, (set, frozenset, list, tuple)):
        unknown = set(value) - _FLAGS
        if unknown:
            raise ValueError(f"Unrecognized fastmath flags: {unknown}\n  help: the flags are {', '.join(sorted(_FLAGS))}")
        return "fast" in value or set(value) >= _FLAGS - {"fast"}
    if value is None or isinstance(value, (bool, int)):
        return bool(value)
    raise errors.NumbaTypeError(f"the option 'fastmath' cannot be {value!r}\n  help: it is True, False, or a set of flags")


def signatures_of(given: Any) -> list[Signature]:
    """The signatures that a decorator is given: one, or a list of them."""
    if given is None:
        return []
    if isinstance(given, (list, set, frozenset)):
        return [signature_of(one) for one in given]
    return [signature_of(given)]


def signature_of(given: Any) -> Signature:
    """A signature: text, an object, or a tuple of the types of the arguments."""
    if isinstance(given, str):
        given = _evaluated(given)
    if isinstance(given, tuple):
        return Signature(None, [type_of(one) for one in given])
    if hasattr(given, "args") and hasattr(given, "return_type"):
        result = None if given.return_type is None else type_of(given.return_type)
        return Signature(result, [type_of(one) for one in given.args])
    if isinstance(given, Type):
        message = f"'{given}' is a type, not a signature\n  help: write the types of the arguments too: {given}({given}, ...)"
        raise errors.NumbaTypeError(message)
    message = f"invalid signature: {given!r}\n  help: a signature looks like 'float64(float64, int32)', or is a tuple of types"
    raise errors.NumbaTypeError(message)


def type_of(given: Any) -> Type:
    """A type: one of numbra's own, text, or what Numba has for it."""
    if isinstance(given, Type):
        return given
    if given is None:
        return types.none
    if isinstance(given, str):
        return type_of(_evaluated(given))
    from ._typeof import from_dtype, text_of

    if type(given).__module__.startswith("numba."):
        return type_of(_evaluated(text_of(given)))
    try:
        return from_dtype(given)
    except (TypeError, errors.NumbaNotImplementedError):
        message = f"{given!r} is no type\n  help: the types are those of numbra.types: float64, int32, float64[:, ::1]"
        raise errors.NumbaTypeError(message) from None


def _evaluated(text: str) -> Any:
    try:
        return eval(text, {"__builtins__": {}}, vars(types))  # as Numba does: signatures are a program's own text
    except NameError as error:
        message = f"bad signature '{text}': {error}\n  help: the names are those of numbra.types: float64, int32, float64[:, ::1]"
        raise errors.KernelNameError(message) from None
    except SyntaxError as error:
        message = f"bad signature '{text}': {error.msg}\n  help: a signature looks like 'float64(float64, int32)'"
        raise errors.KernelSyntaxError(message) from None
