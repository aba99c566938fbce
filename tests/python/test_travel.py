"""Kernels on their way to other processes, by name and by value."""

import copy
import math
import multiprocessing
import os
import pickle
import subprocess
import sys
import textwrap
import threading
import types

import cloudpickle
import numpy as np
import pytest

import numbra
from numbra import njit, stencil, vectorize

x = np.linspace(0, 1, 5)
RATE = 3.0
LIMITS = (0.5, [1, 2])


class Unhappy(ValueError):
    pass


class Settings:
    class inner:
        scale = np.float32(0.5)


@vectorize
def top(a):
    return a + 1


@njit
def square(a):
    return a * a


class Nested:
    @staticmethod
    @vectorize
    def kernel(a):
        return -a


def local_kernel(factor=2.0, table=None):
    table = np.array([10.0, 20.0]) if table is None else table

    @njit("float64(float64)")
    def helper(a):
        if a > 100:
            raise Unhappy("too much")
        return a * factor + table[1]

    @vectorize(["float32(float32)", "float64(float64)"], target="parallel")
    def kernel(a):
        """Words about it."""
        if a < 0:
            raise Unhappy
        return helper(a) + square(a) * RATE + math.floor(Settings.inner.scale) + LIMITS[0] + LIMITS[1][1]

    return kernel


def again(thing, protocol=None):
    """What another process makes of it: nothing here may help."""
    data = pickle.dumps(thing, protocol)
    known = numbra._travel._known.copy()
    numbra._travel._known.clear()
    try:
        return pickle.loads(data)
    finally:
        numbra._travel._known.clear()
        numbra._travel._known.update(known)


def test_what_its_name_finds_travels_as_a_name():
    for thing in (top, Nested.kernel, square):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            data = pickle.dumps(thing, protocol)
            assert pickle.loads(data) is thing and len(data) < 100
        assert pickle.loads(cloudpickle.dumps(thing)) is thing
    assert pickle.loads(pickle.dumps(numbra.float64)) is numbra.float64
    assert pickle.loads(pickle.dumps(numbra.float64[:, ::1])) == numbra.float64[:, ::1]
    assert pickle.loads(pickle.dumps(numbra.float64(numbra.int32))) == numbra.float64(numbra.int32)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_kernels_without_a_name_travel_by_value(protocol):
    kernel = local_kernel()
    for settled in (False, True):
        copied = again(kernel, protocol)
        assert copied is not kernel and type(copied) is numbra.Ufunc and repr(copied) == repr(kernel)
        assert np.array_equal(copied(x), kernel(x)), settled
        assert copied(x.astype("f4")).dtype == "f4" and copied.target == "parallel"
        assert copied.__doc__ == "Words about it." and copied.__qualname__ == kernel.__qualname__
        assert copied.types == kernel.types == ["f->f", "d->d"]
        with pytest.raises(Unhappy) as error:
            copied(-1.0)
        assert error.value.args == () and "raise Unhappy" in error.value.__notes__[0]
        with pytest.raises(Unhappy, match="too much"):
            copied(101.0)
        # As plain Python, and once more on its way.
        assert copied.py_func(2.0) == kernel.py_func(2.0) == kernel(2.0)
        assert np.array_equal(again(copied, protocol)(x), kernel(x))


def test_stencils_lambdas_helpers_and_options():
    weights = np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])

    @stencil(cval=np.float64(2.5), neighborhood=((-1, 1), (-1, 1)))
    def laplace(a):
        total = 0.0
        for i in range(-1, 2):
            for j in range(-1, 2):
                total += weights[i + 1, j + 1] * a[i, j]
        return total

    field = np.arange(20.0).reshape(4, 5) ** 2
    copied = again(laplace)
    assert type(copied) is numbra.Stencil and copied.neighborhood == [(-1, 1), (-1, 1)]
    assert np.array_equal(copied(field), laplace(field)) and copied(field)[0, 0] == 2.5
    assert np.array_equal(pickle.loads(pickle.dumps(laplace.iterate))(field, 3), laplace.iterate(field, 3))

    first, second = [vectorize(lambda a: a + 10), vectorize(lambda a: a - RATE)]
    assert again(first)(1) == 11 and again(second)(1.0) == -2 and again(first).__name__ == "<lambda>"
    adder = vectorize(identity=0, target="interp")(lambda a, b: a + b)
    assert again(adder).identity == 0 and again(adder).target == "interp" and again(adder).reduce(np.arange(4)) == 6

    @njit
    def both(a, power=2):
        if a < 0:
            raise Unhappy("negative")
        return first(a) ** power

    copied = again(both)
    assert type(copied) is numbra.Dispatcher and copied(1) == 121 and copied(1, power=1) == 11
    with pytest.raises(Unhappy, match="negative"):
        copied(-1)
    declared = again(njit("int64(int64)", error_model="numpy")(lambda a: 7 // a))
    assert declared(2.9) == 3 and declared(0) == 0 and declared.signatures == [(numbra.int64,)]
    cubed = again(njit(lambda a: a * square(a)))
    assert vectorize(lambda a: cubed(a))(3.0) == 27
    # Of names with dots, what is needed of an object travels, and no more.
    settings = types.SimpleNamespace(scale=4.0, lock=threading.Lock())
    scaled = vectorize(lambda a: a * settings.scale)
    assert again(scaled)(2.0) == 8 and again(scaled).py_func(2.0) == 8


def test_values_are_those_of_the_first_call():
    global RATE
    table = np.array([1.0, 5.0])
    called, fresh = [vectorize(lambda a: a * RATE + table[1]) for _ in range(2)]
    assert called(2.0) == 11
    RATE, table[1] = 100.0, 7.0
    try:
        assert again(called)(2.0) == 11 and called(2.0) == 11
        sent = again(fresh)
        assert sent(2.0) == 207
        RATE = 1000.0
        assert again(fresh)(2.0) == 2007 and sent(2.0) == 207 and fresh(2.0) == 2007
    finally:
        RATE = 3.0


def test_what_comes_twice_is_one_kernel():
    kernel = local_kernel()
    kernel(x)
    data = pickle.dumps(kernel)
    assert pickle.loads(data) is kernel and data == pickle.dumps(kernel)
    one, two = again(kernel), again(kernel)
    assert one is not kernel and one is not two  # each a process of its own
    data = pickle.dumps(local_kernel(5.0))
    assert pickle.loads(data) is pickle.loads(data)
    assert pickle.loads(data) is not pickle.loads(pickle.dumps(local_kernel(6.0)))
    # The same text, other exceptions.
    def raising(kind):
        @vectorize
        def f(a):
            if a > 0:
                raise kind
            return a

        return f

    both = [again(raising(KeyError)), again(raising(IndexError))]
    for kernel, kind in zip(both, (KeyError, IndexError)):
        with pytest.raises(kind):
            kernel(1)


def test_a_name_that_means_something_else():
    @vectorize
    def f(a):
        return a + 1

    first = f

    @vectorize
    def f(a):
        return a + 2

    first.__qualname__ = f.__qualname__ = "top"
    assert again(first)(0) == 1 and again(f)(0) == 2
    text = "from numbra import vectorize\n@vectorize\ndef g(a):\n    return a * 3\n"
    module = types.ModuleType("not_to_be_imported")
    import linecache

    linecache.cache["<travel>"] = (len(text), None, text.splitlines(True), "<travel>")
    exec(compile(text, "<travel>", "exec"), vars(module))
    assert again(module.g)(2) == 6


def test_copies_are_the_kernel_itself():
    kernel = local_kernel()
    for thing in (top, square, kernel, stencil(lambda a: a[0])):
        assert copy.copy(thing) is thing and copy.deepcopy([thing])[0] is thing


def test_what_cannot_travel():
    names = {"vectorize": vectorize}
    exec("@vectorize\ndef f(a):\n    return a + 1\n", names)
    with pytest.raises(OSError, match="text of the function 'f' is not to be found"):
        pickle.dumps(names["f"])
    lock = threading.Lock()
    # What kernels have no use for stays behind; the message there is the same as here.
    kernel = vectorize(lambda a: a + lock)
    with pytest.raises(NotImplementedError, match="kernels cannot use objects"):
        again(kernel)(1.0)


PROGRAM = """
    import pickle, subprocess, sys
    import numpy as np
    from numbra import njit, stencil, vectorize

    RATE = 3.0

    class Unhappy(Exception):
        pass

    @njit
    def helper(a):
        return a * RATE

    @vectorize
    def kernel(a):
        if a > 10:
            raise Unhappy("too much")
        return helper(a) + 1

    @stencil
    def smooth(a):
        return 0.5 * (a[-1] + a[1])

    def make(n):
        return vectorize(lambda a: a * n)

    def work(function, array):
        return function(array).tolist()

    def back(value):
        return value

    def outcome(function, value):
        try:
            return function(value)(value).tolist() if function is make else function(value).tolist()
        except Exception as error:
            return type(error).__name__, str(error)

"""

THERE = "import pickle, sys\nfunctions, array = pickle.load(sys.stdin.buffer)\nprint([function(array).tolist() for function in functions])"


def program(in_process, text):
    return in_process(textwrap.dedent(PROGRAM) + textwrap.dedent(text))


EXPECTED = "[[1.0, 4.0, 7.0], [0.0, 1.0, 0.0], [0.0, 5.0, 10.0]]"


@pytest.mark.parametrize("called", [False, True])
def test_cloudpickle_sends_kernels_of_programs(in_process, called):
    """The other process has nothing of the program, not even its file."""
    text = f"""
    import cloudpickle, os
    functions = [kernel, smooth, make(5)]
    if {called}:
        [function(np.arange(3.0)) for function in functions]
        RATE = 1e6
    data = cloudpickle.dumps((functions, np.arange(3.0)))
    os.rename(__file__, __file__ + ".gone")
    done = subprocess.run([sys.executable, "-c", {THERE!r}], input=data, stdout=subprocess.PIPE, cwd="/")
    print(done.stdout.decode())
    """
    assert program(in_process, text).strip() == EXPECTED


def test_joblib(in_process):
    text = """
    from joblib import Parallel, delayed
    if __name__ == "__main__":
        functions = [kernel, smooth, make(5)]
        print(Parallel(n_jobs=2)(delayed(work)(function, np.arange(3.0)) for function in functions))
        print(Parallel(n_jobs=2)(delayed(function)(np.arange(3.0)) for function in functions)[2].tolist())
        print(Parallel(n_jobs=2)([delayed(outcome)(kernel, np.full(2, 11.0))]))
        # What a worker sends back.
        print(Parallel(n_jobs=2)([delayed(back)(make(4))])[0](np.arange(3)).tolist())
        # A plain function takes no text along.
        print("send the kernel" in Parallel(n_jobs=2)([delayed(outcome)(make, 4)])[0][1])
    """
    assert program(in_process, text).splitlines() == [EXPECTED, "[0.0, 5.0, 10.0]", "[('Unhappy', 'too much')]", "[0, 4, 8]", "True"]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(in_process, method):
    text = f"""
    import multiprocessing
    if __name__ == "__main__":
        with multiprocessing.get_context("{method}").Pool(2) as pool:
            functions = [kernel, smooth, make(5)]
            print([pool.apply(work, (function, np.arange(3.0))) for function in functions])
            print(pool.map(kernel, [0.0, 1.0]), pool.map(smooth, [np.arange(3.0)])[0].tolist())
            print(pool.apply(outcome, (kernel, 11.0)))
    """
    assert program(in_process, text).splitlines() == [
        EXPECTED,
        "[np.float64(1.0), np.float64(4.0)] [0.0, 1.0, 0.0]",
        "('Unhappy', 'too much')",
    ]


def test_notebooks(in_process):
    """Cells of a notebook, whose text is in no file."""
    text = f"""
    import cloudpickle
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    def run(text):
        shell.run_cell(text, store_history=True).raise_error()
    run("import numpy as np\\nfrom numbra import vectorize, stencil\\nk = 2.0")
    run("%config InteractiveShell.ast_node_interactivity = 'last_expr'\\n@vectorize\\ndef f(a):\\n    return a * k\\n")
    run("@stencil\\ndef g(a):\\n    return a[0] + a[1]\\nh = [vectorize(lambda a: a - 1), vectorize(lambda a: -a)]\\n")
    names = shell.user_ns
    data = cloudpickle.dumps(([names["f"], names["g"], *names["h"]], np.arange(3.0)))
    done = subprocess.run([sys.executable, "-c", {THERE!r}], input=data, stdout=subprocess.PIPE, cwd="/")
    print(done.stdout.decode())
    """
    printed = program(in_process, text).strip().splitlines()[-1]
    assert printed == "[[0.0, 2.0, 4.0], [1.0, 3.0, 0.0], [-1.0, 0.0, 1.0], [-0.0, -1.0, -2.0]]"
