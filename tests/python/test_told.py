"""What whole functions print, raise and handle."""

from __future__ import annotations

import collections
import gc
import sys
import traceback

import numpy as np
import pytest

import numbra
from numbra import njit, vectorize
from numbra.core.errors import KernelUnsupportedError

Point = collections.namedtuple("Point", "x y")
TABLE = np.arange(12, dtype=np.float32).reshape(3, 4)
LARGE = np.arange(100_000)
EMPTY = np.empty((0, 3))


@pytest.fixture(params=["cpu", "interp"], autouse=True)
def host(request):
    numbra.set_default_target(request.param)
    yield request.param
    numbra.set_default_target(None)


class Unhappy(Exception):
    def __init__(self, what, number):
        super().__init__(what, number)
        self.number = number


def test_print(capsys):
    @njit
    def f(n, x, a, maybe):
        print()
        print("n =", n, x, n > 3, None)
        print(a, (a[0], "text"), (1 + 2j) * x)
        print(a[:, None], maybe)
        return n

    a = np.array([1.5, -2.0, 1e20])
    assert f(5, 0.1, a, None) == 5
    printed = capsys.readouterr().out
    f.py_func(5, 0.1, a, None)
    assert printed == capsys.readouterr().out.replace("np.float64(1.5)", "1.5")
    f(np.int8(5), np.float32(0.5), a[::-1], 7)
    assert "7\n" in capsys.readouterr().out


def test_print_goes_where_python_prints_now(monkeypatch):
    class Sink:
        text = ""

        def write(self, text):
            self.text += text

    @njit
    def f(n):
        for i in range(n):
            print(i)

    sink = Sink()
    monkeypatch.setattr(sys, "stdout", sink)
    f(300)
    monkeypatch.undo()
    assert sink.text.split() == [str(i) for i in range(300)]


def test_exceptions_are_what_was_raised():
    @njit
    def f(n, x):
        if n == 1:
            raise Unhappy("number", n)
        if n == 2:
            raise ValueError("a", (n, x, True), None, 2j)
        if n == 3:
            raise KeyError
        assert n != 4, x
        return n

    for n, kind, arguments in [
        (1, Unhappy, ("number", 1)),
        (2, ValueError, ("a", (2, 2.5, True), None, 2j)),
        (3, KeyError, ()),
        (4, AssertionError, (2.5,)),
    ]:
        with pytest.raises(kind) as error:
            f(n, 2.5)
        assert error.value.args == arguments and not hasattr(error.value, "__notes__")
        place = traceback.extract_tb(error.value.__traceback__)[-1]
        assert (place.filename, place.name) == (__file__, "f") and ("raise" in place.line or "assert" in place.line)
    assert f(0, 0.5) == 0


def test_an_exception_that_cannot_be_made():
    @njit
    def f():
        raise Unhappy("alone")

    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        f()


@njit
def checked(n, a):
    if n < 0:
        raise ValueError("negative", n)
    return np.full(n, 2.0), a[n]


def test_try():
    @njit
    def f(n, a):
        log = np.zeros(4, np.int64)
        total = 0.0
        for i in range(-1, n):
            try:
                log[0] += 1
                b, x = checked(i, a)
                total += b.sum() + x
            except Exception:
                log[1] += 1
                b = a
            else:
                log[2] += 1
            finally:
                log[3] += 1
        return total, log, b

    a = np.arange(3.0)
    for n in range(6):
        ours, theirs = f(n, a), f.py_func(n, a)
        assert ours[0] == theirs[0] and np.array_equal(ours[1], theirs[1]) and np.array_equal(ours[2], theirs[2])
    gc.collect()


def test_raising_again():
    @njit
    def f(n, a):
        try:
            return checked(n, a)[1]
        except Exception:
            try:
                checked(-7, a)
            except Exception:
                n += 1
            raise

    with pytest.raises(ValueError) as error:
        f(-2, np.ones(1))
    assert error.value.args == ("negative", -2)
    with pytest.raises(IndexError, match="^index 5 is out of bounds for axis 0 with size 1$"):
        f(5, np.ones(1))


def test_slices_ranges_and_named_tuples():
    @njit
    def f(p, s, r, a):
        total = 0
        for i in r:
            total += i
        return p, p.x + p[1], a[s], total, r, s, len(p), Point

    with pytest.raises(Exception):
        f(Point(1, 2.5), slice(1, 3), range(5), np.arange(4))

    @njit
    def g(p, s, r, a):
        total = 0
        for i in r:
            total += i
        x, y = p
        return p, p.x + y, a[s], total, r, s, len(p)

    p, s, r = Point(1, 2.5), slice(1, None, 2), range(9, 0, -3)
    found = g(p, s, r, np.arange(6))
    assert type(found[0]) is Point and found[0] == p and found[1] == 3.5 and found[4] == r and found[5] == s
    assert list(found[2]) == [1, 3, 5] and found[3] == 18 and found[6] == 2
    other = collections.namedtuple("Point", "x y")
    assert type(g(other(1, 2), s, r, np.arange(6))[0]) is other
    assert str(g.signatures[0][0]) == "Point(int64, float64)"
    with pytest.raises(TypeError):
        g(p, slice(1.5), r, np.arange(6))


@njit
def square(x):
    return x * x


@njit
def twice(x):
    return 2 * x


def test_functions_are_arguments():
    @njit
    def total(f, a, g=square):
        s = 0
        for x in a:
            s += f(x) + g(x)
        return s

    a = np.arange(4)
    assert total(twice, a) == 12 + 14 and total(square, a) == 28 and total(twice, a, twice) == 24
    assert total(f=square, a=np.ones(2), g=twice) == 6.0 and len(total.signatures) == 4
    with pytest.raises(TypeError, match="decorator jit"):
        total(abs, a)

    @njit
    def inner(n):
        return total(square, np.ones(n), twice)

    assert inner(3) == 9.0


def test_functions_keep_their_own_options():
    @njit(error_model="numpy")
    def quietly(a, b):
        return a / b

    @njit
    def loudly(a, b):
        return a / b

    @vectorize
    def kernel(a, b):
        return a // b

    @njit
    def f(a):
        return quietly(a, 0), kernel(a, 0)

    @njit(error_model="numpy")
    def g(a):
        return loudly(a, 0)

    assert f(1) == (np.inf, 0)
    with pytest.raises(ZeroDivisionError):
        g(1)


def test_global_arrays():
    @njit
    def f(i):
        row = TABLE[i]
        s = 0.0
        for x in row[1:]:
            s += x
        return s, TABLE.shape, len(LARGE), LARGE[-1], TABLE[:, 1], EMPTY, TABLE.T

    s, shape, count, last, column, empty, transposed = f(1)
    assert (s, shape, count, last) == (18.0, (3, 4), 100_000, 99_999) and empty.shape == (0, 3)
    assert np.array_equal(column, TABLE[:, 1]) and column.dtype == "f4" and np.array_equal(transposed, TABLE.T)
    del f
    gc.collect()
    assert np.array_equal(column, TABLE[:, 1])

    pair = (np.arange(3.0), (2, np.ones(2)), 5)

    @njit
    def inside():
        first, (count, second), last = pair
        return first + first, second[1:], count + last, pair[0][2], pair[2]

    doubled, part, total, element, last = inside()
    assert np.array_equal(doubled, [0.0, 2.0, 4.0]) and list(part) == [1.0] and (total, element, last) == (7, 2.0, 5)

    @njit
    def written():
        TABLE[0, 0] = 5

    with pytest.raises(Exception, match="read.?only"):
        written()


def test_what_is_not_there_says_so():
    @njit
    def f():
        return square

    with pytest.warns(numbra.NotCompiledWarning, match="returns a function"):
        assert f() is square
    assert issubclass(KernelUnsupportedError, NotImplementedError)
