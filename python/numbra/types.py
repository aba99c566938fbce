"""Types as objects: float64, float64[:, ::1], float64(float64, int32). As text they are what kernels' signatures are."""

from __future__ import annotations

from typing import Any


class Array:
    """The type of an array: float64[:, :]."""

    __slots__ = ("_text",)

    def __init__(self, scalar: str, axes: tuple[str, ...]) -> None:
        self._text = f"{scalar}[{', '.join(axes)}]"

    def __call__(self, *arguments: Any) -> Signature:
        return Signature(self, arguments)

    def __str__(self) -> str:
        return self._text

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Array) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


class Scalar:
    """The type of a number. Called with types it makes a signature, called with a number it converts it; indexed with
    slices it makes the type of an array: [:] any strides, [:, ::1] C order, [::1, :] Fortran order."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *arguments: Any) -> Any:
        if len(arguments) == 1 and not isinstance(arguments[0], (Scalar, Array, str)):
            import numpy

            return numpy.dtype(self.name).type(arguments[0])
        return Signature(self, arguments)

    def __getitem__(self, axes: Any) -> Array:
        axes = axes if isinstance(axes, tuple) else (axes,)
        return Array(self.name, tuple(_axis(axis) for axis in axes))

    def __str__(self) -> str:
        return self.name

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scalar) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __reduce__(self) -> tuple[Any, ...]:
        return Scalar, (self.name,)


def _axis(axis: Any) -> str:
    if axis == slice(None):
        return ":"
    if axis == slice(None, None, 1):
        return "::1"
    raise TypeError(f"an axis of an array's type is ':' or '::1', not {axis!r}")


class Signature:
    """The type of a function: float64(float64, int32)."""

    __slots__ = ("arguments", "result")

    def __init__(self, result: Any, arguments: tuple[Any, ...]) -> None:
        self.result, self.arguments = result, arguments

    def __str__(self) -> str:
        return f"{self.result}({', '.join(str(argument) for argument in self.arguments)})"

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Signature) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


bool_ = boolean = b1 = Scalar("bool")
int8 = i1 = byte = char = Scalar("int8")
int16 = i2 = short = Scalar("int16")
int32 = i4 = intc = int_c = Scalar("int32")
int64 = i8 = int_ = intp = long_ = longlong = Scalar("int64")
uint8 = u1 = uchar = ubyte = Scalar("uint8")
uint16 = u2 = ushort = Scalar("uint16")
uint32 = u4 = uintc = Scalar("uint32")
uint64 = u8 = uint = uintp = ulong = ulonglong = Scalar("uint64")
float32 = f4 = single = Scalar("float32")
float64 = f8 = double = float_ = Scalar("float64")
void = Scalar("void")
none = void

__all__ = [
    "b1", "bool_", "boolean", "byte", "char", "double", "f4", "f8", "float32", "float64", "float_", "i1", "i2", "i4",
    "i8", "int16", "int32", "int64", "int8", "int_", "intc", "intp", "long_", "longlong", "short", "single", "u1", "u2",
    "u4", "u8", "ubyte", "uchar", "uint", "uint16", "uint32", "uint64", "uint8", "uintc", "uintp", "ulong", "ulonglong",
    "ushort", "void",
]
