"""The error function of float64 and its complement. Both are free of branches.

The polynomials are minimax (Remez exchange, then rounded to float64). x_low is what the rounded x lacks.
"""

# As in exponential_f64.py.
LN2_HIGH: float64 = 0.6931471805592082
LN2_LOW: float64 = 7.371002565167799e-13
LOG2_E: float64 = 1.4426950408889634
TO_INTEGER_2046: float64 = 6755399441057790.0


def error_series_f64(x: float64) -> float64:
    """erf(x)/x - 1 for abs(x) <= 0.65, with an error of 2**-57.7. It is small near the upper end, too."""
    z = x * x
    z2 = z * z
    z4 = z2 * z2
    first = (0.12837916709551256 - z * 0.37612638903183554) + z2 * (0.11283791670939387 - z * 0.026866170640344026)
    second = (0.005223977551453164 - z * 0.0008548320448408577) + z2 * (
        0.00012054976628089299 - z * 1.4913657091431843e-05
    )
    return first + z4 * (second + z4 * (1.621653528908673e-06 - z * 1.353432490450326e-07))


def complement_f64(a: float64) -> (float64, float64, uint64):
    """erfc(a) = exp(-a**2) * R(t)/(1 + 2*a) with t = (a - 4)/(a + 4), for 0.5 <= a <= 27.5.

    The result is 2**k times a sum of two numbers; k + 2046 is in the low bits of the third one. R is nearly constant: a
    polynomial with a relative error of 2**-58.8, in which rounding errors stay small. All three factors are sums of
    two numbers.
    """
    # One division serves both quotients; each gets a step of correction.
    twice = a + a
    divisor = twice + 1.0
    divisor_low = (twice - divisor) + 1.0
    w = a + 4.0
    w_low = (4.0 - w) + a
    numerator = a - 4.0
    numerator_low = (-4.0 - numerator) + a
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
    t8 = t4 * t4
    first = (-0.1396211168405625 + t * 0.015379652102618992) + t2 * (0.06809705425469025 - t * 0.10103906603625126)
    second = (0.09373283499845365 - t * 0.0663303658136727) + t2 * (0.03716751553540865 - t * 0.016197734037418164)
    third = (0.005031970001178043 - t * 0.0007577734547957529) + t2 * (
        -0.00019925685470097246 + t * 0.0001506225214451973
    )
    fourth = (-2.4398494801499635e-05 - t * 1.1224801150966054e-05) + t2 * (
        5.707574235724655e-06 + t * 2.9966540638237777e-07
    )
    fifth = (-8.211285731115209e-07 + t * 6.693275714526226e-08) + t2 * (
        1.0460828229774216e-07 - t * 1.219109141304964e-08
    )
    fifth += t4 * -1.013277370209098e-08
    part = t * (first + (t4 * second + t8 * ((third + t4 * fourth) + t8 * fifth)))
    ratio = 1.2329951186255526 + part
    ratio_low = ((1.2329951186255526 - ratio) + part) - 4.3783485895964e-17
    factor, factor_low = mul_exact(ratio, inverse)
    factor_low += ratio * inverse_low + ratio_low * inverse

    # exp(-a**2), as in exp_f64, but as a sum of two numbers and with the factor multiplied in before scaling.
    square, square_low = mul_exact(a, a)
    shifted = TO_INTEGER_2046 - square * LOG2_E
    k = shifted - TO_INTEGER_2046
    high = -square - k * LN2_HIGH
    low = k * LN2_LOW + square_low
    r = high - low
    r_low = (high - r) - low
    lead = 1.0 + r
    lead_low = ((1.0 - lead) + r) + (exponential_tail_f64(r) + r_low)
    power = lead + lead_low
    power_low = (lead - power) + lead_low
    y, y_low = mul_exact(power, factor)
    return y, y_low + (power * factor_low + power_low * factor), bitcast(uint64, shifted)


def erf_f64(x: float64) -> float64:
    """The error function: a polynomial up to 0.65, 1 - erfc(x) above. erf(±0) = ±0, erf(±inf) = ±1.

    Measured: 0.87 ULP at most.
    """
    a = abs(x)
    # erf(6) rounds to 1. NaN passes.
    bounded = select(a > 6.0, 6.0, a)
    y, y_low, bits = complement_f64(select(a < 0.65, 0.65, bounded))
    scale = bitcast(float64, (bits - 1023) << 52)
    y *= scale
    lead = 1.0 - y
    outer = lead + (((1.0 - lead) - y) - y_low * scale)
    return select(a < 0.65, x + x * error_series_f64(x), copysign(outer, x))


def erfc_f64(x: float64) -> float64:
    """1 - erf(x), without cancellation: the polynomial below 0.58, where it is the more precise one of the two.

    erfc(inf) = 0, erfc(-inf) = 2. Measured: 0.86 ULP at most.
    """
    a = abs(x)
    # erfc(27.5) rounds to 0. NaN passes.
    bounded = select(a > 27.5, 27.5, a)
    y, y_low, bits = complement_f64(select(a < 0.58, 0.58, bounded))
    # Scaled in two halves, so that subnormal results and zero need no branch.
    half = bits >> 1
    outer = ((y + y_low) * bitcast(float64, half << 52)) * bitcast(float64, (bits - half) << 52)
    outer = select(x < 0.0, 2.0 - outer, outer)
    difference = 1.0 - x
    inner = difference + (((1.0 - difference) - x) - x * error_series_f64(x))
    return select(a < 0.58, inner, outer)
