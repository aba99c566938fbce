"""numba-cuda: ufuncs where its users write ufuncs, kernels where they write kernels (it has no stencil on a GPU)."""

import math

import numba
import numpy as np
from numba import cuda, vectorize


def version() -> str:
    cuda.current_context()
    try:
        from importlib.metadata import version as installed

        return f"numba-cuda {installed('numba-cuda')}, numba {numba.__version__}"
    except Exception:  # the target that numba brings itself
        return f"numba {numba.__version__}"


to_device = cuda.to_device
empty = cuda.device_array
wait = cuda.synchronize


def to_host(array):
    return array.copy_to_host()


def _f(arrays, out):
    @vectorize(["float64(float64, float64)"], target="cuda")
    def f(x, y):
        return math.cos(x**2 + y**2) / (1 + x**2 + y**2)

    def call():
        f(*arrays, out=out)
        return out

    return call


def _black_scholes(arrays, out):
    # As float32, which literals are not.
    volatility, drift, rate, half, root = (np.float32(value) for value in (0.3, 0.065, 0.02, 0.5, math.sqrt(0.5)))

    @vectorize(["float32(float32, float32, float32)"], target="cuda")
    def black_scholes(price, strike, years):
        spread = volatility * math.sqrt(years)
        d1 = (math.log(price / strike) + drift * years) / spread
        d2 = d1 - spread
        normal1 = half + half * math.erf(d1 * root)
        normal2 = half + half * math.erf(d2 * root)
        return price * normal1 - strike * math.exp(-rate * years) * normal2

    def call():
        black_scholes(*arrays, out=out)
        return out

    return call


def _saxpy(arrays, out):
    @cuda.jit("void(float32, float32[::1], float32[::1], float32[::1])")
    def saxpy(a, x, y, out):
        i = cuda.grid(1)
        if i < out.size:
            out[i] = a * x[i] + y[i]

    launch = saxpy[(out.size + 255) // 256, 256]
    a = np.float32(2.5)

    def call():
        launch(a, *arrays, out)
        return out

    return call


def _stencil(arrays, out):
    quarter = np.float32(0.25)

    @cuda.jit("void(float32[:, ::1], float32[:, ::1])")
    def sweep(a, out):
        j, i = cuda.grid(2)
        if i < a.shape[0] and j < a.shape[1]:
            if 0 < i < a.shape[0] - 1 and 0 < j < a.shape[1] - 1:
                out[i, j] = quarter * (a[i, j + 1] + a[i + 1, j] + a[i, j - 1] + a[i - 1, j])
            else:
                out[i, j] = 0

    rows, columns = out.shape
    launch = sweep[((columns + 63) // 64, (rows + 3) // 4), (64, 4)]

    def call():
        launch(*arrays, out)
        return out

    return call


KERNELS = {"f": _f, "saxpy": _saxpy, "black_scholes": _black_scholes, "stencil": _stencil}
