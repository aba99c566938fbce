"""The interpreter's lock, Ctrl-C, threads, forks and processes."""

import math
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import numbra
from numbra import stencil, vectorize


def rounds(a, n):
    s = a
    for i in range(n):
        s = math.sin(s) + 1.0
    return s


@pytest.fixture(autouse=True)
def hears_control_c():
    """Ctrl-C raises here, also where the tests were started with SIGINT ignored: in the background, or by nohup."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@vectorize
def total(a, b):
    return a + b


everywhere = vectorize(target="parallel")(rounds)


def in_pool(value):
    return float(everywhere(np.full(50_000, float(value)), 2).sum())


def enough(kernel, array, seconds):
    """Rounds that keep the kernel busy for about that long."""
    kernel(array[:100], 1)
    n = 1
    while True:
        start = time.perf_counter()
        kernel(array, n)
        spent = time.perf_counter() - start
        if spent > 0.05:
            return max(1, int(n * seconds / spent))
        n *= 4


@pytest.mark.parametrize("target", ["cpu", "parallel", "vulkan", "interp"])
def test_other_threads_run_meanwhile(target):
    kernel = vectorize(target=target)(rounds)
    array = np.ones(2000, "f4")
    n = enough(kernel, array, 0.5)
    finished = threading.Event()

    def work():
        kernel(array, n)
        finished.set()

    thread = threading.Thread(target=work)
    thread.start()
    ticks = 0
    while not finished.is_set():
        time.sleep(0.001)
        ticks += 1
    thread.join()
    assert ticks >= 10, "this thread stood still while the kernel ran"


def interrupted(work):
    """Seconds that `work` takes to end after Ctrl-C. It would go on for a minute."""
    sent = []

    def send():
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.3, send)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            work()
        return time.perf_counter() - sent[0]
    finally:
        timer.cancel()


@pytest.mark.parametrize("target", ["cpu", "parallel", "interp", "vulkan"])
def test_control_c_ends_a_kernel(target):
    kernel = vectorize(target=target)(rounds)
    array = np.ones(1_000_000, "f4")
    n = enough(kernel, array[:20_000], 1.2)  # a minute for all
    assert interrupted(lambda: kernel(array, n)) < 5
    assert kernel(array[:3], 1).shape == (3,), "the next call is as good as any"


ON_CUDA = """
import ctypes, os, signal, threading, time
import numpy as np
from numbra import vectorize

signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored here

@vectorize(target="cuda")
def twice(a):
    return a + a

array = np.ones(8_000_000, "f4")
twice(array[:1000])
# A millisecond for each group of threads: half a minute for all.
ctypes.CDLL(os.environ["NUMBRA_CUDA_DRIVER"]).fake_set(b"slow", ctypes.c_int64(1000))
sent = []

def send():
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)

threading.Timer(0.5, send).start()
try:
    twice(array)
except KeyboardInterrupt:
    print("ended", time.perf_counter() - sent[0])
ctypes.CDLL(os.environ["NUMBRA_CUDA_DRIVER"]).fake_set(b"slow", ctypes.c_int64(0))
print(twice(array[:3]).shape)
"""


def test_control_c_ends_a_kernel_on_cuda(in_process, fake_cuda):
    ended, shape = in_process(ON_CUDA, NUMBRA_CUDA_DRIVER=fake_cuda).splitlines()
    assert ended.startswith("ended ") and float(ended.split()[1]) < 5
    assert shape == "(3,)", "the next call is as good as any"


COMPILING = """
import ctypes, os, signal, threading, time
import numpy as np
from numbra import vectorize

@vectorize(target="cuda")
def twice(a):
    return a + a

signal.signal(signal.SIGINT, signal.default_int_handler)
driver = ctypes.CDLL(os.environ["NUMBRA_CUDA_DRIVER"])
driver.fake_set(b"compiling", ctypes.c_int64(3_600_000))
sent = []

def send():
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)

threading.Timer(0.5, send).start()
try:
    twice(np.ones(3))
except KeyboardInterrupt:
    print("ended", time.perf_counter() - sent[0])
driver.fake_set(b"compiling", ctypes.c_int64(0))
print(twice(np.ones(3)).shape)
"""


def test_control_c_while_a_driver_compiles(in_process, fake_cuda):
    """It would take an hour, which neither Ctrl-C, nor the next call, nor the end of the process wait for."""
    ended, shape = in_process(COMPILING, NUMBRA_CUDA_DRIVER=fake_cuda).splitlines()
    assert ended.startswith("ended ") and float(ended.split()[1]) < 5
    assert shape == "(3,)"


@pytest.mark.parametrize("target", ["cpu", "parallel", "interp", "vulkan"])
def test_control_c_ends_iterate(target):
    smooth = stencil(target=target)(lambda a: 0.25 * (a[0, 1] + a[1, 0] + a[0, -1] + a[-1, 0]))
    assert interrupted(lambda: smooth.iterate(np.ones((300, 300)), 10_000_000)) < 5


def test_control_c_handlers_run():
    """A handler that does not raise lets the kernel finish."""
    heard = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append(1))
    try:
        kernel = vectorize(rounds)
        array = np.ones(200_000)
        n = enough(kernel, array, 1.0)
        threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        assert kernel(array, n).shape == array.shape and heard == [1]
    finally:
        signal.signal(signal.SIGINT, before)


def test_where_control_c_is_ignored():
    """As in the background of a shell, and under nohup. Without handlers of their own the tests would go on for hours."""
    some = "test_control_c_handlers_run or test_control_c_ends_iterate and interp or test_control_c_ends_a_kernel and cuda"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", some]
    ignored = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh", *command]
    done = subprocess.run(ignored, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "3 passed" in done.stdout, done.stdout + done.stderr


def test_many_threads_call_at_once():
    lazily = vectorize(rounds)
    expected = [float(lazily(np.full(5000, float(value)), 3).sum()) for value in range(40)]
    fresh = vectorize(target="parallel")(rounds)  # compiled by whoever is first
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda value: float(fresh(np.full(5000, float(value)), 3).sum()), range(40)))
        gpu = vectorize(target="vulkan")(rounds)
        on_gpu = list(pool.map(lambda value: float(gpu(np.full(5000, float(value)), 3).sum()), range(40)))
    assert results == expected
    assert np.allclose(on_gpu, expected, rtol=1e-12)


def test_kernels_are_declared_by_many_threads_at_once():
    def work(number):
        f = vectorize(lambda a: a * number + 1)
        return int(f(np.arange(10)).sum()) == 45 * number + 10

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(40)))


def test_after_fork():
    before = in_pool(1)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            compiled = vectorize(target="parallel")(lambda a: a * 2)(np.ones(50_000)).sum()
            os.write(write, repr((in_pool(1), float(compiled))).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read) as answer:
        said = answer.read()
    assert os.waitpid(child, 0)[1] == 0
    assert said == repr((before, 100_000.0))


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes(method):
    expected = [in_pool(value) for value in range(4)]
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(in_pool, range(4)) == expected
        # Kernels travel by name, as functions do.
        assert pool.apply(total, (np.arange(3), 1)).tolist() == [1, 2, 3]


def test_a_gpu_does_not_survive_fork():
    kernel = vectorize(target="vulkan")(rounds)
    kernel(np.ones(10), 1)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            kernel(np.ones(10), 1)
            os.write(write, b"no error")
        except numbra.DeviceError as error:
            os.write(write, str(error).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    assert "vulkan:0" in said and "fork" in said and "spawn" in said
