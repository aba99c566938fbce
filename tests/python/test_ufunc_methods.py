"""What NumPy's ufuncs have beside the call."""

import re

import numpy as np
import pytest

from numbra import vectorize

TARGETS = ["cpu", "parallel", "interp", "vulkan"]


@vectorize(["int64(int64, int64)", "float64(float64, float64)"], identity=0)
def add(a, b):
    return a + b


@vectorize
def minus(a, b):
    return a - b


@vectorize(identity="reorderable")
def largest(a, b):
    return max(a, b)


@pytest.mark.parametrize("target", TARGETS)
def test_reduce(target):
    f = vectorize(["int64(int64, int64)"], identity=0, target=target)(lambda a, b: a + b)
    cube = np.arange(60).reshape(3, 4, 5)
    for axis in (0, 1, 2, -1, (0, 2), (0, 1, 2), None):
        for keepdims in (False, True):
            ours, theirs = f.reduce(cube, axis=axis, keepdims=keepdims), np.add.reduce(cube, axis=axis, keepdims=keepdims)
            assert np.array_equal(ours, theirs) and np.shape(ours) == np.shape(theirs), (axis, keepdims)
    assert f.reduce(np.array([], int)) == 0
    assert type(f.reduce(np.arange(5))) is np.int64
    assert f.reduce([1, 2, 3]) == 6


def test_order_of_a_fold():
    assert minus.reduce(np.array([10.0, 3.0, 2.0])) == 5
    assert minus.reduce(np.arange(6.0).reshape(2, 3)).tolist() == [-3, -3, -3]
    with pytest.raises(ValueError, match="not reorderable"):
        minus.reduce(np.ones((2, 2)), axis=None)
    with pytest.raises(ValueError, match="zero-size|identity"):
        minus.reduce(np.array([]))
    assert largest.reduce(np.array([[3, 9], [7, 1]]), axis=None) == 9
    with pytest.raises(ValueError, match="zero-size|identity"):
        largest.reduce(np.array([], int))


def test_reduce_into():
    out = np.zeros(3)
    assert add.reduce(np.ones((2, 3)), out=out) is out and out.tolist() == [2, 2, 2]
    assert add.reduce(np.ones(3, "i4"), dtype=float) == 3.0
    assert type(add.reduce(np.ones(3, "i4"), dtype=float)) is np.float64


def outcome(call):
    try:
        result = call()
    except Exception as error:
        return type(error)
    # Texts, in which NaNs are equal.
    return str(np.asarray(result).tolist()), np.asarray(result).dtype, type(result), np.shape(result)


@pytest.mark.parametrize("target", TARGETS)
def test_dtypes_and_numbers_to_begin_with(target):
    adds = vectorize(target=target, identity=0)(lambda a, b: a + b)
    subtracts = vectorize(target=target)(lambda a, b: a - b)
    a = np.arange(1, 7).reshape(2, 3)
    pairs = [(adds, np.add), (subtracts, np.subtract)]
    initials = [1.75, 100, True, -1, np.int64(3), np.float32(0.5), np.array(5), 2**70, 1j, "x", float("nan"), None]
    for array in (a, a * 1.5, a.astype("f4"), a.astype("u8"), a[:, :0], a[:0], np.int64(5)):
        for initial in initials:
            for dtype in (None, "f8", "i8"):
                for axis in ((0, -1) if np.ndim(array) else (0,)):
                    for keepdims in (False, True):
                        options = dict(axis=axis, initial=initial, dtype=dtype, keepdims=keepdims)
                        for ours, numpys in pairs:
                            expected = outcome(lambda: numpys.reduce(array, **options))
                            assert outcome(lambda: ours.reduce(array, **options)) == expected, (array, options)
    assert adds.reduce(a, axis=None, initial=10) == 31 and adds.reduce(a, axis=(), initial=1).tolist() == (a + 1).tolist()
    small = a.astype("i1")
    for initial in (300, np.int64(300)):
        with pytest.raises(OverflowError):
            vectorize(["i1(i1, i1)"], target=target)(lambda a, b: a + b).reduce(small, dtype="i1", initial=initial)
    out = np.zeros(3)
    assert adds.reduce(a, out=out, initial=0.5, dtype=float) is out and out.tolist() == [5.5, 7.5, 9.5]
    with pytest.raises((TypeError, ValueError)):
        adds.reduce(a, initial=[1])
    with pytest.raises(ValueError, match="not reorderable"):
        subtracts.reduce(a, axis=None, initial=3)


@pytest.mark.parametrize("target", TARGETS)
def test_loops_whose_elements_are_of_another_type(target):
    horner = vectorize(["float64(float64, int64)"], target=target)(lambda value, digit: value * 0.5 + digit)
    digits = np.array([[3, 1, 4], [1, 5, 9]])

    def expected(row, start):
        values = []
        for digit in row:
            start = start * 0.5 + digit if values or start is not None else float(digit)
            values.append(start)
        return values

    for array in (digits, digits.astype("i4")):
        rows = array.tolist()
        assert horner.reduce(array, axis=1, dtype="f8").tolist() == [expected(row, None)[-1] for row in rows]
        assert horner.reduce(array, axis=1, dtype="f8", initial=8).tolist() == [expected(row, 8.0)[-1] for row in rows]
        assert horner.accumulate(array, axis=1, dtype="f8").tolist() == [expected(row, None) for row in rows]
    assert horner.reduce(np.zeros((2, 0), int), axis=1, dtype="f8", initial=0.5).tolist() == [0.5, 0.5]
    with pytest.raises(TypeError, match="could not be safely coerced"):
        horner.reduce(digits + 0.75, axis=1, dtype="f8")


@pytest.mark.parametrize("target", TARGETS)
def test_accumulate(target):
    f = vectorize(target=target)(lambda a, b: a + b)
    cube = np.arange(24).reshape(2, 3, 4)
    for axis in (0, 1, 2, -1):
        assert np.array_equal(f.accumulate(cube, axis=axis), np.add.accumulate(cube, axis=axis))
    out = np.zeros(4, int)
    assert f.accumulate(np.arange(4), out=out) is out and out.tolist() == [0, 1, 3, 6]
    with pytest.raises(TypeError, match="scalar"):
        f.accumulate(3)


def test_outer():
    assert np.array_equal(minus.outer(np.arange(3), np.arange(4)), np.subtract.outer(np.arange(3), np.arange(4)))
    assert minus.outer(np.ones((2, 3)), np.ones((4, 5))).shape == (2, 3, 4, 5)
    assert minus.outer(5, [1, 2]).tolist() == [4, 3]


def test_axes_that_are_not_there():
    for call in (lambda: add.reduce(np.ones(3), axis=1), lambda: add.accumulate(np.ones(3), axis=-2)):
        with pytest.raises(IndexError, match="out of bounds"):
            call()
    with pytest.raises(ValueError, match="duplicate"):
        add.reduce(np.ones((2, 2)), axis=(0, 0))


def test_only_functions_of_two_fold():
    for method in ("reduce", "accumulate"):
        with pytest.raises(ValueError, match="two|binary|2"):
            getattr(vectorize(lambda a: a), method)(np.ones(3))


@pytest.mark.parametrize(
    "call, what",
    [
        (lambda: add.at(np.zeros(3), [0], 1), "'at'"),
        (lambda: add.reduceat(np.arange(4), [0, 2]), "'reduceat'"),
        (lambda: add(np.ones(3), 1, where=[True, False, True]), "'where'"),
        (lambda: add(np.ones(3), 1, dtype="f4"), "'dtype'"),
        (lambda: add(np.ones(3), 1, casting="unsafe"), "'casting'"),
        (lambda: add.reduce(np.ones(3), where=[True, False, True]), "'where'"),
    ],
)
def test_what_is_not_there_yet_says_so(call, what):
    with pytest.raises(NotImplementedError, match=f"{what}.* not supported yet"):
        call()


def test_attributes():
    assert (add.nin, add.nout, add.nargs, add.ntypes, add.identity, add.signature) == (2, 1, 3, 2, 0, None)
    assert add.types == ["ll->l", "dd->d"]
    assert add.__name__ == "add" and add.__module__ == __name__ and add.__wrapped__ is add.py_func
    assert add.py_func(2, 3) == 5
    assert repr(add) == "<numbra ufunc 'add'>"


def test_outer_into():
    out = np.zeros((2, 3))
    assert minus.outer([5, 7], [1, 2, 3], out=out) is out and out.tolist() == [[4, 3, 2], [6, 5, 4]]
    assert minus.outer([5, 7], [1, 2, 3], out=(out,)) is out and minus.outer(5, 3, out=None) == 2
    with pytest.raises(ValueError, match="broadcast"):
        minus.outer([5, 7], [1, 2], out=out)
    with pytest.raises(ValueError, match="outer product only supported for binary functions"):
        vectorize(lambda a: a).outer([1], [2])
    with pytest.raises(TypeError, match="exactly two arguments expected"):
        minus.outer([1])
    with pytest.raises(TypeError, match="unexpected keyword argument 'axis'"):
        minus.outer([1], [2], axis=0)
    with pytest.raises(NotImplementedError, match="'where'"):
        minus.outer([1], [2], where=[[True]])


def test_axes_of_accumulate():
    assert minus.accumulate(np.arange(4), axis=None).tolist() == [0, -1, -3, -6]
    assert minus.accumulate(np.ones((2, 2)), axis=(1,)).tolist() == [[1, 0], [1, 0]]
    for axis in (None, (0, 1)):
        with pytest.raises(ValueError, match="accumulate does not allow multiple axes"):
            minus.accumulate(np.ones((2, 2)), axis=axis)


def test_outputs_of_folds():
    with pytest.raises(ValueError, match=r"'out' has the shape \(4,3\), the result has \(3,\)"):
        add.reduce(np.ones((2, 3)), out=np.zeros((4, 3)))
    with pytest.raises(ValueError, match=r"'out' has the shape \(3,\), the result has \(2,\)"):
        add.accumulate([1, 2], out=np.zeros(3))
    with pytest.raises(TypeError, match="NumPy array"):
        add.reduce([1, 2], out=[0])
    half = np.zeros((), "f2")
    assert add.reduce([1.0, 2.0], out=half) is half and half == 3
    with pytest.raises(TypeError, match="same_kind"):
        add.reduce([1.0, 2.0], out=np.zeros((), "i4"))


@pytest.mark.parametrize("method, most", [("reduce", 7), ("accumulate", 4), ("reduceat", 5)])
def test_arguments_of_methods(method, most):
    call = getattr(add, method)
    with pytest.raises(TypeError, match=f"{method}\\(\\) takes from . to {most} positional arguments but 9 were given"):
        call(*range(9))
    with pytest.raises(TypeError, match="missing required argument 'array'"):
        call()
    with pytest.raises(TypeError, match="unexpected keyword argument 'speed'"):
        call([1], [0], speed=2)
    with pytest.raises(TypeError, match="given by name .'array'. and position"):
        call([1], array=[1])
    if method != "reduceat":
        assert call(array=[1, 2], axis=0, dtype=None, out=None).tolist() in (3, [1, 3])


def buffered(like):
    """An array that kernels cannot write where it is."""
    unaligned = np.zeros(25, np.uint8)[1:].view("f8")
    kinds = {"unaligned": unaligned, "packed": np.zeros(3, [("tag", "u1"), ("value", "f8")])["value"]}
    return kinds[like] if like in kinds else np.zeros(3, like)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("like", [">f8", ">f4", "f2", "c8", "c16", "g", "O", "unaligned", "packed"])
def test_outputs_that_kernels_cannot_write(like, target):
    f = vectorize(target=target)(lambda a, b: a + b)
    out = buffered(like)
    assert f(np.arange(3.0), 0.5, out=out) is out and out.tolist() == [0.5, 1.5, 2.5]
    plain = np.array(out.tolist()).real.astype("f8")
    assert f(plain, plain[0], out) is out and out.tolist() == [1, 2, 3]
    assert f(0.5, 1.0, out=out) is out and out.tolist() == [1.5] * 3
    with pytest.raises(ValueError, match="non-broadcastable"):
        f(np.ones(4)[:, None], 1.0, out=out)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        f(1.0, 1.0, out=out)


@pytest.mark.parametrize("like", [">i4", "m8[s]"])
def test_outputs_of_another_kind(like):
    f = vectorize(lambda a, b: a + b)
    with pytest.raises(TypeError, match="Cannot cast ufunc '<lambda>' output from float64 to .* with casting rule 'same_kind'"):
        f(1.0, 2.0, out=np.zeros(1, like))
    out = np.zeros(1, like)
    assert f(1, 2, out=out) is out and out == np.array([3]).astype(like)


def test_outputs_that_are_read():
    """What the inputs held before the call counts."""
    whole = np.arange(6, dtype=">f8")
    assert vectorize(lambda a: a * 2)(whole[:-1], out=whole[1:]).tolist() == [0, 2, 4, 6, 8]


class Taking:
    """Takes calls of ufuncs over, and says what it was given."""

    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        return type(self).__name__, ufunc.__name__, method, inputs, keywords


class Derived(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **keywords):
        """As NumPy's manual has it: plain arrays in, this class out."""
        inputs = [np.asarray(input) for input in inputs]
        if out is not None:
            keywords["out"] = tuple(np.asarray(array) for array in out)
        result = getattr(ufunc, method)(*inputs, **keywords)
        return result.view(Derived) if isinstance(result, np.ndarray) else result


class Further(Taking):
    pass


class Passing:
    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        return NotImplemented


class Refusing:
    __array_ufunc__ = None


t = Taking()
CALLS = [
    lambda f: f(t, 1),
    lambda f: f(1, t),
    lambda f: f(1, 2, t),
    lambda f: f(1, 2, out=t),
    lambda f: f(1, 2, out=(t,)),
    lambda f: f(t, 1, out=None),
    lambda f: f(t, 1, where=True),
    lambda f: f(np.ones(3), np.ones(3), out=t),
    lambda f: f.reduce(t),
    lambda f: f.reduce(t, 1, None, None, True),
    lambda f: f.reduce(t, axis=None, keepdims=False, initial=3),
    lambda f: f.reduce([1], out=t),
    lambda f: f.accumulate(t, 1, None, None),
    lambda f: f.accumulate([1], out=(t,)),
    lambda f: f.outer(t, 2),
    lambda f: f.outer(1, 2, out=t),
    lambda f: f.at(t, [0], 1),
    lambda f: f.at([1], [0], t),
    lambda f: f.reduceat(t, [0], 0),
    lambda f: f.reduceat([1], [0], out=t),
    lambda f: f(Passing(), t),
    lambda f: f(t, Further()),
    lambda f: f(t, Refusing()),
    lambda f: f.reduce(Refusing()),
    lambda f: f.accumulate([1], out=Refusing()),
    lambda f: f.outer(1, Refusing()),
    lambda f: f(Passing(), 1),
    lambda f: f.reduce(Passing(), 1),
    lambda f: f.outer(1, 2, out=Passing()),
]


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_calls_that_others_take_over(number):
    """As with NumPy's own function of that name."""
    plain = []
    for function in (add, np.add):
        try:
            given = CALLS[number](function)
            kind, *rest, inputs, keywords = given
            keywords["out"] = [type(array) for array in keywords.get("out", ())]
            plain.append([kind, *rest, [type(input) for input in inputs], keywords])
        except TypeError as error:
            plain.append(re.sub("<[^>]*>", "<>", str(error)))
    assert plain[0] == plain[1]


def test_arrays_of_classes_that_take_over():
    a = np.arange(6.0).reshape(2, 3).view(Derived)
    for ours, theirs in [
        (add(a, 1), np.add(a, 1)),
        (add.reduce(a), np.add.reduce(a)),
        (add.reduce(a, axis=(0, 1), keepdims=True), np.add.reduce(a, axis=(0, 1), keepdims=True)),
        (add.accumulate(a, axis=1), np.add.accumulate(a, axis=1)),
        (add.outer(a, [1, 2]), np.add.outer(a, [1, 2])),
    ]:
        assert type(ours) is Derived and ours.shape == theirs.shape and np.array_equal(np.asarray(ours), np.asarray(theirs))
    out = np.zeros((2, 3)).view(Derived)
    add(np.ones((2, 3)), 1, out=out)
    assert np.asarray(out).tolist() == [[2] * 3] * 2
    add.accumulate(np.ones((2, 3)), out=out)
    assert np.asarray(out).tolist() == [[1] * 3, [2] * 3]


def test_keywords_that_change_nothing():
    f = vectorize(identity=0)(lambda a, b: a + b)
    x = np.arange(6.0).reshape(2, 3)
    for keywords in ({"dtype": None}, {"where": True}, {"where": np.True_}, {"casting": "same_kind"}, {"order": "K"}, {"order": None}):
        assert f(x, 1.0, **keywords).tolist() == (x + 1).tolist(), keywords
        assert f(1, 2, **keywords) == 3
    assert f(x, 1.0, out=None, subok=True, order="C", casting="same_kind", where=True, dtype=None).tolist() == (x + 1).tolist()
    assert f.reduce(x, initial=None, where=True, dtype=None).tolist() == [3, 5, 7]
    assert f.reduce(x, 0, None, None, True, np._NoValue, True).tolist() == [[3, 5, 7]]
    assert f.accumulate(x, 1, dtype=None, out=None).tolist() == np.add.accumulate(x, 1).tolist()
    assert f.outer([1.0, 2.0], [3.0], dtype=None, order="C").tolist() == [[4], [5]]


@pytest.mark.parametrize(
    "keywords, error",
    [
        ({"dtype": "f4"}, NotImplementedError), ({"where": False}, NotImplementedError), ({"where": [True, False]}, NotImplementedError),
        ({"where": np.ones(2, bool)}, NotImplementedError), ({"casting": "unsafe"}, NotImplementedError), ({"signature": "dd->d"}, NotImplementedError),
        ({"casting": "any"}, ValueError), ({"casting": None}, TypeError), ({"order": "X"}, ValueError), ({"order": 1}, TypeError),
        ({"subok": 1}, TypeError), ({"wherever": True}, TypeError),
    ],
)
def test_keywords_that_would_change_something(keywords, error):
    f = vectorize(lambda a, b: a + b)
    with pytest.raises(error, match=f"'?{next(iter(keywords))}"):
        f(np.ones(2), 1.0, **keywords)


def test_orders_of_results():
    f = vectorize(lambda a, b: a + b)
    c, fortran = np.ones((3, 4, 5)), np.asfortranarray(np.ones((3, 4, 5)))
    mixed = c.transpose(1, 0, 2).copy().transpose(1, 0, 2)
    for a, b in [(c, c), (fortran, fortran), (c, fortran), (fortran, 1.0), (mixed, mixed), (mixed, 2.0), (fortran[:, 0], fortran[:, 1]), (c[0, 0], 1.0), (c[:0], 1.0)]:
        for order in ("C", "F", "A", "K", "c", "f"):
            result, numpys = f(a, b, order=order), np.add(a, b, order=order)
            assert np.array_equal(result, numpys) and result.strides == numpys.strides, (a.strides, order)


def test_classes_of_results():
    f = vectorize(lambda a: a + 1)
    matrix = np.ones((2, 2)).view(np.matrix)
    assert type(f(matrix, subok=True)) is type(f(matrix)) is np.matrix and type(f(matrix, subok=False)) is np.ndarray


def test_folds_of_numbers():
    f = vectorize(identity=0)(lambda a, b: a + b)
    for number in (3.0, np.float32(3), np.array(3.0)):
        for axis in (0, -1, None, ()):
            result = f.reduce(number, axis=axis)
            assert result == 3 and type(result) is type(np.add.reduce(number, axis=axis)), (number, axis)
        assert f.reduce(number, keepdims=True) == 3
        for axis in (1, -2, (0,)):
            with pytest.raises(np.exceptions.AxisError):
                f.reduce(number, axis=axis)
        with pytest.raises(TypeError, match="cannot accumulate on a scalar"):
            f.accumulate(number)


def test_nothing_to_begin_with():
    f = vectorize(identity=0)(lambda a, b: a + b)
    message = "zero-size array to reduction operation <lambda> which has no identity"
    assert f.reduce(np.zeros(0)) == 0
    with pytest.raises(ValueError, match=message):
        f.reduce(np.zeros(0), initial=None)
    assert f.reduce(np.zeros((0, 2)), axis=1, initial=None).shape == (0,)
    with pytest.raises(ValueError, match=message):
        f.reduce(np.zeros((0, 0)), axis=1, initial=None)
