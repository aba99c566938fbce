"""The gamma function of float32 and the logarithm of its magnitude, in float32 and 32-bit integers only. Free of branches.

Stirling's formula, to base 2: log2(gamma(w)) = (w - 1/2)*log2(w) - w*log2(e) + log2(2*pi)/2 + M(1/w**2)/w, for w >= 4, where
M is a minimax polynomial. Below 4, gamma(a) = gamma(a + 4) / (a*(a + 1)*(a + 2)*(a + 3)). Below zero,
gamma(-a) = -pi/(a*sin(pi*a)*gamma(a)). x_low is what the rounded x lacks.
"""

ROUNDING_MAGIC: float32 = 12582912.0          # 1.5 * 2**23: adding it rounds to an integer, left in the low bits
ROUNDING_MAGIC_BITS: int32 = 0x4b400000

# Each as the nearest float32 and the rest.
LOG2_E: float32 = 1.442695
LOG2_E_REST: float32 = 1.925963033500011e-08
LN2: float32 = 0.6931472
LN2_REST: float32 = -1.9046542e-09
HALF_LOG2_2_PI: float32 = 1.325748085975647
HALF_LOG2_2_PI_REST: float32 = -2.1239488390278893e-08

TINY: float32 = 3.725290298461914e-09                     # 2**-28: below, gamma(x) rounds to 1/x
HUGE: float32 = 1e10                                      # above, nothing but w*(log(w) - 1) counts


def rising_product_f32(a: float32) -> (float32, float32):
    """a*(a + 1)*(a + 2)*(a + 3) as a sum of two numbers: s*(s + 2) with s = a*(a + 3)."""
    last, last_low = sum_with_error_f32(3.0, a)
    s, s_low = mul_exact(a, last)
    s_low += a * last_low
    second, second_low = sum_with_error_f32(2.0, s)
    product, product_low = mul_exact(s, second)
    return product, product_low + (s * (second_low + s_low) + s_low * second)


def stirling_f32(a: float32, scale: float32) -> (float32, float32, float32, float32):
    """Two sums of two numbers, (s, s_low, p, p_low), with log2(gamma(a)) = s - log2(p), for a >= TINY.

    Above HUGE, s is multiplied by the scale, a power of two, which is 1 for all others."""
    near = a < 4.0
    product, product_low = rising_product_f32(select(near, a, 1.0))
    w = select(near, a + 4.0, a)
    w_low = select(near, a - (w - 4.0), 0.0)
    logarithm, logarithm_low = log2_two_words_f32(w)
    inverse = 1.0 / w
    t = inverse * inverse
    series = (0.12022459 + t * -0.004007536) + (t * t) * (0.0011434103 + t * -0.00075806165)
    # What w lacks changes the sum by log2(w) - log2(e)/(2*w) times as much.
    small = inverse * series + w_low * (logarithm - 0.7213475 * inverse)
    far = a > HUGE
    small = select(far, 0.0, small + HALF_LOG2_2_PI_REST)
    constant = select(far, 0.0, HALF_LOG2_2_PI)
    factor = w - 0.5
    factor_low = ((w - factor) - 0.5) * scale
    factor *= scale
    leading, leading_low = mul_exact(factor, logarithm)
    leading_low += factor * logarithm_low + factor_low * logarithm
    w *= scale
    linear, linear_low = mul_exact(w, LOG2_E)
    linear_low += w * LOG2_E_REST
    difference, difference_low = sum_with_error_f32(leading, -linear)
    s, s_low = sum_with_error_f32(difference, constant)
    s_low += small + ((leading_low - linear_low) + difference_low)
    return s, s_low, select(near, product, 1.0), select(near, product_low, 0.0)


def gamma_f32(x: float32) -> float32:
    """The gamma function. gamma(±0) = ±inf, gamma(inf) = inf; NaN for negative integers and -inf.
    Max error 0.993 ULP (all 2**32 arguments: checks exhaust --function 'math.gamma(a)')."""
    a = abs(x)
    # Beyond 50 the result is infinite or zero anyway. NaN passes.
    bounded = select(a > 50.0, 50.0, a)
    bounded = select(bounded < TINY, TINY, bounded)
    s, s_low, product, product_low = stirling_f32(bounded, 1.0)

    # 2**(s + s_low) as 2**k times a sum of two numbers; as in pow_f32.
    shifted = s + ROUNDING_MAGIC
    fraction = s - (shifted - ROUNDING_MAGIC)
    t = fraction + s_low
    t_low = s_low - (t - fraction)
    r, r_low = mul_exact(t, LN2)
    r_low = r_low + (t * LN2_REST + t_low * LN2)
    lead = 1.0 + r
    lead_low = (r - (lead - 1.0)) + (exp_tail_f32(r) + r_low)
    power = lead + lead_low
    power_low = (lead - power) + lead_low

    # Above zero power/product; below, with a = n + f, -product/(a*f*sine_ratio(f)*power) for an even n.
    negative = x < 0.0
    n = rint(a)
    f = a - n
    ratio, ratio_low = sine_ratio_f32(f)
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

    # The scale in two halves.
    k = bitcast(int32, shifted) - ROUNDING_MAGIC_BITS
    k = select(negative, -k, k)
    half = k >> 1
    result = (y * bitcast(float32, (half + 127) << 23)) * bitcast(float32, ((k - half) + 127) << 23)
    even = rint(0.5 * n) == 0.5 * n
    result = select(negative & even, -result, result)
    result = select(a < TINY, 1.0 / x, result)
    undefined = negative & (f == 0.0) | (x < -16777216.0)
    return select(undefined, bitcast(float32, 0x7fc00000), result)


def lgamma_f32(x: float32) -> float32:
    """log(abs(gamma(x))). inf for zeros, negative integers and infinities.
    Max error 0.656 ULP of max(1, abs(result)) (all 2**32 arguments: checks exhaust --function 'math.lgamma(a)'
    --floor 1)."""
    a = abs(x)
    infinity = bitcast(float32, 0x7f800000)
    bounded = select(a < TINY, TINY, a)
    # Beyond 1e37 the result is infinite; there and above HUGE it is formed 2**64 times smaller.
    bounded = select(bounded > 1e37, 1e37, bounded)
    far = bounded > HUGE
    scale = select(far, 5.421010862427522e-20, float32(1.0))
    unscale = select(far, 1.8446744073709552e19, float32(1.0))
    s, s_low, product, product_low = stirling_f32(bounded, scale)

    # log(gamma(a)) = s - log(product); log(abs(gamma(-a))) = -s - log(a*f*sine_ratio(f)/product), where a = n + f.
    negative = x < 0.0
    f = abs(a - rint(a))
    ratio, ratio_low = sine_ratio_f32(f)
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
    logarithm, logarithm_low = log2_two_words_f32(value)
    logarithm_low += LOG2_E * (value_low / value)

    s = select(tiny, 0.0, select(negative, -s, s))
    s_low = select(tiny, 0.0, select(negative, -s_low, s_low))
    total, total_low = sum_with_error_f32(s, -logarithm)
    total_low += s_low - logarithm_low
    scaled, scaled_low = mul_exact(total, LN2)
    result = (scaled + (scaled_low + (total * LN2_REST + total_low * LN2))) * unscale
    result = select((x == 1.0) | (x == 2.0), 0.0, result)
    return select(pole, infinity, select(isnan(x), x, result))
