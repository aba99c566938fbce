"""The error function of float32 and its complement, in float32 and 32-bit integers only. Both are free of branches.

The polynomials are minimax (Remez exchange), rounded to float32. x_low is what the rounded x lacks.
"""

# As in exponential_f32.py.
ROUNDING_MAGIC: float32 = 12582912.0
ROUNDING_MAGIC_BITS: int32 = 0x4b400000
LOG2_E: float32 = 1.442695
LN2_HIGH: float32 = 0.693145751953125
LN2_LOW: float32 = 1.428606765330187e-06


def error_series_f32(x: float32) -> float32:
    """erf(x)/x - 1 for abs(x) <= 0.65, with an error of 2**-29. It is small near the upper end, too."""
    z = x * x
    z2 = z * z
    first = (0.12837917 - z * 0.37612635) + z2 * (0.11283658 - z * 0.02685249)
    return first + (z2 * z2) * (0.0051603704 - z * 0.0007162961)


def complement_f32(a: float32) -> (float32, float32, int32):
    """erfc(a) = exp(-a**2) * R(t)/(1 + 2*a) with t = (a - 3)/(a + 3), for 0.5 <= a <= 10.2.

    The result is 2**k times a sum of two numbers, and k. R is nearly constant: a polynomial with a relative error of
    2**-28, in which rounding errors stay small. All three factors are sums of two numbers."""
    # One division serves both quotients; each gets a step of correction.
    twice = a + a
    divisor = twice + 1.0
    divisor_low = (twice - divisor) + 1.0
    w = a + 3.0
    w_low = select(a > 3.0, (a - w) + 3.0, (3.0 - w) + a)
    numerator = a - 3.0
    numerator_low = (-3.0 - numerator) + a
    both = 1.0 / (w * divisor)
    inverse_w = divisor * both
    t = numerator * inverse_w
    product, product_low = mul_exact(t, w)
    t += (((numerator - product) - product_low) + (numerator_low - t * w_low)) * inverse_w
    inverse = w * both
    product, product_low = mul_exact(inverse, divisor)
    inverse_low = ((1.0 - product) - (product_low + inverse * divisor_low)) * inverse

    t2 = t * t
    t4 = t2 * t2
    first = (-0.13562104 - t * 0.04756231) + t2 * (0.1296426 - t * 0.119273804)
    second = (0.06833806 - t * 0.023762878) + t2 * (0.0023911037 + t * 0.0018345406)
    part = t * (first + t4 * (second - t4 * 0.0005292361))
    ratio = 1.253008 + part
    ratio_low = ((1.253008 - ratio) + part) + 5.036843e-08
    factor, factor_low = mul_exact(ratio, inverse)
    factor_low += ratio * inverse_low + ratio_low * inverse

    # exp(-a**2), as in exp_f32, but as a sum of two numbers and with the factor multiplied in before scaling.
    square, square_low = mul_exact(a, a)
    shifted = ROUNDING_MAGIC - square * LOG2_E
    k = shifted - ROUNDING_MAGIC
    high = -square - k * LN2_HIGH
    low = k * LN2_LOW + square_low
    r = high - low
    r_low = (high - r) - low
    lead = 1.0 + r
    lead_low = ((1.0 - lead) + r) + (exp_tail_f32(r) + r_low)
    power = lead + lead_low
    power_low = (lead - power) + lead_low
    y, y_low = mul_exact(power, factor)
    k_integer = bitcast(int32, shifted) - ROUNDING_MAGIC_BITS
    return y, y_low + (power * factor_low + power_low * factor), k_integer


def erf_f32(x: float32) -> float32:
    """The error function: a polynomial up to 0.65, 1 - erfc(x) above. erf(±0) = ±0, erf(±inf) = ±1.
    Max error 0.78 ULP (all 2**32 arguments)."""
    a = abs(x)
    bounded = select(a > 4.0, 4.0, a)                     # erf(4) rounds to 1; NaN passes
    y, y_low, k = complement_f32(select(a < 0.65, 0.65, bounded))
    scale = bitcast(float32, (k + 127) << 23)
    y *= scale
    lead = 1.0 - y
    outer = lead + (((1.0 - lead) - y) - y_low * scale)
    result = select(a < 0.65, x + x * error_series_f32(x), copysign(outer, x))
    return select(isnan(x), x, result)


def erfc_f32(x: float32) -> float32:
    """1 - erf(x), without cancellation. erfc(inf) = 0, erfc(-inf) = 2.
    Max error 0.85 ULP (all 2**32 arguments)."""
    a = abs(x)
    bounded = select(a > 10.2, 10.2, a)                   # erfc(10.2) rounds to 0; NaN passes
    y, y_low, k = complement_f32(select(a < 0.65, 0.65, bounded))
    outer = scale_by_power_of_two_f32(y + y_low, k)
    outer = select(x < 0.0, 2.0 - outer, outer)
    difference = 1.0 - x
    inner = difference + (((1.0 - difference) - x) - x * error_series_f32(x))
    result = select(a < 0.65, inner, outer)
    return select(isnan(x), x, result)
