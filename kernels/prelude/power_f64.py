"""The power function of float64, branch-free."""

# As in exponential_f64.py.
LN2_HIGH: float64 = 0.6931471805592082
LN2_LOW: float64 = 7.371002565167799e-13
LOG2_E: float64 = 1.4426950408889634
TO_INTEGER_2046: float64 = 6755399441057790.0

# 2/3 as the nearest float64 and the rest.
TWO_THIRDS: float64 = 0.6666666666666666
TWO_THIRDS_REST: float64 = 3.700743415417188e-17


def accurate_logarithm_f64(x: float64) -> (float64, float64):
    """log(x) for 0 < x < infinity as a sum of a leading part and one of up to 2**-30 of it; relative error 2**-65.

    x = 2**k * (1 + f), s = f/(2 + f), log(1 + f) = 2*atanh(s) = 2*s + s**3 * (2/3 + s**2*P(s**2)), P minimax with an
    error of 2**-73 relative to the logarithm. s, s**2, s**3 and the bracket are sums of two numbers; only P is not.
    """
    k, f = split_exponent_f64(x)
    denominator = 2.0 + f
    denominator_low = f - (denominator - 2.0)
    s = f / denominator
    product, product_error = mul_exact(s, denominator)
    remainder = ((f - product) - product_error) - s * denominator_low
    # The remainder divided by 2 + f, which is 2/(1 - s); twice the result.
    double_s_low = remainder * (1.0 - s)
    z, z_low = mul_exact(s, s)
    cube, cube_low = mul_exact(s, z)
    cube_low += s * z_low

    z2 = z * z
    z4 = z2 * z2
    series = (
        ((0.3999999999999998 + z * 0.2857142857144523) + z2 * (0.22222222217507165 + z * 0.18181818873945446))
        + z4 * ((0.15384556621321274 + z * 0.13336327087275074) + z2 * (0.11674621187324119 + z * 0.1199066400114186))
    )
    bracket_part, bracket_part_low = mul_exact(z, series)
    bracket = TWO_THIRDS + bracket_part
    bracket_low = ((TWO_THIRDS - bracket) + bracket_part) + (TWO_THIRDS_REST + (bracket_part_low + z_low * series))
    term, term_low = mul_exact(cube, bracket)
    term_low += cube * bracket_low + cube_low * bracket

    double_s = s + s
    part = double_s + term
    # The derivative of 2*atanh(s) is 2/(1 - z), about 2 + 2*z + 2*z**2.
    part_low = ((double_s - part) + term) + (term_low + (double_s_low + double_s_low * (z + z2)))
    high = k * LN2_HIGH
    lead = high + part
    return lead, ((high - lead) + part) + (part_low + k * LN2_LOW)


def pow_f64(x: float64, y: float64) -> float64:
    """x**y = exp(y*log(abs(x))), with the logarithm and the product as sums of two numbers. Measured: 0.80 ULP at most.

    The special cases are C99's: x**0 = 1**y = 1 for every x and y, even NaN; NaN for finite x < 0 with y not an
    integer; an odd integer y keeps the sign of x.
    """
    ax = abs(x)
    logarithm, logarithm_low = accurate_logarithm_f64(ax)
    # With the smallest abs(log(x)) but 0, 2**66 is enough for overflow; an infinite y would make NaN. NaN passes.
    exponent = select(y > 7.378697629483821e19, 7.378697629483821e19, y)
    exponent = select(exponent < -7.378697629483821e19, -7.378697629483821e19, exponent)
    product, product_low = mul_exact(exponent, logarithm)
    product_low += exponent * logarithm_low

    # As in exp_f64, but with a low part that is large enough to be taken into r.
    product = select(product > 710.0, 710.0, product)
    product = select(product < -746.0, -746.0, product)
    shifted = product * LOG2_E + TO_INTEGER_2046
    k = shifted - TO_INTEGER_2046
    high = product - k * LN2_HIGH
    low = product_low - k * LN2_LOW
    # It is large only where the product is far out of bounds; there it must not change the outcome.
    low = select(low > 0.125, 0.125, low)
    low = select(low < -0.125, -0.125, low)
    r = high + low
    r_low = (high - r) + low
    power = scaled_exponential_f64(r, r_low, shifted)

    infinity = bitcast(float64, 0x7ff0000000000000)
    not_a_number = bitcast(float64, 0x7ff8000000000000)
    end = select((ax == 0.0) ^ (y > 0.0), infinity, 0.0)
    power = select((ax == 0.0) | (ax == infinity), end, power)
    integer = rint(y) == y
    half = 0.5 * y
    odd = integer & (rint(half) != half)
    power = select(odd, copysign(power, x), power)
    undefined = ((x < 0.0) & (ax < infinity) & ~integer) | isnan(x) | isnan(y)
    power = select(undefined, not_a_number, power)
    return select((y == 0.0) | (x == 1.0), 1.0, power)
