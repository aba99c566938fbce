"""NumExpr: the kernels as expressions over whole arrays, the stencils over shifted views."""

from functools import partial

import numpy as np

import kernels
from kernels import clear_border

DISTRIBUTION = "numexpr"
DEVICES = ("cpu", "parallel")
MEASURES = ("call", "new", "first", "import")
UNABLE = {"black_scholes_erf": "has no erf"}


def load():
    global numexpr
    import numexpr


def begin(device):
    numexpr.set_num_threads(1 if device == "cpu" else numexpr.detect_number_of_cores())


def notes(device):
    return ""


CONSTANTS = {name: value for name, value in vars(kernels).items() if isinstance(value, np.float32)}


def _tail(d, k):
    return f"ROOT * exp(-HALF * {d} * {d}) * ({k} * (A1 + {k} * (A2 + {k} * (A3 + {k} * (A4 + {k} * A5)))))"


def _expression(text, device, arguments, out, names):
    values = dict(zip(names, arguments)) | CONSTANTS
    return partial(numexpr.evaluate, text, values, {}, out=out, casting="same_kind")


def _f(device, arguments, out):
    return _expression("cos(x**2 + y**2) / (1 + x**2 + y**2)", device, arguments, out, "xy")


def _saxpy(device, arguments, out):
    return _expression("a * x + y", device, arguments, out, "axy")


def _black_scholes(device, arguments, out):
    # The language has no names for parts of an expression, so they are written out; it finds the equal ones itself.
    root = "(VOLATILITY * sqrt(t))"
    d1 = f"((log(s / k) + DRIFT * t) / {root})"
    d2 = f"({d1} - {root})"
    normal = []
    for d in (d1, d2):
        tail = _tail(d, f"(ONE / (ONE + GAMMA * abs({d})))")
        normal.append(f"where({d} > 0, ONE - {tail}, {tail})")
    text = f"s * {normal[0]} - k * exp(-RATE * t) * {normal[1]}"
    return _expression(text, device, arguments, out, "skt")


def _shifted(a):
    """The cell and its neighbours by the names of _heat and _life, as views of the interior."""
    names = ("nw", "n", "ne", "w", "c", "e", "sw", "s", "se")
    windows = (slice(None, -2), slice(1, -1), slice(2, None))
    return dict(zip(names, (a[rows, columns] for rows in windows for columns in windows)))


def _stencil(text, used, device, arguments, out):
    out = np.zeros_like(arguments[0]) if out is None else out
    clear_border(out)
    views = _shifted(arguments[0])
    evaluate = _expression(text, device, [views[name] for name in used], out[1:-1, 1:-1], used)

    def run():
        evaluate()
        return out

    return run


_heat = partial(_stencil, "STAYS * c + GIVES * (n + s + w + e)", ("c", "n", "s", "w", "e"))
_AROUND = "(nw + n + ne + w + e + sw + s + se)"
_life = partial(
    _stencil,
    f"where(({_AROUND} == 3) | (({_AROUND} == 2) & (c == 1)), 1, 0)",
    ("nw", "n", "ne", "w", "c", "e", "sw", "s", "se"),
)

KERNELS = {"f": _f, "saxpy": _saxpy, "small": _saxpy, "black_scholes": _black_scholes, "heat": _heat, "life": _life}
