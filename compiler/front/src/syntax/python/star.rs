//! What `from module import *` brings in: the names that kernels may want.

use crate::types::names;

/// Names of `math`.
const MATH: &str = "
    acos acosh asin asinh atan atan2 atanh cbrt ceil comb copysign cos cosh degrees dist e erf erfc exp exp2 expm1 fabs
    factorial floor fma fmod frexp fsum gamma gcd hypot inf isclose isfinite isinf isnan isqrt lcm ldexp lgamma log log10
    log1p log2 modf nan nextafter perm pi pow prod radians remainder sin sinh sqrt tan tanh tau trunc ulp";

/// Names of `numba` besides types: decorators and helpers.
const NUMBA: &str = "
    cfunc cuda generated_jit guvectorize jit jit_module literally njit objmode prange stencil types typeof vectorize";

/// Names of `numpy` that are constants or functions of scalars. Not `abs`, `max`, `min`, `round`: numpy leaves
/// Python's own alone.
const NUMPY: &str = "
    absolute add arccos arccosh arcsin arcsinh arctan arctan2 arctanh bitwise_and bitwise_not bitwise_or bitwise_xor
    cbrt ceil copysign cos cosh deg2rad degrees divide divmod e equal euler_gamma exp exp2 expm1 fabs floor floor_divide
    fmax fmin fmod gcd greater greater_equal heaviside hypot i0 inf invert isfinite isinf isnan lcm ldexp left_shift less
    less_equal log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor maximum minimum
    mod modf multiply nan negative newaxis nextafter not_equal pi positive power rad2deg radians reciprocal remainder
    right_shift rint sign signbit sin sinh spacing sqrt square subtract tan tanh true_divide trunc";

/// The names of a module, by its canonical path.
pub(super) fn names(path: &str) -> impl Iterator<Item = &'static str> {
    let others = match path {
        "math" => MATH,
        "numba" => NUMBA,
        "numpy" => NUMPY,
        _ => "",
    };
    others.split_whitespace().chain(names::star(path))
}
