"""Taichi: kernels over NumPy arrays, which it takes as they are on a CPU and copies for Vulkan. As it starts, with its fast
math; its cache on disk is off, because the others have none here.

No `from __future__ import annotations` here: Taichi reads its annotations as objects."""

from functools import partial

import numpy as np

from kernels import A1, A2, A3, A4, A5, DRIFT, GAMMA, GIVES, HALF, ONE, RATE, ROOT, STAYS, VOLATILITY
from kernels import clear_border

DISTRIBUTION = "taichi"
DEVICES = ("cpu", "parallel", "vulkan")
MEASURES = ("call", "new", "first", "import")
UNABLE = {"black_scholes_erf": "has no erf"}


def load():
    global ti
    import taichi as ti


def begin(device):
    options = {"offline_cache": False, "log_level": ti.ERROR}
    if device == "cpu":
        options["cpu_max_num_threads"] = 1
    wanted = ti.vulkan if device == "vulkan" else ti.cpu
    ti.init(arch=wanted, **options)
    # It falls back on another processor with no more than a warning.
    if ti.lang.impl.current_cfg().arch != wanted:
        raise RuntimeError(f"Taichi starts on {ti.lang.impl.current_cfg().arch.name} where vulkan was asked for")


def notes(device):
    return ""


def _run(kernel, arguments, out):
    """Kernels store in the array that they are given last; they return before they end."""

    def run():
        result = np.empty_like(arguments[-1]) if out is None else out
        kernel(*arguments, result)
        ti.sync()
        return result

    return run


def _f(device, arguments, out):
    plane = ti.types.ndarray(ti.f64, 2)

    @ti.kernel
    def f(x: plane, y: plane, out: plane):
        for i, j in out:
            r = x[i, j] ** 2 + y[i, j] ** 2
            out[i, j] = ti.cos(r) / (1 + r)

    return _run(f, arguments, out)


def _saxpy(scalar, factor, device, arguments, out):
    """`factor`: whether a is one number or an array."""
    element = getattr(ti, scalar)
    line = ti.types.ndarray(element, 1)

    @ti.kernel
    def with_number(a: element, x: line, y: line, out: line):
        for i in out:
            out[i] = a * x[i] + y[i]

    @ti.kernel
    def with_array(a: line, x: line, y: line, out: line):
        for i in out:
            out[i] = a[i] * x[i] + y[i]

    return _run(with_number if factor == "number" else with_array, arguments, out)


def _black_scholes(device, arguments, out):
    line = ti.types.ndarray(ti.f32, 1)

    @ti.func
    def normal(d):
        k = ONE / (ONE + GAMMA * abs(d))
        tail = ROOT * ti.exp(-HALF * d * d) * (k * (A1 + k * (A2 + k * (A3 + k * (A4 + k * A5)))))
        return ti.select(d > 0, ONE - tail, tail)

    @ti.kernel
    def black_scholes(price: line, strike: line, years: line, out: line):
        for i in out:
            root = VOLATILITY * ti.sqrt(years[i])
            d1 = (ti.log(price[i] / strike[i]) + DRIFT * years[i]) / root
            d2 = d1 - root
            out[i] = price[i] * normal(d1) - strike[i] * ti.exp(-RATE * years[i]) * normal(d2)

    return _run(black_scholes, arguments, out)


def _heat(device, arguments, out):
    plane = ti.types.ndarray(ti.f32, 2)

    @ti.kernel
    def heat(a: plane, out: plane):
        for i, j in ti.ndrange((1, a.shape[0] - 1), (1, a.shape[1] - 1)):
            out[i, j] = STAYS * a[i, j] + GIVES * (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1])

    return _with_border(heat, arguments, out)


def _life(device, arguments, out):
    plane = ti.types.ndarray(ti.i64, 2)

    @ti.kernel
    def life(a: plane, out: plane):
        for i, j in ti.ndrange((1, a.shape[0] - 1), (1, a.shape[1] - 1)):
            n = a[i - 1, j - 1] + a[i - 1, j] + a[i - 1, j + 1] + a[i, j - 1] + a[i, j + 1]
            n += a[i + 1, j - 1] + a[i + 1, j] + a[i + 1, j + 1]
            out[i, j] = ti.select(n == 3 or (n == 2 and a[i, j] == 1), 1, 0)

    return _with_border(life, arguments, out)


def _with_border(kernel, arguments, out):
    out = np.empty_like(arguments[0]) if out is None else out
    clear_border(out)
    return _run(kernel, arguments, out)


KERNELS = {
    "f": _f,
    "saxpy": partial(_saxpy, "f32", "number"),
    "small": partial(_saxpy, "f64", "array"),
    "black_scholes": _black_scholes,
    "heat": _heat,
    "life": _life,
}
