"""The modified Bessel function of the first kind of float32, in float32 and 32-bit integers only. It is free of branches.

The polynomials are Chebyshev's interpolations, rounded to float32. x_low is what the rounded x lacks.
"""

# As in exponential_f32.py, which has the functions for the exponential.


def series_step_f32(s: float32, s_low: float32, t: float32, t_low: float32, c: float32, c_low: float32) -> (float32, float32):
    """(s + s_low)*(t + t_low) + (c + c_low), as a sum of two numbers. Either summand may be the larger one (Knuth)."""
    product, product_low = mul_exact(s, t)
    total = c + product
    part = total - c
    error = (c - (total - part)) + (product - part)
    return total, error + ((product_low + (s * t_low + s_low * t)) + c_low)


def i0_series_f32(a: float32) -> float32:
    """i0(a) = sum of t**k/(k!)**2 with t = a**2/4, for 0 <= a <= 8. The first six terms are sums of two numbers; what is
    behind them, a polynomial of t, is at most a ninth of the result. Error 2**-28.3."""
    square, square_low = mul_exact(a, a)
    t = 0.25 * square
    t_low = 0.25 * square_low
    t2 = t * t
    tail = (1.9290123e-06 + t * 3.9367812e-08) + t2 * (6.1496386e-10 + t * 7.634808e-12)
    tail += (t2 * t2) * (7.115495e-14 + t * 8.7899955e-16)
    s, s_low = series_step_f32(tail, 0.0, t, t_low, 6.9444446e-05, -1.6815546e-12)
    s, s_low = series_step_f32(s, s_low, t, t_low, 0.0017361111, -1.2935036e-11)
    s, s_low = series_step_f32(s, s_low, t, t_low, 0.027777778, -2.0696057e-10)
    s, s_low = series_step_f32(s, s_low, t, t_low, 0.25, 0.0)
    s, s_low = series_step_f32(s, s_low, t, t_low, 1.0, 0.0)
    s, s_low = series_step_f32(s, s_low, t, t_low, 1.0, 0.0)
    return s + s_low


def i0_outer_f32(a: float32) -> float32:
    """i0(a) = exp(a) * R(u)/sqrt(a) with u = 16/a - 1, for 8 <= a <= 93. R is nearly constant: a polynomial with a relative
    error of 2**-32, in which rounding errors stay small. All three factors are sums of two numbers."""
    root = sqrt(a)
    inverse = 1.0 / root
    product, product_low = mul_exact(root, root)
    root_low = ((a - product) - product_low) * (0.5 * inverse)
    u = (16.0 * inverse) * inverse - 1.0
    u2 = u * u
    first = (0.003360552 + u * 0.00013621741) + u2 * (1.1141542e-05 + u * 1.4754756e-06)
    second = (3.038331e-07 + u * 1.0910233e-07) + u2 * 3.3635803e-08
    part = u * (first + (u2 * u2) * second)
    ratio = 0.4021765 + part
    ratio_low = ((0.4021765 - ratio) + part) + 1.0038545e-08

    # exp(a), as in exp_f32, but as a sum of two numbers.
    k, high, low = split_exponent_f32(a)
    r = high - low
    r_low = (high - r) - low
    lead = 1.0 + r
    lead_low = ((1.0 - lead) + r) + (exp_tail_f32(r) + r_low)
    power = lead + lead_low
    power_low = (lead - power) + lead_low

    y, y_low = mul_exact(power, ratio)
    y_low += power * ratio_low + power_low * ratio
    quotient = y * inverse
    product, product_low = mul_exact(quotient, root)
    rest = ((y - product) - product_low) + (y_low - quotient * root_low)
    return scale_by_power_of_two_f32(quotient + rest * inverse, k)


def i0_f32(x: float32) -> float32:
    """The modified Bessel function of order zero: a series up to 8, exp(x)/sqrt(x) times a function of 1/x above.
    i0(-x) = i0(x), i0(±0) = 1, i0(±inf) = inf. Max error 0.75 ULP (all 2**32 arguments)."""
    a = abs(x)
    bounded = select(a > 93.0, 93.0, a)                   # i0(93) is infinite
    inner = i0_series_f32(select(a < 8.0, a, 8.0))
    outer = i0_outer_f32(select(a < 8.0, 8.0, bounded))
    return select(isnan(x), x, select(a < 8.0, inner, outer))
