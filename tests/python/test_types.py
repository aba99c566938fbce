"""Types as objects, the types of values, and the classes of errors: as Numba has them."""

import collections
import enum
import importlib
import pickle
import warnings

import cloudpickle
import numpy as np
import pytest

import numbra
from numbra import float32, float64, int32, int64, stencil, typeof, types, vectorize
from numbra.core import errors

Pair = collections.namedtuple("Pair", "x y")

# What Numba 0.68 shows: the type, repr, str.
SHOWN = [
    (types.float64, "float64", "float64"),
    (types.boolean, "bool", "bool"),
    (types.void, "none", "none"),
    (types.complex64, "complex64", "complex64"),
    (types.unicode_type, "unicode_type", "unicode_type"),
    (types.float64[:], "Array(float64, 1, 'A', False, aligned=True)", "array(float64, 1d, A)"),
    (types.float64[:, ::1], "Array(float64, 2, 'C', False, aligned=True)", "array(float64, 2d, C)"),
    (types.float64[::1, :], "Array(float64, 2, 'F', False, aligned=True)", "array(float64, 2d, F)"),
    (types.float64[::1], "Array(float64, 1, 'C', False, aligned=True)", "array(float64, 1d, C)"),
    (types.Array(int32, 2, "C", readonly=True), "Array(int32, 2, 'C', True, aligned=True)", "readonly array(int32, 2d, C)"),
    (types.Array(int32, 2, "C", aligned=False), "Array(int32, 2, 'C', False, aligned=False)", "unaligned array(int32, 2d, C)"),
    (types.Tuple((int32, float64)), "Tuple((int32, float64))", "Tuple(int32, float64)"),
    (types.Tuple((int32, int32)), "UniTuple(int32, 2)", "UniTuple(int32 x 2)"),
    (types.Tuple(()), "Tuple(())", "Tuple()"),
    (types.UniTuple(int32, 3), "UniTuple(int32, 3)", "UniTuple(int32 x 3)"),
    (types.NamedTuple((int32, float64), Pair), "Pair(int32, float64)", "Pair(int32, float64)"),
    (types.NamedUniTuple(int32, 2, Pair), "Pair(int32 x 2)", "Pair(int32 x 2)"),
    (types.List(int64), "List(int64, False)", "list(int64)<iv=None>"),
    (types.List(int64, reflected=True), "List(int64, True)", "reflected list(int64)<iv=None>"),
    (types.Set(int64), "Set(int64, False)", "set(int64)"),
    (types.Optional(int32), "OptionalType(int32)", "OptionalType(int32)"),
    (types.ListType(int32), "ListType(int32)", "ListType[int32]"),
    (types.DictType(int32, float64), "DictType(int32, float64)", "DictType[int32,float64]<iv=None>"),
    (types.slice2_type, "slice<a:b>", "slice<a:b>"),
    (float64(int32), "(int32,) -> float64", "(int32,) -> float64"),
    (float64(), "() -> float64", "() -> float64"),
    (types.void(int32[:]), "(Array(int32, 1, 'A', False, aligned=True),) -> none", "(Array(int32, 1, 'A', False, aligned=True),) -> none"),
]


@pytest.mark.parametrize("kind, in_repr, in_str", SHOWN, ids=[in_repr for _, in_repr, _ in SHOWN])
def test_what_types_show(kind, in_repr, in_str):
    assert repr(kind) == in_repr and str(kind) == in_str and getattr(kind, "name", in_str) == in_str
    for sent in (pickle.loads(pickle.dumps(kind)), cloudpickle.loads(cloudpickle.dumps(kind))):
        assert sent == kind and hash(sent) == hash(kind) and repr(sent) == in_repr
    others = [other for other, shown, _ in SHOWN if shown != in_repr]
    assert all(kind != other for other in others) and kind not in others


def test_attributes():
    array = float64[:, ::1]
    assert (array.dtype, array.ndim, array.layout, array.mutable, array.aligned) == (float64, 2, "C", True, True)
    assert array.key == (float64, 2, "C", True, True) and array is types.Array(float64, 2, "C")
    assert array.copy(ndim=1, readonly=True) == types.Array(float64, 1, "C", readonly=True)
    assert array.is_contig and array.is_c_contig and not array.is_f_contig and float64[::1].is_f_contig
    assert (types.int8.bitwidth, types.int8.signed, types.int8.key, types.int8.minval, types.int8.maxval) == (8, True, "int8", -128, 127)
    assert (types.uint64.signed, types.uint64.maxval, float32.bitwidth, types.complex64.underlying_float) == (False, 2**64 - 1, 32, float32)
    assert types.Integer.from_bitwidth(16, signed=False) is types.uint16 and types.Float("float64") is float64
    assert int32 < int64 and float32 <= float64 and hash(float64) == hash("float64")
    with pytest.raises(TypeError):
        int32 < types.uint64
    signature = float64(int32, array)
    assert signature.args == (int32, array) and signature.return_type is float64
    assert signature == float64(int32, array) != float64(int32) and hash(signature) == hash(float64(int32, array))
    pair = types.Tuple((int32, float64))
    assert list(pair) == [int32, float64] and pair[1] is float64 and len(pair) == pair.count == 2 and pair.types == (int32, float64)
    assert types.UniTuple(int32, 3).dtype is int32 and types.NamedTuple((int32, float64), Pair).fields == ("x", "y")
    assert types.Optional(int32).type is int32 and types.List(int64).dtype is int64
    for kind, classes in [(int32, (types.Integer, types.Number)), (float64, types.Float), (types.boolean, types.Boolean)]:
        assert isinstance(kind, classes) and isinstance(kind, types.Type)
    assert numbra.core.types.float64 is numbra.types.float64 is float64


def test_numbers_of_a_type():
    assert type(types.uint8(3)) is np.uint8 and types.int32(3.7) == 3 and types.boolean(3) is True
    assert types.complex64(1) == 1 and type(float32(0.1)) is np.float32


@pytest.mark.parametrize("wrong", [slice(1, 2), 0, (slice(None), 0), ()])
def test_what_is_no_array(wrong):
    with pytest.raises(KeyError, match="Can only index numba types with slices"):
        float64[wrong]
    with pytest.raises(errors.NumbaValueError, match="Invalid layout 'Q'"):
        types.Array(float64, 1, "Q")
    with pytest.raises(NotImplementedError):
        float64[:](3)


def test_in_signatures():
    assert vectorize([float64(int32, float32)])(lambda a, b: a + b).signatures == ["float64(int32, float32)"]
    shift = stencil(lambda a: a[0, 0] + a[0, 1])
    text = shift.inspect_ir("float64(float64[:, ::1])")
    assert shift.inspect_ir(float64(float64[:, ::1])) == text == shift.inspect_ir(float64(types.Array(float64, 2, "C")))
    assert shift.inspect_ir((float64[:, ::1],)) == shift.inspect_ir("(float64[:, ::1],)")
    for wrong in (types.complex128, types.float16, types.unicode_type, types.UniTuple(float64, 2), types.Optional(float64)):
        with pytest.raises((errors.TypingError, errors.UnsupportedError)):
            vectorize([wrong(wrong)])(lambda a: a)


class Colour(enum.IntEnum):
    RED = 3


TYPED = [
    (1, "int64"), (-(2**63), "int64"), (2**63, "uint64"), (1.0, "float64"), (True, "bool"), (1j, "complex128"),
    ("a", "unicode_type"), (None, "none"), (..., "..."), ((1, 2), "UniTuple(int64, 2)"), ((1, 2.0), "Tuple((int64, float64))"),
    ((), "Tuple(())"), (Pair(1, 2.0), "Pair(int64, float64)"), (Pair(1, 2), "Pair(int64 x 2)"), ([1], "List(int64, True)"),
    ({1}, "Set(int64, True)"), (np.float32(1), "float32"), (np.bool_(1), "bool"), (Colour.RED, "int64"),
    (np.zeros((2, 3)), "Array(float64, 2, 'C', False, aligned=True)"), (np.zeros((2, 3)).T, "Array(float64, 2, 'F', False, aligned=True)"),
    (np.zeros((4, 4))[::2, ::2], "Array(float64, 2, 'A', False, aligned=True)"), (np.zeros(3)[::-1], "Array(float64, 1, 'A', False, aligned=True)"),
    (np.zeros(()), "Array(float64, 0, 'C', False, aligned=True)"), (np.zeros(3, "c8"), "Array(complex64, 1, 'C', False, aligned=True)"),
    (np.broadcast_to(0.0, 3), "Array(float64, 1, 'A', True, aligned=True)"), (np.float64, "class(float64)"), (float64, "class(float64)"),
    (np.dtype("f4"), "dtype(float32)"), (slice(1, 2), "slice<a:b>"), (slice(1, 2, 3), "slice<a:b:c>"),
]


@pytest.mark.parametrize("value, shown", TYPED, ids=[repr(value).replace("\n", "") for value, _ in TYPED])
def test_types_of_values(value, shown):
    assert repr(typeof(value)) == shown


def test_values_without_a_type():
    for value in (2**70, [], set(), {1: 2}, object(), int, range(3), (1, object())):
        with pytest.raises(ValueError):
            typeof(value)
    with pytest.raises(errors.NumbaTypeError, match="MaskedArray"):
        typeof(np.ma.zeros(3))
    with pytest.raises(errors.NumbaValueError, match="Unsupported array dtype: object"):
        typeof(np.zeros(3, object))
    with pytest.raises(errors.NumbaNotImplementedError):
        numbra.from_dtype("S3")
    assert numbra.from_dtype(np.dtype("i4")) is int32


def scalars():
    kinds = (types.Integer, types.Float, types.Boolean)
    return {name: kind for name, kind in vars(types).items() if isinstance(kind, kinds) and kind is not types.float16}


def test_the_names_are_the_compilers():
    for name, kind in scalars().items():
        assert vectorize([f"{name}({name})"])(lambda a: a).signatures == [f"{kind}({kind})"], name
    assert types.byte is types.uint8 and types.float_ is types.float32
    own = {**scalars(), "void": types.void, "none": types.none}
    assert dict(numbra._core._type_names()) == {name: str(kind) for name, kind in own.items()}


def test_conversions_in_kernels_have_the_same_names(tmp_path, monkeypatch):
    names = {name: kind for name, kind in scalars().items() if hasattr(numbra, name)}
    lines = [f"def {name}_(a): return numbra.{name}(a)\n" for name in names]
    (tmp_path / "conversions_of_all_kinds.py").write_text("import numbra\n" + "".join(lines))
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("conversions_of_all_kinds")
    for name, kind in names.items():
        assert vectorize(getattr(module, f"{name}_"))(1.5).dtype == np.dtype(str(kind)), name


def broken(text):
    """What compiling raises."""
    with pytest.raises(errors.NumbaError) as caught:
        text()
    return caught.value


def test_what_cannot_be_compiled_is_numbas_error_and_pythons():
    @vectorize
    def unknown(a):
        return a + nowhere  # noqa: F821

    @vectorize
    def other(a):
        return [a]

    for raised, classes in [
        (broken(lambda: unknown(1)), (errors.TypingError, NameError)),
        (broken(lambda: other(1)), (errors.UnsupportedError, NotImplementedError)),
        (broken(lambda: vectorize(["float65(float64)"])(lambda a: a)), (errors.TypingError, TypeError)),
        (broken(lambda: stencil("wrap")(lambda a: a[0])), (errors.NumbaValueError, ValueError)),
        (broken(lambda: stencil(foo=1)(lambda a: a[0])), (errors.NumbaValueError, ValueError)),
        (broken(lambda: vectorize(foo=1)(lambda a: a)), (errors.NumbaError, KeyError)),
        (broken(lambda: vectorize(["float64(float64"])(lambda a: a)), (numbra.KernelSyntaxError, SyntaxError)),
    ]:
        assert all(isinstance(raised, kind) for kind in classes), type(raised).__mro__
        assert "\n" in str(raised), "messages keep their lines"
        copied = pickle.loads(pickle.dumps(raised))
        assert type(copied) is type(raised) and str(copied) == str(raised)
    # Calls that do not fit, and what kernels raise, are Python's alone.
    add = vectorize(["float64(float64, float64)"])(lambda a, b: a + b)
    for call in (lambda: add(1), lambda: add(np.ones(3), np.ones(4)), lambda: add(np.ones(2, complex), 1)):
        with pytest.raises((TypeError, ValueError)) as error:
            call()
        assert not isinstance(error.value, errors.NumbaError)


def test_every_name_of_numbas_errors_is_here():
    names = """ByteCodeSupportError CompilerError ConstantInferenceError DeprecationError ForbiddenConstruct ForceLiteralArg IRError
    InternalError InternalTargetMismatchError LiteralTypingError LoweringError NonexistentTargetError NotDefinedError
    NumbaAssertionError NumbaAttributeError NumbaDebugInfoWarning NumbaDeprecationWarning NumbaError
    NumbaExperimentalFeatureWarning NumbaIRAssumptionWarning NumbaIndexError NumbaInvalidConfigWarning NumbaKeyError
    NumbaNotImplementedError NumbaParallelSafetyWarning NumbaPedanticWarning NumbaPendingDeprecationWarning
    NumbaPerformanceWarning NumbaRuntimeError NumbaSystemWarning NumbaTypeError NumbaTypeSafetyWarning NumbaValueError
    NumbaWarning RedefinedError RequireLiteralValue TypingError UnsupportedBytecodeError UnsupportedError
    UnsupportedParforsError UnsupportedRewriteError UntypedAttributeError VerificationError"""
    for name in names.split():
        kind = getattr(numbra, name)
        assert kind is getattr(errors, name) is getattr(numbra.errors, name), name
        assert issubclass(kind, Warning if name.endswith("Warning") else Exception), name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=errors.NumbaPerformanceWarning)
