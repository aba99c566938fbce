"""Whole functions beside Numba's: what its own tests ask for (make numba-tests runs those), in our words."""

from __future__ import annotations

import operator

import numpy as np
import pytest

import numbra
from numbra import jit, njit, types
from numbra.core import errors


def test_settings_overrule_decorators(in_process, monkeypatch):
    text = """
import numpy as np
from numbra import config, njit

def second(a):
    return a[1]

for option in (None, False, True):
    try:
        njit(boundscheck=option)(second)(np.ones(1))
        print("no check", end=" ")
    except IndexError:
        print("check", end=" ")
print(config.BOUNDSCHECK)
"""
    assert in_process(text, NUMBA_BOUNDSCHECK="0") == "no check no check no check 0\n"
    assert in_process(text, NUMBRA_BOUNDSCHECK="1", NUMBA_BOUNDSCHECK="0") == "check check check 1\n"
    assert in_process(text) == "check no check check None\n"

    monkeypatch.setattr(numbra.config, "BOUNDSCHECK", 1)
    with pytest.raises(IndexError):
        njit(boundscheck=False)(lambda a: a[1])(np.ones(1))


def test_settings_of_numba_are_those_of_numbra(in_process):
    text = """
import numbra
numbra.pose_as_numba()
from numba import config
from numba.core import config as inner, types, errors
import numba.core.config

assert config is inner is numba.core.config is numbra.config
assert types.int64 is numba.types.int64 and errors.TypingError is numbra.errors.TypingError
print(repr(types.NoSuchType))
"""
    assert "which numbra does not have" in in_process(text)


@pytest.mark.parametrize(
    "signature, values",
    [("uint64(uint64)", [-1, np.int64(-1)]), ("uint8(uint8)", [-5]), ("int64(int64)", [2**63, np.uint64(2**63)])],
)
def test_signs_are_not_lost(signature, values):
    f = njit(signature)(lambda x: x)
    for value in values:
        with pytest.raises(OverflowError, match="(negative int to unsigned|int too large)(.|\n)*help: "):
            f(value)
    assert f(5) == 5 and njit("uint8(uint8)")(lambda x: x)(261) == 5


def no_keywords():
    print("x", flush=True)


def raises_text():
    raise "text"


NO_EXCEPTION = 1


def raises_number():
    raise NO_EXCEPTION


def raises_type():
    raise int


def handles_one_class():
    try:
        return 1
    except ValueError:
        return 2


@pytest.mark.parametrize(
    "function, words",
    [
        (no_keywords, r"Numba's print\(\) function implementation does not support keyword arguments."),
        (raises_text, "Directly raising a string constant as an exception is not supported."),
        (raises_number, "Encountered unsupported constant type used for exception: 'NO_EXCEPTION'"),
        (raises_type, "Encountered unsupported constant type used for exception: 'int'"),
        (handles_one_class, "Exception matching is limited to <class 'Exception'>"),
    ],
)
def test_what_nothing_compiles_is_an_error(function, words, recwarn):
    with pytest.raises(errors.UnsupportedError, match=f"{words}(.|\n)*help: ") as error:
        njit(function)()
    assert isinstance(error.value, NotImplementedError) and str(error.value).startswith(error.value.msg + "\n")
    assert not isinstance(error.value, errors.KernelUnsupportedError) and not recwarn


def test_an_exception_that_is_handled_is_raised_again():
    @njit
    def again():
        raise

    with pytest.raises(ZeroDivisionError, match="first"):
        try:
            raise ZeroDivisionError("first")
        except ZeroDivisionError:
            again()
    with pytest.raises(RuntimeError, match="No active exception to reraise"):
        again()


TEXTS = ("one", 2, ("three", None))


def test_strings_around_a_function():
    word = "fixed"

    @njit
    def raises():
        raise ValueError(word, 1)

    @njit
    def known(i):
        return TEXTS[0] == "one", TEXTS[1] + i, TEXTS[2][0] == "three", TEXTS[2][1] is None

    with pytest.raises(ValueError) as error:
        raises()
    assert error.value.args == ("fixed", 1)
    assert known(1) == (True, 3, True, True)


def test_slices_around_a_function():
    part, numbers = slice(1, None, 2), (1, 2, 3, 4)

    @njit
    def f(a):
        return part, numbers[part], a[part].sum()

    assert f(np.arange(4.0)) == (part, (2, 4), 4.0)
    assert njit(lambda s: numbra.literally(s))(slice(None, 3)) == slice(None, 3)
    with pytest.raises(ValueError, match="length should not be negative"):
        njit(lambda s, n: s.indices(n))(slice(None, None, 0), -1)


def test_messages_are_numbas():
    class Plain:
        pass

    with pytest.raises(TypeError, match="The decorated object is not a function"):
        jit(Plain)

    @njit
    def entry(a, i):
        return a.shape[i]

    with pytest.raises(IndexError) as error:
        entry(np.ones(2), 1)
    assert str(error.value) == "tuple index out of range"

    @njit
    def assign(a, b):
        a[:] = b

    with pytest.raises(ValueError) as error:
        assign(np.ones(5), np.ones((2, 5)))
    assert str(error.value) == "cannot assign slice of shape (5,) from input of shape (2, 5)"
    with pytest.raises(ValueError) as error:
        assign(np.ones(1), (1, 2))
    assert str(error.value) == "cannot assign slice of shape (1,) from input of shape (2,)"

    ambiguous = njit(["(float32,float64)", "(float64,float32)", "(int64,int64)"])(lambda x, y: x + y)
    lines = r"\(float64, float64\):\n\(float32, float64\) -> float64\n\(float64, float32\) -> float64$"
    with pytest.raises(TypeError, match=f"Ambiguous overloading for <function .*> {lines}"):
        ambiguous(1.0, 2.0)

    @njit(["(int64,)"])
    def declared(a):
        return a

    for function, arguments, words in [
        (lambda x: x.ndim, (1,), "Unknown attribute 'ndim' of type int64"),
        (lambda: max(()), (), r"max\(\) argument is an empty tuple"),
        (lambda: declared(np.ones(1)), (), r"Invalid use of 'declared' with parameters \(array\(float64, 1d, C\)\)"),
        (lambda x: sum((1, 2), "a"), (1,), r"sum\(\) can't sum strings"),
        (lambda x: isinstance(x, (float, "int")), (1,), "Cannot infer Numba type of Python type"),
    ]:
        with pytest.raises(errors.TypingError, match=f"{words}(.|\n)*help: "):
            njit(function)(*arguments)


def test_recursion_that_has_no_type():
    @njit
    def runaway(x):
        return runaway(x + 1)

    @njit
    def growing(n):
        if n <= 0:
            return None
        return (n, growing(n - 1))

    with pytest.raises(errors.TypingError, match="cannot type infer runaway recursion"):
        runaway(1)
    with pytest.raises(errors.TypingError, match="Return type of recursive function does not converge"):
        growing(3)


def test_matrix_products_are_not_there_yet():
    a = np.eye(2)

    def in_place(a, b):
        a @= b
        return a

    for function in (lambda a, b: a @ b, lambda a, b: operator.matmul(a, b), in_place, operator.imatmul):
        compiled = njit(function if function is not operator.imatmul else (lambda a, b: operator.imatmul(a, b)))
        with pytest.warns(numbra.NotCompiledWarning, match="products of matrices are not there yet"):
            compiled(a.copy(), a)


def test_objects_that_have_every_attribute():
    class Everything:
        def __getattr__(self, name):
            return Everything()

    everything = Everything()
    f = njit(lambda: everything())
    with pytest.warns(numbra.NotCompiledWarning), pytest.raises(TypeError, match="not callable"):
        f()


def test_attributes_by_name():
    assert njit(lambda a: getattr(a, "ndim"))(np.ones((2, 2))) == 2
    assert njit(lambda: getattr(np, "pi"))() == np.pi
    assert njit(lambda x, y: getattr(x, "nothing", y))(1.5, 20) == 20
    assert njit(lambda x: (hasattr(x, "real"), hasattr(x, "nothing"), hasattr(x, "__hash__")))(1.5) == (True, False, True)
    assert njit(lambda a: (hasattr(a, "T"), hasattr(a, "__nothing__")))(np.ones(1)) == (True, False)
    with pytest.raises(AttributeError, match="^'float64' has no attribute 'nothing'$"):
        njit(lambda x: getattr(x, "nothing"))(1.5)
    with pytest.raises(errors.TypingError, match="Returning function objects is not implemented"):
        njit(lambda: getattr(np, "cos")(1))()
    with pytest.raises(errors.TypingError, match="argument 'name' must be a literal string"):
        njit(lambda x: getattr(x, x))(1)

    @njit
    def branches(x):
        if x:
            z = 1
        else:
            z = "a"
        return isinstance(z, int)

    with pytest.raises(errors.TypingError, match='cannot determine the type of variable "z" due to a branch'):
        branches(1)


def test_small_things_of_python():
    assert njit(lambda x, y: type(x)(y))(1.5, 2) == 2.0 and njit(lambda x, y: type(x)(y))(1, 2.5) == 2
    assert njit(lambda x, y: type(x)(y))(1j, 2) == 2 + 0j and njit(lambda x, y: type(x)(y))(True, 2) is True
    assert njit(lambda a, b: (a is b, a is not b))(True, False) == (False, True)
    assert njit(lambda: sum((1, 2, 3), 0.5))() == 6.5

    @njit
    def nothing_zipped():
        turns = 0
        for _ in zip():
            turns += 1
        return turns

    @njit
    def numbered():
        for i, x in enumerate((1, 2), 1.5):
            pass

    assert nothing_zipped() == 0
    with pytest.raises(errors.TypingError, match="Only integers supported as start value in enumerate"):
        numbered()
    assert types.float64 is not None
