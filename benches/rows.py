"""The rows of the table, by name: which problem, how large, and what of it is timed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    problem: str
    shape: tuple[int, ...]
    quick: tuple[int, ...]
    """The shape for --quick."""
    measure: str
    """
    'call'    a call, the result stored in an array that is there
    'new'     a call that makes the array of its result
    'first'   in a fresh process, with the package imported: decorate, compile, call, have the result
    'kept'    the same with the option cache, when another process has compiled it
    'import'  in a fresh process, with NumPy imported: import the package
    """
    devices: tuple[str, ...] = ("cpu", "parallel", "vulkan")

    @property
    def in_fresh_processes(self) -> bool:
        return self.measure in ("first", "kept", "import")

    def heading(self, quick: bool) -> str:
        """The title with the size."""
        if self.in_fresh_processes:
            return self.title
        extents = self.quick if quick else self.shape
        return f"{self.title}, {'×'.join(f'{n >> 20} Mi' if n % (1 << 20) == 0 else str(n) for n in extents)}"


ROWS = [
    Row("f", "f(x, y), float64", "f", (5000, 5000), (40, 50), "call"),
    Row("f-new", "f(x, y), float64, new array", "f", (5000, 5000), (40, 50), "new"),
    Row("black-scholes", "Black-Scholes, float32", "black_scholes", (1 << 22,), (1000,), "call"),
    Row("black-scholes-erf", "Black-Scholes by erf, float32", "black_scholes_erf", (1 << 22,), (1000,), "call"),
    Row("saxpy", "saxpy, float32", "saxpy", (1 << 25,), (1000,), "call"),
    Row("stencil", "stencil 2D5pt, float32", "heat", (4096, 4096), (40, 50), "call"),
    Row("life", "Game of Life, int64", "life", (2048, 2048), (40, 50), "call"),
    Row("sum32", "sum of all, float32", "sum32", (8192, 8192), (40, 50), "new", ("cpu", "parallel")),
    Row("sum32-axis0", "sum along axis 0, float32", "sum32_axis0", (8192, 8192), (40, 50), "new", ("cpu", "parallel")),
    Row("sum32-axis1", "sum along axis 1, float32", "sum32_axis1", (8192, 8192), (40, 50), "new", ("cpu", "parallel")),
    Row("sum64", "sum of all, float64", "sum64", (8192, 8192), (40, 50), "new", ("cpu", "parallel")),
    Row("sum64-axis0", "sum along axis 0, float64", "sum64_axis0", (8192, 8192), (40, 50), "new", ("cpu", "parallel")),
    Row("sum64-axis1", "sum along axis 1, float64", "sum64_axis1", (8192, 8192), (40, 50), "new", ("cpu", "parallel")),
    Row("first-saxpy", "first call in a process, a*x+y", "saxpy", (1000,), (1000,), "first"),
    Row("first-f", "first call in a process, f(x, y)", "f", (40, 50), (40, 50), "first"),
    Row("first-stencil", "first call in a process, stencil", "heat", (40, 50), (40, 50), "first"),
    Row("jit-logistic", "jit: quadratic map", "logistic", (10**7,), (1000,), "new", ("cpu",)),
    Row("jit-sum", "jit: sum by a loop, float64", "total", (10**7,), (1000,), "new", ("cpu",)),
    Row("jit-sum-fast", "jit: the same with fastmath", "total_fast", (10**7,), (1000,), "new", ("cpu",)),
    Row("jit-distances", "jit: distances by loops", "distances", (1000, 3), (20, 3), "new", ("cpu",)),
    Row("jit-product", "jit: matrix product by loops", "product", (300, 300), (20, 20), "new", ("cpu",)),
    Row("jit-mandelbrot", "jit: Mandelbrot, 50 turns", "mandelbrot", (1000,), (20,), "new", ("cpu",)),
    Row("jit-bodies", "jit: 8 bodies, steps", "bodies", (1000,), (20,), "new", ("cpu",)),
    Row("jit-edits", "jit: Levenshtein's distance", "edits", (1000,), (50,), "new", ("cpu",)),
    Row("jit-primes", "jit: sieve", "primes", (10**6,), (1000,), "new", ("cpu",)),
    Row("jit-factors", "jit: LU without pivots", "factors", (300, 300), (20, 20), "new", ("cpu",)),
    Row("jit-call", "jit: a call with three arrays and a number", "nothing", (10,), (10,), "new", ("cpu",)),
    Row("first-jit", "first call in a process, jit", "total", (1000,), (1000,), "first", ("cpu",)),
    Row("kept-jit", "first call in a process, jit, code on disk", "total", (1000,), (1000,), "kept", ("cpu",)),
    Row("kept-f", "first call in a process, f(x, y), code on disk", "f", (40, 50), (40, 50), "kept", ("cpu",)),
    # Not parallel: numba wakes its threads for ten elements, and on a busy machine that is all that is timed.
    Row("small", "one call, a*x+y, float64, out=", "small", (10,), (10,), "call", ("cpu", "vulkan")),
    Row("small-new", "one call, a*x+y, float64, new array", "small", (10,), (10,), "new", ("cpu", "vulkan")),
    Row("import", "import, after NumPy", "saxpy", (10,), (10,), "import", ("cpu",)),
]
