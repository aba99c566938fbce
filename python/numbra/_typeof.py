"""typeof: the type of a value. text_of: a type as kernels' signatures write it."""

from __future__ import annotations

import enum
from typing import Any

import numpy

from . import types
from .core import errors

# NumPy's kinds of numbers.
_NUMBERS = "biufc"


def from_dtype(dtype: Any) -> types.Type:
    """The type of an array's elements that have a dtype of NumPy's. Error: kernels and Numba have no such numbers."""
    given = numpy.dtype(dtype)
    found = getattr(types, given.name, None) if given.kind in _NUMBERS else None
    if not isinstance(found, types.Type):
        raise errors.NumbaNotImplementedError(f"{given}")
    return found


def typeof(value: Any) -> types.Type:
    """The type that Numba gives a value: of an argument, or of a global that a kernel takes.

    typeof(1.5) is float64, typeof(numpy.zeros((2, 3))) is float64[:, ::1], typeof((1, 2.0)) is Tuple((int64, float64)).
    Errors: ValueError for what has no type, and for integers of more than 64 bits.
    """
    found = _typeof(value)
    if found is None:
        raise ValueError(f"Cannot determine Numba type of {type(value)}")
    return found


def _typeof(value: Any) -> types.Type | None:
    if value is None:
        return types.none
    if value is ...:
        return types.ellipsis
    if isinstance(value, types.Type):
        return types.NumberClass(value) if isinstance(value, (types.Number, types.Boolean)) else None
    if isinstance(value, type):
        return types.NumberClass(from_dtype(value)) if issubclass(value, numpy.generic) else None
    if isinstance(value, enum.Enum):
        return _typeof(value.value)
    if isinstance(value, numpy.ndarray):
        return _of_array(value)
    if isinstance(value, numpy.generic):
        return from_dtype(value.dtype) if value.dtype.kind in _NUMBERS else None
    if isinstance(value, numpy.dtype):
        return types.DType(from_dtype(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return _of_integer(value)
    for kind, found in ((bool, types.boolean), (float, types.float64), (complex, types.complex128), (str, types.unicode_type)):
        if isinstance(value, kind):
            return found
    if isinstance(value, slice):
        return types.slice2_type if value.step in (None, 1) else types.slice3_type
    if isinstance(value, tuple):
        elements = [_typeof(element) for element in value]
        return None if None in elements else types.BaseTuple.from_types(elements, type(value))  # type: ignore[arg-type]
    if isinstance(value, (list, set)):
        return _of_elements(value)
    return None


def _of_integer(value: int) -> types.Type:
    if -(1 << 63) <= value < 1 << 63:
        return types.int64
    if 0 <= value < 1 << 64:
        return types.uint64
    raise ValueError(f"Int value is too large: {value}")


def _of_array(value: Any) -> types.Type:
    if isinstance(value, numpy.ma.MaskedArray):
        raise errors.NumbaTypeError("Unsupported array type: numpy.ma.MaskedArray.")
    try:
        dtype = from_dtype(value.dtype)
    except errors.NumbaNotImplementedError:
        raise errors.NumbaValueError(f"Unsupported array dtype: {value.dtype}") from None
    layout = "C" if value.flags.c_contiguous else "F" if value.flags.f_contiguous else "A"
    return types.Array(dtype, value.ndim, layout, readonly=not value.flags.writeable)


def _of_elements(value: list[Any] | set[Any]) -> types.Type:
    kind = type(value).__name__
    first = next(iter(value), None)
    if not value:
        raise ValueError(f"Cannot type empty {kind}")
    element = _typeof(first)
    if element is None:
        raise ValueError(f"Cannot type {kind} element type {type(first)}")
    return types.List(element, reflected=True) if isinstance(value, list) else types.Set(element, reflected=True)


def text_of(value: Any) -> str:
    """A type, a signature, or a tuple of the types of arguments, of numbra's or of Numba's, as text for the compiler. Text stays
    as it is."""
    if isinstance(value, (str, types.Type)) or value is None:
        return _text_of_type(value)
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(text_of, value))}{',' if len(value) == 1 else ''})"
    if hasattr(value, "return_type") and hasattr(value, "args"):
        result = "" if value.return_type is None else text_of(value.return_type)
        arguments = ", ".join(map(text_of, value.args))
        return f"{result}({arguments}{',' if not result and len(value.args) == 1 else ''})"
    return _text_of_type(value)


def _text_of_type(value: Any) -> str:
    if value is None or isinstance(value, types.Optional):
        return "none" if value is None else f"optional({text_of(value.type)})"
    if hasattr(value, "dtype") and hasattr(value, "ndim") and hasattr(value, "layout"):
        axes = [":"] * value.ndim
        if value.layout in "CF" and axes:
            axes[-1 if value.layout == "C" else 0] = "::1"
        return f"{value.dtype}[{', '.join(axes)}]" if axes else f"Array({value.dtype}, 0, 'C')"
    return str(value)
