"""Trigonometric functions of float64: sin, cos, tan and their inverses.

An argument x of sin, cos and tan is reduced to r + r_low = x - n*pi/2 with |r| <= pi/4 (a hair more for
large n), an unevaluated sum that is good to at least 100 bits relative to x, so that r_low keeps its meaning
after the cancellation near a multiple of pi/2. Up to |x| < 2**32 three terms of pi/2 do it; beyond that the
rare block multiplies by as much of 2/pi as it takes (Payne and Hanek, 1983).
"""

# pi/2 as an unevaluated sum of three float64 numbers.
HALF_PI_1: float64 = 1.5707963267948966
HALF_PI_2: float64 = 6.123233995736766e-17
HALF_PI_3: float64 = -1.4973849048591698e-33

TWO_OVER_PI: float64 = 0.6366197723675814

# 1.5 * 2**52: adding it rounds to an integer, which then stands in the low bits of the sum.
TO_INTEGER: float64 = 6755399441055744.0

# 64 zero bits, then the first 1216 binary digits of 2/pi.
TWO_OVER_PI_DIGITS: uint64 = (
    0x0000000000000000, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041,
    0xfe5163abdebbc561, 0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e,
    0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b,
    0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab,
)

# (sin(r) - r)/r**3 and (cos(r) - 1 + r**2/2)/r**4 as polynomials in r**2: minimax on |r| <= pi/4, with errors
# of 2**-58 and 2**-64 relative to the sine and to 1.
SINE_0: float64 = -0.16666666666666632
SINE_1: float64 = 0.008333333333322413
SINE_2: float64 = -0.0001984126982980749
SINE_3: float64 = 2.755731369176979e-06
SINE_4: float64 = -2.5050758089071417e-08
SINE_5: float64 = 1.5896794012572038e-10
COSINE_0: float64 = 0.0416666666666666
COSINE_1: float64 = -0.0013888888888874131
COSINE_2: float64 = 2.480158728948678e-05
COSINE_3: float64 = -2.7557314353624877e-07
COSINE_4: float64 = 2.0875723442352914e-09
COSINE_5: float64 = -1.135965616891707e-11


def multiply_high_u64(a: uint64, b: uint64) -> uint64:
    """The upper 64 bits of the 128-bit product, from four products of 32-bit halves."""
    a_low = a & 0xffffffff
    a_high = a >> 32
    b_low = b & 0xffffffff
    b_high = b >> 32
    middle = a_high * b_low + ((a_low * b_low) >> 32)
    other = a_low * b_high + (middle & 0xffffffff)
    return a_high * b_high + (middle >> 32) + (other >> 32)


def reduce_huge_angle_f64(x: float64) -> (float64, float64, uint64):
    """r, r_low and n (modulo 4) of a huge x, by Payne and Hanek's method.

    |x| is an integer m < 2**53 times 2**exponent. Digits of 2/pi that contribute multiples of 4 to the
    product are skipped; the next 192 leave an error below 2**-137, and no float64 comes closer to a
    multiple of pi/2 than 2**-62.
    """
    bits = bitcast(uint64, x)
    exponent = int32((bits >> 52) & 0x7ff) - 1075
    m = (bits & 0x000fffffffffffff) | 0x0010000000000000
    first = exponent + 62
    # For infinities and NaN the digits do not matter, but the index must stay inside.
    first = select(first > 1033, 1033, first)
    word = first >> 6
    left = uint64(first & 63)
    right = 64 - left
    digits_1 = (TWO_OVER_PI_DIGITS[word] << left) | (TWO_OVER_PI_DIGITS[word + 1] >> right)
    digits_2 = (TWO_OVER_PI_DIGITS[word + 1] << left) | (TWO_OVER_PI_DIGITS[word + 2] >> right)
    digits_3 = (TWO_OVER_PI_DIGITS[word + 2] << left) | (TWO_OVER_PI_DIGITS[word + 3] >> right)

    # The product modulo 2**192; its two leading bits are the quadrant.
    low = m * digits_3
    middle_part = m * digits_2
    middle = middle_part + multiply_high_u64(m, digits_3)
    carry = select(middle < middle_part, uint64(1), uint64(0))
    high = m * digits_1 + multiply_high_u64(m, digits_2) + carry
    n = ((high >> 61) + 1) >> 1

    # What follows the quadrant is a signed fraction in [-1/2, 1/2), of which 128 bits are kept.
    fraction_high = (high << 2) | (middle >> 62)
    fraction_low = (middle << 2) | (low >> 62)
    negative = (fraction_high >> 63) != 0
    if negative:
        fraction_low = ~fraction_low + 1
        fraction_high = ~fraction_high + select(fraction_low == 0, uint64(1), uint64(0))

    # Four pieces of 32 bits are exact in float64; their sum as a leading part and a small one.
    piece_1 = float64(fraction_high >> 32) * 2.3283064365386963e-10
    piece_2 = float64(fraction_high & 0xffffffff) * 5.421010862427522e-20
    piece_3 = float64(fraction_low >> 32) * 1.262177448353619e-29
    piece_4 = float64(fraction_low & 0xffffffff) * 2.938735877055719e-39
    upper = piece_1 + piece_2
    upper_error = (piece_1 - upper) + piece_2
    lower = piece_3 + piece_4
    lower_error = (piece_3 - lower) + piece_4
    lead = upper + lower
    lead_error = (upper - lead) + lower
    tail = lead_error + (upper_error + lower_error)

    product, product_error = mul_exact(lead, HALF_PI_1)
    product_error += lead * HALF_PI_2 + tail * HALF_PI_1
    r = product + product_error
    r_low = (product - r) + product_error
    flip = negative != (x < 0.0)
    r = select(flip, -r, r)
    r_low = select(flip, -r_low, r_low)
    n = select(x < 0.0, 0 - n, n)
    # x - x is NaN for infinities and NaN, and zero otherwise.
    r += x - x
    return r, r_low, n


def reduce_angle_f64(x: float64) -> (float64, float64, uint64):
    """r, r_low and n (modulo 4) with x = n*pi/2 + r + r_low.

    With n*HALF_PI_1 as an exact sum, (x - high) - low is exact: it is a multiple of 2**-53 below 1. So
    is the error of subtracting the next product, whose terms are all smaller than that grid.
    """
    shifted = x * TWO_OVER_PI + TO_INTEGER
    turns = shifted - TO_INTEGER
    high, low = mul_exact(turns, HALF_PI_1)
    exact = (x - high) - low
    product, product_error = mul_exact(turns, HALF_PI_2)
    r = exact - product
    r_low = (((exact - r) - product) - product_error) - turns * HALF_PI_3
    n = bitcast(uint64, shifted)
    if rare(abs(x) > 4294967296.0):
        r, r_low, n = reduce_huge_angle_f64(x)
    return r, r_low, n


def sine_or_cosine_f64(r: float64, r_low: float64, cosine: bool) -> float64:
    """cos(r + r_low) where asked for, else sin(r + r_low), for |r| <= pi/4.

    One polynomial with selected coefficients, because a select costs less than a product and a sum.
    The leading terms 1 - r**2/2 of the cosine are summed exactly.
    """
    z, z_low = mul_exact(r, r)
    z2 = z * z
    z4 = z2 * z2
    half_z = 0.5 * z
    cosine_lead = 1.0 - half_z
    cosine_tail = ((1.0 - cosine_lead) - half_z) - (0.5 * z_low + r * r_low)
    c0 = select(cosine, COSINE_0, SINE_0)
    c1 = select(cosine, COSINE_1, SINE_1)
    c2 = select(cosine, COSINE_2, SINE_2)
    c3 = select(cosine, COSINE_3, SINE_3)
    c4 = select(cosine, COSINE_4, SINE_4)
    c5 = select(cosine, COSINE_5, SINE_5)
    series = (c0 + z * c1) + z2 * (c2 + z * c3) + z4 * (c4 + z * c5)
    lead = select(cosine, cosine_lead, r)
    tail = select(cosine, cosine_tail, r_low * cosine_lead)
    power = select(cosine, z, r) * z
    return lead + (tail + power * series)


def sin_f64(x: float64) -> float64:
    """The sine of x radians, for every x. Measured: 0.81 ULP at most."""
    r, r_low, n = reduce_angle_f64(x)
    y = sine_or_cosine_f64(r, r_low, (n & 1) != 0)
    y = bitcast(float64, bitcast(uint64, y) ^ ((n & 2) << 62))
    # sin(x) rounds to x here; this also keeps the sign of zero.
    return select(abs(x) < 7.450580596923828e-09, x, y)


def cos_f64(x: float64) -> float64:
    """The cosine of x radians, for every x. Measured: 0.81 ULP at most."""
    r, r_low, n = reduce_angle_f64(x)
    y = sine_or_cosine_f64(r, r_low, (n & 1) == 0)
    return bitcast(float64, bitcast(uint64, y) ^ (((n + 1) & 2) << 62))
