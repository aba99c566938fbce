"""Where kernels are written: files, notebooks, lambdas, text, closures; and what the names in them stand for."""

import cmath
import enum
import importlib
import linecache
import math
import operator
import subprocess
import sys
import textwrap
import types

import numpy as np
import pytest

import numbra
from numbra import jit, njit, prange, stencil, vectorize

x = np.linspace(0, 1, 5)
RATE = 3.0
TABLE = np.array([10.0, 20.0, 30.0])


@vectorize
def top(a):
    return a + 1


@njit
def square(a):
    return a * a


def plain(a, power=2):
    return a**power


class Colour(enum.IntEnum):
    RED = 3


class Settings:
    scale = 0.5


class Nested:
    @staticmethod
    @vectorize
    def kernel(a):
        return -a


def test_lambdas():
    assert vectorize(lambda a, b: a * b + 1)(x, 2.0).tolist() == (x * 2 + 1).tolist()
    both = [vectorize(lambda a: a + 10), vectorize(lambda a, b: a - b)]
    assert both[0](1) == 11 and both[1](5, 3) == 2
    spread = vectorize(
        lambda a: (
            a
            - 1
        )
    )
    assert spread(1) == 0
    assert vectorize(["float64(float64)"])(lambda a: -a)(2) == -2
    assert stencil(lambda a: a[0] + a[1])(np.arange(3)).tolist() == [1, 3, 0]


def test_lambdas_that_look_alike():
    one, two = vectorize(lambda a: a + 1), vectorize(lambda a: a * 2)
    if sys.version_info >= (3, 11):
        assert one(5) == 6 and two(5) == 10
    else:  # Python keeps no columns
        with pytest.raises(ValueError, match="which of the lambdas"):
            one(5)


def test_functions_inside_functions_classes_and_branches():
    if x.size:

        @vectorize
        def kernel(a):
            """Its own text."""
            # a comment
            return (a +
                    2)

    assert kernel(1) == 3 and kernel.__doc__ == "Its own text."
    assert Nested.kernel(2) == -2
    assert kernel.__qualname__.endswith("<locals>.kernel")


def test_decorators_that_are_spelled_otherwise():
    module = numbra

    @numbra.vectorize(
        ["float64(float64)"],
    )
    def a(value):
        return value + 1

    renamed = vectorize

    @renamed
    def b(value):
        return value + 2

    @module.vectorize()
    def c(value):
        return value + 3

    assert (a(0), b(0), c(0)) == (1, 2, 3)


def test_redefinition_uses_the_text_of_each():
    @vectorize
    def f(a):
        return a + 1

    first = f

    @vectorize
    def f(a):
        return a + 2

    assert (first(0), f(0)) == (1, 2)


def test_closures_are_frozen():
    def make(n, table):
        @vectorize
        def f(a):
            return a * n + table[1] + RATE

        return f

    f = make(2, np.array([1.0, 5.0]))
    g = make(3, TABLE)
    assert f(1.0) == 10 and g(1.0) == 26
    table = np.array([1.0, 5.0])
    h = make(2, table)
    assert h(1.0) == 10
    table[1] = 1000
    assert h(1.0) == 10, "constants are those of the first call"


def test_globals_are_frozen_when_first_needed():
    global RATE
    f = vectorize(lambda a: a * RATE)
    RATE = 5.0
    assert f(2.0) == 10
    RATE = 3.0
    assert f(2.0) == 10
    assert vectorize(lambda a: a * RATE)(2.0) == 6


def test_names_that_come_after_a_failed_call(monkeypatch):
    """Nothing is frozen by a call that fails to compile."""
    f = vectorize(lambda a: a + later_number)  # noqa: F821
    g = vectorize(lambda a: later_helper(a) * 2)  # noqa: F821
    h = stencil(lambda a: a[0] + later_number)  # noqa: F821
    calls = [lambda: f(1.0), lambda: f(np.ones(3)), lambda: f.inspect_ir("float64(float64)"), lambda: g(3), lambda: h(np.ones(2))]
    for call in calls * 2:
        with pytest.raises(NameError, match="unknown name 'later_"):
            call()
    assert f.nin == 1 and f.types == []
    monkeypatch.setitem(globals(), "later_number", "text")
    with pytest.raises((TypeError, ValueError, NotImplementedError), match="use numbers"):
        f(1.0)
    monkeypatch.setitem(globals(), "later_number", 5)
    monkeypatch.setitem(globals(), "later_helper", lambda a: a - 1)
    assert f(1.0) == 6 and g(3) == 4 and h(np.ones(2)).tolist() == [6, 6]
    monkeypatch.setitem(globals(), "later_number", 7)
    assert f(1.0) == 6 and f(1) == 6 and h(np.ones(2)).tolist() == [6, 6]

    # What fails when it runs was compiled.
    @vectorize
    def k(a):
        if a > 0:
            raise ValueError("positive")
        return a + later_number  # noqa: F821

    with pytest.raises(ValueError):
        k(1)
    monkeypatch.setitem(globals(), "later_number", 9)
    assert k(0) == 7


def test_kinds_of_constants():
    pair, flag, whole, small = (1.5, 2), True, 7, np.float32(0.25)
    f = vectorize(lambda a: a * pair[0] + pair[1] + (whole if flag else 0) + small + Colour.RED + Settings.scale)
    assert f(2.0) == 3 + 2 + 7 + 0.25 + 3 + 0.5
    names = types.SimpleNamespace(offset=4)
    assert vectorize(lambda a: a + names.offset)(1) == 5
    grid = np.arange(6).reshape(2, 3)
    assert vectorize(lambda i, j: grid[i, j])(np.array([0, 1, -1]), 2).tolist() == [2, 5, 5]
    assert vectorize(lambda i: grid[1, i])(np.arange(3)).tolist() == [3, 4, 5]
    shapes = vectorize(lambda a: a + 1000 * grid.shape[0] + 100 * grid.shape[1] + 10 * grid.ndim + grid.size + len(grid))
    assert shapes(0) == 2000 + 300 + 20 + 6 + 2 and vectorize(lambda a: TABLE.shape[0] + TABLE.size)(0) == 6
    with pytest.raises(IndexError, match="out of bounds"):
        vectorize(lambda i, j: grid[i, j])(1, 3)
    with pytest.raises(IndexError, match="more indices than axes"):
        vectorize(lambda i: grid[i, 0, 0])(1)
    assert vectorize(lambda a: a + math.pi + np.e)(0.0) == math.pi + math.e


def test_helpers():
    assert vectorize(lambda a: square(a) + 1)(3) == 10
    assert vectorize(lambda a: plain(a, 3))(2) == 8
    assert vectorize(lambda a: top(a) * 2)(3) == 8

    @jit(nopython=True)
    def outer(a):
        return square(a) + local(a)

    def local(a):
        return a / 2

    assert vectorize(lambda a: outer(a))(4.0) == 18
    assert vectorize(top)(1) == 2


def test_functions_as_values():
    def make(op):
        @vectorize
        def apply(a, b):
            return op(a, b)

        return apply

    assert make(lambda a, b: a * b)(2, 3) == 6 and make(plain)(2, 3) == 8
    assert make(max)(2, 3) == 3 and make(pow)(2, 3) == 8 and make(math.hypot)(3, 4) == 5 and make(np.maximum)(2, 3) == 3
    assert make(operator.sub)(2, 3) == -1 and vectorize(lambda a: operator.neg(a))(2) == -2
    for name in ("add", "and_", "eq", "floordiv", "ge", "gt", "le", "lshift", "lt", "mod", "mul", "ne", "or_", "pow", "rshift"):
        assert make(getattr(operator, name))(13, 3) == getattr(operator, name)(13, 3), name
    with pytest.raises(NotImplementedError, match="'op'"):
        make(sorted)(1, 2)


def successor(a):
    return a + 1


BEYOND_NUMPY = np.frompyfunc(successor, 1, 1)


class Callable:
    """Says that it is a function of NumPy's."""

    def __init__(self):
        self.__module__, self.__name__ = "numpy", "sin"

    def __call__(self, a):
        return a


def test_functions_that_are_not_what_their_names_say(monkeypatch):
    sqrt, norm, sine, letters = np.emath.sqrt, np.linalg.norm, Callable(), np.strings.isalpha
    root, special = cmath.sqrt, types.ModuleType("scipy.special")
    special.isnumeric = of_scipy = np.strings.isnumeric
    monkeypatch.setitem(sys.modules, "scipy.special", special)
    monkeypatch.setitem(numbra._source._OF_SCIPY, "isnumeric", "math.isnumeric")
    for function, name, what, help in [
        (lambda a: sqrt(a), "sqrt", "which is numpy.lib.*scimath.*sqrt: they have no complex numbers", "'math' or 'numpy'"),
        (lambda a: norm(a), "norm", "which is numpy.linalg.norm", "'def'"),
        (lambda a: sine(a), "sine", "which is an object of the class Callable", "'def'"),
        (lambda a: BEYOND_NUMPY(a), "BEYOND_NUMPY", "which is a ufunc called 'successor", "the Python function"),
        (lambda a: letters(a), "letters", "which is a ufunc called 'isalpha'", "the Python function"),
        (lambda a: of_scipy(a), "of_scipy", "which is scipy.special.isnumeric", "use math.isnumeric"),
        (lambda a: root(a), "root", "which is cmath.sqrt: they have no complex numbers", "'math' or 'numpy'"),
        (lambda a: sorted(a), "sorted", "", ""),
    ]:
        with pytest.raises(NotImplementedError, match=f"kernels cannot use '{name}'(, ({what}).*)?\n(.|\n)*help: .*{help}"):
            vectorize(function)(1.0)
    # NumPy's own under other names, and what is made of functions.
    power, root = np.power, np.sqrt
    assert vectorize(lambda a: power(root(a), 2))(4.0) == 4


def test_functions_that_kernels_call_are_compiled_whole_too():
    @njit(parallel=True)
    def total(values):
        result = 0
        for i in prange(len(values)):
            result += values[i]
        return result

    assert total(np.array([1, 2, 3])) == 6 and total((1, 2, 4)) == 7
    assert vectorize(lambda a: total((a, a, 1)))(3) == 7


def test_modules_in_files(tmp_path, monkeypatch):
    (tmp_path / "kernels_of_mine.py").write_text(
        textwrap.dedent(
            """
            from math import sin as sine
            import numpy
            from numbra import vectorize, njit
            SCALE = 2

            @njit
            def scaled(a):
                return SCALE * a

            @vectorize(['float64(float64)'])
            def f(a):
                return sine(scaled(a)) + numpy.float32(1)
            """
        )
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("kernels_of_mine")
    assert module.f(0.5) == pytest.approx(math.sin(1.0) + 1, rel=1e-15)
    assert vectorize(lambda a: module.scaled(a) + module.SCALE)(1) == 4
    # A file that changes under a running program: the text is that of the import.
    (tmp_path / "kernels_of_mine.py").write_text("# nothing\n")
    assert module.f(np.float64(0.5)) == pytest.approx(math.sin(1.0) + 1, rel=1e-15)


CHANGING = """
from numbra import njit, vectorize

def make(n):
    @vectorize
    def f(a):
        return a * n + 1
    return f

def lambdas():
    return vectorize(lambda a: a + 2)

@njit
def helper(a):
    return a
"""


@pytest.mark.parametrize(
    "old, new",
    [("a * n + 1", "a * n + 5"), ("a * n + 1", "a * n + 1.0"), ("def make", "\ndef make"), ("def make(n):", "def make(n:")],
)
def test_files_that_were_changed_since(tmp_path, monkeypatch, old, new):
    file = tmp_path / "changing.py"
    file.write_text(CHANGING)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "changing", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    module = importlib.import_module("changing")
    assert module.make(3)(1) == 4 and module.lambdas()(1) == 3
    file.write_text(CHANGING.replace(old, new))
    with pytest.raises(OSError, match=r"'f' was changed since it was loaded: .*changing.py, line 5(.|\n)*help: .*again"):
        module.make(3)
    # What is where it was can still be compiled; what moved cannot.
    if new.startswith("a"):
        assert module.lambdas()(1) == 3 and vectorize(module.helper)(2) == 2
    else:
        with pytest.raises(OSError, match="changed since"):
            module.lambdas()
        with pytest.raises(OSError, match="changed since"):
            vectorize(lambda a: module.helper(a))(2)
    file.write_text(CHANGING)
    assert module.make(3)(2) == 7


def cell(text, name="<ipython-input-7-0123456789ab>"):
    """Runs text as IPython runs a cell."""
    text = textwrap.dedent(text)
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    names = {}
    exec(compile(text, name, "exec"), names)
    return names


def test_cells():
    names = cell(
        """
        import numpy as np
        from numbra import vectorize, stencil
        shift = 3
        @vectorize
        def f(a):
            return a + shift
        @stencil
        def s(a):
            return a[0] - a[-1]
        """
    )
    assert names["f"](1) == 4 and names["s"](np.arange(3)).tolist() == [0, 1, 1]


def test_notebooks():
    """A cell with a magic command, which is no Python, and one that defines a kernel again."""
    script = """
        import numpy as np
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        def run(text):
            result = shell.run_cell(text, store_history=True)
            result.raise_error()
            return result.result
        run("import numpy as np\\nfrom numbra import vectorize, stencil\\nk = 2")
        run("%config InteractiveShell.ast_node_interactivity = 'last_expr'\\n@vectorize\\ndef f(a):\\n    return a * k\\n")
        assert run("f(np.arange(3)).tolist()") == [0, 2, 4]
        run("@vectorize\\ndef f(a):\\n    return a * k + 1\\n")
        assert run("f(np.arange(3)).tolist()") == [1, 3, 5]
        assert run("(vectorize(lambda a: a - 1))(3)") == 2
        run("@vectorize\\ndef broken(a):\\n    return a + unknown\\n")
        try:
            run("broken(1)")
        except NameError as error:
            assert "ipython-input" in str(error) or "/ipykernel_" in str(error), error
            assert "3 │     return a + unknown" in str(error), error
            print("good")
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.rstrip().endswith("good"), done.stdout + done.stderr


def test_the_command_line_of_python():
    program = "from numbra import vectorize\n@vectorize\ndef f(a):\n    return a + 1\nprint(f(1), vectorize(lambda a: a * 5)(2))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout == "2 10\n", done.stderr


def test_text_that_is_nowhere():
    names = {"vectorize": vectorize}
    exec("@vectorize\ndef f(a):\n    return a + 1\n", names)
    with pytest.raises(OSError, match=r"the text of the function 'f' is not to be found(.|\n)*help: .*file"):
        names["f"](1)


def test_text_around_that_is_no_python():
    """Only the function's own lines need to be understood."""
    text, name = "from numbra import vectorize\n@vectorize\ndef f(a):\n    return a + 1\n", "<one>"
    lines = text.splitlines(True) + ["%matplotlib inline ?\n"]
    linecache.cache[name] = (len(text), None, lines, name)
    names = {}
    exec(compile(text, name, "exec"), names)
    assert names["f"](1) == 2


@pytest.mark.parametrize("thing", [math.sin, np.sin, len, 3.5, object(), print])
def test_what_is_no_function_of_python(thing):
    with pytest.raises(TypeError, match="functions written in Python"):
        vectorize(thing)


def test_names_of_numba_that_are_not_here():
    with pytest.raises(AttributeError, match="guvectorize.*not"):
        numbra.guvectorize
    with pytest.raises(ImportError, match="not yet\n  help: write the loop"):
        from numbra import guvectorize  # noqa: F401
    with pytest.raises(ImportError, match="not yet\n  help: compute with float32"):
        from numbra import float16, vectorize  # noqa: F401
    with pytest.raises(ImportError, match="cannot import name 'nonsense'"):
        from numbra import nonsense  # noqa: F401
    assert not hasattr(numbra, "cuda") and getattr(numbra, "complex64", None) is None
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        numbra.nonsense


class NumbasType:
    """A type or a signature of Numba's, as far as it is looked at."""

    __module__ = "numba.core.types"

    def __init__(self, text, **parts):
        self.text = text
        vars(self).update(parts)

    def __str__(self):
        return self.text


def numbas_njit(result, *arguments):
    signature = NumbasType("", return_type=NumbasType(result), args=tuple(map(NumbasType, arguments)))
    parts = {"_can_compile": False, "nopython_signatures": [signature]}
    return lambda function: types.SimpleNamespace(py_func=function, __module__="numba", **parts)


def numbas_vectorize(*loops):
    return lambda function: types.SimpleNamespace(py_func=function, _frozen=True, types=loops, __module__="numba")


@pytest.mark.parametrize("numba", [False, True])
def test_helpers_keep_to_their_signatures(numba):
    @(numbas_njit("int64", "float64") if numba else njit("int64(float64)"))
    def whole(x):
        return x * 1

    @(numbas_njit("float64", "int32") if numba else njit(["float64(int32)"]))
    def half(x):
        return x / 2

    @(numbas_vectorize("i->i") if numba else vectorize(["int32(int32)"]))
    def following(x):
        return x + 1

    @vectorize
    def f(x):
        return whole(x) * 1000 + half(x)

    @vectorize
    def g(x):
        return following(np.int32(2147483647)) + x

    assert f(np.array([1.75, 300.2])).tolist() == [1000.5, 300150.0]
    assert g(np.array([0.5])).tolist() == [-2147483647.5]
