"""Exponentials, logarithms and hyperbolic functions for float32, in float32 and 32-bit integers only.

Exponentials write x = k*ln2 + r with |r| <= ln2/2 and use a polynomial for exp(r). Logarithms write x = 2**k * (1 + f)
with |f| <= 1/3 and use one for log(1 + f). In both the leading terms are kept exactly in two words, so that little more
than the last rounding is lost. Nothing here needs a rare block: zeros, infinities, NaNs and subnormals go through the
same straight-line code.
Coefficients are minimax (Remez exchange), rounded to float32 one at a time with the rest fitted again.
"""

ROUNDING_MAGIC: float32 = 12582912.0          # 1.5 * 2**23: adding it rounds to an integer, left in the low bits
ROUNDING_MAGIC_BITS: int32 = 0x4b400000
LOG2_E: float32 = 1.442695
LN2_HIGH: float32 = 0.693145751953125         # 16 bits: its product with an 8-bit integer is exact
LN2_LOW: float32 = 1.428606765330187e-06

# exp(r) = 1 + r + r**2 * (E0 + E1*r + ...), relative error 2**-28.2 on [-ln2/2, ln2/2]
EXP_0: float32 = 0.49999994
EXP_1: float32 = 0.16666517
EXP_2: float32 = 0.041668102
EXP_3: float32 = 0.0083691925
EXP_4: float32 = 0.0013838903


def exp_tail_f32(r: float32) -> float32:
    """exp(r) - 1 - r for |r| <= ln2/2."""
    square = r * r
    return square * ((EXP_0 + EXP_1 * r) + square * ((EXP_2 + EXP_3 * r) + square * EXP_4))


def split_exponent_f32(x: float32) -> (int32, float32, float32):
    """(k, high, low) with x = k*ln2 + high - low, k the nearest integer to x/ln2; high is exact."""
    shifted = x * LOG2_E + ROUNDING_MAGIC
    k = shifted - ROUNDING_MAGIC
    return bitcast(int32, shifted) - ROUNDING_MAGIC_BITS, x - k * LN2_HIGH, k * LN2_LOW


def scale_by_power_of_two_f32(value: float32, k: int32) -> float32:
    """value * 2**k for 0.5 < value < 2 and |k| <= 200, rounded once, with overflow to inf and subnormal results."""
    first = k >> 1
    near = bitcast(float32, bitcast(int32, value) + (first << 23))
    return near * bitcast(float32, ((k - first) + 127) << 23)


def exp_f32(x: float32) -> float32:
    """e**x. exp(-inf) = 0, exp(inf) = inf. Max error 0.78 ULP (all 2**32 arguments)."""
    clamped = select(x > 90.0, 90.0, select(x < -105.0, -105.0, x))     # beyond: inf or 0 as well; NaN stays NaN
    k, high, low = split_exponent_f32(clamped)
    one_plus = 1.0 + high
    rest = (high - (one_plus - 1.0)) + (exp_tail_f32(high - low) - low)
    result = scale_by_power_of_two_f32(one_plus + rest, k)
    return select(isnan(x), x, result)


# log(1 + f) = f - f**2/2 + f**3 * (L0 + L1*f + ...), relative error 2**-27.68 on [-1/3, 1/3]
LOG_0: float32 = 0.33333215
LOG_1: float32 = -0.24999805
LOG_2: float32 = 0.20010437
LOG_3: float32 = -0.16680215
LOG_4: float32 = 0.14005506
LOG_5: float32 = -0.12187589
LOG_6: float32 = 0.13985813
LOG_7: float32 = -0.12878545

TWO_THIRDS_BITS: int32 = 0x3f2aaaab


def log_of_product_f32(k: float32, f: float32, correction: float32) -> float32:
    """k*ln2 + log(1 + f) + correction for |f| <= 1/3 and a tiny correction. Neither sum of two words loses anything."""
    square = f * f
    fourth = square * square
    first = (LOG_0 + LOG_1 * f) + square * (LOG_2 + LOG_3 * f)
    second = (LOG_4 + LOG_5 * f) + square * (LOG_6 + LOG_7 * f)
    cubic = (f * square) * (first + fourth * second)
    leading = k * LN2_HIGH
    linear = leading + f                                  # |leading| > |f| unless k = 0
    linear_error = f - (linear - leading)
    half = 0.5 * square
    high = linear - half
    low = ((linear - high) - half) + linear_error
    return high + (low + (cubic + (k * LN2_LOW + correction)))


def log_f32(x: float32) -> float32:
    """The natural logarithm. log(±0) = -inf, log(x < 0) = NaN, log(inf) = inf.
    Max error 0.74 ULP (all 2**32 arguments)."""
    subnormal = x < 1.1754943508222875e-38
    bits = bitcast(int32, select(subnormal, x * 33554432.0, x))          # 2**25
    exponent = (bits - TWO_THIRDS_BITS) >> 23
    f = bitcast(float32, bits - (exponent << 23)) - 1.0
    k = float32(exponent - select(subnormal, int32(25), int32(0)))
    result = log_of_product_f32(k, f, 0.0)
    result = select(x < bitcast(float32, 0x7f800000), result, x)
    return select(x > 0.0, result, select(x == 0.0, bitcast(float32, 0xff800000), bitcast(float32, 0x7fc00000)))


def log1p_f32(x: float32) -> float32:
    """log(1 + x). log1p(±0) = ±0, log1p(-1) = -inf, log1p(x < -1) = NaN. Max error 0.78 ULP (all 2**32 arguments).

    What 1 + x loses in rounding is added to first order; where 1 + x needs no scaling, x itself is used."""
    u = 1.0 + x
    part = u - 1.0
    u_error = (1.0 - (u - part)) + (x - part)
    bits = bitcast(int32, u)
    exponent = (bits - TWO_THIRDS_BITS) >> 23
    unscaled = exponent == 0
    f = select(unscaled, x, bitcast(float32, bits - (exponent << 23)) - 1.0)
    scaled_error = u_error * bitcast(float32, (127 - exponent) << 23)
    correction = select(unscaled or x > 1073741824.0, 0.0, scaled_error * (1.0 - f * (1.0 - f)))
    result = log_of_product_f32(float32(exponent), f, correction)
    result = select(x < bitcast(float32, 0x7f800000), result, x)
    result = select(abs(x) < 2.9802322387695312e-08, x, result)
    return select(x > -1.0, result, select(x == -1.0, bitcast(float32, 0xff800000), bitcast(float32, 0x7fc00000)))


# exp(r) = 1 + r + r**2/2 + r**3 * (E0 + E1*r + ...), error 2**-31.10 relative to exp(r) - 1 on [-ln2/2, ln2/2]
EXPM1_0: float32 = 0.16666666
EXPM1_1: float32 = 0.041666493
EXPM1_2: float32 = 0.008333546
EXPM1_3: float32 = 0.0013932324
EXPM1_4: float32 = 0.00019761734


def expm1_f32(x: float32) -> float32:
    """e**x - 1. expm1(±0) = ±0, expm1(-inf) = -1. Max error 0.71 ULP (all 2**32 arguments).

    With s = 2**(k-1), which keeps 2**128 in range, exp(x) - 1 = 2*((s - 1/2) + s*r + s*r**2/2 + ...): the first two sums
    are exact in two words (for k = 0 the first term vanishes, so that small x lose nothing)."""
    clamped = select(x > 89.0, 89.0, select(x < -20.0, -20.0, x))       # beyond: inf or -1 as well; NaN stays NaN
    k, high, low = split_exponent_f32(clamped)
    s = bitcast(float32, (k + 126) << 23)
    constant = s - 0.5
    constant_error = (s - constant) - 0.5
    linear = s * high
    sum_1 = constant + linear
    error_1 = (linear - (sum_1 - constant)) + constant_error
    r = high - low
    square = r * r
    half = s * (0.5 * square)
    cubic = (r * square) * ((EXPM1_0 + EXPM1_1 * r) + square * ((EXPM1_2 + EXPM1_3 * r) + square * EXPM1_4))
    sum_2 = sum_1 + half
    error_2 = half - (sum_2 - sum_1)
    result = 2.0 * (sum_2 + (error_2 + (error_1 + s * (cubic - low))))
    return select(abs(x) < 2.9802322387695312e-08, x, result)


# tanh(x) = x + x**3 * (T0 + T1*x**2 + ...), relative error 2**-29.7 on [0, 0.55]
TANH_0: float32 = -0.33333316
TANH_1: float32 = 0.13332546
TANH_2: float32 = -0.05384785
TANH_3: float32 = 0.021052472
TANH_4: float32 = -0.0062459926


def tanh_f32(x: float32) -> float32:
    """The hyperbolic tangent: a polynomial up to 0.55, 1 - 2/(exp(2x) + 1) above. tanh(±0) = ±0.
    Max error 0.83 ULP (all 2**32 arguments).

    exp(2x) + 1 is kept in two words; what the second one changes in the quotient is added to first order."""
    magnitude = abs(x)
    k, high, low = split_exponent_f32(select(magnitude > 9.25, 18.5, 2.0 * magnitude))   # beyond: 1 as well
    s = bitcast(float32, (k + 127) << 23)
    one_plus = 1.0 + high
    rest = (high - (one_plus - 1.0)) + (exp_tail_f32(high - low) - low)
    exponential = s * one_plus
    leading = exponential + 1.0
    trailing = (1.0 - (leading - exponential)) + s * rest
    denominator = leading + trailing
    denominator_low = trailing - (denominator - leading)
    reciprocal = 1.0 / denominator
    twice = 2.0 * reciprocal
    difference = 1.0 - twice
    outer = difference + (((1.0 - difference) - twice) + (twice * reciprocal) * denominator_low)
    square = magnitude * magnitude
    polynomial = (TANH_0 + square * TANH_1) + (square * square) * ((TANH_2 + square * TANH_3) + (square * square) * TANH_4)
    inner = magnitude + (magnitude * square) * polynomial
    return copysign(select(magnitude < 0.55, inner, outer), x)


# log2(e) and log10(e) in two words; log10(2) with 16 bits first, so that its product with an 8-bit integer is exact
LOG2_E_LOW: float32 = 1.925963033500011e-08
LOG10_E_HIGH: float32 = 0.4342944920063019
LOG10_E_LOW: float32 = -1.0103049952192578e-08
LOG10_2_HIGH: float32 = 0.301025390625
LOG10_2_LOW: float32 = 4.605039066518657e-06
LN2: float32 = 0.6931472
LN2_REST: float32 = -1.9046542e-09


def exp2_f32(x: float32) -> float32:
    """2**x, exact for integers. exp2(-inf) = 0, exp2(inf) = inf. Max error 0.81 ULP (all 2**32 arguments)."""
    clamped = select(x > 130.0, 130.0, select(x < -152.0, -152.0, x))
    shifted = clamped + ROUNDING_MAGIC
    fraction = clamped - (shifted - ROUNDING_MAGIC)
    r, r_low = mul_exact(fraction, LN2)
    r_low = r_low + fraction * LN2_REST
    one_plus = 1.0 + r
    rest = (r - (one_plus - 1.0)) + (exp_tail_f32(r) + r_low)
    result = scale_by_power_of_two_f32(one_plus + rest, bitcast(int32, shifted) - ROUNDING_MAGIC_BITS)
    return select(isnan(x), x, result)


def log_in_base_f32(x: float32, step_high: float32, step_low: float32, scale: float32, scale_low: float32) -> float32:
    """log(x) * scale, where step = log(2) * scale; step_high times an 8-bit integer is exact. Exact where x is a power of
    two and step an integer. As log_f32, with the leading f*scale in two words."""
    subnormal = x < 1.1754943508222875e-38
    bits = bitcast(int32, select(subnormal, x * 33554432.0, x))          # 2**25
    exponent = (bits - TWO_THIRDS_BITS) >> 23
    f = bitcast(float32, bits - (exponent << 23)) - 1.0
    k = float32(exponent - select(subnormal, int32(25), int32(0)))

    square, square_low = mul_exact(f, f)
    fourth = square * square
    first = (LOG_0 + LOG_1 * f) + square * (LOG_2 + LOG_3 * f)
    second = (LOG_4 + LOG_5 * f) + square * (LOG_6 + LOG_7 * f)
    cubic = (f * square) * (first + fourth * second) - 0.5 * square_low
    scaled, scaled_low = mul_exact(f, scale)
    half, half_low = mul_exact(square, 0.5 * scale)
    small = (scaled_low - half_low) + (f * scale_low + cubic * scale)
    leading = k * step_high
    linear = leading + scaled
    linear_error = scaled - (linear - leading)
    high = linear - half
    low = ((linear - high) - half) + linear_error
    result = high + (low + (small + k * step_low))
    result = select(x < bitcast(float32, 0x7f800000), result, x)
    return select(x > 0.0, result, select(x == 0.0, bitcast(float32, 0xff800000), bitcast(float32, 0x7fc00000)))


def log2_f32(x: float32) -> float32:
    """The logarithm to base 2, exact for powers of two. Special values as log_f32.
    Max error 0.81 ULP (all 2**32 arguments)."""
    return log_in_base_f32(x, 1.0, 0.0, LOG2_E, LOG2_E_LOW)


def log10_f32(x: float32) -> float32:
    """The logarithm to base 10. Special values as log_f32.
    Max error 0.74 ULP (all 2**32 arguments)."""
    return log_in_base_f32(x, LOG10_2_HIGH, LOG10_2_LOW, LOG10_E_HIGH, LOG10_E_LOW)


def half_exp_plus_f32(magnitude: float32, sign: float32) -> float32:
    """(exp(m) + sign*exp(-m)) / 2 for m >= 0 and sign 1 or -1.

    With m = k*ln2 + r the even and the odd part of exp(r)'s polynomial serve both exponentials. Both get a factor 1/4, so
    that 2**(k-2) stays in range; for k > 60 the second one counts for nothing and keeps any small scale."""
    clamped = select(magnitude > 89.5, 89.5, magnitude)
    k, high, low = split_exponent_f32(clamped)
    up = bitcast(float32, (k + 125) << 23)
    down = sign * bitcast(float32, (125 - select(k > 60, int32(60), k)) << 23)
    r = high - low
    square = r * r
    even = square * (0.5 + square * (EXPM1_1 + square * EXPM1_3))
    odd = (r * square) * (EXPM1_0 + square * (EXPM1_2 + square * EXPM1_4)) - low
    one_plus = 1.0 + high
    plus_rest = high - (one_plus - 1.0)
    one_minus = 1.0 - high
    minus_rest = (1.0 - one_minus) - high
    first = up * one_plus
    second = down * one_minus
    total = first + second
    error = second - (total - first)
    words = up * plus_rest + down * minus_rest
    return 2.0 * (total + ((error + words) + ((up + down) * even + (up - down) * odd)))


def sinh_f32(x: float32) -> float32:
    """The hyperbolic sine. sinh(±0) = ±0, sinh(±inf) = ±inf. Max error 0.80 ULP (all 2**32 arguments)."""
    magnitude = abs(x)
    result = half_exp_plus_f32(magnitude, -1.0)
    return copysign(select(magnitude < 0.000244140625, magnitude, result), x)


def cosh_f32(x: float32) -> float32:
    """The hyperbolic cosine. cosh(±inf) = inf. Max error 0.74 ULP (all 2**32 arguments)."""
    return half_exp_plus_f32(abs(x), 1.0)
