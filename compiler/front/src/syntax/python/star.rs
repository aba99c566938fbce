//! What `from module import *` brings in: the names that kernels may want.

/// Names of `math`.
const MATH: &str = "
    acos acosh asin asinh atan atan2 atanh cbrt ceil comb copysign cos cosh degrees dist e erf erfc exp exp2 expm1 fabs
    factorial floor fma fmod frexp fsum gamma gcd hypot inf isclose isfinite isinf isnan isqrt lcm ldexp lgamma log log10
    log1p log2 modf nan nextafter perm pi pow prod radians remainder sin sinh sqrt tan tanh tau trunc ulp";

/// Names of `numba`, in the order of its documentation: decorators and helpers, then types.
const NUMBA: &str = "
    cfunc cuda generated_jit guvectorize jit jit_module literally njit objmode prange stencil types typeof vectorize
    b1 bool_ boolean byte c16 c8 char complex128 complex64 double f4 f8 float32 float64 float_ i1 i2 i4 i8 int16 int32
    int64 int8 int_ intc intp long_ longlong none optional short u1 u2 u4 u8 uchar uint uint16 uint32 uint64 uint8 uintc
    uintp ulong ulonglong ushort void";

/// Names of `numpy` that are types, constants or functions of scalars. Not `abs`, `max`, `min`, `round`: numpy leaves
/// Python's own alone.
const NUMPY: &str = "
    absolute add arccos arccosh arcsin arcsinh arctan arctan2 arctanh bitwise_and bitwise_not bitwise_or bitwise_xor
    cbrt ceil complex128 complex64 copysign cos cosh deg2rad degrees divide divmod double e equal euler_gamma exp exp2
    expm1 fabs float16 float32 float64 floor floor_divide fmax fmin fmod gcd greater greater_equal half heaviside hypot
    inf int16 int32 int64 int8 int_ intc intp invert isfinite isinf isnan lcm ldexp left_shift less less_equal log log10
    log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor longlong maximum minimum mod modf
    multiply nan negative newaxis nextafter not_equal pi positive power rad2deg radians reciprocal remainder right_shift
    rint sign signbit sin single sinh spacing sqrt square subtract tan tanh true_divide trunc ubyte uint uint16 uint32
    uint64 uint8 uintc uintp ulonglong ushort";

/// The names of a module, by its canonical path.
pub(super) fn names(path: &str) -> impl Iterator<Item = &'static str> {
    let names = match path {
        "math" => MATH,
        "numba" => NUMBA,
        "numpy" => NUMPY,
        _ => "",
    };
    names.split_whitespace()
}
