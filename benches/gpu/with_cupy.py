"""CuPy: its elementwise kernels, and a kernel in CUDA C for the stencil."""

import cupy


def version() -> str:
    return f"cupy {cupy.__version__}, {cupy.cuda.runtime.getDeviceProperties(0)['name'].decode()}"


to_device = cupy.asarray
empty = cupy.empty
to_host = cupy.asnumpy


def wait():
    cupy.cuda.Device().synchronize()


def _elementwise(kernel, arguments, out):
    def call():
        kernel(*arguments, out)
        return out

    return call


def _f(arrays, out):
    text = "double r = x * x + y * y; z = cos(r) / (1 + r)"
    return _elementwise(cupy.ElementwiseKernel("float64 x, float64 y", "float64 z", text, "f"), arrays, out)


def _saxpy(arrays, out):
    kernel = cupy.ElementwiseKernel("float32 a, float32 x, float32 y", "float32 z", "z = a * x + y", "saxpy")
    return _elementwise(kernel, [2.5, *arrays], out)


def _black_scholes(arrays, out):
    text = """
        float spread = 0.3f * sqrtf(years);
        float d1 = (logf(price / strike) + 0.065f * years) / spread;
        float d2 = d1 - spread;
        float normal1 = 0.5f + 0.5f * erff(d1 * 0.70710678f);
        float normal2 = 0.5f + 0.5f * erff(d2 * 0.70710678f);
        call = price * normal1 - strike * expf(-0.02f * years) * normal2
    """
    kernel = cupy.ElementwiseKernel("float32 price, float32 strike, float32 years", "float32 call", text, "black_scholes")
    return _elementwise(kernel, arrays, out)


def _stencil(arrays, out):
    text = """
    extern "C" __global__ void sweep(const float *a, float *out, int rows, int columns) {
        int j = blockIdx.x * blockDim.x + threadIdx.x, i = blockIdx.y * blockDim.y + threadIdx.y;
        if (i >= rows || j >= columns) return;
        size_t at = (size_t)i * columns + j;
        bool inside = i > 0 && j > 0 && i < rows - 1 && j < columns - 1;
        out[at] = inside ? 0.25f * (a[at + 1] + a[at + columns] + a[at - 1] + a[at - columns]) : 0.0f;
    }
    """
    kernel = cupy.RawKernel(text, "sweep")
    rows, columns = out.shape
    grid, arguments = ((columns + 63) // 64, (rows + 3) // 4), (arrays[0], out, cupy.int32(rows), cupy.int32(columns))

    def call():
        kernel(grid, (64, 4), arguments)
        return out

    return call


KERNELS = {"f": _f, "saxpy": _saxpy, "black_scholes": _black_scholes, "stencil": _stencil}
