"""The modified Bessel function of the first kind of float64. It is free of branches.

The polynomials are Chebyshev's interpolations, rounded to float64. x_low is what the rounded x lacks.
"""

# As in exponential_f64.py.
LN2_HIGH: float64 = 0.6931471805592082
LN2_LOW: float64 = 7.371002565167799e-13
LOG2_E: float64 = 1.4426950408889634
TO_INTEGER_2046: float64 = 6755399441057790.0


def series_step_f64(s: float64, s_low: float64, t: float64, t_low: float64, c: float64, c_low: float64) -> (float64, float64):
    """(s + s_low)*(t + t_low) + (c + c_low), as a sum of two numbers. Either summand may be the larger one (Knuth)."""
    product, product_low = mul_exact(s, t)
    total = c + product
    part = total - c
    error = (c - (total - part)) + (product - part)
    return total, error + ((product_low + (s * t_low + s_low * t)) + c_low)


def i0_series_f64(a: float64) -> float64:
    """i0(a) = sum of t**k/(k!)**2 with t = a**2/4, for 0 <= a <= 8. The first seven terms are sums of two numbers; what is
    behind them, a polynomial of t, is at most a thirtieth of the result. Error 2**-59.7."""
    square, square_low = mul_exact(a, a)
    t = 0.25 * square
    t_low = 0.25 * square_low
    t2 = t * t
    t4 = t2 * t2
    first = (3.936759889140842e-08 + t * 6.151187326782525e-10) + t2 * (7.594058428136495e-12 + t * 7.594058427165821e-14)
    second = (6.276081393472836e-16 + t * 4.358388431208678e-18) + t2 * (
        2.578954059248732e-20 + t * 1.3154885859006253e-22
    )
    third = (5.869492025240859e-25 + t * 2.186019867897776e-27) + t2 * 1.0378403946515443e-29
    tail = first + t4 * (second + t4 * third)
    s, s_low = series_step_f64(tail, 0.0, t, t_low, 1.9290123456790124e-06, -4.5384234457823004e-23)
    s, s_low = series_step_f64(s, s_low, t, t_low, 6.944444444444444e-05, 6.023345402697247e-23)
    s, s_low = series_step_f64(s, s_low, t, t_low, 0.001736111111111111, 9.637352644315594e-20)
    s, s_low = series_step_f64(s, s_low, t, t_low, 0.027777777777777776, 1.5419764230904951e-18)
    s, s_low = series_step_f64(s, s_low, t, t_low, 0.25, 0.0)
    s, s_low = series_step_f64(s, s_low, t, t_low, 1.0, 0.0)
    s, s_low = series_step_f64(s, s_low, t, t_low, 1.0, 0.0)
    return s + s_low


def i0_outer_f64(a: float64) -> float64:
    """i0(a) = exp(a) * R(u)/sqrt(a) with u = 16/a - 1, for 8 <= a <= 714. R is nearly constant: a polynomial with a relative
    error of 2**-61, in which rounding errors stay small. All three factors are sums of two numbers."""
    root = sqrt(a)
    inverse = 1.0 / root
    product, product_low = mul_exact(root, root)
    root_low = ((a - product) - product_low) * (0.5 * inverse)
    u = (16.0 * inverse) * inverse - 1.0
    u2 = u * u
    u4 = u2 * u2
    g1 = (0.0033605519836678926 + u * 0.00013621607439242233) + u2 * (1.1143033787600954e-05 + u * 1.483847537499878e-06)
    g2 = (2.9735996543006567e-07 + u * 8.872284103759091e-08) + u2 * (3.9324252758753184e-08 + u * 2.1540741617497856e-08)
    g3 = (7.568082213942837e-09 - u * 6.693401839222627e-09) - u2 * (1.3479252221410259e-08 + u * 5.654227372818669e-09)
    g4 = (7.79690031302081e-09 + u * 8.207377238641537e-09) - u2 * (4.08593196298965e-09 + u * 7.634681792054508e-09)
    g5 = (2.4747638370401517e-09 + u * 6.189950999024247e-09) - u2 * (1.6595135520119403e-09 + u * 4.322780129844385e-09)
    g6 = (9.937624496877307e-10 + u * 2.411338156166958e-09) - u2 * (4.4033954881720055e-10 + u * 9.75588936432882e-10)
    g7 = (1.2206178514643786e-10 + u * 2.4939701435941937e-10) - u2 * (
        1.5626395259684188e-11 + u * 2.989071233870442e-11
    )
    part = u * (g1 + u4 * (g2 + u4 * (g3 + u4 * (g4 + u4 * (g5 + u4 * (g6 + u4 * g7))))))
    ratio = 0.4021765094450081 + part
    ratio_low = ((0.4021765094450081 - ratio) + part) - 2.5469137991304108e-17

    # exp(a), as in exp_f64, but as a sum of two numbers.
    shifted = a * LOG2_E + TO_INTEGER_2046
    k = shifted - TO_INTEGER_2046
    high = a - k * LN2_HIGH
    low = k * LN2_LOW
    r = high - low
    r_low = (high - r) - low
    lead = 1.0 + r
    lead_low = ((1.0 - lead) + r) + (exponential_tail_f64(r) + r_low)
    power = lead + lead_low
    power_low = (lead - power) + lead_low

    y, y_low = mul_exact(power, ratio)
    y_low += power * ratio_low + power_low * ratio
    quotient = y * inverse
    product, product_low = mul_exact(quotient, root)
    rest = ((y - product) - product_low) + (y_low - quotient * root_low)
    result = quotient + rest * inverse
    # Scaled in two halves: the result may be larger than 2**1023 where it is finite.
    bits = bitcast(uint64, shifted)
    half = bits >> 1
    return (result * bitcast(float64, half << 52)) * bitcast(float64, (bits - half) << 52)


def i0_f64(x: float64) -> float64:
    """The modified Bessel function of order zero: a series up to 8, exp(x)/sqrt(x) times a function of 1/x above.
    i0(-x) = i0(x), i0(±0) = 1, i0(±inf) = inf. Measured: 0.69 ULP at most (200,000 arguments).
    """
    a = abs(x)
    # i0(714) is infinite. NaN passes.
    bounded = select(a > 714.0, 714.0, a)
    inner = i0_series_f64(select(a < 8.0, a, 8.0))
    outer = i0_outer_f64(select(a < 8.0, 8.0, bounded))
    return select(a < 8.0, inner, outer)
