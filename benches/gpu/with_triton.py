"""Triton: one kernel each, blocks of 1024 elements; PyTorch holds the arrays."""

import triton
import triton.language as tl
from with_torch import DEVICE, empty, to_device, to_host, wait  # noqa: F401

BLOCK = 1024


def version() -> str:
    if DEVICE == "cpu":
        raise RuntimeError(f"triton {triton.__version__}: torch finds no CUDA device")
    return f"triton {triton.__version__}"


@triton.jit
def f_kernel(x_pointer, y_pointer, out_pointer, count, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < count
    x = tl.load(x_pointer + at, mask=inside)
    y = tl.load(y_pointer + at, mask=inside)
    square = x * x + y * y
    tl.store(out_pointer + at, tl.cos(square) / (1 + square), mask=inside)


@triton.jit
def saxpy_kernel(a, x_pointer, y_pointer, out_pointer, count, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < count
    x = tl.load(x_pointer + at, mask=inside)
    y = tl.load(y_pointer + at, mask=inside)
    tl.store(out_pointer + at, a * x + y, mask=inside)


@triton.jit
def black_scholes_kernel(price_pointer, strike_pointer, years_pointer, out_pointer, count, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < count
    price = tl.load(price_pointer + at, mask=inside, other=1.0)
    strike = tl.load(strike_pointer + at, mask=inside, other=1.0)
    years = tl.load(years_pointer + at, mask=inside, other=1.0)
    spread = 0.3 * tl.sqrt(years)
    d1 = (tl.log(price / strike) + 0.065 * years) / spread
    normal1 = 0.5 + 0.5 * tl.erf(d1 * 0.7071067811865476)
    normal2 = 0.5 + 0.5 * tl.erf((d1 - spread) * 0.7071067811865476)
    tl.store(out_pointer + at, price * normal1 - strike * tl.exp(-0.02 * years) * normal2, mask=inside)


@triton.jit
def sweep_kernel(a_pointer, out_pointer, rows, columns, BLOCK: tl.constexpr):
    row = tl.program_id(1)
    column = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    at = row.to(tl.int64) * columns + column
    inner = (row > 0) & (row < rows - 1) & (column > 0) & (column < columns - 1)
    right = tl.load(a_pointer + at + 1, mask=inner, other=0.0)
    below = tl.load(a_pointer + at + columns, mask=inner, other=0.0)
    left = tl.load(a_pointer + at - 1, mask=inner, other=0.0)
    above = tl.load(a_pointer + at - columns, mask=inner, other=0.0)
    tl.store(out_pointer + at, 0.25 * (right + below + left + above), mask=column < columns)


def _over_elements(kernel, leading):
    def make(arrays, out):
        count = out.numel()
        grid = (triton.cdiv(count, BLOCK),)

        def call():
            kernel[grid](*leading, *arrays, out, count, BLOCK=BLOCK)
            return out

        return call

    return make


def _stencil(arrays, out):
    rows, columns = out.shape
    grid = (triton.cdiv(columns, BLOCK), rows)

    def call():
        sweep_kernel[grid](*arrays, out, rows, columns, BLOCK=BLOCK)
        return out

    return call


KERNELS = {
    "f": _over_elements(f_kernel, ()),
    "saxpy": _over_elements(saxpy_kernel, (2.5,)),
    "black_scholes": _over_elements(black_scholes_kernel, ()),
    "stencil": _stencil,
}
