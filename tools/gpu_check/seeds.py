"""The programs that numbra began with, through its Python package, on the device that is named: one line each."""

import sys

import numpy as np
from numbra import stencil, vectorize

device = sys.argv[1]
failed = False


def check(what, got, expected, tolerance):
    global failed
    got = np.asarray(got)
    same = got.dtype == expected.dtype and got.shape == expected.shape
    off = np.abs(got - expected).max() if same else np.inf
    failed |= not off <= tolerance
    print(f"{what} from Python on {device} ... {'ok' if off <= tolerance else 'FAILED'}", flush=True)
    if not off <= tolerance:
        print(f"    {got.dtype} {got.shape}, off by {off}; expected {expected.dtype} {expected.shape} within {tolerance}")


@vectorize(["float64(float64, float64)"], target=device)
def f(x, y):
    return np.cos(x**2 + y**2) / (1 + x**2 + y**2)


@stencil(target=device)
def kernel1(a):
    return a[0, 1] + a[1, 0] + a[0, -1] + a[-1, 0]


@vectorize(target=device)
def saxpy(a, x, y):
    return a * x + y


x, y = np.meshgrid(np.linspace(-3, 3, 1000), np.linspace(-3, 3, 1000))
square = x**2 + y**2
check("f(x, y)", f(x, y), np.cos(square) / (1 + square), 1e-14)
check("f(x, y) broadcast", f(x[:1], y[:, :1]), np.cos(square) / (1 + square), 1e-14)

a = np.arange(10_000.0).reshape(100, 100)
expected = np.zeros_like(a)
expected[1:-1, 1:-1] = a[1:-1, 2:] + a[2:, 1:-1] + a[1:-1, :-2] + a[:-2, 1:-1]
check("four neighbours", kernel1(a), expected, 0)

x = np.linspace(0, 1, 100_003, dtype=np.float32)
check("a*x+y float32", saxpy(np.float32(2.5), x, x[::-1]), np.float32(2.5) * x + x[::-1], 0)
out = np.empty(1000, np.int64)
saxpy(3, np.arange(1000), 7, out=out)
check("a*x+y int64 with out=", out, 3 * np.arange(1000) + 7, 0)
sys.exit(failed)
