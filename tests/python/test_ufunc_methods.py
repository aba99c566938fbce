"""What NumPy's ufuncs have beside the call."""

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
        (lambda: add.reduce(np.ones(3), initial=1), "'initial'"),
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
