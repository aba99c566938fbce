"""Division with remainder of float64: C's fmod, Python's % and // as NumPy defines them, and math.remainder. All exact."""


def remainder_by_subtraction_f64(ax: float64, ay: float64) -> float64:
    """ax mod ay for magnitudes with ax >= ay, one binary digit of the quotient at a time.

    NaN if ay is 0 or ax infinite.
    """
    remainder = bitcast(float64, 0x7ff8000000000000)
    infinity = bitcast(float64, 0x7ff0000000000000)
    if ax < infinity and ay > 0.0:
        bits_x = bitcast(uint64, ax)
        bits_y = bitcast(uint64, ay)
        exponent_x = int32(bits_x >> 52)
        exponent_y = int32(bits_y >> 52)
        x = bits_x & 0x000fffffffffffff
        y = bits_y & 0x000fffffffffffff
        # Subnormal numbers are brought to the form of the others, with an exponent below 1.
        if exponent_x > 0:
            x = x | 0x0010000000000000
        else:
            exponent_x = 1
            while x < 0x0010000000000000:
                x = x << 1
                exponent_x -= 1
        if exponent_y > 0:
            y = y | 0x0010000000000000
        else:
            exponent_y = 1
            while y < 0x0010000000000000:
                y = y << 1
                exponent_y -= 1
        for digit in range(exponent_x - exponent_y):
            if x >= y:
                x = x - y
            x = x << 1
        if x >= y:
            x = x - y
        # x * 2**(exponent_y - 1075), in two exact steps because the scale alone may underflow.
        exponent = exponent_y - 1075
        half = exponent >> 1
        scale_1 = bitcast(float64, uint64(half + 1023) << 52)
        scale_2 = bitcast(float64, uint64(exponent - half + 1023) << 52)
        remainder = (float64(x) * scale_1) * scale_2
    return remainder


def divide_magnitudes_f64(ax: float64, ay: float64) -> (float64, float64, bool):
    """The truncated quotient, the remainder, and whether these are to be trusted, for magnitudes ax and ay.

    The rounded quotient, truncated, is the true one or one more. Its product with ay is an exact sum of two
    numbers, and so the difference to ax is exact, and negative exactly where the quotient was one too large.
    That holds for quotients below 2**50 and away from the ends of the exponent range.
    """
    quotient = trunc(ax / ay)
    product, product_error = mul_exact(quotient, ay)
    remainder = (ax - product) - product_error
    too_large = remainder < 0.0
    remainder = select(too_large, remainder + ay, remainder)
    quotient = select(too_large, quotient - 1.0, quotient)
    # Also what makes an infinite divisor right.
    smaller = ax < ay
    remainder = select(smaller, ax, remainder)
    quotient = select(smaller, 0.0, quotient)
    # A zero divisor gives an infinite quotient (NaN for 0/0) and NaN by itself. The bounds: 2**50, 2**-900, 2**900.
    outside = (quotient >= 1125899906842624.0) | (ay < 1.1830521861667747e-271) | (ax > 8.452712498170644e270)
    return quotient, remainder, smaller | (ay == 0.0) | ~outside


def fmod_f64(x: float64, y: float64) -> float64:
    """C's fmod: x - y*trunc(x/y), exactly, with the sign of x."""
    ax = abs(x)
    ay = abs(y)
    quotient, remainder, trusted = divide_magnitudes_f64(ax, ay)
    if rare(not trusted):
        remainder = remainder_by_subtraction_f64(ax, ay)
    return copysign(remainder, x)


def mod_f64(x: float64, y: float64) -> float64:
    """Python's and NumPy's x % y: fmod, brought to the sign of y by adding y (which may round)."""
    remainder = fmod_f64(x, y)
    shifted = select((remainder < 0.0) ^ (y < 0.0), remainder + y, remainder)
    return select(remainder == 0.0, copysign(remainder, y), shifted)


def floordiv_by_remainder_f64(x: float64, y: float64) -> float64:
    """x // y from the exact remainder, for any x and y with abs(x) >= abs(y).

    The steps are those of NumPy's divmod, so that the roundings are NumPy's too.
    """
    result = x / y
    if y != 0.0:
        remainder = copysign(remainder_by_subtraction_f64(abs(x), abs(y)), x)
        quotient = (x - remainder) / y
        if remainder != 0.0 and ((remainder < 0.0) ^ (y < 0.0)):
            quotient -= 1.0
        below = floor(quotient)
        below = select(quotient - below > 0.5, below + 1.0, below)
        result = select(quotient == 0.0, copysign(0.0, result), below)
    return result


def floordiv_f64(x: float64, y: float64) -> float64:
    """NumPy's x // y: the floor of the exact quotient where that is below 2**50, else within rounding of it.

    x // 0 is x / 0: an infinity, or NaN for 0 // 0.
    """
    ax = abs(x)
    ay = abs(y)
    quotient, remainder, trusted = divide_magnitudes_f64(ax, ay)
    sign = (bitcast(uint64, x) ^ bitcast(uint64, y)) & 0x8000000000000000
    result = bitcast(float64, bitcast(uint64, quotient) ^ sign)
    # A quotient that is not an integer is rounded down, not towards zero.
    down = (sign != 0) & (remainder != 0.0)
    result = select(down, result - 1.0, result)
    if rare(not trusted):
        result = floordiv_by_remainder_f64(x, y)
    return result


def remainder_f64(x: float64, y: float64) -> float64:
    """Python's math.remainder, IEEE 754's: x - n*y for the integer n nearest to x/y, an even one of two; exact.

    Of the remainder of 2*y, which is below 2*y, y is taken away once or twice. (Where 2*y overflows, x is below it.)
    NaN if y is zero or x infinite; remainder(x, ±inf) = x."""
    divisor = abs(y)
    rest = fmod_f64(abs(x), divisor + divisor)
    # Differences are exact where the comparisons are close.
    once = rest - divisor
    twice = select(once >= divisor - once, once - divisor, once)
    rest = select(rest > divisor - rest, twice, rest)
    result = bitcast(float64, bitcast(uint64, rest) ^ (bitcast(uint64, x) & 0x8000000000000000))
    unbounded = isinf(y) & (abs(x) < abs(y))
    return select(unbounded, x, select(isnan(y) | isnan(x), x + y, result))
