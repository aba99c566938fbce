"""NumPy: whole arrays, one operation at a time."""

import numpy as np

from kernels import A1, A2, A3, A4, A5, DRIFT, GAMMA, GIVES, HALF, ONE, RATE, ROOT, STAYS, VOLATILITY
from kernels import SUMS, clear_border

DISTRIBUTION = "numpy"
DEVICES = ("cpu",)
MEASURES = ("call", "new")
UNABLE = {"black_scholes_erf": "has no erf"}


def load():
    pass


def begin(device):
    pass


def notes(device):
    return ""


def _normal(d):
    k = ONE / (ONE + GAMMA * abs(d))
    tail = ROOT * np.exp(-HALF * d * d) * (k * (A1 + k * (A2 + k * (A3 + k * (A4 + k * A5)))))
    return np.where(d > 0, ONE - tail, tail)


def _f(x, y, out):
    r = x**2 + y**2
    return np.divide(np.cos(r), 1 + r, out=out)


def _saxpy(a, x, y, out):
    return np.add(np.multiply(a, x, out=out), y, out=out)


def _black_scholes(price, strike, years, out):
    root = VOLATILITY * np.sqrt(years)
    d1 = (np.log(price / strike) + DRIFT * years) / root
    return np.subtract(price * _normal(d1), strike * np.exp(-RATE * years) * _normal(d1 - root), out=out)


def _heat(a, out):
    out = np.zeros_like(a) if out is None else out
    inner = np.multiply(STAYS, a[1:-1, 1:-1], out=out[1:-1, 1:-1])
    inner += GIVES * (a[:-2, 1:-1] + a[2:, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:])
    clear_border(out)
    return out


def _life(a, out):
    out = np.zeros_like(a) if out is None else out
    windows = (slice(None, -2), slice(1, -1), slice(2, None))
    centre = a[1:-1, 1:-1]
    around = sum(a[rows, columns] for rows in windows for columns in windows) - centre
    out[1:-1, 1:-1] = (around == 3) | ((around == 2) & (centre == 1))
    clear_border(out)
    return out


def _made(function):
    return lambda device, arguments, out: lambda: function(*arguments, out)


KERNELS = {
    "f": _made(_f),
    "saxpy": _made(_saxpy),
    "small": _made(_saxpy),
    "black_scholes": _made(_black_scholes),
    "heat": _made(_heat),
    "life": _made(_life),
}
KERNELS |= {
    name: lambda device, arguments, out, axis=axis: lambda: np.add.reduce(*arguments, axis=axis)
    for name, axis in SUMS.items()
}
