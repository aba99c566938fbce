"""Exponential and logarithmic functions of float64, and the hyperbolic functions built on them.

All of them are free of branches: zeros, infinities, NaN, subnormal arguments and results go the same way.
The polynomials are minimax (Remez exchange, then rounded to float64), their errors those of the rounded coefficients.
x_low, x_error, x_rest is always what the rounded x lacks.
"""

# ln 2 and log10 2 in two parts; the first has 40 bits, so that its product with an integer below 2**13 is exact.
LN2_HIGH: float64 = 0.6931471805592082
LN2_LOW: float64 = 7.371002565167799e-13
LOG10_2_HIGH: float64 = 0.30102999566361177
LOG10_2_LOW: float64 = 3.694239077158931e-13

# The nearest float64, and the rest.
LN2: float64 = 0.6931471805599453
LN2_REST: float64 = 2.3190468138462996e-17
LOG2_E: float64 = 1.4426950408889634
LOG2_E_REST: float64 = 2.0355273740931033e-17
LOG10_E: float64 = 0.4342944819032518
LOG10_E_REST: float64 = 1.098319650216765e-17

# 1.5 * 2**52 plus an exponent bias: adding it rounds to an integer k, and the low bits of the sum hold k + bias.
TO_INTEGER_1022: float64 = 6755399441056766.0
TO_INTEGER_1023: float64 = 6755399441056767.0
TO_INTEGER_2046: float64 = 6755399441057790.0


def exponential_tail_f64(r: float64) -> float64:
    """exp(r) - 1 - r for |r| <= ln(2)/2: r**2 times a minimax polynomial; error 2**-58 relative to exp(r)."""
    z = r * r
    z2 = z * z
    z4 = z2 * z2
    first = (0.5000000000000013 + r * 0.16666666666666702) + z * (0.04166666666651204 + r * 0.00833333333330616)
    second = 0.0013888888947989507 + r * 0.0001984126991953087
    second = second + z * (2.4801488856107313e-05 + r * 2.755721448654034e-06)
    third = 2.7631692438027744e-07 + r * 2.51184075591099e-08
    return z * (first + z2 * second + z4 * third)


def accurate_exponential_tail_f64(r: float64, small: float64) -> float64:
    """exp(r) - 1 - r + small, with small summed before the leading r**2/2: for results that cancel against 1.

    The square is exact, and the minimax polynomial one degree longer: error 2**-61 relative to exp(r).
    """
    z, z_low = mul_exact(r, r)
    z2 = z * z
    z4 = z2 * z2
    first = (0.16666666666666685 + r * 0.04166666666666667) + z * (0.008333333333316113 + r * 0.0013888888888884138)
    second = 0.00019841269898632693 + r * 2.4801587323738016e-05
    second = second + z * (2.7557232645470777e-06 + r * 2.7557276309630456e-07)
    third = 2.5112800245121637e-08 + r * 2.09134718675878e-09
    series = first + z2 * second + z4 * third
    return 0.5 * z + ((0.5 * z_low + small) + (r * z) * series)


def scaled_exponential_f64(r: float64, r_low: float64, shifted: float64) -> float64:
    """2**k * exp(r + r_low), where the low bits of `shifted` hold k + 2046, -1080 <= k <= 1026, |r| <= ln(2)/2.

    The scale is applied in two halves, so that overflow to infinity, subnormal results and zero need no branch.
    """
    lead = 1.0 + r
    lead_error = (1.0 - lead) + r
    y = lead + (lead_error + (exponential_tail_f64(r) + r_low))
    # The exponent fields k//2 + 1023 and k - k//2 + 1023; higher bits are shifted out.
    bits = bitcast(uint64, shifted)
    half = bits >> 1
    return (y * bitcast(float64, half << 52)) * bitcast(float64, (bits - half) << 52)


def exp_f64(x: float64) -> float64:
    """e**x as 2**k * exp(r + r_low) with x = k*ln(2) + r + r_low. Measured: 0.76 ULP at most."""
    # Beyond these bounds the result is infinite or zero anyway. NaN passes.
    bounded = select(x > 710.0, 710.0, x)
    bounded = select(bounded < -746.0, -746.0, bounded)
    shifted = bounded * LOG2_E + TO_INTEGER_2046
    k = shifted - TO_INTEGER_2046
    high = bounded - k * LN2_HIGH
    low = k * LN2_LOW
    r = high - low
    r_low = (high - r) - low
    return scaled_exponential_f64(r, r_low, shifted)


def exp2_f64(x: float64) -> float64:
    """2**x as 2**k * exp((x - k)*ln(2)), with the product as an exact sum. Measured: 0.78 ULP at most."""
    bounded = select(x > 1025.0, 1025.0, x)
    bounded = select(bounded < -1077.0, -1077.0, bounded)
    shifted = bounded + TO_INTEGER_2046
    fraction = bounded - (shifted - TO_INTEGER_2046)
    r, r_low = mul_exact(fraction, LN2)
    return scaled_exponential_f64(r, r_low + fraction * LN2_REST, shifted)


def expm1_f64(x: float64) -> float64:
    """e**x - 1, accurate near zero: half of 2**k * exp(r + r_low) as a leading part and a small one, minus one half.

    Half, because 2**k may be 2**1024 where the result is still finite. Measured: 0.76 ULP at most.
    """
    bounded = select(x > 710.0, 710.0, x)
    bounded = select(bounded < -40.0, -40.0, bounded)
    shifted = bounded * LOG2_E + TO_INTEGER_1022
    k = shifted - TO_INTEGER_1022
    high = bounded - k * LN2_HIGH
    low = k * LN2_LOW
    r = high - low
    r_low = (high - r) - low
    scale = bitcast(float64, bitcast(uint64, shifted) << 52)
    lead = 1.0 + r
    lead_error = (1.0 - lead) + r
    # The sum scale*lead - 1/2 and its rounding error (Knuth), whichever of the two is larger.
    scaled = scale * lead
    total = scaled - 0.5
    part = total - scaled
    total_error = (scaled - (total - part)) - (0.5 + part)
    # r_low*exp(r) is needed to a few bits only: lead is near enough to exp(r).
    y = total + (total_error + scale * accurate_exponential_tail_f64(r, lead_error + r_low * lead))
    # expm1(x) rounds to x here; this also keeps the sign of zero.
    return select(abs(x) < 5.551115123125783e-17, x, y + y)


def tanh_f64(x: float64) -> float64:
    """tanh(x) = -e/(2 + e) with e = expm1(-2*abs(x)), numerator and denominator as sums of two numbers.

    Measured: 0.64 ULP at most.
    """
    # tanh(22) rounds to 1.
    doubled = abs(x) + abs(x)
    bounded = select(doubled > 44.0, 44.0, doubled)
    shifted = TO_INTEGER_1023 - bounded * LOG2_E
    k = shifted - TO_INTEGER_1023
    high = -bounded - k * LN2_HIGH
    low = k * LN2_LOW
    r = high - low
    r_low = (high - r) - low
    scale = bitcast(float64, bitcast(uint64, shifted) << 52)
    lead = 1.0 + r
    lead_error = (1.0 - lead) + r
    # 1 - e**(-2*abs(x)), and then the quotient with one step of correction.
    scaled = scale * lead
    total = 1.0 - scaled
    total_error = (1.0 - total) - scaled
    rest = total_error - scale * accurate_exponential_tail_f64(r, lead_error + r_low * lead)
    numerator = total + rest
    numerator_low = (total - numerator) + rest
    denominator = 2.0 - numerator
    denominator_low = ((2.0 - denominator) - numerator) - numerator_low
    inverse = 1.0 / denominator
    quotient = numerator * inverse
    product, product_error = mul_exact(quotient, denominator)
    remainder = ((numerator - product) - product_error) + (numerator_low - quotient * denominator_low)
    y = copysign(quotient + remainder * inverse, x)
    # tanh(x) rounds to x here.
    return select(abs(x) < 3.725290298461914e-09, x, y)


def hyperbolic_parts_f64(a: float64) -> (float64, float64, float64, float64, float64):
    """For 0 <= a <= 710.6, with a = k*ln(2) + r + r_low and everything divided by 2**(k - 1):
    r, cosh(r) - 1, sinh(r) - r + r_low, 2**(-2*k), and the scale 2**(k - 2).
    """
    shifted = a * LOG2_E + TO_INTEGER_1022
    k = shifted - TO_INTEGER_1022
    high = a - k * LN2_HIGH
    low = k * LN2_LOW
    r = high - low
    r_low = (high - r) - low
    z = r * r
    z2 = z * z
    cosh_series = (
        (0.04166666666660143 + z * 0.0013888888927881707) + z2 * (2.4801507250486195e-05 + z * 2.762578053624099e-07)
    )
    cosh_tail = 0.5 * z + z2 * cosh_series
    sinh_series = (
        (0.16666666666666677 + z * 0.008333333333321355)
        + z2 * ((0.00019841269886909212 + z * 2.7557243347252924e-06) + z2 * 2.5109360769431424e-08)
    )
    sinh_tail = r_low + (r * z) * sinh_series
    bits = bitcast(uint64, shifted)
    falling = select(k > 30.0, 0.0, bitcast(float64, (3067 - bits - bits) << 52))
    scale = bitcast(float64, (bits - 1) << 52)
    return r, cosh_tail, sinh_tail, falling, scale


def sinh_f64(x: float64) -> float64:
    """sinh(k*ln(2) + r) = sinh(k*ln(2))*cosh(r) + cosh(k*ln(2))*sinh(r).

    For k = 0 the first product is 0, so that nothing cancels. Measured: 0.82 ULP at most.
    """
    a = abs(x)
    # Beyond this the result is infinite anyway. NaN passes.
    bounded = select(a > 710.6, 710.6, a)
    r, cosh_tail, sinh_tail, falling, scale = hyperbolic_parts_f64(bounded)
    difference = 1.0 - falling
    difference_error = (1.0 - difference) - falling
    total = 1.0 + falling
    product, product_error = mul_exact(total, r)
    lead = difference + product
    lead_error = (difference - lead) + product
    y = lead + (lead_error + ((difference_error + product_error) + (difference * cosh_tail + total * sinh_tail)))
    # Twice, because 2**(k - 1) itself may overflow; sinh(x) rounds to x near zero.
    scaled = y * scale
    return select(a < 3.725290298461914e-09, x, copysign(scaled + scaled, x))


def cosh_f64(x: float64) -> float64:
    """cosh(k*ln(2) + r) = cosh(k*ln(2))*cosh(r) + sinh(k*ln(2))*sinh(r). Measured: 0.81 ULP at most."""
    a = abs(x)
    bounded = select(a > 710.6, 710.6, a)
    r, cosh_tail, sinh_tail, falling, scale = hyperbolic_parts_f64(bounded)
    difference = 1.0 - falling
    total = 1.0 + falling
    total_error = (1.0 - total) + falling
    product, product_error = mul_exact(difference, r)
    lead = total + product
    lead_error = (total - lead) + product
    y = lead + (lead_error + ((total_error + product_error) + (total * cosh_tail + difference * sinh_tail)))
    scaled = y * scale
    return scaled + scaled


def logarithm_tail_f64(f: float64) -> float64:
    """log(1 + f) - f for 1/sqrt(2) <= 1 + f <= sqrt(2).

    With s = f/(2 + f), log(1 + f) = 2*atanh(s) = f - f**2/2 + s*(f**2/2 + s**2*P(s**2)): the rounding error of s
    meets only small terms. P is minimax, with an absolute error of 2**-58.
    """
    s = f / (2.0 + f)
    z = s * s
    z2 = z * z
    z4 = z2 * z2
    series = (
        (0.6666666666666735 + z * 0.39999999999410735)
        + z2 * (0.2857142874335503 + z * 0.2222219846551735)
        + z4 * ((0.18183570329413942 + z * 0.1531388705314303) + z2 * 0.14797680615874756)
    )
    square, square_low = mul_exact(f, f)
    half_square = 0.5 * square
    return (s * (half_square + z * series) - 0.5 * square_low) - half_square


def split_normal_f64(x: float64) -> (float64, float64):
    """k and f with x = 2**k * (1 + f) and 1/sqrt(2) <= 1 + f < sqrt(2), for normal x > 0; useless for others."""
    # Moves the ends of the exponent field from 1 to 1/sqrt(2).
    bits = bitcast(uint64, x) + 0x00095f619980c433
    # The exponent in the low bits of 2**52 is converted by a subtraction.
    k = bitcast(float64, (bits >> 52) | 0x4330000000000000) - 4503599627371519.0
    f = bitcast(float64, (bits & 0x000fffffffffffff) + 0x3fe6a09e667f3bcd) - 1.0
    return k, f


def split_exponent_f64(x: float64) -> (float64, float64):
    """The same for subnormal x too, scaled by 2**54 first."""
    subnormal = x < 2.2250738585072014e-308
    k, f = split_normal_f64(select(subnormal, x * 18014398509481984.0, x))
    return select(subnormal, k - 54.0, k), f


def logarithm_of_special_f64(x: float64, y: float64) -> float64:
    """y, the logarithm of x, but infinity for infinity, -infinity for zeros, and NaN for NaN and below zero."""
    positive = select(x < bitcast(float64, 0x7ff0000000000000), y, x)
    other = select(x == 0.0, bitcast(float64, 0xfff0000000000000), bitcast(float64, 0x7ff8000000000000))
    return select(x > 0.0, positive, other)


def log_f64(x: float64) -> float64:
    """The natural logarithm: k*ln(2) + log(1 + f), with the two leading terms k*LN2_HIGH and f summed exactly.

    Measured: 0.83 ULP at most.
    """
    k, f = split_exponent_f64(x)
    high = k * LN2_HIGH
    lead = high + f
    lead_error = (high - lead) + f
    y = lead + ((lead_error + k * LN2_LOW) + logarithm_tail_f64(f))
    return logarithm_of_special_f64(x, y)


def log1p_f64(x: float64) -> float64:
    """log(1 + x): like log of the rounded sum 1 + x, corrected by what rounding took from it.

    Where 1 + x needs no scaling (k = 0), f is x itself. Elsewhere the lost part is at most 2**-53 of the
    argument, and its contribution lost/(1 + f) is needed to a few bits only: 1 - 2*s + s**2 with s = f/(2 + f).
    Measured: 0.83 ULP at most.
    """
    u = 1.0 + x
    # What u lacks: exactly, up to 2**53.
    lost = x - (u - 1.0)
    k, f = split_normal_f64(u)
    unscaled = k == 0.0
    f = select(unscaled, x, f)
    # lost * 2**-k; for large k nothing of it remains to matter.
    relative = lost * bitcast(float64, bitcast(uint64, TO_INTEGER_1023 - k) << 52)
    relative = select(unscaled | (u > 1.8014398509481984e16), 0.0, relative)
    s = f / (2.0 + f)
    one_less = 1.0 - s
    correction = relative * (one_less * one_less)
    high = k * LN2_HIGH
    lead = high + f
    lead_error = (high - lead) + f
    y = lead + ((lead_error + (k * LN2_LOW + correction)) + logarithm_tail_f64(f))
    # log1p(x) rounds to x here; this also keeps the sign of zero.
    y = select(abs(x) < 5.551115123125783e-17, x, y)
    positive = select(x < bitcast(float64, 0x7ff0000000000000), y, x)
    other = select(x == -1.0, bitcast(float64, 0xfff0000000000000), bitcast(float64, 0x7ff8000000000000))
    return select(x > -1.0, positive, other)


def logarithm_to_base_f64(f: float64, scale: float64, scale_rest: float64) -> (float64, float64):
    """log(1 + f) * (scale + scale_rest) as a sum of two numbers.

    The logarithm is rounded first, and its error kept: the product of a smaller number has smaller errors.
    """
    tail = logarithm_tail_f64(f)
    logarithm = f + tail
    logarithm_low = (f - logarithm) + tail
    product, product_error = mul_exact(logarithm, scale)
    return product, product_error + (logarithm * scale_rest + logarithm_low * scale)


def log2_f64(x: float64) -> float64:
    """The logarithm to base 2: k + log(1 + f)/ln(2); exact for powers of two. Measured: 0.83 ULP at most."""
    k, f = split_exponent_f64(x)
    part, part_low = logarithm_to_base_f64(f, LOG2_E, LOG2_E_REST)
    lead = k + part
    lead_error = (k - lead) + part
    return logarithm_of_special_f64(x, lead + (lead_error + part_low))


def log10_f64(x: float64) -> float64:
    """The logarithm to base 10: k*log10(2) + log(1 + f)/ln(10). Measured: 0.71 ULP at most."""
    k, f = split_exponent_f64(x)
    part, part_low = logarithm_to_base_f64(f, LOG10_E, LOG10_E_REST)
    high = k * LOG10_2_HIGH
    lead = high + part
    lead_error = (high - lead) + part
    return logarithm_of_special_f64(x, lead + (lead_error + (part_low + k * LOG10_2_LOW)))
