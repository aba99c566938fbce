"""Types as objects, with Numba's names: float64, float64[:, ::1], float64(float64, int32), Tuple((int64, float64)).

Types are equal, and have the same hash, if they are of the same class and have the same `key`; equal types are one object. `str`
of a type is its `name`. Kernels take numbers and arrays of bool, integers, float32 and float64: signatures with other types say
what is not supported."""

from __future__ import annotations

import builtins
import weakref
from typing import Any, Iterable, Iterator

from .core import errors

_known: weakref.WeakValueDictionary[Any, Any] = weakref.WeakValueDictionary()


class _Once(type):
    """Types that are equal are one object."""

    def __call__(cls, *arguments: Any, **options: Any) -> Any:
        return _known_as(super().__call__(*arguments, **options))


def _known_as(new: Any) -> Any:
    return _known.setdefault((type(new), new.key), new)


def _rebuilt(kind: Any, state: dict[str, Any]) -> Any:
    new = object.__new__(kind)
    vars(new).update(state)
    return _known_as(new)


class Type(metaclass=_Once):
    """A type. Called with types it makes a signature of which it is the result; called with a number it converts it. Indexed
    with slices it makes the type of an array: [:] any strides, [:, ::1] C order, [::1, :] Fortran order."""

    mutable = False
    reflected = False

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def key(self) -> Any:
        """What tells it from other types of its class."""
        return self.name

    def __repr__(self) -> str:
        return self.name

    def __str__(self) -> str:
        return self.name

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> builtins.bool:
        return type(self) is type(other) and self.key == other.key  # type: ignore[attr-defined]

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), vars(self))

    def __call__(self, *arguments: Any) -> Any:
        if len(arguments) == 1 and not isinstance(arguments[0], Type):
            return self.cast_python_value(arguments[0])
        return Signature(self, arguments)

    def __getitem__(self, axes: Any, /) -> Any:
        given = axes if isinstance(axes, (tuple, list)) else (axes,)
        if not given or not all(isinstance(axis, slice) and axis.start is None and axis.stop is None for axis in given):
            raise KeyError(f"Can only index numba types with slices with no start or stop, got {axes}.")
        if given[-1].step == 1 and (len(given) == 1 or given[0].step != 1):
            return Array(self, len(given), "C")
        return Array(self, len(given), "F" if given[0].step == 1 else "A")

    def cast_python_value(self, value: Any, /) -> Any:
        """The value as a number of this type."""
        raise NotImplementedError(f"values cannot be made {self}")

    def is_precise(self) -> builtins.bool:
        """Whether nothing of it is still to be found out."""
        return True


class Dummy(Type):
    """The type of what has no value at run time."""


class Opaque(Dummy):
    """The type of what can only be passed on."""


class Hashable(Type):
    """The type of what can be a key."""


class Number(Hashable):
    """The type of a number."""


class Boolean(Hashable):
    """The type of True and False."""

    def cast_python_value(self, value: Any, /) -> builtins.bool:
        return builtins.bool(value)


class _Sized(Number):
    bitwidth: int

    def cast_python_value(self, value: Any, /) -> Any:
        import numpy

        return numpy.dtype(self.name).type(value)

    def __lt__(self, other: Any) -> Any:
        return self._narrower(other, self.bitwidth < getattr(other, "bitwidth", 0))

    def __le__(self, other: Any) -> Any:
        return self._narrower(other, self.bitwidth <= getattr(other, "bitwidth", 0))

    def __gt__(self, other: Any) -> Any:
        return self._narrower(other, self.bitwidth > getattr(other, "bitwidth", 0))

    def __ge__(self, other: Any) -> Any:
        return self._narrower(other, self.bitwidth >= getattr(other, "bitwidth", 0))

    def _narrower(self, other: Any, answer: builtins.bool) -> Any:
        comparable = type(self) is type(other) and getattr(self, "signed", True) == getattr(other, "signed", True)
        return answer if comparable else NotImplemented


class Integer(_Sized):
    """The type of an integer: int8 to int64, uint8 to uint64."""

    def __init__(self, name: str, bitwidth: int | None = None, signed: builtins.bool | None = None) -> None:
        super().__init__(name)
        self.bitwidth = int(name.lstrip("uint")) if bitwidth is None else bitwidth
        self.signed = name.startswith("int") if signed is None else signed

    @classmethod
    def from_bitwidth(cls, bitwidth: int, signed: builtins.bool = True) -> Any:
        return cls(f"{'' if signed else 'u'}int{bitwidth}")

    @property
    def maxval(self) -> int:
        return (1 << (self.bitwidth - self.signed)) - 1

    @property
    def minval(self) -> int:
        return -(1 << (self.bitwidth - 1)) if self.signed else 0


class Float(_Sized):
    """The type of a floating-point number."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.bitwidth = int(name.removeprefix("float"))


class Complex(_Sized):
    """The type of a complex number."""

    def __init__(self, name: str, underlying_float: Float) -> None:
        super().__init__(name)
        self.underlying_float = underlying_float
        self.bitwidth = int(name.removeprefix("complex"))


class NoneType(Opaque):
    """The type of None; as a result, that there is none."""


class Optional(Type):
    """The type of what may be None."""

    def __init__(self, typ: Type) -> None:
        if isinstance(typ, (Optional, NoneType)):
            raise errors.NumbaTypeError(f"{typ} is optional already")
        self.type = typ
        super().__init__(f"OptionalType({typ})")

    @property
    def key(self) -> Any:
        return self.type


class Array(Type):
    """The type of an array: of its elements, the number of axes, the order: 'C', 'F' (Fortran), 'A' (any strides)."""

    def __init__(
        self,
        dtype: Type,
        ndim: int,
        layout: str,
        readonly: builtins.bool = False,
        name: str | None = None,
        aligned: builtins.bool = True,
    ) -> None:
        if isinstance(dtype, Array):
            raise errors.NumbaTypeError(f"the elements of an array cannot be arrays: {dtype}")
        if layout not in ("C", "F", "A"):
            raise errors.NumbaValueError(f"Invalid layout '{layout}'")
        self.dtype, self.ndim, self.layout = dtype, ndim, layout
        self.mutable, self.aligned = not readonly, aligned  # type: ignore[misc]
        words = ["" if aligned else "unaligned ", "readonly " if readonly else "", "array"]
        super().__init__(name or f"{''.join(words)}({dtype}, {ndim}d, {layout})")

    @property
    def key(self) -> Any:
        return self.dtype, self.ndim, self.layout, self.mutable, self.aligned

    def copy(
        self,
        dtype: Type | None = None,
        ndim: int | None = None,
        layout: str | None = None,
        readonly: builtins.bool | None = None,
    ) -> Array:
        """The type with some parts of it replaced."""
        return Array(
            self.dtype if dtype is None else dtype,
            self.ndim if ndim is None else ndim,
            self.layout if layout is None else layout,
            not self.mutable if readonly is None else readonly,
            aligned=self.aligned,
        )

    @property
    def is_c_contig(self) -> builtins.bool:
        return self.layout == "C" or self.ndim <= 1 and self.layout == "F"

    @property
    def is_f_contig(self) -> builtins.bool:
        return self.layout == "F" or self.ndim <= 1 and self.layout == "C"

    @property
    def is_contig(self) -> builtins.bool:
        return self.layout in "CF"

    def __repr__(self) -> str:
        return f"Array({self.dtype!r}, {self.ndim}, '{self.layout}', {not self.mutable}, aligned={self.aligned})"


class BaseTuple(Hashable):
    """The type of a tuple of a known length."""

    count: int
    types: tuple[Type, ...]

    @classmethod
    def from_types(cls, tys: Iterable[Type], pyclass: Any = None) -> Any:
        """The type of a tuple, or of a named tuple of the class `pyclass`, of these elements."""
        kinds = tuple(tys)
        same = len(set(kinds)) == 1
        if pyclass is None or pyclass is tuple:
            return UniTuple(kinds[0], len(kinds)) if same else Tuple(kinds)
        if not hasattr(pyclass, "_asdict"):
            return None
        return NamedUniTuple(kinds[0], len(kinds), pyclass) if same else NamedTuple(kinds, pyclass)

    def __getitem__(self, position: Any, /) -> Any:
        return self.types[position]

    def __iter__(self) -> Iterator[Type]:
        return iter(self.types)

    def __len__(self) -> int:
        return self.count

    def __bool__(self) -> builtins.bool:
        return True


class _Same(BaseTuple):
    """Elements that are all of one type."""

    def __init__(self, dtype: Type, count: int, name: str) -> None:
        self.dtype, self.count = dtype, count
        super().__init__(f"{name}({dtype} x {count})")

    @property
    def types(self) -> tuple[Type, ...]:  # type: ignore[override]
        return (self.dtype,) * self.count


class UniTuple(_Same):
    """The type of a tuple of `count` elements of the type `dtype`."""

    def __init__(self, dtype: Type, count: int) -> None:
        super().__init__(dtype, count, "UniTuple")

    @property
    def key(self) -> Any:
        return self.dtype, self.count

    def __repr__(self) -> str:
        return f"UniTuple({self.dtype!r}, {self.count})"


class NamedUniTuple(_Same):
    """The type of a named tuple, of the class `cls`, whose elements are all of one type."""

    def __init__(self, dtype: Type, count: int, cls: Any) -> None:
        self.fields, self.instance_class = tuple(cls._fields), cls
        super().__init__(dtype, count, cls.__name__)

    @property
    def key(self) -> Any:
        return self.instance_class, self.dtype, self.count


class Tuple(BaseTuple):
    """The type of a tuple. Of elements of one type it is a UniTuple."""

    def __new__(cls, types: Iterable[Type]) -> Any:
        if not isinstance(types, Iterable):
            raise errors.TypingError("Argument 'types' is not iterable")
        kinds = tuple(types)
        return UniTuple(kinds[0], len(kinds)) if len(set(kinds)) == 1 else object.__new__(cls)

    def __init__(self, types: Iterable[Type]) -> None:
        self.types = tuple(types)
        self.count = len(self.types)
        super().__init__(f"Tuple({', '.join(map(str, self.types))})")

    @property
    def key(self) -> Any:
        return self.types

    def __repr__(self) -> str:
        return f"Tuple({self.types})"


class NamedTuple(BaseTuple):
    """The type of a named tuple of the class `cls`."""

    def __init__(self, types: Iterable[Type], cls: Any) -> None:
        self.types = tuple(types)
        self.count = len(self.types)
        self.fields, self.instance_class = tuple(cls._fields), cls
        super().__init__(f"{cls.__name__}({', '.join(map(str, self.types))})")

    @property
    def key(self) -> Any:
        return self.instance_class, self.types


class List(Type):
    """The type of a list of Python's; `reflected`: that of an argument."""

    mutable = True

    def __init__(self, dtype: Type, reflected: builtins.bool = False) -> None:
        self.dtype, self.reflected = dtype, reflected  # type: ignore[misc]
        super().__init__(f"{'reflected ' if reflected else ''}list({dtype})<iv=None>")

    @property
    def key(self) -> Any:
        return self.dtype, self.reflected

    def __repr__(self) -> str:
        return f"List({self.dtype!r}, {self.reflected})"


class Set(Type):
    """The type of a set of Python's; `reflected`: that of an argument."""

    mutable = True

    def __init__(self, dtype: Type, reflected: builtins.bool = False) -> None:
        self.dtype, self.reflected = dtype, reflected  # type: ignore[misc]
        super().__init__(f"{'reflected ' if reflected else ''}set({dtype})")

    @property
    def key(self) -> Any:
        return self.dtype, self.reflected

    def __repr__(self) -> str:
        return f"Set({self.dtype!r}, {self.reflected})"


class ListType(Type):
    """The type of a typed list."""

    mutable = True

    def __init__(self, itemty: Type) -> None:
        self.item_type = self.dtype = itemty
        super().__init__(f"ListType[{itemty}]")

    @property
    def key(self) -> Any:
        return self.item_type

    def __repr__(self) -> str:
        return f"ListType({self.item_type!r})"


class DictType(Type):
    """The type of a typed dictionary."""

    mutable = True

    def __init__(self, keyty: Type, valty: Type) -> None:
        self.key_type, self.value_type = keyty, valty
        super().__init__(f"DictType[{keyty},{valty}]<iv=None>")

    @property
    def key(self) -> Any:
        return self.key_type, self.value_type

    def __repr__(self) -> str:
        return f"DictType({self.key_type!r}, {self.value_type!r})"


class UnicodeType(Hashable):
    """The type of a text."""


class SliceType(Type):
    """The type of a slice."""


class EllipsisType(Opaque):
    """The type of `...`."""


class NumberClass(Dummy):
    """The type of a type of numbers, such as numpy.float64."""

    def __init__(self, instance_type: Type) -> None:
        self.instance_type = self.dtype = instance_type
        super().__init__(f"class({instance_type})")

    @property
    def key(self) -> Any:
        return self.instance_type


class DType(Opaque):
    """The type of a dtype of NumPy's."""

    def __init__(self, dtype: Type) -> None:
        self.dtype = dtype
        super().__init__(f"dtype({dtype})")

    @property
    def key(self) -> Any:
        return self.dtype


class Omitted(Opaque):
    """The type of an argument that is left out: the parameter's default."""


class FunctionType(Type):
    """The type of a function with a signature."""

    def __init__(self, signature: Signature) -> None:
        self.signature = signature
        super().__init__(f"FunctionType[{signature.return_type}({', '.join(map(str, signature.args))})]")

    @property
    def key(self) -> Any:
        return self.signature


class Signature:
    """The type of a function: float64(float64, int32)."""

    __slots__ = ("args", "return_type")

    def __init__(self, return_type: Any, args: Iterable[Any]) -> None:
        self.return_type, self.args = return_type, tuple(args)

    def __repr__(self) -> str:
        return f"{self.args} -> {self.return_type}"

    def __eq__(self, other: object) -> builtins.bool:
        return isinstance(other, Signature) and (self.args, self.return_type) == (other.args, other.return_type)

    def __hash__(self) -> int:
        return hash((self.args, self.return_type))

    def __reduce__(self) -> tuple[Any, ...]:
        return Signature, (self.return_type, self.args)


# C's types have the sizes that they have on 64-bit Linux.
bool = bool_ = boolean = b1 = Boolean("bool")
int8 = i1 = char = Integer("int8")
int16 = i2 = short = Integer("int16")
int32 = i4 = intc = Integer("int32")
int64 = i8 = int_ = intp = long_ = longlong = ssize_t = Integer("int64")
uint8 = u1 = byte = uchar = Integer("uint8")
uint16 = u2 = ushort = Integer("uint16")
uint32 = u4 = uintc = Integer("uint32")
uint64 = u8 = uint = uintp = ulong = ulonglong = size_t = Integer("uint64")
float16 = f2 = Float("float16")
float32 = f4 = float_ = Float("float32")
float64 = f8 = double = Float("float64")
complex64 = c8 = Complex("complex64", float32)
complex128 = c16 = Complex("complex128", float64)
void = none = NoneType("none")
unicode_type = string = UnicodeType("unicode_type")
slice2_type = SliceType("slice<a:b>")
slice3_type = SliceType("slice<a:b:c>")
ellipsis = EllipsisType("...")
omitted = Omitted("omitted")
optional = Optional

signed_domain = frozenset([int8, int16, int32, int64])
unsigned_domain = frozenset([uint8, uint16, uint32, uint64])
integer_domain = signed_domain | unsigned_domain
real_domain = frozenset([float32, float64])
complex_domain = frozenset([complex64, complex128])
number_domain = real_domain | integer_domain | complex_domain

__all__ = [
    "Array", "BaseTuple", "Boolean", "Complex", "DType", "DictType", "Dummy", "EllipsisType", "Float", "FunctionType", "Hashable", "Integer",
    "List", "ListType", "NamedTuple", "NamedUniTuple", "NoneType", "Number", "NumberClass", "Omitted", "Opaque", "Optional", "Set",
    "Signature", "SliceType", "Tuple", "Type", "UniTuple", "UnicodeType", "b1", "bool", "bool_", "boolean", "byte", "c16",
    "c8", "char", "complex128", "complex64", "complex_domain", "double", "ellipsis", "f2", "f4", "f8", "float16", "float32",
    "float64", "float_", "i1", "i2", "i4", "i8", "int16", "int32", "int64", "int8", "int_", "intc", "integer_domain",
    "intp", "long_", "longlong", "none", "number_domain", "omitted", "optional", "real_domain", "short", "signed_domain", "size_t",
    "slice2_type", "slice3_type", "ssize_t", "string", "u1", "u2", "u4", "u8", "uchar", "uint", "uint16", "uint32",
    "uint64", "uint8", "uintc", "uintp", "ulong", "ulonglong", "unicode_type", "unsigned_domain", "ushort", "void",
]
