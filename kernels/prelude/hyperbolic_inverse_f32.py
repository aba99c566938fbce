"""The inverse hyperbolic functions of float32, in float32 and 32-bit integers only: logarithms of sums that are known
to twice the precision. All of them are free of branches. x_low is what the rounded x lacks.
"""

# As in exponential_f32.py.
TWO_THIRDS_BITS: int32 = 0x3f2aaaab


def log_of_sum_f32(u: float32, u_low: float32, v: float32, v_low: float32, more: float32) -> float32:
    """log(1 + v + v_low) + more*ln2 for v >= 0, where u + u_low = 1 + v + v_low too: as log1p_f32.

    The relative precision of v + v_low counts where u is below 4/3, that of u + u_low elsewhere."""
    bits = bitcast(int32, u)
    exponent = (bits - TWO_THIRDS_BITS) >> 23
    unscaled = exponent == 0
    f = select(unscaled, v, bitcast(float32, bits - (exponent << 23)) - 1.0)
    scale = bitcast(float32, (127 - select(exponent > 60, int32(60), exponent)) << 23)
    relative = select(unscaled, v_low, u_low * scale)
    return log_of_product_f32(float32(exponent) + more, f, relative * (1.0 - f * (1.0 - f)))


def asinh_f32(x: float32) -> float32:
    """log(1 + v) with v = abs(x) + (sqrt(x**2 + 1) - 1); log(2*abs(x)) where x**2 + 1 rounds to x**2.

    asinh(±0) = ±0, asinh(±inf) = ±inf. Max error 0.82 ULP (all 2**32 arguments)."""
    a = abs(x)
    large = a > 16384.0
    unchanged = (a < 0.000244140625) | ~(a < bitcast(float32, 0x7f800000))       # asinh(x) rounds to x near zero
    bounded = select(large | unchanged, 1.0, a)
    square, square_low = mul_exact(bounded, bounded)
    # The sum 1 + x**2 and its rounding error (Knuth), whichever of the two is larger.
    total = 1.0 + square
    part = total - square
    total_low = ((square - (total - part)) + (1.0 - part)) + square_low
    root = sqrt(total)
    root2, root2_low = mul_exact(root, root)
    root_low = (((total - root2) - root2_low) + total_low) / (root + root)
    excess = root - 1.0
    excess_low = ((root - excess) - 1.0) + root_low
    v = bounded + excess                                  # abs(x) is larger than the excess
    v_low = ((bounded - v) + excess) + excess_low
    u = 1.0 + v
    part = u - v
    u_low = ((v - (u - part)) + (1.0 - part)) + v_low
    u = select(large, a, u)
    result = log_of_sum_f32(u, select(large, 0.0, u_low), v, v_low, float32(large))
    return select(unchanged, x, copysign(result, x))


def acosh_f32(x: float32) -> float32:
    """log(1 + v) with v = sqrt(x**2 - 1) + (x - 1); log(2*x) where x**2 - 1 rounds to x**2.

    acosh(1) = 0, acosh(inf) = inf, acosh(x) = NaN for x < 1. Max error 0.83 ULP (all 2**32 arguments)."""
    large = x > 16384.0
    bounded = select(large | ~(x > 1.0), 2.0, x)
    square, square_low = mul_exact(bounded, bounded)
    difference = square - 1.0
    difference_low = ((square - difference) - 1.0) + square_low
    root = sqrt(difference)
    root2, root2_low = mul_exact(root, root)
    root_low = (((difference - root2) - root2_low) + difference_low) / (root + root)
    excess = bounded - 1.0
    excess_low = (bounded - excess) - 1.0
    v = root + excess                                     # the root is larger than the excess
    v_low = ((root - v) + excess) + (excess_low + root_low)
    u = 1.0 + v
    part = u - v
    u_low = ((v - (u - part)) + (1.0 - part)) + v_low
    u = select(large, x, u)
    result = log_of_sum_f32(u, select(large, 0.0, u_low), v, v_low, float32(large))
    result = select(x < bitcast(float32, 0x7f800000), result, x)
    return select(x > 1.0, result, select(x == 1.0, 0.0, bitcast(float32, 0x7fc00000)))


def atanh_f32(x: float32) -> float32:
    """log(1 + v)/2 with v = 2*abs(x)/(1 - abs(x)), a quotient with one step of correction.

    atanh(±0) = ±0, atanh(±1) = ±inf, atanh(x) = NaN for abs(x) > 1. Max error 0.76 ULP (all 2**32 arguments)."""
    a = abs(x)
    tiny = a < 0.000244140625                             # atanh(x) rounds to x
    bounded = select((a < 1.0) & ~tiny, a, 0.5)
    denominator = 1.0 - bounded
    denominator_low = (1.0 - denominator) - bounded
    numerator = bounded + bounded
    inverse = 1.0 / denominator
    v = numerator * inverse
    product, product_error = mul_exact(v, denominator)
    v_low = (((numerator - product) - product_error) - v * denominator_low) * inverse
    u = 1.0 + v
    part = u - v
    u_low = ((v - (u - part)) + (1.0 - part)) + v_low
    result = 0.5 * log_of_sum_f32(u, u_low, v, v_low, 0.0)
    result = select(tiny, x, copysign(result, x))
    end = select(a == 1.0, copysign(bitcast(float32, 0x7f800000), x), bitcast(float32, 0x7fc00000))
    return select(a < 1.0, result, end)
