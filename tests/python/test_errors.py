"""Mistakes are exceptions of Python's own classes; their text shows the file, the line, and a caret."""

import builtins
import inspect
import re
import textwrap

import numpy as np
import pytest

import numbra
from numbra import stencil, vectorize

TARGETS = ["cpu", "parallel", "interp", "vulkan"]


def lines_around(error, fragment):
    """The message of an error, which must show `fragment` of this file with its line number, and point at it."""
    text = "\n".join([str(error.value), *getattr(error.value, "__notes__", [])])
    place = re.search(r"┌─ (.*):(\d+):(\d+)", text)
    assert place and place[1] == __file__, text
    with open(__file__) as file:
        line = file.read().split("\n")[int(place[2]) - 1]
    assert fragment in line and line[int(place[3]) - 1 :].startswith(fragment), text
    shown = next(row for row in text.split("\n") if re.match(rf" *{place[2]} │", row))
    pointed = text.split("\n")[text.split("\n").index(shown) + 1]
    assert shown[pointed.index("^") :].startswith(fragment), text
    return text


def test_names():
    @vectorize
    def f(a):
        return a + unknown_name  # noqa: F821

    with pytest.raises(NameError, match="unknown name 'unknown_name'") as error:
        f(1)
    lines_around(error, "unknown_name")


def test_types():
    @vectorize
    def f(a):
        return a[0]

    with pytest.raises(TypeError) as error:
        f(np.ones(3))
    lines_around(error, "a[0]")


def test_what_kernels_cannot_do():
    @vectorize
    def f(a):
        with open("file"):
            return a

    with pytest.raises(NotImplementedError, match="'with'") as error:
        f(1)
    assert "help:" in lines_around(error, "with open")

    @vectorize
    def g(a):
        return a + "text"

    with pytest.raises(NotImplementedError, match="strings") as error:
        g(1)
    lines_around(error, '"text"')


def test_syntax():
    with pytest.raises(SyntaxError) as error:
        vectorize(["float64(float64"])(lambda a: a)
    assert isinstance(error.value, numbra.KernelSyntaxError) and "^" in str(error.value)


def test_decorators():
    with pytest.raises(ValueError, match="Unsupported target: foo") as error:

        @vectorize(["float64(float64)"], target="foo")
        def f(a):
            return a

    line = test_decorators.__code__.co_firstlineno + 3
    assert f"{__file__}:{line}, decorator of 'f':" in str(error.value)
    with pytest.raises(ValueError) as error:
        stencil(neighborhood=((1, 0),))(lambda a: a[0])
    line = test_decorators.__code__.co_firstlineno + 10
    assert f"{__file__}:{line}, decorator of '<lambda>':" in str(error.value)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("size", [1, 10, 100_000])
def test_raise(target, size):
    @vectorize(target=target)
    def f(a):
        if a > 3:
            raise ValueError("more than three")
        return a

    values = np.zeros(size, "i4")
    assert f(values).sum() == 0
    values[-1] = 5
    with pytest.raises(ValueError, match="^more than three") as error:
        f(values)
    assert error.value.args == ("more than three",)
    assert f"at position ({size - 1})" in lines_around(error, 'raise ValueError("more than three")')


@pytest.mark.parametrize("class_", [ZeroDivisionError, IndexError, OverflowError, RuntimeError, KeyError, ArithmeticError])
def test_raised_classes(class_):
    namespace = {
        "ZeroDivisionError": vectorize(lambda a: raises_zero_division(a)),
        "IndexError": vectorize(lambda a: raises_index(a)),
        "OverflowError": vectorize(lambda a: raises_overflow(a)),
        "RuntimeError": vectorize(lambda a: raises_runtime(a)),
        "KeyError": vectorize(lambda a: raises_key(a)),
        "ArithmeticError": vectorize(lambda a: raises_arithmetic(a)),
    }
    with pytest.raises(class_, match="of mine"):
        namespace[class_.__name__](1)


def raises_zero_division(a):
    if a > 0:
        raise ZeroDivisionError("of mine")
    return a


def raises_index(a):
    if a > 0:
        raise IndexError("of mine")
    return a


def raises_overflow(a):
    if a > 0:
        raise OverflowError("of mine")
    return a


def raises_runtime(a):
    if a > 0:
        raise RuntimeError("of mine")
    return a


def raises_key(a):
    if a > 0:
        raise KeyError("of mine")
    return a


def raises_arithmetic(a):
    if a > 0:
        raise ArithmeticError("of mine")
    return a


class OfMine(ValueError):
    """Of the module."""


@pytest.mark.parametrize("target", TARGETS)
def test_raised_classes_of_users(target):
    @vectorize(target=target)
    def f(a):
        if a > 2:
            raise OfMine("so there")
        if a > 1:
            raise OfMine
        return a

    assert f(1) == 1
    for value, arguments in ((3, ("so there",)), (2, ())):
        for given in (value, np.full(1000, value), [value]):
            with pytest.raises(OfMine) as error:
                f(given)
            assert type(error.value) is OfMine and error.value.args == arguments
            lines_around(error, "raise OfMine")


def test_raised_classes_of_other_modules(tmp_path, monkeypatch):
    """The name of a class is that of the module in which it is raised, also where helpers raise it."""
    (tmp_path / "errors_of_mine.py").write_text(
        textwrap.dedent(
            """
            class OfMine(KeyError):
                pass

            def helper(a):
                if a == 1:
                    raise OfMine("of the helper")
                return a
            """
        )
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import errors_of_mine

    def made(kind):
        def helper(a, limit):
            if a == limit:
                raise kind("of a closure")
            return a

        return helper

    class AssertionError(Exception):
        pass

    third, fourth = made(LookupError), made(AssertionError)

    @vectorize
    def f(a):
        errors_of_mine.helper(a)
        third(a, 3)
        fourth(a, 4)
        assert a != 5
        if a == 0:
            raise OfMine("of the kernel")
        if a == 2:
            raise errors_of_mine.OfMine("by two names")
        if a == 6:
            raise np.linalg.LinAlgError("of NumPy's")
        return a

    raised = [
        (OfMine, "of the kernel"),
        (errors_of_mine.OfMine, "of the helper"),
        (errors_of_mine.OfMine, "by two names"),
        (LookupError, "of a closure"),
        (AssertionError, "of a closure"),
        (builtins.AssertionError, None),
        (np.linalg.LinAlgError, "of NumPy's"),
    ]
    for value, (kind, text) in enumerate(raised):
        with pytest.raises(kind) as error:
            f(value)
        assert type(error.value) is kind and error.value.args == ((text,) if text else ()), value

    @stencil
    def s(a):
        if a[0] > 0:
            raise errors_of_mine.OfMine("of a stencil")
        return a[0]

    with pytest.raises(errors_of_mine.OfMine, match="of a stencil"):
        s(np.ones(3))
    with pytest.raises(errors_of_mine.OfMine, match="of a stencil"):
        s.iterate(np.ones(3), 2)
    add = vectorize(lambda a, b: errors_of_mine.helper(a) + b)
    for method in (add.reduce, add.accumulate):
        with pytest.raises(errors_of_mine.OfMine, match="of the helper"):
            method(np.ones(3))


class WantsTwo(Exception):
    def __init__(self, text, number):
        super().__init__(text)


AN_ERROR = WantsTwo("the one", 2)
PLAIN_ERROR = OfMine("the one", 2)


def test_exceptions_that_cannot_be_made():
    @vectorize
    def f(a):
        if a == 0:
            raise UnicodeDecodeError("no five arguments")
        if a == 1:
            raise WantsTwo("no two arguments")
        if a == 2:
            raise AN_ERROR
        if a == 3:
            raise PLAIN_ERROR
        return a

    texts = ["UnicodeDecodeError: no five arguments", "WantsTwo: no two arguments", "WantsTwo"]
    for value, text in enumerate(texts):
        with pytest.raises(RuntimeError) as error:
            f(value)
        assert error.value.args == (text,) and len(error.value.__notes__) == 1
    with pytest.raises(OfMine) as error:
        f(3)
    assert error.value.args == ("the one", 2) and error.value is not PLAIN_ERROR


def raises_unknown(a):
    raise NowhereError("no")  # noqa: F821


def raises_unknown_part(a):
    raise np.linalg.NowhereError("no")


def raises_function(a):
    raise lines_around("no")


def raises_called_object(a):
    raise PLAIN_ERROR("no")


def raises_own_name(a):
    e = a + 1
    raise e


@pytest.mark.parametrize(
    "function, kind, message",
    [
        (raises_unknown, NameError, "unknown name 'NowhereError'"),
        (raises_unknown_part, NameError, "unknown name 'np.linalg.NowhereError'"),
        (raises_function, TypeError, "'lines_around' is no class of exceptions"),
        (raises_called_object, TypeError, "'PLAIN_ERROR' is no class of exceptions"),
        (raises_own_name, NotImplementedError, "by their names"),
    ],
)
def test_what_is_no_exception(function, kind, message):
    with pytest.raises(kind, match=message) as error:
        vectorize(function)(1)
    assert "help:" in lines_around(error, inspect.getsource(function).splitlines()[-1].split("#")[0].strip()[len("raise ") :])


MESSAGE = "of the module: {}"


def test_what_is_raised_is_what_was_written():
    local = "of the closure"

    @vectorize
    def f(a):
        if a == 1:
            raise ValueError(MESSAGE)
        if a == 2:
            raise ValueError(local)
        if a == 3:
            raise ValueError("")
        if a == 4:
            raise ValueError
        if a == 5:
            raise KeyError("key: 'x'\n{}")
        return a

    for value, arguments in enumerate([(MESSAGE,), (local,), ("",), (), ("key: 'x'\n{}",)], 1):
        with pytest.raises((ValueError, KeyError)) as error:
            f(value)
        assert error.value.args == arguments and len(error.value.__notes__) == 1


def raises_computed(a):
    raise ValueError("val", a)


def raises_formatted(a):
    raise ValueError(f"{a}")


@pytest.mark.parametrize("function, message", [(raises_computed, "plain strings"), (raises_formatted, "plain strings")])
def test_what_cannot_be_raised(function, message):
    with pytest.raises(NotImplementedError, match=message) as error:
        vectorize(function)(1)
    lines_around(error, "a)" if function is raises_computed else 'f"{a}"')


def test_assert():
    @vectorize
    def f(a):
        assert a < 2, "too large"
        return a

    assert f(np.arange(2)).tolist() == [0, 1]
    with pytest.raises(AssertionError, match="^too large") as error:
        f(np.arange(4))
    assert error.value.args == ("too large",)
    lines_around(error, 'assert a < 2, "too large"')


@pytest.mark.parametrize("target", TARGETS)
def test_indices(target):
    table = np.array([1.0, 2.0, 3.0])
    f = vectorize(target=target)(lambda i: table[i])
    assert f(np.array([2, 0, -1])).tolist() == [3, 1, 3]
    with pytest.raises(IndexError, match="index 3 is out of bounds") as error:
        f(np.array([0, 3]))
    assert "at position (1)" in lines_around(error, "table[i]")


def test_division_by_zero_is_numpy_s():
    assert vectorize(lambda a, b: a // b)(np.array([1, 0]), 0).tolist() == [0, 0]
    with np.errstate(all="ignore"):
        assert np.array_equal(vectorize(lambda a, b: a / b)(np.array([1, 0, -1]), 0), [np.inf, np.nan, -np.inf], equal_nan=True)


@pytest.mark.parametrize("target", TARGETS)
def test_numbers_that_do_not_fit_are_no_errors(target):
    """As README says."""
    sweep = stencil(target=target)(lambda a, b: a[0] // b[0])
    assert sweep(np.arange(3, dtype="i4"), np.zeros(3, "i4")).tolist() == [0, 0, 0]
    small = vectorize(target=target)(lambda a: np.uint8(a))
    assert small(np.array([-1.5, 300, np.nan, np.inf], "f4")).tolist() == [0, 255, 0, 255]


def test_messages_of_stencils():
    @stencil
    def f(a):
        return a[0, 1] + a[1]

    with pytest.raises((TypeError, ValueError, IndexError)) as error:
        f(np.ones((3, 3)))
    lines_around(error, "a[1]")


def test_after_an_error_the_next_call_is_a_new_one():
    @vectorize
    def f(a):
        if a > 3:
            raise ValueError("more than three")
        return a

    for _ in range(3):
        with pytest.raises(ValueError):
            f(4)
        assert f(3) == 3
