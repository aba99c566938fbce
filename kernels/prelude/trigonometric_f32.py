"""Trigonometric functions and their inverses for float32, in float32 and 32-bit integers only.

The functions of an angle reduce it to s + low in [-pi/4, pi/4] plus a quadrant (s + low is an unevaluated sum of two
float32, about 48 bits), and evaluate a short polynomial there. Angles up to REDUCTION_LIMIT are reduced with a four-part
pi/2 (Cody and Waite 1980); larger ones with as many bits of 2/pi as they need (Payne and Hanek 1983) in a rare block.
Coefficients are minimax (Remez exchange), rounded to float32 one at a time with the rest fitted again.
"""

ROUNDING_MAGIC: float32 = 12582912.0          # 1.5 * 2**23: adding it rounds to an integer, left in the low bits
TWO_OVER_PI: float32 = 0.63661975

# pi/2 = A + B + C + D to 69 bits. A and B have 8 bits, so that k*A and k*B are exact for |k| < 2**16.
HALF_PI_A: float32 = 1.5703125
HALF_PI_B: float32 = 0.0004825592041015625
HALF_PI_C: float32 = 1.2675908465098473e-06
HALF_PI_D: float32 = -5.1453114634784356e-14
REDUCTION_LIMIT: float32 = 100000.0

HALF_PI_HIGH: float32 = 1.5707963705062866
HALF_PI_LOW: float32 = -4.371138828673793e-08

# The bits of 2/pi after the point, with 32 zeros before them.
TWO_OVER_PI_WORDS: uint32 = (
    0x00000000, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561)


# sin(s) = s + s**3 * (S0 + S1*s**2 + S2*s**4), relative error 2**-27.9 on [-pi/4, pi/4]
SIN_0: float32 = -0.16666655
SIN_1: float32 = 0.008332188
SIN_2: float32 = -0.00019518095

# cos(s) = 1 - s**2/2 + s**4 * (C0 + C1*s**2 + C2*s**4), relative error 2**-33
COS_0: float32 = 0.041666646
COS_1: float32 = -0.001388731
COS_2: float32 = 2.4432327e-05


def multiply_wide_f32(a: uint32, b: uint32) -> (uint32, uint32):
    """The 64-bit product as (high word, low word), from 16-bit halves."""
    a_low = a & 0xffff
    a_high = a >> 16
    b_low = b & 0xffff
    b_high = b >> 16
    low = a_low * b_low
    middle = a_high * b_low + (low >> 16)               # at most (2**16 - 1) * 2**16: does not wrap
    other = a_low * b_high + (middle & 0xffff)
    return a_high * b_high + (middle >> 16) + (other >> 16), a * b


def reduce_angle_f32(magnitude: float32) -> (int32, float32, float32):
    """(quadrant, s, low) with magnitude = quadrant*pi/2 + s + low (mod 2*pi), for 0 <= magnitude <= REDUCTION_LIMIT.

    Only the two low bits of the quadrant count. k*A, k*B and both subtractions are exact; k*C is exact as a product
    of two words. What is left out is below 2**-53."""
    shifted = magnitude * TWO_OVER_PI + ROUNDING_MAGIC
    k = shifted - ROUNDING_MAGIC
    remainder = (magnitude - k * HALF_PI_A) - k * HALF_PI_B
    product, product_error = mul_exact(k, HALF_PI_C)
    s = remainder - product
    low = (((remainder - s) - product) - product_error) - k * HALF_PI_D
    return bitcast(int32, shifted), s, low


def reduce_huge_angle_f32(magnitude: float32) -> (int32, float32, float32):
    """As reduce_angle_f32 for finite magnitude >= 2**16 (Payne and Hanek).

    magnitude = m * 2**(exponent - 23) with a 24-bit m. Bits of 2/pi that would only add multiples of four quadrants are
    skipped; the next 96 bits times m give the quadrant (2 bits) and its fraction, exact to 2**-70."""
    bits = bitcast(uint32, magnitude)
    exponent = int32(bits >> 23) - 127
    m = (bits & 0x7fffff) | 0x800000
    first_bit = exponent + 7
    word = first_bit >> 5
    shift = uint32(first_bit & 31)
    unshift = uint32(32) - shift                          # a shift by 32 gives 0, as it should here
    w0 = (TWO_OVER_PI_WORDS[word] << shift) | (TWO_OVER_PI_WORDS[word + 1] >> unshift)
    w1 = (TWO_OVER_PI_WORDS[word + 1] << shift) | (TWO_OVER_PI_WORDS[word + 2] >> unshift)
    w2 = (TWO_OVER_PI_WORDS[word + 2] << shift) | (TWO_OVER_PI_WORDS[word + 3] >> unshift)
    high_1, low_1 = multiply_wide_f32(m, w1)
    high_2, low_2 = multiply_wide_f32(m, w2)
    p1 = low_1 + high_2
    carry = select(p1 < low_1, uint32(1), uint32(0))
    p0 = m * w0 + high_1 + carry

    fraction_0 = (p0 << 2) | (p1 >> 30)                   # the fraction of the quadrant, 64 bits ...
    fraction_1 = (p1 << 2) | (low_2 >> 30)
    quadrant = int32((p0 >> 30) + (fraction_0 >> 31))     # ... rounded to nearest: from here on it is signed
    # Three exact pieces of 24, 24 and 16 bits. The sum may cancel down to 2**-30, which they survive.
    a = float32(int32(fraction_0) >> 8) * 5.9604644775390625e-08
    b = float32(int32(((fraction_0 & 0xff) << 16) | (fraction_1 >> 16))) * 3.552713678800501e-15
    c = float32(int32(fraction_1 & 0xffff)) * 5.421010862427522e-20
    high = a + b
    rest = (b - (high - a)) + c
    turn = high + rest
    turn_low = rest - (turn - high)

    product, product_error = mul_exact(turn, HALF_PI_HIGH)
    product_error = product_error + (turn * HALF_PI_LOW + turn_low * HALF_PI_HIGH)
    s = product + product_error
    return quadrant, s, product_error - (s - product)


def sin_and_cos_f32(s: float32, low: float32) -> (float32, float32, float32, float32):
    """(sine, sine_rest, cosine, cosine_rest): sin(s + low) = sine + sine_rest, cos(s + low) = cosine + cosine_rest.

    sine and cosine are exact; the rests, at most a tenth as large, carry all the error."""
    square, square_error = mul_exact(s, s)
    half = 0.5 * square
    cosine = 1.0 - half
    sine_rest = (s * square) * (SIN_0 + square * (SIN_1 + square * SIN_2)) + (low * cosine + (s * square_error) * SIN_0)
    tail = (square * square) * (COS_0 + square * (COS_1 + square * COS_2)) - (s * low + 0.5 * square_error)
    return s, sine_rest, cosine, ((1.0 - cosine) - half) + tail


def sin_or_cos_f32(quadrant: int32, s: float32, low: float32, sign: uint32) -> float32:
    """sin(quadrant*pi/2 + s + low), its sign flipped if the top bit of `sign` is set."""
    sine, sine_rest, cosine, cosine_rest = sin_and_cos_f32(s, low)
    value = select((quadrant & 1) == 0, sine + sine_rest, cosine + cosine_rest)
    flip = ((bitcast(uint32, quadrant) << 30) ^ sign) & 0x80000000
    return bitcast(float32, bitcast(uint32, value) ^ flip)


def sin_f32(x: float32) -> float32:
    """The sine of x in radians. sin(±0) = ±0, sin(±inf) = NaN. Max error 0.77 ULP (all 2**32 arguments)."""
    magnitude = abs(x)
    quadrant, s, low = reduce_angle_f32(magnitude)
    result = sin_or_cos_f32(quadrant, s, low, bitcast(uint32, x))
    if rare(not (magnitude <= REDUCTION_LIMIT)):
        quadrant, s, low = reduce_huge_angle_f32(magnitude)
        result = sin_or_cos_f32(quadrant, s, low, bitcast(uint32, x))
        result = select(magnitude < bitcast(float32, 0x7f800000), result, x - x)
    return result


def cos_f32(x: float32) -> float32:
    """The cosine of x in radians. cos(±inf) = NaN. Max error 0.76 ULP (all 2**32 arguments)."""
    magnitude = abs(x)
    quadrant, s, low = reduce_angle_f32(magnitude)
    result = sin_or_cos_f32(quadrant + 1, s, low, 0)
    if rare(not (magnitude <= REDUCTION_LIMIT)):
        quadrant, s, low = reduce_huge_angle_f32(magnitude)
        result = sin_or_cos_f32(quadrant + 1, s, low, 0)
        result = select(magnitude < bitcast(float32, 0x7f800000), result, x - x)
    return result


def tan_of_quadrant_f32(quadrant: int32, s: float32, low: float32) -> float32:
    """tan(quadrant*pi/2 + s + low) = sin/cos, or -cos/sin in odd quadrants.

    Numerator and denominator are kept in two words and the quotient is corrected by its residual."""
    sine, sine_rest, cosine, cosine_rest = sin_and_cos_f32(s, low)
    odd = (quadrant & 1) != 0
    high = select(odd, cosine, sine)
    rest = select(odd, cosine_rest, sine_rest)
    numerator = high + rest
    numerator_low = rest - (numerator - high)
    high = select(odd, -sine, cosine)
    rest = select(odd, -sine_rest, cosine_rest)
    denominator = high + rest
    denominator_low = rest - (denominator - high)
    reciprocal = 1.0 / denominator
    quotient = numerator * reciprocal
    product, product_error = mul_exact(quotient, denominator)
    residual = ((numerator - product) - product_error) + (numerator_low - quotient * denominator_low)
    return quotient + residual * reciprocal


def tan_f32(x: float32) -> float32:
    """The tangent of x in radians. tan(±0) = ±0, tan(±inf) = NaN. Max error 0.90 ULP (all 2**32 arguments)."""
    magnitude = abs(x)
    quadrant, s, low = reduce_angle_f32(magnitude)
    result = tan_of_quadrant_f32(quadrant, s, low)
    if rare(not (magnitude <= REDUCTION_LIMIT)):
        quadrant, s, low = reduce_huge_angle_f32(magnitude)
        result = tan_of_quadrant_f32(quadrant, s, low)
        result = select(magnitude < bitcast(float32, 0x7f800000), result, x - x)
    result = select(magnitude < 0.0001220703125, magnitude, result)
    return bitcast(float32, bitcast(uint32, result) ^ (bitcast(uint32, x) & 0x80000000))


# atan(t) = t + t**3 * (A0 + A1*t**2 + ...), relative error 2**-31.7 on [0, 1/2]
ATAN_0: float32 = -0.33333328
ATAN_1: float32 = 0.19999555
ATAN_2: float32 = -0.14273107
ATAN_3: float32 = 0.10948411
ATAN_4: float32 = -0.08009076
ATAN_5: float32 = 0.039042152

QUARTER_PI_HIGH: float32 = 0.785398006439209      # 22 bits: its multiples up to 4 are exact
QUARTER_PI_LOW: float32 = 1.5695824e-07


def angle_of_f32(smaller: float32, larger: float32, swapped: bool, behind: bool) -> float32:
    """The angle in [0, pi] of a point whose coordinates have these magnitudes, 0 <= smaller <= larger: `swapped` where
    |y| is the larger one, `behind` where x is negative.

    a = atan(smaller/larger) = atan(t), or pi/4 + atan(t) with t = (smaller - larger)/(smaller + larger) where the quotient
    exceeds 1/2, so that -1/3 <= t <= 1/2. The angle is a, pi/2 - a, pi - a or pi/2 + a: an exact multiple of pi/4 and
    atan(t) with a sign. t is carried in two words, since its rounding would show beside pi/4."""
    reduced = smaller > 0.5 * larger
    total = larger + smaller
    total_error = smaller - (total - larger)
    numerator = select(reduced, smaller - larger, smaller)              # exact (Sterbenz)
    denominator = select(reduced, total, larger)
    denominator_low = select(reduced, total_error, 0.0)
    reciprocal = 1.0 / denominator
    t = numerator * reciprocal
    product, product_error = mul_exact(t, denominator)
    t_low = (((numerator - product) - product_error) - t * denominator_low) * reciprocal

    square = t * t
    fourth = square * square
    polynomial = (ATAN_0 + square * ATAN_1) + fourth * ((ATAN_2 + square * ATAN_3) + fourth * (ATAN_4 + square * ATAN_5))
    correction = square * (t * polynomial - 0.8 * t_low) + t_low         # atan'(t) = 1/(1 + t**2), nearly 1 - 0.8*t**2

    quarters = select(reduced, 1.0, float32(0.0))
    quarters = select(swapped, 2.0 - quarters, quarters)
    quarters = select(behind, 4.0 - quarters, quarters)
    backwards = swapped ^ behind
    t = select(backwards, -t, t)
    correction = select(backwards, -correction, correction)
    base = quarters * QUARTER_PI_HIGH
    high = base + t
    low = (t - (high - base)) + quarters * QUARTER_PI_LOW
    return high + (low + correction)


def atan_f32(x: float32) -> float32:
    """The inverse tangent. atan(±0) = ±0, atan(±inf) = ±pi/2. Max error 0.76 ULP (all 2**32 arguments)."""
    magnitude = abs(x)
    capped = select(magnitude > 1073741824.0, 1073741824.0, magnitude)  # beyond: pi/2 as well; NaN stays NaN
    swapped = capped > 1.0
    result = angle_of_f32(select(swapped, 1.0, capped), select(swapped, capped, 1.0), swapped, False)
    return copysign(select(magnitude < 0.0001220703125, magnitude, result), x)


def atan2_f32(y: float32, x: float32) -> float32:
    """The angle of the point (x, y) in [-pi, pi], with the sign of y; C99's table for zeros and infinities.
    Max error 0.83 ULP (2*10**8 random pairs)."""
    a = abs(y)
    b = abs(x)
    swapped = a > b
    behind = bitcast(int32, x) < 0
    smaller = select(swapped, b, a)
    larger = select(swapped, a, b)
    result = angle_of_f32(smaller, larger, swapped, behind)
    # No term of the residual is subnormal while 2**-30 <= larger < 2**30 and smaller = 0 or >= 2**-48.
    ordinary = bitcast(uint32, larger) - 0x30800000 < 0x1e000000 and (smaller >= 3.552713678800501e-15 or smaller == 0.0)
    if rare(not ordinary):
        infinity = bitcast(float32, 0x7f800000)
        if isnan(x) or isnan(y):
            result = x + y
        elif larger == 0.0 or smaller == infinity:
            # The angle of (0, 0) and of (inf, inf): as that of (1, 0) and (1, 1).
            result = angle_of_f32(select(larger == 0.0, 0.0, float32(1.0)), 1.0, False, behind)
        elif larger == infinity or smaller < larger * 9.313225746154785e-10:
            # Within 2**-30 of an axis, or too small to tell: only the quotient itself needs its digits.
            result = angle_of_f32(0.0, 1.0, swapped, behind)
            if not (swapped or behind):
                result = smaller / larger
        else:
            # Both are normal or nearly so: scale the larger one into [1, 2), its exponent in two halves.
            larger_bits = bitcast(uint32, select(larger < 1.1754943508222875e-38, larger * 16777216.0, larger))
            exponent = int32(larger_bits >> 23) - select(larger < 1.1754943508222875e-38, int32(151), int32(127))
            half = exponent >> 1
            first = bitcast(float32, (127 - half) << 23)
            second = bitcast(float32, (127 - (exponent - half)) << 23)
            smaller = (smaller * first) * second
            larger = (larger * first) * second
            result = angle_of_f32(smaller, larger, swapped, behind)
    return copysign(result, y)


# asin(t) = t + t**3 * (B0 + B1*t**2 + ...), relative error 2**-27.6 on [0, 1/2]
ASIN_0: float32 = 0.16666752
ASIN_1: float32 = 0.074953094
ASIN_2: float32 = 0.04546915
ASIN_3: float32 = 0.024184778
ASIN_4: float32 = 0.042158306


def asin_parts_f32(magnitude: float32) -> (float32, float32):
    """(t, rest) with t + rest = asin(magnitude) for magnitude <= 1/2, and acos(magnitude) above (NaN above 1).

    acos(m) = 2*asin(sqrt((1 - m)/2)), the root in two words: half of its residual over it is what its rounding lost."""
    outer = magnitude > 0.5
    square = select(outer, 0.5 - 0.5 * magnitude, magnitude * magnitude)     # exact (Sterbenz) where `outer`
    root = sqrt(square)
    product, product_error = mul_exact(root, root)
    root_low = ((square - product) - product_error) * (0.5 / select(root == 0.0, 1.0, root))
    t = select(outer, root, magnitude)
    t_low = select(outer, root_low, 0.0)
    polynomial = (ASIN_0 + square * ASIN_1) + (square * square) * ((ASIN_2 + square * ASIN_3) + (square * square) * ASIN_4)
    rest = (t * square) * polynomial + t_low
    factor = select(outer, 2.0, float32(1.0))
    return factor * t, factor * rest


def asin_f32(x: float32) -> float32:
    """The inverse sine. asin(±0) = ±0, NaN beyond ±1. Max error 0.74 ULP (all 2**32 arguments)."""
    magnitude = abs(x)
    t, rest = asin_parts_f32(magnitude)
    outer = magnitude > 0.5
    high = HALF_PI_HIGH - t
    low = ((HALF_PI_HIGH - high) - t) + (HALF_PI_LOW - rest)
    result = select(outer, high + low, t + rest)
    return copysign(select(magnitude < 0.0001220703125, magnitude, result), x)


def acos_f32(x: float32) -> float32:
    """The inverse cosine, in [0, pi]. acos(1) = +0, NaN beyond ±1. Max error 0.70 ULP (all 2**32 arguments).

    acos(x) = base ± (t + rest) with base pi/2 inside [-1/2, 1/2], 0 above and pi below."""
    magnitude = abs(x)
    t, rest = asin_parts_f32(magnitude)
    negative = x < 0.0
    half_turns = select(magnitude > 0.5, select(negative, 2.0, float32(0.0)), 1.0)
    added = (x > 0.5) or (negative and magnitude <= 0.5)
    t = select(added, t, -t)
    rest = select(added, rest, -rest)
    base = half_turns * HALF_PI_HIGH
    high = base + t
    low = (t - (high - base)) + (half_turns * HALF_PI_LOW + rest)
    return high + low
