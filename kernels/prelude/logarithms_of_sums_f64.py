"""Logarithms of sums of exponentials of float64: logaddexp(x, y) = log(e**x + e**y), and logaddexp2 to base 2.

With m the larger argument and d the distance, m + log(1 + e**-d), all in sums of two numbers. Where the two terms cancel, a
rare block forms t = (e**m - 1) + e**n from the arguments themselves, to 2**-100, and takes log(1 + t).
x_low is what the rounded x lacks.
"""

# As in exponential_f64.py; the third part of ln 2 is what the first two lack.
LN2_HIGH: float64 = 0.6931471805592082
LN2_LOW: float64 = 7.371002565167799e-13
LN2_LAST: float64 = 1.94704509238075e-31
LN2: float64 = 0.6931471805599453
LN2_REST: float64 = 2.3190468138462996e-17
LOG2_E: float64 = 1.4426950408889634
LOG2_E_REST: float64 = 2.0355273740931033e-17
TO_INTEGER_2046: float64 = 6755399441057790.0


def product_of_words_f64(a: float64, a_low: float64, b: float64, b_low: float64) -> (float64, float64):
    """The product of two sums of two numbers, as one."""
    product, error = mul_exact(a, b)
    error += a * b_low + a_low * b
    result = product + error
    return result, (product - result) + error


def halves_of_scale_f64(k: float64) -> (float64, float64):
    """2**k as a product of two powers of two, -1100 <= k <= 0."""
    bits = bitcast(uint64, k + TO_INTEGER_2046)
    half = bits >> 1
    return bitcast(float64, half << 52), bitcast(float64, (bits - half) << 52)


def exponential_of_words_f64(r: float64, r_low: float64, k: float64) -> (float64, float64):
    """2**k * exp(r + r_low) as a sum of two numbers, abs(r) <= ln(2)/2, -1100 <= k <= 0; relative error 2**-57."""
    lead = 1.0 + r
    lead_low = ((1.0 - lead) + r) + (exponential_tail_f64(r) + r_low * lead)
    power = lead + lead_low
    power_low = (lead - power) + lead_low
    first, second = halves_of_scale_f64(k)
    return (power * first) * second, (power_low * first) * second


def logarithm_of_one_plus_f64(t: float64, t_low: float64) -> (float64, float64):
    """log(1 + t + t_low) as a sum of two numbers, -1/2 <= t <= 1; relative error 2**-64."""
    u, u_low = sum_with_error_f64(1.0, t)
    logarithm, logarithm_low = accurate_logarithm_f64(u)
    logarithm_low += (u_low + t_low) / u
    # Of what is small, 1 + t lacks too much: the first terms of the series.
    small = abs(t) < 9.5367431640625e-07                  # 2**-20
    series = t_low + (t * t) * (t * (0.3333333333333333 - 0.25 * t) - 0.5)
    return select(small, t, logarithm), select(small, series, logarithm_low)


def exponential_less_one_f64(r: float64, r_low: float64) -> (float64, float64):
    """exp(r + r_low) - 1 as a sum of two numbers, abs(r) < 0.8, to some 2**-100: the series of r/256, and eight times
    e -> e*(2 + e), which is that of twice the argument."""
    x = r * 0.00390625
    x_low = r_low * 0.00390625
    series = float64(1.0)
    series_low = float64(0.0)
    divisor = float64(11.0)
    while divisor > 1.0:
        term, term_low = product_of_words_f64(x, x_low, series, series_low)
        quotient = term / divisor
        back, back_low = mul_exact(quotient, divisor)
        quotient_low = (((term - back) - back_low) + term_low) / divisor
        series, series_low = sum_with_error_f64(1.0, quotient)
        series_low += quotient_low
        divisor = divisor - 1.0
    e, e_low = product_of_words_f64(x, x_low, series, series_low)
    for step in range(8):
        square, square_low = product_of_words_f64(e, e_low, e, e_low)
        total, total_low = sum_with_error_f64(e + e, square)
        total_low += (e_low + e_low) + square_low
        e = total + total_low
        e_low = (total - e) + total_low
    return e, e_low


def logarithm_of_near_sum_f64(
    m: float64, m_low: float64, r: float64, r_low: float64, k: float64
) -> (float64, float64):
    """log(exp(m + m_low) + 2**k * exp(r + r_low)) as a sum of two numbers, where the sum is near 1 and m < 0."""
    first, first_low = exponential_less_one_f64(m, m_low)
    part, part_low = exponential_less_one_f64(r, r_low)
    power, power_low = sum_with_error_f64(1.0, part)
    scale_1, scale_2 = halves_of_scale_f64(k)
    second = (power * scale_1) * scale_2
    second_low = ((power_low + part_low) * scale_1) * scale_2
    total, total_low = sum_with_error_f64(first, second)
    total_low += first_low + second_low
    t = total + total_low
    return logarithm_of_one_plus_f64(t, (total - t) + total_low)


def logaddexp_f64(x: float64, y: float64) -> float64:
    """log(e**x + e**y) without overflow. Measured: 0.74 ULP at most, as long as the result is more than 2**-45 of
    what is added to the larger argument; where the two cancel further, 2**-45 ULP of that."""
    m = select(x > y, x, y)
    n = select(x > y, y, x)
    d, d_low = sum_with_error_f64(m, -n)
    # Beyond 750 the smaller one counts for nothing; this also keeps infinities away.
    near = d < 750.0
    d = select(near, d, 750.0)
    d_low = select(near, d_low, 0.0)
    k = (TO_INTEGER_2046 - d * LOG2_E) - TO_INTEGER_2046
    high = -d - k * LN2_HIGH
    low = -d_low - k * LN2_LOW
    r = high + low
    power, power_low = exponential_of_words_f64(r, (high - r) + low, k)
    logarithm, logarithm_low = logarithm_of_one_plus_f64(power, power_low)
    total, total_low = sum_with_error_f64(m, logarithm)
    result = total + (total_low + logarithm_low)
    if rare(abs(result) < 0.5 * (logarithm + logarithm_low)):
        k = rint(n * LOG2_E)
        high = n - k * LN2_HIGH
        low, low_rest = mul_exact(-k, LN2_LOW)
        r, r_low = sum_with_error_f64(high, low)
        logarithm, logarithm_low = logarithm_of_near_sum_f64(m, 0.0, r, r_low + (low_rest - k * LN2_LAST), k)
        result = logarithm + logarithm_low
    result = select(isinf(m), m, result)
    return select(isnan(x) | isnan(y), x + y, result)


def logaddexp2_f64(x: float64, y: float64) -> float64:
    """log2(2**x + 2**y) without overflow. Measured: 0.63 ULP at most, on the terms of logaddexp_f64."""
    m = select(x > y, x, y)
    n = select(x > y, y, x)
    d, d_low = sum_with_error_f64(m, -n)
    near = d < 1080.0
    d = select(near, d, 1080.0)
    d_low = select(near, d_low, 0.0)
    k = (TO_INTEGER_2046 - d) - TO_INTEGER_2046
    fraction = -d - k
    r, r_low = mul_exact(fraction, LN2)
    r_low += fraction * LN2_REST - d_low * LN2
    power, power_low = exponential_of_words_f64(r, r_low, k)
    logarithm, logarithm_low = logarithm_of_one_plus_f64(power, power_low)
    logarithm, logarithm_low = product_of_words_f64(logarithm, logarithm_low, LOG2_E, LOG2_E_REST)
    total, total_low = sum_with_error_f64(m, logarithm)
    result = total + (total_low + logarithm_low)
    if rare(abs(result) < 0.5 * logarithm):
        scaled, scaled_low = mul_exact(m, LN2)
        scaled_low += m * LN2_REST
        k = rint(n)
        fraction = n - k
        r, r_low = mul_exact(fraction, LN2)
        r_low += fraction * LN2_REST
        logarithm, logarithm_low = logarithm_of_near_sum_f64(scaled, scaled_low, r, r_low, k)
        logarithm, logarithm_low = product_of_words_f64(logarithm, logarithm_low, LOG2_E, LOG2_E_REST)
        result = logarithm + logarithm_low
    result = select(isinf(m), m, result)
    return select(isnan(x) | isnan(y), x + y, result)
