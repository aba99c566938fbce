"""The gamma function of float64 and the logarithm of its magnitude. Both are free of branches.

Stirling's formula: log(gamma(w)) = (w - 1/2)*log(w) - w + log(2*pi)/2 + M(1/w**2)/w, for w >= 8, where M is a minimax
polynomial. Below 8, gamma(a) = gamma(a + 8) / (a*(a + 1)*...*(a + 7)). Below zero, gamma(-a) = -pi/(a*sin(pi*a)*gamma(a)).
x_low is what the rounded x lacks.
"""

# As in exponential_f64.py.
LN2_HIGH: float64 = 0.6931471805592082
LN2_LOW: float64 = 7.371002565167799e-13
LOG2_E: float64 = 1.4426950408889634
TO_INTEGER_2046: float64 = 6755399441057790.0

# log(2*pi)/2 as the nearest float64 and the rest.
HALF_LOG_2_PI: float64 = 0.9189385332046728
HALF_LOG_2_PI_REST: float64 = -3.8782941580672414e-17

TINY: float64 = 6.938893903907228e-18                     # 2**-57: below, gamma(x) rounds to 1/x
HUGE: float64 = 1e20                                      # above, nothing but w*(log(w) - 1) counts


def rising_product_f64(a: float64) -> (float64, float64):
    """a*(a + 1)*...*(a + 7) as a sum of two numbers: s*(s + 6)*(s + 10)*(s + 12) with s = a*(a + 7)."""
    last, last_low = sum_with_error_f64(7.0, a)
    s, s_low = mul_exact(a, last)
    s_low += a * last_low
    second, second_low = sum_with_error_f64(6.0, s)
    third, third_low = sum_with_error_f64(10.0, s)
    fourth, fourth_low = sum_with_error_f64(12.0, s)
    second_low += s_low
    third_low += s_low
    fourth_low += s_low
    left, left_low = mul_exact(s, second)
    left_low += s * second_low + s_low * second
    right, right_low = mul_exact(third, fourth)
    right_low += third * fourth_low + third_low * fourth
    product, product_low = mul_exact(left, right)
    return product, product_low + (left * right_low + left_low * right)


def stirling_f64(a: float64, scale: float64) -> (float64, float64, float64, float64):
    """Two sums of two numbers, (s, s_low, p, p_low), with log(gamma(a)) = s - log(p), for a >= TINY.

    Above HUGE, s is multiplied by the scale, a power of two, which is 1 for all others."""
    near = a < 8.0
    product, product_low = rising_product_f64(select(near, a, 1.0))
    w = select(near, a + 8.0, a)
    w_low = select(near, a - (w - 8.0), 0.0)
    logarithm, logarithm_low = accurate_logarithm_f64(w)
    inverse = 1.0 / w
    t = inverse * inverse
    t2 = t * t
    series = (
        (0.08333333333333333 + t * -0.0027777777777667264)
        + t2 * (0.0007936507860028585 + t * -0.0005952357542956634)
        + (t2 * t2) * ((0.0008413806988162351 + t * -0.001885762726920914) + t2 * 0.004974047608949427)
    )
    # What w lacks changes the sum by log(w) - 1/(2*w) times as much.
    small = inverse * series + w_low * (logarithm - 0.5 * inverse)
    far = a > HUGE
    small = select(far, 0.0, small + HALF_LOG_2_PI_REST)
    constant = select(far, 0.0, HALF_LOG_2_PI)
    factor = w - 0.5
    factor_low = ((w - factor) - 0.5) * scale
    factor *= scale
    leading, leading_low = mul_exact(factor, logarithm)
    leading_low += factor * logarithm_low + factor_low * logarithm
    w *= scale
    difference = leading - w
    small += leading_low + ((leading - difference) - w)
    s = difference + constant
    return s, small + ((difference - s) + constant), select(near, product, 1.0), select(near, product_low, 0.0)


def gamma_f64(x: float64) -> float64:
    """The gamma function. gamma(±0) = ±inf, gamma(inf) = inf; NaN for negative integers and -inf.
    Measured: 0.83 ULP at most."""
    a = abs(x)
    # Beyond 200 the result is infinite or zero anyway. NaN passes.
    bounded = select(a > 200.0, 200.0, a)
    bounded = select(bounded < TINY, TINY, bounded)
    s, s_low, product, product_low = stirling_f64(bounded, 1.0)

    # exp(s + s_low) as 2**k times a sum of two numbers; as in pow_f64.
    shifted = s * LOG2_E + TO_INTEGER_2046
    k = shifted - TO_INTEGER_2046
    high = s - k * LN2_HIGH
    low = s_low - k * LN2_LOW
    r = high + low
    r_low = (high - r) + low
    lead = 1.0 + r
    lead_low = ((1.0 - lead) + r) + (exponential_tail_f64(r) + r_low)
    power = lead + lead_low
    power_low = (lead - power) + lead_low

    # Above zero power/product; below, with a = n + f, -product/(a*f*sine_ratio(f)*power) for an even n.
    negative = x < 0.0
    n = rint(a)
    f = a - n
    ratio, ratio_low = sine_ratio_f64(f)
    part, part_low = mul_exact(bounded, f)
    sine, sine_low = mul_exact(part, ratio)
    sine_low += part * ratio_low + part_low * ratio
    below, below_low = mul_exact(sine, power)
    below_low += sine * power_low + sine_low * power
    numerator = select(negative, product, power)
    numerator_low = select(negative, product_low, power_low)
    denominator = select(negative, below, product)
    denominator_low = select(negative, below_low, product_low)
    inverse = 1.0 / denominator
    quotient = numerator * inverse
    back, back_low = mul_exact(quotient, denominator)
    rest = ((numerator - back) - back_low) + (numerator_low - quotient * denominator_low)
    y = quotient + rest * inverse

    # The scale in two halves, as in scaled_exponential_f64.
    bits = bitcast(uint64, select(negative, TO_INTEGER_2046 - k, shifted))
    half = bits >> 1
    result = (y * bitcast(float64, half << 52)) * bitcast(float64, (bits - half) << 52)
    even = rint(0.5 * n) == 0.5 * n
    result = select(negative & even, -result, result)
    result = select(a < TINY, 1.0 / x, result)
    undefined = negative & (f == 0.0) | (x < -9007199254740992.0)
    return select(undefined, bitcast(float64, 0x7ff8000000000000), result)


def lgamma_f64(x: float64) -> float64:
    """log(abs(gamma(x))). inf for zeros, negative integers and infinities.
    Measured: 0.54 ULP of max(1, abs(result)) at most."""
    a = abs(x)
    infinity = bitcast(float64, 0x7ff0000000000000)
    bounded = select(a < TINY, TINY, a)
    # Beyond 2**1016 the result is infinite; there and above HUGE it is formed 2**200 times smaller.
    bounded = select(bounded > 7.022238808055921e305, 7.022238808055921e305, bounded)
    far = bounded > HUGE
    scale = select(far, 6.223015277861142e-61, float64(1.0))
    unscale = select(far, 1.6069380442589903e60, float64(1.0))
    s, s_low, product, product_low = stirling_f64(bounded, scale)

    # log(gamma(a)) = s - log(product); log(abs(gamma(-a))) = -s - log(a*f*sine_ratio(f)/product), where a = n + f.
    negative = x < 0.0
    f = abs(a - rint(a))
    ratio, ratio_low = sine_ratio_f64(f)
    part, part_low = mul_exact(bounded, f)
    sine, sine_low = mul_exact(part, ratio)
    sine_low += part * ratio_low + part_low * ratio
    inverse = 1.0 / product
    quotient = sine * inverse
    back, back_low = mul_exact(quotient, product)
    quotient_low = (((sine - back) - back_low) + (sine_low - quotient * product_low)) * inverse
    value = select(negative, quotient, product)
    value_low = select(negative, quotient_low, product_low)
    tiny = a < TINY
    value = select(tiny, a, value)
    value_low = select(tiny, 0.0, value_low)
    pole = (a == 0.0) | (negative & (f == 0.0)) | (a == infinity)
    value = select(pole, 1.0, value)
    logarithm, logarithm_low = accurate_logarithm_f64(value)
    logarithm_low += value_low / value

    s = select(tiny, 0.0, select(negative, -s, s))
    s_low = select(tiny, 0.0, select(negative, -s_low, s_low))
    total, total_low = sum_with_error_f64(s, -logarithm)
    result = (total + (total_low + (s_low - logarithm_low))) * unscale
    result = select((x == 1.0) | (x == 2.0), 0.0, result)
    return select(pole, infinity, select(isnan(x), x, result))
