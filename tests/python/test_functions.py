"""Whole functions: how they are called, with what, and what comes back."""

from __future__ import annotations

import collections
import gc
import io
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import traceback
import warnings
import weakref

import numpy as np
import pytest

import numbra
from numbra import NotCompiledWarning, float64, int32, int64, jit, njit, types, vectorize
from numbra.core.errors import KernelUnsupportedError, TypingError

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "NUMBRA_"))}
ENVIRONMENT["NUMBRA_CACHE_DIR"] = os.environ["NUMBRA_CACHE_DIR"]
SCALE = 3


@pytest.fixture(params=["cpu", "interp"])
def host(request):
    numbra.set_default_target(request.param)
    yield request.param
    numbra.set_default_target(None)


def last_line(error):
    """The line of the text at which a traceback ends."""
    place = traceback.extract_tb(error.value.__traceback__)[-1]
    assert place.filename == __file__
    return place.line


@njit
def even(n):
    return True if n == 0 else odd(n - 1)


@njit
def odd(n):
    return False if n == 0 else even(n - 1)


def test_numbers_keep_their_types_until_they_are_returned(host):
    @njit
    def same(x):
        return x

    values = [1, -5, True, 2.5, 2**63, np.int8(-3), np.uint16(9), np.float32(1.5), np.float64(2.5), np.bool_(True), 1 + 2j]
    for value in values:
        assert same(value) == value
    assert [str(kind) for kind, in same.signatures] == [
        "int64", "bool", "float64", "uint64", "int8", "uint16", "float32", "complex128",
    ]
    assert type(same(True)) is bool and type(same(np.int8(1))) is int and type(same(np.float32(1))) is float
    assert same(None) is None
    with pytest.raises(TypingError, match="Int value is too large"):
        same(2**64)


def test_recursion(host):
    @njit
    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)

    assert fib(15) == 610 and not even(7) and odd(7)
    with pytest.raises(RecursionError):
        odd(10**9 + 1) if host == "cpu" else odd(10**6)


def test_arguments_by_name_and_defaults(host):
    @njit
    def f(a, b=2, c=None):
        return a - b if c is None else c

    assert f(1) == -1 and f(1, 3) == -2 and f(b=5, a=1) == -4 and f(1, c=7) == 7
    for call, words in [
        (lambda: f(), "not enough arguments: expected at least 1, got 0"),
        (lambda: f(1, 2, 3, 4), "too many arguments: expected 3, got 4"),
        (lambda: f(b=1), "missing argument 'a'"),
        (lambda: f(1, d=3), "some keyword arguments unexpected"),
        (lambda: f(1, a=3), "some keyword arguments unexpected"),
    ]:
        with pytest.raises(TypeError, match=words):
            call()

    size = 10
    g = njit(lambda a, n=size: a + n)
    size = 20
    assert g(1) == 11

    @njit
    def rest(a, *others):
        return a + len(others)

    assert rest(1) == 1 and rest(1, 2.5, 3) == 3


def test_errors_name_the_argument(host):
    @njit
    def total(values):
        return values

    class Thing:
        pass

    for value, words in [
        (Thing(), "cannot determine Numba type of <class .*Thing'>"),
        ({1: 2}, "take no dictionaries yet"),
        (np.zeros(2, np.float16), "elements of type float16"),
        (np.zeros(2, ">f8"), "byte order.*\n.*astype"),
        (np.ma.masked_array([1, 2]), "cannot determine Numba type"),
        (len, "functions are arguments if they have the decorator jit"),
    ]:
        with pytest.raises(TypeError, match=f"argument 'values' of 'total': (.|\n)*{words}") as error:
            total(value)
        assert isinstance(error.value, TypingError) and "help: " in str(error.value)


def test_what_is_missing_runs_as_plain_python(host):
    calls = []

    @njit
    def total(values, *, start=0):
        return sum(values, start)

    @njit
    def first(values):
        calls.append(1)
        return values[0]

    @njit("int64(int64)")
    def declared(values):
        return values

    with pytest.warns(NotCompiledWarning, match="given by name alone"):
        assert total([1, 2], start=3) == 6
    for values, words in [([7], "no lists yet: pass an array"), ([7], None), (np.array([2j]), None)]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert first(values) == values[0]
        assert [str(one.message).count(words or "") > 0 for one in caught] == ([True] if words else [])
    assert len(calls) == 3
    first.recompile()
    with pytest.warns(NotCompiledWarning):
        first([7])
    assert first(np.array([7])) == 7 and len(first.signatures) == 0
    with pytest.raises(KernelUnsupportedError, match="no lists yet"):
        declared([1])


def test_arrays_go_in_as_they_are(host):
    @njit
    def add_to(x, amount):
        for i in range(x.shape[0]):
            x[i] += amount

    @njit
    def corner(x):
        return x[-1, 0]

    for dtype in ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]:
        array = np.arange(6).astype(dtype)
        expected = array.copy()
        expected[:] = expected + (1 if dtype != "bool" else 0)
        if dtype != "bool":
            add_to(array, 1)
            assert np.array_equal(array, expected) and array.dtype == dtype
    array = np.arange(12.0)
    add_to(array[::-2], 100)
    assert array.tolist() == [0, 101, 2, 103, 4, 105, 6, 107, 8, 109, 10, 111]
    table = np.arange(12).reshape(3, 4)
    for view in [table, table.T, np.asfortranarray(table), table[::-1, ::2], table[1:, 1:], np.broadcast_to(table[0], (3, 4))]:
        assert corner(view) == view[-1, 0]
    assert [kind.layout for kind, in corner.signatures] == ["C", "F", "A", "A"]
    assert [kind.mutable for kind, in corner.signatures] == [True, True, True, False]
    with pytest.raises(IndexError, match="index -1 is out of bounds for axis 0 with size 0"):
        corner(np.zeros((0, 3)))
    frozen = np.arange(3)
    frozen.flags.writeable = False
    with pytest.raises(TypingError, match="Cannot modify readonly array"):
        add_to(frozen, 1)

    @njit
    def inside(x):
        return x[()]

    assert inside(np.array(2.5)) == 2.5


def test_arrays_that_share_memory(host):
    @njit
    def shift(x, y):
        for i in range(len(x)):
            y[i] = x[i] + 1
        return x, y

    array = np.zeros(5)
    x, y = array[:-1], array[1:]
    back = shift(x, y)
    assert array.tolist() == [0, 1, 2, 3, 4] and back[0] is x and back[1] is y


def test_returned_arrays(host):
    @njit
    def several(x, n):
        fresh = np.zeros((2, n))
        return x, x[1:], fresh, fresh[1], (n, x.T)

    x = np.arange(4.0)
    same, part, fresh, row, (number, turned) = several(x, 3)
    assert same is x and part.base is x and number == 3 and turned is x
    fresh[1, 2] = 7
    assert row.tolist() == [0, 0, 7] and fresh.flags.writeable and fresh.flags.c_contiguous
    # The memory lives as long as something of it.
    row = row[1:]
    del fresh
    gc.collect()
    assert row.tolist() == [0, 7]
    kept = several(np.arange(3.0), 1)[1]
    gc.collect()
    assert kept.tolist() == [1, 2]
    gone = weakref.ref(x)
    del x, same, part, turned
    gc.collect()
    assert gone() is None
    frozen = np.arange(3.0)
    frozen.flags.writeable = False
    assert not several(frozen, 1)[1].flags.writeable


def test_memory_is_given_back():
    @njit
    def fresh(n):
        return np.zeros(n)

    import resource

    fresh(1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(200):
        fresh(1_000_000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_tuples_strings_and_dtypes(host):
    Point = collections.namedtuple("Point", "x y")

    @njit
    def swapped(pair):
        a, b = pair
        return b, (a, len(pair))

    assert swapped((1, 2.5)) == (2.5, (1, 2)) and swapped(Point(np.ones(1), 2))[0] == 2

    @njit
    def chosen(mode, x):
        if mode == "double":
            return x * 2
        return x - 1

    assert chosen("double", 4) == 8 and chosen("less", 4) == 3

    @njit
    def zeros(n, kind):
        return np.zeros(n, dtype=kind)

    assert zeros(2, np.float32).dtype == np.float32 and zeros(2, np.dtype("int16")).dtype == np.int16


def test_failures_are_pythons_exceptions_with_a_line(host):
    class Unhappy(Exception):
        pass

    @njit
    def divided(a, b):
        return a // b

    @njit
    def checked(a):
        if a < 0:
            raise Unhappy("negative")
        assert a != 5
        return a

    with pytest.raises(ZeroDivisionError, match="^integer division by zero$") as error:
        divided(1, 0)
    assert "//" in last_line(error)
    assert jit(error_model="numpy")(divided.py_func)(1, 0) == 0
    with pytest.raises(Unhappy) as error:
        checked(-1)
    assert error.value.args == ("negative",) and "raise Unhappy" in last_line(error)
    with pytest.raises(AssertionError):
        checked(5)
    with pytest.raises(TypingError, match="unknown name 'nothing'"):
        njit(lambda x: x + nothing)(1)  # noqa: F821


def test_signatures(host):
    for signature in ["int64(int64)", int64(int64), ["int64(int64)"], (int64,), [int64(int64), (types.int64,)]]:
        f = njit(signature)(lambda x: x + 1)
        assert f(2.75) == 3 and f.signatures[0] == (int64,)
        with pytest.raises(TypeError, match="No matching definition for argument type\\(s\\) array\\(float64, 1d, C\\)"):
            f(np.zeros(2))
    f = njit(["float64(float64, int64)", "float64(int64, float64)"])(lambda x, y: x + y)
    with pytest.raises(TypeError, match="Ambiguous overloading for .*\\(int64, int64\\)"):
        f(1, 2)
    f = njit("void(float64[:])")(lambda x: None)
    assert f(np.zeros(3)) is None and f(np.zeros(6)[::2]) is None
    f = njit("float64(float64[::1])")(lambda x: x[0])
    with pytest.raises(TypeError, match="No matching definition for argument type\\(s\\) array\\(float64, 1d, A\\)"):
        f(np.zeros(6)[::2])
    f = njit([types.float64(types.UniTuple(types.float64, 2), types.Array(types.float64, 1, "C", readonly=True))])(
        lambda pair, x: pair[1] + x[0]
    )
    frozen = np.ones(2)
    frozen.flags.writeable = False
    assert f((1, 2), frozen) == 3 == f((1, 2), np.ones(2))
    with pytest.raises(NameError, match="bad signature 'int64\\(floot\\)'"):
        njit("int64(floot)")(lambda x: x)
    with pytest.raises(TypingError, match="Signature mismatch: 2 argument types given, but function takes 1 arguments"):
        njit("int64(int64, int64)")(lambda x: x)
    # What is declared is compiled at once.
    with pytest.raises(TypingError):
        njit("int64(int64)")(lambda x: x + nothing)  # noqa: F821


def test_options():
    for options in [
        dict(nopython=True, nogil=True, cache=True, parallel=True, debug=False, inline="never", boundscheck=True, locals={}),
        dict(fastmath={"nnan", "ninf"}, error_model="numpy", looplift=False),
        dict(fastmath=True),
    ]:
        assert jit(**options)(lambda x: x + 1)(2) == 3
    with pytest.raises(KeyError, match="Unrecognized options: {'foo'}. Known options are dict_keys"):
        njit(foo=1)
    with pytest.raises(NotImplementedError, match="no object mode"):
        jit(forceobj=True)
    with pytest.raises(ValueError, match="Unrecognized fastmath flags: {'quick'}"):
        njit(fastmath={"quick"})
    with pytest.raises(ValueError, match="'error_model'"):
        njit(error_model="c")
    with pytest.raises(NotImplementedError, match="has types for x"):
        njit(locals={"x": float64})


def test_the_dispatcher_tells_what_it_is():
    @jit
    def scaled(x, y=2):
        """What it is for."""
        return x * SCALE + y

    assert scaled.__name__ == "scaled" and scaled.__doc__ == "What it is for." and scaled.__wrapped__ is scaled.py_func
    assert scaled.py_func(1) == 5 and "scaled" in repr(scaled)
    assert scaled(1) == 5 and scaled(1.5, 1) == 5.5
    assert scaled.signatures == [(int64, types.omitted), (float64, int64)]
    assert [signature.return_type for signature in scaled.nopython_signatures] == [int64, float64]
    assert scaled.overloads[(float64, int64)].signature == float64(float64, int64)
    assert scaled.stats.cache_hits == {}
    shown = io.StringIO()
    scaled.inspect_types(shown)
    assert "scaled (float64, int64) -> float64" in shown.getvalue() and "# --- LINE " in shown.getvalue()
    assert "x * SCALE  :: float64" in shown.getvalue()
    assert "f64" in scaled.inspect_ir((float64, int64))
    assert set(scaled.inspect_llvm()) == set(scaled.signatures) == set(scaled.inspect_asm())
    with pytest.raises(RuntimeError, match="was not compiled for"):
        scaled.inspect_ir((int32, int32))
    scaled.compile((int32, int32))
    assert (int32, int32) in scaled.signatures
    scaled.disable_compile()
    with pytest.raises(TypeError, match="No matching definition"):
        scaled(np.zeros(2))
    with pytest.raises(RuntimeError, match="compilation disabled"):
        scaled.compile((float64, float64))
    with pytest.raises(TypeError, match="already jitted function 'scaled'(.|\n)*py_func"):
        njit(scaled)


def test_values_are_those_of_the_first_call_until_it_is_compiled_again():
    global SCALE
    scaled = njit(lambda x: x * SCALE)
    assert scaled(1) == 3
    SCALE = 10
    try:
        assert scaled(1) == 3 and scaled(1.0) == 3
        scaled.recompile()
        assert scaled(1) == 10
    finally:
        SCALE = 3


def test_methods_and_travelling():
    class Holder:
        @staticmethod
        @njit
        def plus(x):
            return x + 1

        @njit
        def at(array, place):
            return array[place]

    assert Holder.plus(2) == 3 and Holder.at(np.arange(3), 1) == 1
    with pytest.raises(TypeError, match="argument 'array' of 'at'"):
        Holder().at(1)
    assert pickle.loads(pickle.dumps(even)) is even
    lambdas = pickle.loads(pickle.dumps(njit("int64(int64)", error_model="numpy")(lambda x: 6 // x)))
    assert lambdas(0) == 0 and lambdas(4) == 1


def test_kernels_call_functions_and_functions_kernels():
    @njit
    def clipped(x, most):
        return x if x < most else most

    assert vectorize(lambda x: clipped(x, 2))(np.arange(4)).tolist() == [0, 1, 2, 2] and clipped(5, 3) == 3
    helper = numbra.extending.register_jitable(lambda x: x + 1)
    assert helper(1) == 2 and njit(lambda x: helper(x))(1) == 2


def test_many_threads_at_once():
    import threading

    @njit(nogil=True)
    def filled(n, value):
        out = np.zeros(n)
        for i in range(n):
            out[i] = value
        return out

    wrong = []

    def work(value):
        for n in range(1, 200):
            if not (filled(n, value) == value).all():
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(float(number),)) for number in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not wrong


def run(arguments, **variables):
    done = subprocess.run(
        [sys.executable, *arguments], env={**ENVIRONMENT, **variables}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_jit_can_be_switched_off(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import numbra\nf = numbra.njit(lambda x: x)\nprint(type(f).__name__, numbra.config.DISABLE_JIT)\n")
    assert run([program]) == "Dispatcher 0\n"
    assert run([program], NUMBA_DISABLE_JIT="1") == run([program], NUMBRA_DISABLE_JIT="1") == "function 1\n"


@pytest.mark.parametrize("target", ["cpu", "interp"])
def test_ctrl_c(tmp_path, target):
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(
            """
            import numbra

            @numbra.njit
            def endless(n):
                i = 0
                while i >= 0:
                    i += n
                return i

            print("ready", flush=True)
            try:
                endless(0)
            except KeyboardInterrupt:
                print("ended")
            """
        )
    )
    environment = {**ENVIRONMENT, "NUMBRA_TARGET": target}
    process = subprocess.Popen([sys.executable, program], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    import time

    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20)[0] == "ended\n"


def test_programs_run_with_numbra_in_the_place_of_numba(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(
            """
            import sys
            import numba, numba as nb
            from numba import cuda, jit, njit, prange, typed, types
            from numba.core.errors import TypingError
            from numba.experimental import jitclass
            from numba.typed import List
            from numba.extending import register_jitable

            @njit(nb.int64(nb.int64), cache=True)
            def f(n):
                total = 0
                for i in prange(n):
                    total += i
                return total

            print(f(10), sys.argv[1:], numba.__version__, types.float64[:], __name__)
            try:
                List()
            except TypingError:
                raise
            except Exception as error:
                print(type(error).__name__, str(error).splitlines()[0])
            """
        )
    )
    printed = run(["-m", "numbra", program, "one", "--two"])
    assert printed.startswith("45 ['one', '--two'] 0.68.1 array(float64, 1d, A) __main__\n")
    assert printed.endswith("UnsupportedError numbra has no 'numba.typed.List' yet\n")
    test = tmp_path / "test_program.py"
    test.write_text("import numba\ndef test():\n    assert numba.njit(lambda x: x + 1)(1) == 2 and numba.core.config.DISABLE_JIT == 0\n")
    assert "1 passed" in run(["-m", "pytest", "-q", "-p", "numbra.as_numba", "-p", "no:cacheprovider", test])
