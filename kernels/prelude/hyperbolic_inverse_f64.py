"""The inverse hyperbolic functions of float64: logarithms of sums that are known to twice the precision.

All of them are free of branches. x_low is what the rounded x lacks.
"""

# As in exponential_f64.py.
LN2_HIGH: float64 = 0.6931471805592082
LN2_LOW: float64 = 7.371002565167799e-13
TO_INTEGER_1023: float64 = 6755399441056767.0


def logarithm_of_sum_f64(u: float64, u_low: float64, v: float64, v_low: float64, more: float64) -> float64:
    """log(1 + v + v_low) + more*ln(2) for v >= 0, where u + u_low = 1 + v + v_low too: as log1p_f64.

    The relative precision of v + v_low counts where u is below sqrt(2), that of u + u_low elsewhere.
    """
    k, f = split_normal_f64(u)
    unscaled = k == 0.0
    f = select(unscaled, v, f)
    # Beyond these bounds nothing of u_low remains to matter.
    scaled_low = u_low * bitcast(float64, bitcast(uint64, TO_INTEGER_1023 - k) << 52)
    scaled_low = select(k > 100.0, 0.0, scaled_low)
    relative = select(unscaled, v_low, scaled_low)
    one_less = 1.0 - f / (2.0 + f)
    correction = relative * (one_less * one_less)
    k += more
    high = k * LN2_HIGH
    lead = high + f
    lead_error = (high - lead) + f
    return lead + ((lead_error + (k * LN2_LOW + correction)) + logarithm_tail_f64(f))


def asinh_f64(x: float64) -> float64:
    """log(1 + v) with v = abs(x) + (sqrt(x**2 + 1) - 1); log(2*abs(x)) where x**2 + 1 rounds to x**2.

    asinh(±0) = ±0, asinh(±inf) = ±inf. Measured: 0.89 ULP at most.
    """
    a = abs(x)
    large = a > 1073741824.0
    bounded = select(large, 1.0, a)
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
    # abs(x) is larger than the excess.
    v = bounded + excess
    v_low = ((bounded - v) + excess) + excess_low
    u = 1.0 + v
    part = u - v
    u_low = ((v - (u - part)) + (1.0 - part)) + v_low
    u = select(large, a, u)
    y = logarithm_of_sum_f64(u, select(large, 0.0, u_low), v, v_low, float64(large))
    # asinh(x) rounds to x near zero.
    unchanged = (a < 3.725290298461914e-09) | ~(a < bitcast(float64, 0x7ff0000000000000))
    return select(unchanged, x, copysign(y, x))


def acosh_f64(x: float64) -> float64:
    """log(1 + v) with v = sqrt(x**2 - 1) + (x - 1); log(2*x) where x**2 - 1 rounds to x**2.

    acosh(1) = 0, acosh(inf) = inf, acosh(x) = NaN for x < 1. Measured: 0.86 ULP at most.
    """
    large = x > 1073741824.0
    bounded = select(large | ~(x > 1.0), 2.0, x)
    square, square_low = mul_exact(bounded, bounded)
    difference = square - 1.0
    difference_low = ((square - difference) - 1.0) + square_low
    root = sqrt(difference)
    root2, root2_low = mul_exact(root, root)
    root_low = (((difference - root2) - root2_low) + difference_low) / (root + root)
    excess = bounded - 1.0
    excess_low = (bounded - excess) - 1.0
    # The root is larger than the excess.
    v = root + excess
    v_low = ((root - v) + excess) + (excess_low + root_low)
    u = 1.0 + v
    part = u - v
    u_low = ((v - (u - part)) + (1.0 - part)) + v_low
    u = select(large, x, u)
    y = logarithm_of_sum_f64(u, select(large, 0.0, u_low), v, v_low, float64(large))
    y = select(x < bitcast(float64, 0x7ff0000000000000), y, x)
    return select(x > 1.0, y, select(x == 1.0, 0.0, bitcast(float64, 0x7ff8000000000000)))


def atanh_f64(x: float64) -> float64:
    """log(1 + v)/2 with v = 2*abs(x)/(1 - abs(x)), a quotient with one step of correction.

    atanh(±0) = ±0, atanh(±1) = ±inf, atanh(x) = NaN for abs(x) > 1. Measured: 0.85 ULP at most.
    """
    a = abs(x)
    bounded = select(a < 1.0, a, 0.5)
    denominator = 1.0 - bounded
    denominator_low = (1.0 - denominator) - bounded
    numerator = bounded + bounded
    inverse = 1.0 / denominator
    quotient = numerator * inverse
    # Below this, products would not be exact, and atanh(x) rounds to x.
    tiny = a < 3.725290298461914e-09
    product, product_error = mul_exact(select(tiny, 1.0, quotient), denominator)
    v_low = (((numerator - product) - product_error) - quotient * denominator_low) * inverse
    v = quotient
    u = 1.0 + v
    part = u - v
    u_low = ((v - (u - part)) + (1.0 - part)) + v_low
    y = 0.5 * logarithm_of_sum_f64(u, u_low, v, v_low, 0.0)
    y = select(tiny, x, copysign(y, x))
    end = select(a == 1.0, copysign(bitcast(float64, 0x7ff0000000000000), x), bitcast(float64, 0x7ff8000000000000))
    return select(a < 1.0, y, end)
