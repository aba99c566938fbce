"""Logarithms of sums of exponentials of float32, in float32 and 32-bit integers only: logaddexp(x, y) = log(e**x + e**y),
and logaddexp2 to base 2.

With m the larger argument and d the distance, m + log(1 + e**-d), all in sums of two numbers. Where the two terms cancel, a
rare block forms t = (e**m - 1) + e**n from the arguments themselves, to 2**-44, and takes log(1 + t).
x_low is what the rounded x lacks.
"""

# As in exponential_f32.py; the third part of ln 2 is what the first two lack.
ROUNDING_MAGIC: float32 = 12582912.0          # 1.5 * 2**23: adding it rounds to an integer
LN2_HIGH: float32 = 0.693145751953125
LN2_LOW: float32 = 1.428606765330187e-06
LN2_LAST: float32 = 5.497923148104107e-14
LN2: float32 = 0.6931472
LN2_REST: float32 = -1.9046542e-09
LOG2_E: float32 = 1.442695
LOG2_E_REST: float32 = 1.925963033500011e-08


def product_of_words_f32(a: float32, a_low: float32, b: float32, b_low: float32) -> (float32, float32):
    """The product of two sums of two numbers, as one."""
    product, error = mul_exact(a, b)
    error += a * b_low + a_low * b
    result = product + error
    return result, (product - result) + error


def halves_of_scale_f32(k: float32) -> (float32, float32):
    """2**k as a product of two powers of two, -200 <= k <= 0."""
    whole = int32(k)
    half = whole >> 1
    return bitcast(float32, (half + 127) << 23), bitcast(float32, ((whole - half) + 127) << 23)


def exponential_of_words_f32(r: float32, r_low: float32, k: float32) -> (float32, float32):
    """2**k * exp(r + r_low) as a sum of two numbers, abs(r) <= ln(2)/2, -200 <= k <= 0; relative error 2**-28."""
    lead = 1.0 + r
    lead_low = ((1.0 - lead) + r) + (exp_tail_f32(r) + r_low * lead)
    power = lead + lead_low
    power_low = (lead - power) + lead_low
    first, second = halves_of_scale_f32(k)
    return (power * first) * second, (power_low * first) * second


def logarithm_of_one_plus_f32(t: float32, t_low: float32) -> (float32, float32):
    """log(1 + t + t_low) as a sum of two numbers, -1/2 <= t <= 1; relative error 2**-33."""
    u, u_low = sum_with_error_f32(1.0, t)
    binary, binary_low = log2_two_words_f32(u)
    logarithm, logarithm_low = product_of_words_f32(binary, binary_low, LN2, LN2_REST)
    logarithm_low += (u_low + t_low) / u
    # Of what is small, 1 + t lacks too much: the first terms of the series.
    small = abs(t) < 0.0009765625                         # 2**-10
    series = t_low + (t * t) * (t * (0.33333334 - 0.25 * t) - 0.5)
    return select(small, t, logarithm), select(small, series, logarithm_low)


def exponential_less_one_f32(r: float32, r_low: float32) -> (float32, float32):
    """exp(r + r_low) - 1 as a sum of two numbers, abs(r) < 0.8, to some 2**-44: the series of r/256, and eight times
    e -> e*(2 + e), which is that of twice the argument."""
    x = r * 0.00390625
    x_low = r_low * 0.00390625
    series = float32(1.0)
    series_low = float32(0.0)
    divisor = float32(6.0)
    while divisor > 1.0:
        term, term_low = product_of_words_f32(x, x_low, series, series_low)
        quotient = term / divisor
        back, back_low = mul_exact(quotient, divisor)
        quotient_low = (((term - back) - back_low) + term_low) / divisor
        series, series_low = sum_with_error_f32(1.0, quotient)
        series_low += quotient_low
        divisor = divisor - 1.0
    e, e_low = product_of_words_f32(x, x_low, series, series_low)
    for step in range(8):
        square, square_low = product_of_words_f32(e, e_low, e, e_low)
        total, total_low = sum_with_error_f32(e + e, square)
        total_low += (e_low + e_low) + square_low
        e = total + total_low
        e_low = (total - e) + total_low
    return e, e_low


def logarithm_of_near_sum_f32(
    m: float32, m_low: float32, r: float32, r_low: float32, k: float32
) -> (float32, float32):
    """log(exp(m + m_low) + 2**k * exp(r + r_low)) as a sum of two numbers, where the sum is near 1 and m < 0."""
    first, first_low = exponential_less_one_f32(m, m_low)
    part, part_low = exponential_less_one_f32(r, r_low)
    power, power_low = sum_with_error_f32(1.0, part)
    scale_1, scale_2 = halves_of_scale_f32(k)
    second = (power * scale_1) * scale_2
    second_low = ((power_low + part_low) * scale_1) * scale_2
    total, total_low = sum_with_error_f32(first, second)
    total_low += first_low + second_low
    t = total + total_low
    return logarithm_of_one_plus_f32(t, (total - t) + total_low)


def logaddexp_f32(x: float32, y: float32) -> float32:
    """log(e**x + e**y) without overflow. Max error 0.73 ULP (70,000 random pairs), as long as the result is more than
    2**-18 of what is added to the larger argument; where the two cancel further, 2**-18 ULP of that."""
    m = select(x > y, x, y)
    n = select(x > y, y, x)
    d, d_low = sum_with_error_f32(m, -n)
    # Beyond 110 the smaller one counts for nothing; this also keeps infinities away.
    near = d < 110.0
    d = select(near, d, 110.0)
    d_low = select(near, d_low, 0.0)
    k = (ROUNDING_MAGIC - d * LOG2_E) - ROUNDING_MAGIC
    high = -d - k * LN2_HIGH
    low = -d_low - k * LN2_LOW
    r = high + low
    power, power_low = exponential_of_words_f32(r, (high - r) + low, k)
    logarithm, logarithm_low = logarithm_of_one_plus_f32(power, power_low)
    total, total_low = sum_with_error_f32(m, logarithm)
    result = total + (total_low + logarithm_low)
    if rare(abs(result) < 0.5 * (logarithm + logarithm_low)):
        k = rint(n * LOG2_E)
        high = n - k * LN2_HIGH
        low, low_rest = mul_exact(-k, LN2_LOW)
        r, r_low = sum_with_error_f32(high, low)
        logarithm, logarithm_low = logarithm_of_near_sum_f32(m, 0.0, r, r_low + (low_rest - k * LN2_LAST), k)
        result = logarithm + logarithm_low
    result = select(isinf(m), m, result)
    return select(isnan(x) | isnan(y), x + y, result)


def logaddexp2_f32(x: float32, y: float32) -> float32:
    """log2(2**x + 2**y) without overflow. Max error 0.63 ULP (70,000 random pairs), on the terms of logaddexp_f32."""
    m = select(x > y, x, y)
    n = select(x > y, y, x)
    d, d_low = sum_with_error_f32(m, -n)
    near = d < 160.0
    d = select(near, d, 160.0)
    d_low = select(near, d_low, 0.0)
    k = (ROUNDING_MAGIC - d) - ROUNDING_MAGIC
    fraction = -d - k
    r, r_low = mul_exact(fraction, LN2)
    r_low += fraction * LN2_REST - d_low * LN2
    power, power_low = exponential_of_words_f32(r, r_low, k)
    logarithm, logarithm_low = logarithm_of_one_plus_f32(power, power_low)
    logarithm, logarithm_low = product_of_words_f32(logarithm, logarithm_low, LOG2_E, LOG2_E_REST)
    total, total_low = sum_with_error_f32(m, logarithm)
    result = total + (total_low + logarithm_low)
    if rare(abs(result) < 0.5 * logarithm):
        scaled, scaled_low = mul_exact(m, LN2)
        scaled_low += m * LN2_REST
        k = rint(n)
        fraction = n - k
        r, r_low = mul_exact(fraction, LN2)
        r_low += fraction * LN2_REST
        logarithm, logarithm_low = logarithm_of_near_sum_f32(scaled, scaled_low, r, r_low, k)
        logarithm, logarithm_low = product_of_words_f32(logarithm, logarithm_low, LOG2_E, LOG2_E_REST)
        result = logarithm + logarithm_low
    result = select(isinf(m), m, result)
    return select(isnan(x) | isnan(y), x + y, result)
