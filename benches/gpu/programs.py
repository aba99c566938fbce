"""What is computed on a GPU: arguments that lie there, and what results must be. The same as in `checks bench`."""

import math
from dataclasses import dataclass
from typing import Callable

SAMPLES = 8


def element(index: int, period: int, low: float, high: float) -> float:
    """Element `index` of an argument."""
    return low + (high - low) * ((index % period + 1) / period)


@dataclass(frozen=True)
class Program:
    title: str
    dtype: str
    shape: tuple[int, ...]
    arguments: tuple[tuple[int, float, float], ...]
    """Period, low, high of each array."""
    reference: Callable[..., float]
    """The value at an index, in float64: reference(arguments' values by (argument, index), index, shape)."""
    tolerance: float
    bytes: int
    """That memory must see per element, read and written; 0 where that bounds nothing."""

    def elements(self, divide: int) -> int:
        return math.prod(self.smaller(divide))

    def smaller(self, divide: int) -> tuple[int, ...]:
        return tuple(extent // divide for extent in self.shape)

    def host_arrays(self, divide: int) -> list:
        """The arguments as NumPy arrays."""
        import numpy as np

        shape = self.smaller(divide)
        index = np.arange(math.prod(shape))
        arrays = []
        for period, low, high in self.arguments:
            values = low + (high - low) * ((index % period + 1) / period)
            arrays.append(values.astype(self.dtype).reshape(shape))
        return arrays

    def difference(self, sample: list[float | None], divide: int) -> float:
        """The largest difference of results from the reference, relative where that is above 1. They are from evenly spread
        places, though not from the start of a row; None is one that is no number."""
        shape = self.smaller(divide)
        total = math.prod(shape)
        largest = 0.0
        for place, got in enumerate(sample):
            index = total * (2 * place + 1) // (2 * SAMPLES) + 17
            value = lambda argument, at: element(at, *self.arguments[argument])  # noqa: E731
            expected = self.reference(value, index, shape)
            off = math.nan if got is None else abs(got - expected) / max(1.0, abs(expected))
            largest = max(largest, math.inf if math.isnan(off) else off)
        return largest


def _f(value, index, shape):
    square = value(0, index) ** 2 + value(1, index) ** 2
    return math.cos(square) / (1 + square)


def _saxpy(value, index, shape):
    return 2.5 * value(0, index) + value(1, index)


def _black_scholes(value, index, shape):
    price, strike, years = (value(argument, index) for argument in range(3))
    spread = 0.3 * math.sqrt(years)
    d1 = (math.log(price / strike) + 0.065 * years) / spread
    normal = lambda d: 0.5 + 0.5 * math.erf(d * math.sqrt(0.5))  # noqa: E731
    return price * normal(d1) - strike * math.exp(-0.02 * years) * normal(d1 - spread)


def _stencil(value, index, shape):
    row, column = divmod(index, shape[1])
    if not (0 < row < shape[0] - 1 and 0 < column < shape[1] - 1):
        return 0.0
    return 0.25 * sum(value(0, index + step) for step in (1, -1, shape[1], -shape[1]))


_LINE = ((1000, 0.0, 1.0), (777, 0.0, 1.0))

PROGRAMS = {
    "first": Program("first result of a new process, a*x+y", "float32", (1024,), _LINE, _saxpy, 1e-6, 0),
    "launch": Program("one launch, a*x+y on 1024 elements", "float32", (1024,), _LINE, _saxpy, 1e-6, 0),
    "f": Program("f(x, y) float64", "float64", (5000, 5000), ((1000, 0.0, 3.0), (777, 0.0, 3.0)), _f, 1e-13, 24),
    "saxpy": Program("a*x+y float32", "float32", (1 << 26,), _LINE, _saxpy, 1e-6, 12),
    "black_scholes": Program(
        "Black-Scholes float32", "float32", (1 << 24,), ((1000, 5.0, 30.0), (777, 1.0, 100.0), (333, 0.25, 10.0)),
        _black_scholes, 1e-4, 16,
    ),
    "stencil": Program("stencil 2D5pt float32", "float32", (8192, 8192), ((1000, 0.0, 1.0),), _stencil, 1e-6, 8),
}  # fmt: skip
