"""What is computed: the arguments, the float64 reference that every result is held against, and by how much it may differ."""

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np

Arrays = tuple  # of NumPy arrays and scalars: a problem's arguments


@dataclass(frozen=True)
class Problem:
    arguments: Callable[[tuple[int, ...]], Arrays]
    dtype: str
    """Of the result."""
    reference: Callable[..., np.ndarray]
    tolerance: float
    """The largest absolute difference from the reference, in the units of the result."""
    moved: int
    """Bytes per element that memory must see, read and written; 0 where another bound is the nearer one by far."""


def _grid(shape):
    """The points of the seeds' plot: [-3, 3] on both axes."""
    rows, columns = (np.linspace(-3, 3, extent) for extent in shape)
    return tuple(np.ascontiguousarray(axis) for axis in np.meshgrid(columns, rows))


def _f(x, y):
    r = x**2 + y**2
    return np.cos(r) / (1 + r)


def _line(shape):
    rng = np.random.default_rng(1)
    return np.float32(2.5), rng.random(shape, np.float32), rng.random(shape, np.float32)


def _options(shape):
    rng = np.random.default_rng(2)
    spans = ((5, 30), (1, 100), (0.25, 10))  # price, strike, years: those of the CUDA samples
    return tuple(rng.uniform(low, high, shape).astype(np.float32) for low, high in spans)


def _black_scholes(price, strike, years):
    """In float64, from the complementary error function; the kernels' constants are the float32 ones."""
    from kernels import DRIFT, RATE, VOLATILITY

    price, strike, years = (array.astype(np.float64) for array in (price, strike, years))
    normal = np.vectorize(lambda d: 0.5 * math.erfc(-d * math.sqrt(0.5)), otypes=[np.float64])
    root = float(VOLATILITY) * np.sqrt(years)
    d1 = (np.log(price / strike) + float(DRIFT) * years) / root
    return price * normal(d1) - strike * np.exp(-float(RATE) * years) * normal(d1 - root)


def _plate(shape):
    return (np.random.default_rng(3).random(shape, np.float32),)


def _heat(a):
    from kernels import GIVES, STAYS

    a = a.astype(np.float64)
    result = np.zeros_like(a)
    result[1:-1, 1:-1] = float(STAYS) * a[1:-1, 1:-1]
    result[1:-1, 1:-1] += float(GIVES) * (a[:-2, 1:-1] + a[2:, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:])
    return result


def _board(shape):
    return (np.random.default_rng(4).integers(0, 2, shape),)


def _life(a):
    inner = slice(1, -1)
    windows = (slice(None, -2), inner, slice(2, None))
    around = sum(a[rows, columns] for rows in windows for columns in windows) - a[inner, inner]
    result = np.zeros(a.shape)
    result[inner, inner] = (around == 3) | ((around == 2) & (a[inner, inner] == 1))
    return result


def _matrix(bits):
    return lambda shape: (np.random.default_rng(6).random(shape, f"f{bits // 8}"),)


def _sums(axis):
    return lambda a: np.asarray(np.sum(a, axis=axis, dtype=np.float64))


def _points(shape):
    return (np.random.default_rng(7).random(shape),)


def _squares(shape):
    rng = np.random.default_rng(8)
    return rng.random(shape), rng.random(shape)


def _well(shape):
    """A matrix whose factors need no pivots."""
    return (np.random.default_rng(9).random(shape) + shape[0] * np.eye(shape[0]),)


def _sky(shape):
    """Bodies on a sphere, and so many steps."""
    rng = np.random.default_rng(10)
    positions = rng.normal(size=(8, 3))
    return positions, rng.normal(size=(8, 3)) * 0.1, rng.random(8) * 0.01, shape[0], 0.001


def _words(shape):
    rng = np.random.default_rng(11)
    return rng.integers(0, 4, shape[0]), rng.integers(0, 4, shape[0])


def _plain(name):
    """The function itself, as Python runs it."""

    def run(*arguments):
        import functions

        with np.errstate(all="ignore"):
            return np.asarray(functions.FUNCTIONS[name][0](*arguments))

    return run


def _logistic(x0, n):
    x = [x0]
    for _ in range(n):
        x.append(4 * x[-1] * (1 - x[-1]))
    return np.array(x)


def _primes(n):
    marks = np.ones(n, bool)
    marks[:2] = False
    for i in range(2, int(n**0.5) + 1):
        if marks[i]:
            marks[i * i :: i] = False
    return np.asarray(marks.sum())


def _distances(points):
    return np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1))


def _factors(a):
    a = a.copy()
    for k in range(len(a)):
        a[k + 1 :, k] /= a[k, k]
        a[k + 1 :, k + 1 :] -= np.outer(a[k + 1 :, k], a[k, k + 1 :])
    return a


def _mandelbrot(n, turns):
    x, y = np.broadcast_arrays(-2 + 2.5 * np.arange(n) / n, (-1.25 + 2.5 * np.arange(n) / n)[:, None])
    a, b = np.zeros((n, n)), np.zeros((n, n))
    counts = np.zeros((n, n), np.int64)
    going = np.ones((n, n), bool)
    for _ in range(turns):
        going &= a * a + b * b <= 4
        a, b = np.where(going, a * a - b * b + x, a), np.where(going, 2 * a * b + y, b)
        counts += going
    return counts


PROBLEMS = {
    # |r| <= 18: its own rounding alone moves the cosine by 2e-15.
    "f": Problem(_grid, "float64", _f, 4e-15, 24),
    "saxpy": Problem(_line, "float32", lambda a, x, y: a * x.astype(np.float64) + y, 5e-7, 12),
    "small": Problem(
        lambda shape: tuple(np.random.default_rng(5).random((3, *shape))), "float64", lambda a, x, y: a * x + y, 1e-15, 0
    ),
    "black_scholes": Problem(_options, "float32", _black_scholes, 1e-4, 16),
    "black_scholes_erf": Problem(_options, "float32", _black_scholes, 1e-4, 16),
    "heat": Problem(_plate, "float32", _heat, 5e-7, 8),
    "life": Problem(_board, "int64", _life, 0, 16),
    # Of 2**26 numbers below 1, and of 2**13.
    "sum32": Problem(_matrix(32), "float32", _sums(None), 32, 0),
    "sum32_axis0": Problem(_matrix(32), "float32", _sums(0), 5e-2, 0),
    "sum32_axis1": Problem(_matrix(32), "float32", _sums(1), 5e-3, 0),
    "sum64": Problem(_matrix(64), "float64", _sums(None), 1e-6, 0),
    "sum64_axis0": Problem(_matrix(64), "float64", _sums(0), 1e-9, 0),
    "sum64_axis1": Problem(_matrix(64), "float64", _sums(1), 1e-9, 0),
    "logistic": Problem(lambda shape: (0.1, shape[0]), "float64", _logistic, 0, 0),
    "total": Problem(_points, "float64", lambda a: np.asarray(np.sum(a)), 1e-4, 0),
    "total_fast": Problem(_points, "float64", lambda a: np.asarray(np.sum(a)), 1e-4, 0),
    "distances": Problem(_points, "float64", _distances, 1e-14, 0),
    "product": Problem(_squares, "float64", np.matmul, 1e-10, 0),
    "mandelbrot": Problem(lambda shape: (shape[0], 50), "int64", _mandelbrot, 0, 0),
    "bodies": Problem(_sky, "float64", _plain("bodies"), 1e-12, 0),
    "edits": Problem(_words, "int64", _plain("edits"), 0, 0),
    "primes": Problem(lambda shape: (shape[0],), "int64", _primes, 0, 0),
    "factors": Problem(_well, "float64", _factors, 1e-10, 0),
    "nothing": Problem(lambda shape: (*(np.zeros(shape),) * 3, 7), "int64", lambda a, b, c, n: np.asarray(n), 0, 0),
}


def _reference(name: str, arguments: Arrays) -> np.ndarray:
    """Computed by the first process that needs it; the others of the same run read it."""
    scratch = os.environ.get("BENCH_SCRATCH")
    if scratch is None:
        return PROBLEMS[name].reference(*arguments)
    file = Path(scratch, f"{name}-{'x'.join(map(str, np.shape(arguments[-1])))}.npy")
    if not file.exists():
        np.save(file, PROBLEMS[name].reference(*arguments))
    return np.load(file, mmap_mode="r")


def difference(name: str, arguments: Arrays, result: np.ndarray) -> float:
    """The largest absolute difference of a result from the reference. Raises ValueError where it is too large."""
    problem = PROBLEMS[name]
    reference = _reference(name, arguments)
    if result.shape != reference.shape or result.dtype != problem.dtype:
        raise ValueError(
            f"the result is {result.dtype}{list(result.shape)} where {problem.dtype}{list(reference.shape)} was expected"
        )
    largest = float(np.max(np.abs(result - reference)))
    if not largest <= problem.tolerance:
        raise ValueError(f"wrong: differs from the float64 reference by {largest:.1e}; {problem.tolerance:.0e} is allowed")
    return largest
