"""Signatures as types, as text, in lists, and from arguments."""

import numpy as np
import pytest

import numbra
from numbra import boolean, float32, float64, int32, int64, stencil, uint8, vectorize


def add(a, b):
    return a + b


@pytest.mark.parametrize(
    "signatures",
    [
        "float64(float64, float64)",
        ["float64(float64, float64)"],
        [float64(float64, float64)],
        float64(float64, float64),
        [(float64, float64)],
        ("float64(float64, float64)",),
        ["f8(f8, f8)"],
        ["double(double, double)"],
    ],
)
def test_ways_to_write_one(signatures):
    f = vectorize(signatures)(add)
    assert f.types == ["dd->d"] and f.signatures == ["float64(float64, float64)"]
    assert f(1, 2) == 3.0 and type(f(1, 2)) is np.float64


def test_the_first_that_fits_is_taken():
    f = vectorize([int32(int32, int32), int64(int64, int64), float32(float32, float32), float64(float64, float64)])(add)
    assert f.types == ["ii->i", "ll->l", "ff->f", "dd->d"] and f.ntypes == 4
    assert f(np.arange(3, dtype="i4"), np.arange(3, dtype="i4")).dtype == np.int32
    assert f(np.arange(3, dtype="i2"), np.arange(3, dtype="i2")).dtype == np.int32
    assert f(np.arange(3), np.arange(3, dtype="i4")).dtype == np.int64
    assert f(np.ones(3, "f4"), np.ones(3, "f4")).dtype == np.float32
    assert f(np.ones(3, "f4"), np.arange(3)).dtype == np.float64
    with pytest.raises(TypeError, match="add"):
        vectorize([int32(int32, int32)])(add)(np.ones(3), 1)


def test_from_arguments():
    f = vectorize(add)
    assert f.types == []
    kinds = ["?", "b", "h", "i", "l", "B", "H", "I", "L", "f", "d"]
    for kind in kinds:
        x = np.ones(3, kind)
        assert f(x, x).tolist() == [2, 2, 2], kind
    assert len(f.types) == len(kinds)
    assert f.types[kinds.index("f")] == "ff->f" and f.types[kinds.index("d")] == "dd->d"


def test_results_are_cast_to_the_declared_type():
    f = vectorize(["uint8(int64)", "boolean(float64)"])(lambda a: a)
    assert f(np.array([1, 255])).tolist() == [1, 255] and f(3).dtype == np.uint8
    assert f(np.array([0.0, 2.0])).tolist() == [False, True]


@pytest.mark.parametrize(
    "signature, error, message",
    [
        ("float65(float64, float64)", TypeError, "unknown type 'float65'"),
        ("float64(float64)", TypeError, "has 1 argument but 'add' has 2 parameters"),
        ("float64[:](float64[:], float64[:])", TypeError, "scalars"),
        ("complex128(complex128, complex128)", NotImplementedError, "complex128"),
        ("float64(float64, ", SyntaxError, "never closed"),
        (object(), TypeError, "object object"),
        (np.sin, TypeError, "sin"),
        (3, TypeError, "3"),
    ],
)
def test_wrong_ones(signature, error, message):
    with pytest.raises(error, match=message):
        vectorize([signature])(add)


def test_wrong_kernels_are_told_when_they_are_declared():
    with pytest.raises(NameError, match="unknown name 'nowhere'"):

        @vectorize(["float64(float64)"])
        def f(a):
            return a + nowhere  # noqa: F821


def test_stencils_have_a_mode_and_no_signature():
    @stencil("constant")
    def halves(a):
        return (a[0] + a[1]) / 2

    assert halves(np.arange(4.0)).tolist() == [0.5, 1.5, 2.5, 0.0]
    with pytest.raises(ValueError, match="Unsupported mode style"):
        stencil("float64(float64[:])")(lambda a: a[0])


def test_exact_typing_keeps_float32():
    grow = vectorize(typing="exact")(lambda a: a * 1.5)
    assert grow(np.ones(2, "f4")).dtype == np.float32
    assert vectorize(lambda a: a * 1.5)(np.ones(2, "f4")).dtype == np.float64


def test_options():
    assert vectorize(["float64(float64, float64)"], identity=0)(add).identity == 0
    assert vectorize(add).identity is None
    assert vectorize(nopython=True, cache=True, fastmath=True)(add)(1.0, 2.0) == 3.0
    for options in ({"speed": 11}, {"nopython": True, "speed": 11, "height": 3}):
        with pytest.raises(KeyError) as error:
            vectorize(**options)(add)
        unknown = [name for name in options if name != "nopython"]
        words = ", ".join(f"'{name}'" for name in unknown)
        assert f"Unrecognized options: {{{words}}}. Known options are dict_keys(['boundscheck', 'cache'," in str(error.value)
    with pytest.raises(ValueError, match="identity"):
        vectorize(identity=7)(add)
    with pytest.raises(TypeError, match=r"cval' of stencil cannot be 1j\n  help: cval is .*a bool, an integer or a float"):
        stencil(cval=1j)
    for wrong in (np.float64, float):
        with pytest.raises(TypeError, match=r"numbra cannot use <class .*float.* as .* a signature\n  help: .*float64\(float64\)"):
            vectorize([wrong])(add)
    assert stencil(cval=np.float32(2), neighborhood=np.array([[-1, 1]]))(lambda a: a[0])(np.ones(3)).tolist() == [2, 1, 2]


@pytest.mark.parametrize(
    "cval", [np.float64(2.5), np.float32(2.5), np.float16(2.5), np.longdouble(2.5), np.array(2.5), 2.5, np.int8(3), np.uint64(3), np.bool_(1), True, 3, -7.0]
)
def test_values_at_the_border(cval):
    whole, real = stencil(cval=cval)(lambda a: a[0] + a[1]), stencil(cval=cval)(lambda a: a[0] + a[1])
    assert real(np.arange(3.0)).tolist() == [1, 3, float(cval)]
    if float(cval).is_integer():
        assert whole(np.arange(3)).tolist() == [1, 3, int(cval)]
    else:  # Numba takes the whole part, without a word
        with pytest.raises(TypeError, match="cval type does not match stencil return type: 2.5 is not whole"):
            whole(np.arange(3))


def test_numpys_numbers_as_options():
    offsets = ((np.int64(-1), np.int8(1)),)
    assert stencil(neighborhood=offsets)(lambda a: a[0]).neighborhood == [(-1, 1)]
    f = vectorize(nopython=np.bool_(True), identity=np.int32(0), target=np.str_("interp"))(add)
    assert (f.identity, f.target) == (0, "interp")


def test_numbers_of_arguments():
    one, two = vectorize(lambda a: a), stencil(lambda a, b: a[0] + b[0])
    with pytest.raises(TypeError, match="takes 1 positional argument but 3 were given\n  help: its parameters are: a"):
        one(1, 2, 3)
    with pytest.raises(TypeError, match="takes 2 positional arguments but 1 was given"):
        two(np.ones(3))
    with pytest.raises(TypeError, match="takes 1 argument, the signature has 2"):
        one.inspect_ir("float64(float64, float64)")
