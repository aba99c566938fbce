"""Where a Python function is, and what the names in it stand for."""

from __future__ import annotations

import builtins
import enum
import linecache
import os
import sys
import time
import types
from dataclasses import dataclass
from typing import Any, Iterable

import numpy

from ._core import Dispatcher, Stencil, Ufunc
from ._typeof import text_of
from .types import Type


# The attribute of a function that came from another process (see _travel): what it left behind there.
ARRIVED = "__numbra_arrived__"


@dataclass
class Arrived:
    filename: str
    text: str
    # As `resolve` gives them, and as `exception_of` does for a name and whether it is called.
    names: list[tuple[str, str, Any]]
    raised: dict[tuple[str, bool], tuple[type[BaseException], tuple[Any, ...] | None]]


def _arrived(function: types.FunctionType) -> Arrived | None:
    return vars(function).get(ARRIVED)


def function_of(thing: Any) -> types.FunctionType | None:
    """The Python function behind a function, a kernel, a helper, or what Numba makes of one."""
    if isinstance(thing, types.FunctionType):
        return thing
    for name in ("py_func", "_dispatcher"):
        inner = getattr(thing, name, None)
        # Of Numba's objects one holds another, which holds the function. Objects that have every attribute go on for ever.
        for found in (inner, getattr(inner, "py_func", None)):
            if isinstance(found, types.FunctionType):
                return found
    return None


def _declared(thing: Any) -> str:
    """The decorator of a function that kernels call, as text: which types it was declared to take and to give."""
    if isinstance(thing, (Ufunc, Dispatcher)):
        return thing._decorator
    # Numba's jit and vectorize: with signatures given, nothing else is compiled.
    if getattr(thing, "_can_compile", True) is False:
        signatures = [text_of(signature) for signature in thing.nopython_signatures]
        return f"numba.njit({signatures})"
    if getattr(thing, "_frozen", False) is True:
        signatures = []
        for loop in thing.types:
            *arguments, result = (numpy.dtype(char).name for char in loop.replace("->", ""))
            signatures.append(f"{result}({', '.join(arguments)})")
        return f"numba.vectorize({signatures})"
    return "numba.njit"


def lines_of(function: types.FunctionType) -> list[str]:
    """The lines of the function's file as they are now, while it is being defined; [] if there is no file."""
    arrived = _arrived(function)
    if arrived is not None:
        return arrived.text.splitlines(keepends=True)
    filename = function.__code__.co_filename
    linecache.checkcache(filename)
    lines = linecache.getlines(filename, function.__globals__)
    if lines:
        _not_changed(function, lines)
    return lines or _command(function)


_IMPORTED = time.time()


def _not_changed(function: types.FunctionType, lines: list[str]) -> None:
    """Error: the file was changed since Python read it, so that the lines are not those of the function."""
    filename = function.__code__.co_filename
    entry = linecache.cache.get(filename)
    # Cells of notebooks are in the cache alone.
    if entry is None or len(entry) < 4 or entry[1] is None:
        return
    try:
        changed = os.stat(filename).st_mtime
    except OSError:
        return
    if changed <= _IMPORTED:
        return
    wanted = _contents(function.__code__)
    try:
        inside = [compile("".join(lines), filename, "exec", dont_inherit=True)]
    except (SyntaxError, ValueError):
        inside = []
    for code in inside:
        if code.co_firstlineno == function.__code__.co_firstlineno and _contents(code) == wanted:
            return
        inside += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    raise OSError(
        f"the file of the function '{function.__name__}' was changed since it was loaded: {filename}, line "
        f"{function.__code__.co_firstlineno}. numbra compiles kernels from their text, and what is there now is another one\n"
        "  help: start the program again, or reload the module"
    )


def _contents(value: Any) -> Any:
    """What a code object does, without its lines; of its constants, what tells 1 from 1.0 and 0.0 from -0.0."""
    if isinstance(value, types.CodeType):
        names = (value.co_name, value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars)
        return names, value.co_code, _contents(value.co_consts)
    if isinstance(value, (tuple, frozenset)):
        return type(value), type(value)(map(_contents, value))
    return type(value), repr(value)


def _command(function: types.FunctionType) -> list[str]:
    """The lines of `python -c ...`, if the function stands there: Python before 3.13 keeps them nowhere else."""
    if function.__code__.co_filename != "<string>" or "-c" not in sys.orig_argv:
        return []
    text = "".join(sys.orig_argv[sys.orig_argv.index("-c") + 1 :][:1])
    try:
        inside = [compile(text, "<string>", "exec", dont_inherit=True)]
    except (SyntaxError, ValueError):
        return []
    # Text that was given to exec() has the same name of a file.
    for code in inside:
        if code == function.__code__:
            return text.splitlines(keepends=True)
        inside += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return []


def file_of(function: types.FunctionType, lines: list[str] | None) -> tuple[str, str]:
    """The name and the text of the function's file. `lines`: as they were when it was defined."""
    lines = lines or lines_of(function)
    if not lines:
        import inspect

        try:
            lines = inspect.findsource(function)[0]
        except (OSError, TypeError):
            where = function.__code__.co_filename
            help = (
                "define it in a file or in a cell of a notebook; for text that goes to exec(), give compile() a file's name and "
                "put the lines under it into linecache.cache first"
            )
            if where == "<dynamic-code>":  # what cloudpickle calls it
                help = "make the kernel where its text is, and send the kernel: it takes its text along, a plain function does not"
            raise OSError(
                f"the text of the function '{function.__name__}' is not to be found (in {where}): numbra compiles kernels "
                f"from their text\n  help: {help}"
            ) from None
    return function.__code__.co_filename, "".join(lines)


def block_of(function: types.FunctionType) -> tuple[str, str, int] | None:
    """The file's name, the lines of the function alone, and the number of the first one."""
    import inspect
    import textwrap

    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError, IndentationError):
        return None
    return function.__code__.co_filename, textwrap.dedent("".join(lines)), max(first, 1)


def place_of(code: types.CodeType) -> tuple[str, int, list[str], list[tuple[int, int]] | None]:
    """A function's name, its line, its parameters, and (from Python 3.11 on) of a lambda the places, line and column, of the
    first and behind the last thing that it computes."""
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & 4) + bool(code.co_flags & 8)
    inside = None
    if code.co_name == "<lambda>" and hasattr(code, "co_positions"):
        firsts: list[tuple[int, int]] = []
        lasts: list[tuple[int, int]] = []
        for line, last_line, column, last_column in code.co_positions():
            if line is None or last_line is None or column is None or last_column is None or column == last_column == 0:
                continue
            firsts.append((line, column))
            lasts.append((last_line, last_column))
        if firsts:
            inside = [min(firsts), max(lasts)]
    return code.co_name, code.co_firstlineno, list(code.co_varnames[:count]), inside


def resolve(function: types.FunctionType, names: Iterable[str]) -> list[tuple[str, str, Any]]:
    """What dotted names stand for in the function: (name, kind, value). Names that stand for nothing are left out, and those
    that mean what they always mean. A shorter name than the one asked for leaves the rest of it to the compiler. Values that
    may change later are copied."""
    arrived = _arrived(function)
    if arrived is not None:
        return arrived.names
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or ()))
    found: dict[str, tuple[str, str, Any]] = {}
    for name in names:
        root, *rest = name.split(".")
        if root in cells:
            try:
                value = cells[root].cell_contents
            except ValueError:  # not assigned yet
                continue
        elif root in function.__globals__:
            value = function.__globals__[root]
        else:
            continue
        path = root
        while rest and _has_parts(value):
            try:
                value = getattr(value, rest[0])
            except AttributeError:
                break
            path += "." + rest.pop(0)
        else:
            meaning = _meaning(root, path, value)
            if meaning is not None:
                found[path] = (path, *meaning)
    return list(found.values())


def _called(function: types.FunctionType) -> dict[str, Any]:
    """The functions, kernels and functions of kernels that the names in a function stand for."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or ()))
    inside = [function.__code__]
    found: dict[str, Any] = {}
    for code in inside:
        for name in (*code.co_freevars, *code.co_names):
            try:
                value = cells[name].cell_contents if name in cells else function.__globals__.get(name)
            except ValueError:  # not assigned yet
                continue
            if isinstance(value, (types.FunctionType, Dispatcher)) or hasattr(value, "py_func"):
                found[name] = value
        inside += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return found


def circle_of(function: types.FunctionType) -> list[types.FunctionType]:
    """The other functions that call this one and are called by it, perhaps by way of others, if names mean the same in all of
    them."""
    if _arrived(function) is not None:
        return []
    calls: dict[types.FunctionType, list[types.FunctionType]] = {}
    waiting = [function]
    while waiting:
        caller = waiting.pop()
        if caller not in calls:
            calls[caller] = [plain for value in _called(caller).values() if (plain := function_of(value)) is not None]
            waiting += calls[caller]
    back = {function}
    while more := {caller for caller, called in calls.items() if caller not in back and not back.isdisjoint(called)}:
        back |= more
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or ()))

    def same_names(other: types.FunctionType) -> bool:
        others = dict(zip(other.__code__.co_freevars, other.__closure__ or ()))
        shared = all(cells[name] is cell for name, cell in others.items() if name in cells)
        return other.__globals__ is function.__globals__ and shared

    return [other for other in calls if other is not function and other in back and same_names(other)]


def declared_as(function: types.FunctionType, name: str) -> str:
    """The decorator, as text, of a function that this one, or one that it calls, knows by that name."""
    seen: set[types.FunctionType] = set()
    waiting = [function]
    while waiting:
        caller = waiting.pop()
        if caller in seen:
            continue
        seen.add(caller)
        called = _called(caller)
        if name in called:
            return _declared(called[name])
        waiting += [plain for value in called.values() if (plain := function_of(value)) is not None]
    return "numba.njit"


Mistake = tuple[str, str, str]


def exception_of(
    function: types.FunctionType, name: str, called: bool
) -> tuple[tuple[type[BaseException], tuple[Any, ...] | None] | None, Mistake | None]:
    """What `raise name`, or if `called` `raise name(...)`, raises in the function: a class, with the arguments of an object
    that is raised as it is; or else what is wrong: 'name', 'type', 'refused' or 'unsupported', the message, a help."""
    arrived = _arrived(function)
    if arrived is not None and (name, called) in arrived.raised:
        return arrived.raised[name, called], None
    code = function.__code__
    root, *rest = name.split(".")
    cells = dict(zip(code.co_freevars, function.__closure__ or ()))
    if root in code.co_varnames or root in code.co_cellvars:
        return None, ("unsupported", "kernels raise exceptions by their names", "write 'raise ValueError(\"...\")'")
    try:
        if root in cells:
            value = cells[root].cell_contents
        else:
            value = function.__globals__[root] if root in function.__globals__ else getattr(builtins, root)
        for part in rest:
            value = getattr(value, part)
    except (AttributeError, ValueError):  # ValueError: a name around the function that is not assigned yet
        help = "define the class before the kernel is compiled, or raise one of Python's own, such as ValueError"
        return None, ("name", f"unknown name '{name}'", help)
    if isinstance(value, type) and issubclass(value, BaseException):
        return (value, None), None
    if isinstance(value, BaseException) and not called:
        return (type(value), value.args), None
    if called:
        message = f"'{name}' is no class of exceptions"
        return None, ("type", message, "raise a class that is derived from Exception, with one text as its argument")
    message = f"Encountered unsupported constant type used for exception: '{name}' is no class of exceptions"
    return None, ("refused", message, "raise a class that is derived from Exception, with one text as its argument")


LIBRARIES = {"numpy", "math", "numba", "numbra", "cmath"}


def _library(module: types.ModuleType) -> bool:
    # Numba's own tests are programs as others are.
    return module.__name__.split(".")[0] in LIBRARIES and not module.__name__.startswith("numba.tests")


def _has_parts(value: Any) -> bool:
    """Whether attributes of the value are values of their own: modules of users, classes, plain objects."""
    if isinstance(value, types.ModuleType):
        return not _library(value)
    if isinstance(value, type):
        return not issubclass(value, numpy.generic) and value not in (int, float, bool)
    if isinstance(value, tuple):
        return hasattr(value, "_fields")
    known = (bool, int, float, complex, str, list, numpy.ndarray, numpy.generic, types.FunctionType, Ufunc, Stencil, Type)
    return not isinstance(value, known) and not callable(value)


def _meaning(root: str, path: str, value: Any) -> tuple[str, Any] | None:
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, types.ModuleType):
        return ("import", value.__name__) if _library(value) else ("unsupported", None)
    if isinstance(value, int) and not isinstance(value, bool):
        value = int(value)  # of a subclass, such as IntEnum
    if value is None or isinstance(value, (bool, int, float, str, slice, tuple, list, numpy.generic, numpy.ndarray)):
        return ("unsupported", None) if value is None else ("constant", _copied(value))
    if isinstance(value, type):
        if issubclass(value, numpy.generic):
            return "import", f"numpy.{value.__name__}"
        return None if value.__name__ == root else ("unsupported", None)
    if isinstance(value, Type):
        return "import", f"numba.{value}"
    if isinstance(value, Stencil) or type(value).__name__ == "StencilFunc":
        return "stencil", value
    module = (getattr(value, "__module__", None) or "").split(".")[0]
    name = getattr(value, "__name__", root)
    if isinstance(value, numpy.ufunc):
        module = "numpy"
    if module in ("numpy", "math") and getattr(sys.modules[module], name, None) is value:
        return "import", f"{module}.{name}"
    if module in ("numba", "numbra") and name == "prange":
        return "import", "numba.prange"
    if module == "builtins" and name == root:
        return None
    if module in ("builtins", "_operator"):
        from . import _stand_ins

        known = isinstance(value, types.BuiltinFunctionType) and value in _stand_ins.FUNCTIONS
        if known:
            return "function", (_stand_ins.FUNCTIONS[value], "numba.njit")
        return "unsupported", _stranger(path, value)
    plain = function_of(value)
    if plain is not None:
        return "function", (plain, _declared(value))
    if type(value).__module__.startswith("numba."):  # its types
        return "import", f"numba.{value}"
    return "unsupported", _stranger(path, value) if callable(value) else None


# Kernels take no larger arrays from what is around them.
_MOST_ENTRIES = 65_536


def _copied(value: Any) -> Any:
    """The value as it is now, whatever becomes of its array or its list."""
    if isinstance(value, (tuple, list)):
        return tuple(_copied(entry) for entry in value)
    if isinstance(value, enum.Enum):
        return _copied(value.value)
    if isinstance(value, numpy.ndarray) and value.size <= _MOST_ENTRIES:
        return value.copy()
    if isinstance(value, (bool, numpy.generic)):
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


# What kernels have in the place of functions of scipy.special.
_OF_SCIPY = {
    "cbrt": "numpy.cbrt",
    "erf": "math.erf",
    "erfc": "math.erfc",
    "exp2": "numpy.exp2",
    "expm1": "numpy.expm1",
    "log1p": "numpy.log1p",
}


def _stranger(path: str, value: Any) -> tuple[str, str]:
    """What a function is that kernels do not know, and what to do instead."""
    name = getattr(value, "__name__", None) or type(value).__name__
    module = getattr(value, "__module__", None) or ""
    special = sys.modules.get("scipy.special")
    if special is not None and getattr(special, name, None) is value:
        instead = _OF_SCIPY.get(name)
        help = f"use {instead}" if instead else "write it with the functions of 'math' and 'numpy' that kernels have"
        return f"'{path}', which is scipy.special.{name}", help
    if isinstance(value, numpy.ufunc):
        help = "give kernels the Python function that it was made of"
        return f"'{path}', which is a ufunc called '{name}' that kernels do not have", help
    if module in ("cmath", "numpy.lib.scimath", "numpy.lib._scimath_impl"):
        return f"'{path}', which is {module}.{name}: they have no complex numbers", f"use the function '{name}' of 'math' or 'numpy'"
    if isinstance(value, types.BuiltinFunctionType) or type(value).__module__ == "numpy":
        help = "write what it does as a function with 'def', or use functions of 'math' and 'numpy'"
        return f"'{path}', which is {module}.{name}".replace("builtins.", "").replace("is .", "is "), help
    return f"'{path}', which is an object of the class {type(value).__name__}", "write what it does as a function with 'def'"
