"""Kernels on their way to other processes: pickle, cloudpickle, joblib, dask.

A kernel that its name finds, in a module that other processes can import, travels as that name. Every other one travels as what
it is made of: the text of its function and of those that it calls, with the values that they find around them, and the decorator.
Values are those that the kernel was compiled with, or, before that, those of the moment."""

from __future__ import annotations

import ast
import builtins
import collections
import functools
import hashlib
import importlib
import pickle
import sys
import types
import weakref
from typing import Any, Iterator

import numpy

from . import _source
from ._core import Dispatcher, Stencil, Ufunc, _surroundings

# Of programs: the same names are others elsewhere.
_MAINS = ("__main__", "__mp_main__")


def by_name(thing: Any) -> str | None:
    """The name under which other processes find the very same kernel in its module."""
    module = thing.__module__
    found: Any = None if module in _MAINS else sys.modules.get(module)
    for part in thing.__qualname__.split("."):
        found = getattr(found, part, None)
    return thing.__qualname__ if found is thing else None


# What settled kernels were sent as; nothing of it changes any more.
_sent: weakref.WeakKeyDictionary[Any, tuple[Any, ...]] = weakref.WeakKeyDictionary()


def reduced(thing: Any) -> str | tuple[Any, ...]:
    """What pickle makes of a kernel or a function that is compiled whole."""
    name = by_name(thing)
    if name is not None:
        return name
    if thing in _sent:
        return _sent[thing]
    sender = _Sender(thing)
    made_with = thing._made_with if isinstance(thing, Dispatcher) else thing._decorator
    arguments = pickle.dumps((type(thing).__name__, made_with, sender.parts), protocol=4), tuple(sender.objects)
    if sender.settled:
        _sent[thing] = arrived, arguments
        _remember(arguments, thing)
    return arrived, arguments


class _Sender:
    """A kernel's functions as plain data, `parts`, the kernel's own being the first; and what only the pickler that asks can
    send, `objects`: exceptions, and what helpers use when they run as plain Python."""

    def __init__(self, thing: Any) -> None:
        self.parts: list[dict[str, Any]] = []
        self.objects: list[Any] = []
        self.numbers: dict[types.FunctionType, int] = {}
        self.whole = not isinstance(thing, (Ufunc, Stencil))
        if self.whole:
            self.settled, self.surroundings = False, {}
        else:
            self.settled, self.surroundings = thing._surroundings()
        self.number(thing.py_func)

    def number(self, function: types.FunctionType) -> int:
        if function not in self.numbers:
            self.numbers[function] = len(self.parts)
            part: dict[str, Any] = {}
            self.parts.append(part)
            part.update(self.part(function))
        return self.numbers[function]

    def part(self, function: types.FunctionType) -> dict[str, Any]:
        filename, text, entries, raised = self.found(function)
        names = [(path, *self.value(kind, value)) for path, kind, value in entries]
        roots = {path.split(".")[0] for path, _, _ in names}
        lacking = {path.split(".")[0] for path, kind, _ in names if kind == "unsupported"}
        others = [(name, value) for name, value in _around(function) if name not in roots - lacking] if self.whole else []
        return {
            "filename": filename,
            "text": _statement(text, function.__code__.co_firstlineno),
            "place": _source.place_of(function.__code__),
            "name": function.__name__,
            "qualname": function.__qualname__,
            "module": function.__module__,
            "defaults": self.object((function.__defaults__, function.__kwdefaults__)),
            "names": names,
            "raised": [(name, called, self.object(found)) for (name, called), found in raised.items()],
            "others": [(name, self.other(value)) for name, value in others],
        }

    def found(self, function: types.FunctionType) -> tuple[str, str, list[Any], dict[Any, Any]]:
        """The name and the text of the function's file, what its names stand for, and what it raises."""
        if function not in self.surroundings:
            try:
                self.surroundings |= _surroundings(function)
            except Exception:  # nothing that kernels could call; as plain Python it is as good as before
                return *_source.file_of(function, None), [], {}
        filename, first, text, entries, raised = self.surroundings[function]
        return filename, "\n" * (first - 1) + text, entries, raised

    def value(self, kind: str, value: Any) -> tuple[str, Any]:
        if kind == "function":
            function, decorator = value
            # Plain Python, of which kernels may have no use, is for others to send where they can.
            if self.whole and by_name(function):
                return "named", (self.object(function), decorator)
            return kind, (self.number(function), decorator)
        if kind == "stencil":
            return kind, self.object(value)
        if kind == "constant" and not _is_plain(value):
            return "unsupported", None
        return kind, value

    def other(self, value: Any) -> Any:
        return value.__name__ if isinstance(value, types.ModuleType) else self.object(value)

    def object(self, value: Any) -> int:
        self.objects.append(value)
        return len(self.objects) - 1


def _is_plain(value: Any) -> bool:
    """Whether it is all numbers and text, which are the same everywhere."""
    if isinstance(value, (tuple, list)):
        return type(value) in (tuple, list) and all(map(_is_plain, value))
    if isinstance(value, (numpy.ndarray, numpy.generic)):
        return value.dtype.kind in "biufcSU"
    return type(value) in (bool, int, float, str)


# Of the last file: most kernels of a program are in one.
_parsed: tuple[str, list[tuple[int, int]]] = ("", [])


def _statements(text: str) -> list[tuple[int, int]]:
    """The first and the last line of each statement of a file."""
    global _parsed
    if _parsed[0] != text:
        found = []
        for statement in ast.parse(text).body:
            decorators = [decorator.lineno for decorator in getattr(statement, "decorator_list", [])]
            found.append((min([statement.lineno, *decorators]), statement.end_lineno or statement.lineno))
        _parsed = text, found
    return _parsed[1]


def _statement(text: str, line: int) -> str:
    """The text of a file with the statement alone that this line is in, on the lines that it had."""
    try:
        places = _statements(text)
    except (SyntaxError, ValueError):
        return text
    lines = text.splitlines(keepends=True)
    for first, last in places:
        if first <= line <= last:
            return "\n" * (first - 1) + "".join(lines[first - 1 : last])
    return text


def _around(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """The names around a function that it reads, and what they stand for."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or ()))
    inside = [function.__code__]
    seen: set[str] = set()
    for code in inside:
        for name in (*code.co_freevars, *code.co_names):
            if name in cells:
                try:
                    value = cells[name].cell_contents
                except ValueError:  # not assigned yet
                    continue
            elif name in function.__globals__:
                value = function.__globals__[name]
            else:
                continue
            if name not in seen:
                yield name, value
            seen.add(name)
        inside += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]


# What arrived, so that a kernel that comes with each of many tasks is compiled once; the last ones for as long as they are.
_known: weakref.WeakValueDictionary[Any, Any] = weakref.WeakValueDictionary()
_latest: collections.deque[Any] = collections.deque(maxlen=128)


def _key(state: bytes, objects: tuple[Any, ...]) -> Any:
    key = hashlib.blake2b(state).digest(), repr([type(value) for value in objects]), objects
    try:
        hash(key)
    except TypeError:  # objects that may change
        return None
    return key


def _remember(arguments: tuple[bytes, tuple[Any, ...]], thing: Any) -> None:
    key = _key(*arguments)
    if key is not None:
        _known.setdefault(key, thing)


def arrived(state: bytes, objects: tuple[Any, ...]) -> Any:
    """The kernel or the function that [`reduced`] has made this of."""
    key = _key(state, objects)
    known = None if key is None else _known.get(key)
    if known is not None:
        return known
    kind, made_with, parts = pickle.loads(state)
    functions = [_function(part, objects) for part in parts]
    for part, function in zip(parts, functions):
        _furnish(function, part, objects, functions)
    make = {"Ufunc": Ufunc, "Stencil": Stencil}.get(kind)
    if make is None:
        from ._function import dispatcher

        thing = dispatcher(functions[0], *made_with)
    else:
        thing = _kernel(make, functions[0], made_with)
    if key is not None:
        _known[key] = thing
        _latest.append(thing)
    return thing


def _kernel(make: Any, function: types.FunctionType, decorator: str) -> Any:
    kernel = make(function, decorator, None)
    functools.update_wrapper(kernel, function, updated=())
    return kernel


def _function(part: dict[str, Any], objects: tuple[Any, ...]) -> types.FunctionType:
    """The function of a part, around which there is nothing yet."""
    code = _code(part["text"], part["filename"], part["place"])
    names = {"__builtins__": builtins, "__name__": part["module"]}
    defaults, keyword_defaults = objects[part["defaults"]]
    closure = tuple(types.CellType() for _ in code.co_freevars)
    function = types.FunctionType(code, names, part["name"], defaults, closure)
    function.__kwdefaults__, function.__qualname__ = keyword_defaults, part["qualname"]
    return function


def _code(text: str, filename: str, place: Any) -> types.CodeType:
    inside = [compile(text, filename, "exec", dont_inherit=True)]
    for code in inside:
        name, line, parameters, positions = _source.place_of(code)
        # Python before 3.11 keeps no columns.
        if (name, line, parameters) == place[:3] and (None in (positions, place[3]) or positions == place[3]):
            return code
        inside += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    raise pickle.UnpicklingError(f"the function '{place[0]}' is not in its text ({filename}, line {place[1]})")


def _furnish(function: types.FunctionType, part: dict[str, Any], objects: tuple[Any, ...], functions: list[Any]) -> None:
    """Gives a function what its names stood for: for kernels to compile, and to run it as plain Python."""
    entries, around = [], {}
    for path, kind, value in part["names"]:
        if kind in ("function", "named"):
            number, decorator = value
            kind, value = "function", ((functions if kind == "function" else objects)[number], decorator)
            around[path] = _kernel(Ufunc, *value) if decorator.startswith("numba.vectorize") else value[0]
        elif kind == "stencil":
            value = around[path] = objects[value]
        elif kind == "import":
            around[path] = _imported(value)
        elif kind == "constant":
            around[path] = value
        entries.append((path, kind, value))
    raised = {(name, called): objects[number] for name, called, number in part["raised"]}
    for (name, _), (kind, arguments) in raised.items():
        around.setdefault(name, kind if arguments is None else kind(*arguments))
    for name, value in part["others"]:
        around[name] = importlib.import_module(value) if isinstance(value, str) else objects[value]

    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or ()))
    for name, value in _in_objects(around).items():
        if name in cells:
            cells[name].cell_contents = value
        else:
            function.__globals__[name] = value
    setattr(function, _source.ARRIVED, _source.Arrived(part["filename"], part["text"], entries, raised))


def _in_objects(values: dict[str, Any]) -> dict[str, Any]:
    """Values with dotted names as objects that have these parts; of modules and classes nothing else is needed."""
    found = {name: value for name, value in values.items() if "." not in name}
    for path, value in values.items():
        root, *parts = path.split(".")
        if parts and root not in values:
            place = found.setdefault(root, types.SimpleNamespace())
            for part in parts[:-1]:
                place = vars(place).setdefault(part, types.SimpleNamespace())
            setattr(place, parts[-1], value)
    return found


def _imported(path: str) -> Any:
    """What a dotted path of NumPy's, math's or numbra's own stands for."""
    root, *parts = path.split(".")
    found: Any = importlib.import_module("numbra" if root == "numba" else root)
    for part in parts:
        found = getattr(found, part, None)
    return found
