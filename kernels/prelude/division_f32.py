"""Remainders and floor division for float32: fmod (C), mod (Python's and NumPy's %), floordiv (Python's and NumPy's //),
and math.remainder.

fmod is exact by definition: x - n*y is representable for the truncated quotient n. While n < 2**21 it comes out of one
division and one exact product; otherwise a rare block does the long division in steps of 20 bits. mod and floordiv are
derived from the exact remainder as CPython and NumPy do it (numpy/_core/src/npymath/npy_math_internal.h.src, npy_divmod).
"""

INFINITY_BITS: uint32 = 0x7f800000
NAN_BITS: uint32 = 0x7fc00000
QUOTIENT_LIMIT: float32 = 2097152.0                       # 2**21
# The usual path wants 2**-76 <= |y| < 2**77, so that the product q*y and its error stay in range.
SMALLEST_DIVISOR_BITS: uint32 = 0x19800000
DIVISOR_BITS_SPAN: uint32 = 0x4c800000


def divide_with_remainder_f32(x: float32, y: float32) -> (float32, float32):
    """(n, x - n*y) with n = trunc(x/y), exact, for x >= 0, y > 0 in the usual range and x/y < QUOTIENT_LIMIT.

    x/y may have been rounded up to an integer; then the remainder comes out negative and n is one too large.
    x - high is exact (Sterbenz), and so is the remainder, since it is a multiple of y's last place below y."""
    quotient = trunc(x / y)
    high, low = mul_exact(quotient, y)
    remainder = (x - high) - low
    too_large = remainder < 0.0
    return select(too_large, quotient - 1.0, quotient), select(too_large, remainder + y, remainder)


def is_unusual_f32(x: float32, y: float32) -> bool:
    """Whether divide_with_remainder_f32(x, y) cannot be relied on; true for zero y and where x or y is infinite or NaN."""
    in_span = bitcast(uint32, y) - SMALLEST_DIVISOR_BITS < DIVISOR_BITS_SPAN
    return not (in_span and x / y < QUOTIENT_LIMIT)


def power_of_two_f32(exponent: int32) -> float32:
    """2**exponent for -126 <= exponent <= 127."""
    return bitcast(float32, (exponent + 127) << 23)


def decompose_f32(x: float32) -> (float32, int32):
    """(m, e) with x = m * 2**e and 1 <= m < 2, for finite x > 0, subnormal ones included."""
    subnormal = x < 1.1754943508222875e-38
    bits = bitcast(uint32, select(subnormal, x * 16777216.0, x))
    exponent = int32(bits >> 23) - select(subnormal, int32(151), int32(127))
    return bitcast(float32, (bits & 0x7fffff) | 0x3f800000), exponent


def scale_f32(x: float32, exponent: int32) -> float32:
    """x * 2**exponent for -252 <= exponent <= 254 where that is exact or below the normal range."""
    half = exponent >> 1
    return (x * power_of_two_f32(half)) * power_of_two_f32(exponent - half)


def long_remainder_f32(x: float32, y: float32) -> (float32, float32, int32):
    """(r, d, e) with fmod(x, y) = r * 2**e and y = d * 2**e, for any x >= 0, y >= 0; r is NaN where fmod is.

    The scaled form keeps a remainder that is subnormal from being flushed to zero before it has been used."""
    if not (x < bitcast(float32, INFINITY_BITS)) or not (y > 0.0):
        return bitcast(float32, NAN_BITS), y, 0
    if x < y:
        return x, y, 0
    divisor, divisor_exponent = decompose_f32(y)
    remainder, exponent = decompose_f32(x)
    steps = exponent - divisor_exponent
    quotient, remainder = divide_with_remainder_f32(remainder, divisor)
    while steps > 0:
        count = select(steps > 20, int32(20), steps)
        quotient, remainder = divide_with_remainder_f32(remainder * power_of_two_f32(count), divisor)
        steps -= count
    return remainder, divisor, divisor_exponent


def fmod_f32(x: float32, y: float32) -> float32:
    """C's fmod: x - trunc(x/y)*y, exact, with the sign of x. NaN if y is zero or x infinite; fmod(x, ±inf) = x."""
    dividend = abs(x)
    divisor = abs(y)
    quotient, remainder = divide_with_remainder_f32(dividend, divisor)
    if rare(is_unusual_f32(dividend, divisor)):
        remainder, divisor, exponent = long_remainder_f32(dividend, divisor)
        remainder = scale_f32(remainder, exponent)
    return copysign(remainder, x)


def mod_f32(x: float32, y: float32) -> float32:
    """Python's and NumPy's x % y: the remainder with the sign of y (a zero one too).

    The exact fmod, plus y where the signs differ, rounded once: -1e-30 % 1.0 = 1.0 and -1.0 % inf = inf."""
    dividend = abs(x)
    divisor = abs(y)
    signs_differ = (bitcast(int32, x) ^ bitcast(int32, y)) < 0
    quotient, remainder = divide_with_remainder_f32(dividend, divisor)
    result = select(signs_differ and remainder != 0.0, divisor - remainder, remainder)
    if rare(is_unusual_f32(dividend, divisor)):
        remainder, divisor, exponent = long_remainder_f32(dividend, divisor)
        result = scale_f32(select(signs_differ and remainder != 0.0, divisor - remainder, remainder), exponent)
    return copysign(result, y)


def floordiv_f32(x: float32, y: float32) -> float32:
    """Python's and NumPy's x // y: floor of the exact quotient. x // 0 = x / 0 (inf or NaN); inf // y = NaN.

    Beyond 2**21 the quotient is formed from the exact remainder and rounded, by NumPy's formula."""
    dividend = abs(x)
    divisor = abs(y)
    signs_differ = (bitcast(int32, x) ^ bitcast(int32, y)) < 0
    quotient, remainder = divide_with_remainder_f32(dividend, divisor)
    magnitude = select(signs_differ and remainder != 0.0, quotient + 1.0, quotient)
    result = select(signs_differ, -magnitude, magnitude)
    if rare(is_unusual_f32(dividend, divisor)):
        if divisor < 1.3234889800848443e-23:              # away from the subnormal range
            dividend = dividend * 1.8446744073709552e19
            divisor = divisor * 1.8446744073709552e19
        infinity = bitcast(float32, INFINITY_BITS)
        overflows = dividend == infinity and abs(x) < infinity
        if divisor == 0.0 or isnan(divisor) or overflows:
            result = select(overflows, copysign(infinity, x / y), x / y)
        else:
            remainder, scaled_divisor, exponent = long_remainder_f32(dividend, divisor)
            result = (dividend - scale_f32(remainder, exponent)) / divisor
            result = select(signs_differ, -result, result)
            if signs_differ and remainder != 0.0:
                result = result - 1.0
            below = floor(result)
            below = select(result - below > 0.5, below + 1.0, below)
            result = select(result == 0.0, copysign(0.0, x / y), below)
    return result


def remainder_f32(x: float32, y: float32) -> float32:
    """Python's math.remainder, IEEE 754's: x - n*y for the integer n nearest to x/y, an even one of two; exact.

    Of the remainder of 2*y, which is below 2*y, y is taken away once or twice. (Where 2*y overflows, x is below it.)
    NaN if y is zero or x infinite; remainder(x, ±inf) = x."""
    divisor = abs(y)
    rest = fmod_f32(abs(x), divisor + divisor)
    # Differences are exact where the comparisons are close.
    once = rest - divisor
    twice = select(once >= divisor - once, once - divisor, once)
    rest = select(rest > divisor - rest, twice, rest)
    result = bitcast(float32, bitcast(uint32, rest) ^ (bitcast(uint32, x) & 0x80000000))
    unbounded = isinf(y) & (abs(x) < abs(y))
    return select(unbounded, x, select(isnan(y) | isnan(x), x + y, result))
