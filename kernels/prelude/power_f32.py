"""x**y for float32 in float32 and 32-bit integers only: 2**(y * log2(x)).

y*log2(x) may be as large as 128 and every bit of its fraction counts, so log2(x) and the product are kept in two words.
Uses exp_tail_f32 and scale_by_power_of_two_f32 of exponential_f32.py. No rare block: all special cases are selects.
"""

ROUNDING_MAGIC: float32 = 12582912.0          # 1.5 * 2**23: adding it rounds to an integer, left in the low bits
ROUNDING_MAGIC_BITS: int32 = 0x4b400000
SQRT_HALF_BITS: int32 = 0x3f3504f3

# 2*log2(e), 1/3 and ln2, each in two words
TWO_LOG2_E_HIGH: float32 = 2.8853900432586670
TWO_LOG2_E_LOW: float32 = 3.851926067000022e-08
THIRD_HIGH: float32 = 0.3333333432674408
THIRD_LOW: float32 = -9.934107758624577e-09
LN2: float32 = 0.6931471824645996
LN2_REST: float32 = -1.9046542121259336e-09

# atanh(s)/s = 1 + s**2/3 + s**4 * (A0 + A1*s**2 + A2*s**4), relative error 2**-36.78 for s**2 <= 0.0295
ATANH_0: float32 = 0.20000076
ATANH_1: float32 = 0.14273547
ATANH_2: float32 = 0.11709758


def log2_two_words_f32(x: float32) -> (float32, float32):
    """log2(x) as high + low with a relative error below 2**-34, for finite x > 0.

    x = 2**k * (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), so that the sum with k never cancels; s = f/(2 + f);
    log(1 + f) = 2*atanh(s). Every term that reaches 2**-11 of the result is kept in two words."""
    subnormal = x < 1.1754943508222875e-38
    bits = bitcast(int32, select(subnormal, x * 33554432.0, x))          # 2**25
    exponent = (bits - SQRT_HALF_BITS) >> 23
    f = bitcast(float32, bits - (exponent << 23)) - 1.0
    k = float32(exponent - select(subnormal, int32(25), int32(0)))

    denominator = 2.0 + f
    denominator_low = f - (denominator - 2.0)
    reciprocal = 1.0 / denominator
    s = f * reciprocal
    product, product_error = mul_exact(s, denominator)
    s_low = (((f - product) - product_error) - s * denominator_low) * reciprocal

    z, z_low = mul_exact(s, s)
    z_low = z_low + 2.0 * (s * s_low)
    third, third_low = mul_exact(z, THIRD_HIGH)
    third_low = third_low + (z_low * THIRD_HIGH + z * THIRD_LOW)
    third_low = third_low + (z * z) * (ATANH_0 + z * (ATANH_1 + z * ATANH_2))
    series = third + third_low
    series_low = third_low - (series - third)

    leading, leading_low = mul_exact(s, TWO_LOG2_E_HIGH)
    leading_low = leading_low + (s * TWO_LOG2_E_LOW + s_low * TWO_LOG2_E_HIGH)
    rest, rest_low = mul_exact(leading, series)
    rest_low = rest_low + (leading * series_low + leading_low * series)

    sum_1 = k + leading                                   # |k| > |leading| unless k = 0
    error_1 = leading - (sum_1 - k)
    sum_2 = sum_1 + rest
    error_2 = rest - (sum_2 - sum_1)
    low = error_2 + (error_1 + (leading_low + rest_low))
    high = sum_2 + low
    return high, low - (high - sum_2)


def pow_f32(x: float32, y: float32) -> float32:
    """x raised to y, with C99's table: x**0 = 1 and 1**y = 1 even for NaN; a negative x with an integer y takes the sign
    of an odd y, with any other finite y it gives NaN; zeros and infinities keep their sign only for odd y.
    Max error 0.84 ULP (2*10**8 random pairs)."""
    infinity = bitcast(float32, 0x7f800000)
    magnitude = abs(x)
    log_high, log_low = log2_two_words_f32(magnitude)

    # |y| >= 2**32 overflows or underflows with any x but 1: this keeps the products in range. (For |y| < 2**-60 they may
    # underflow, but then the result is 1 with any error.)
    capped = select(abs(y) > 4294967296.0, copysign(4294967296.0, y), y)
    exponent, exponent_low = mul_exact(capped, log_high)
    exponent_low = exponent_low + capped * log_low
    beyond = abs(exponent) > 160.0
    exponent = select(beyond, copysign(160.0, exponent), exponent)
    exponent_low = select(beyond, 0.0, exponent_low)

    shifted = exponent + ROUNDING_MAGIC
    whole = shifted - ROUNDING_MAGIC
    fraction = exponent - whole
    t = fraction + exponent_low
    t_low = exponent_low - (t - fraction)
    r, r_low = mul_exact(t, LN2)
    r_low = r_low + (t * LN2_REST + t_low * LN2)
    one_plus = 1.0 + r
    value = one_plus + ((r - (one_plus - 1.0)) + (exp_tail_f32(r) + r_low))
    result = scale_by_power_of_two_f32(value, bitcast(int32, shifted) - ROUNDING_MAGIC_BITS)

    is_integer = rint(y) == y
    half = 0.5 * y
    is_odd = is_integer and rint(half) != half
    edge = magnitude == 0.0 or magnitude == infinity
    result = select(edge, select((magnitude == 0.0) ^ (y < 0.0), 0.0, infinity), result)
    sign = select(is_odd, bitcast(uint32, x) & 0x80000000, uint32(0))
    result = bitcast(float32, bitcast(uint32, result) | sign)
    undefined = (x < 0.0 and not (edge or is_integer)) or isnan(x) or isnan(y)
    result = select(undefined, bitcast(float32, 0x7fc00000), result)
    return select(x == 1.0 or y == 0.0, 1.0, result)
