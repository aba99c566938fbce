"""Numbers beside a float32, and its parts, by its bits: nextafter, ulp, spacing, frexp, ldexp, modf; and the step function.
All exact, and free of branches."""

INFINITY_BITS: uint32 = 0x7f800000


def nextafter_f32(x: float32, y: float32) -> float32:
    """The number beside x on the way to y; y where they are equal. From zero, the smallest with the sign of y."""
    away = (y > x) ^ (x < 0.0)
    bits = bitcast(uint32, x)
    moved = bitcast(float32, select(away, bits + 1, bits - 1))
    smallest = bitcast(float32, (bitcast(uint32, y) & 0x80000000) | 1)
    result = select(x == 0.0, smallest, moved)
    return select(isnan(x) | isnan(y), x + y, select(x == y, y, result))


def ulp_f32(x: float32) -> float32:
    """Python's math.ulp: the value of the last bit of abs(x). ulp(±0) is the smallest number, ulp(±inf) inf."""
    exponent = int32((bitcast(uint32, x) >> 23) & 0xff)
    normal = uint32(select(exponent > 23, exponent - 23, int32(1))) << 23
    low = uint32(1) << uint32(select(exponent > 1, select(exponent > 24, int32(0), exponent - 1), int32(0)))
    result = bitcast(float32, select(exponent > 23, normal, low))
    return select(exponent == 255, abs(x), result)


def spacing_f32(x: float32) -> float32:
    """NumPy's: the distance to the next number away from zero, with the sign of x (of zeros: positive). Of the largest number
    inf, of infinities NaN."""
    largest = bitcast(float32, INFINITY_BITS - 1)
    distance = select(abs(x) == largest, bitcast(float32, INFINITY_BITS), ulp_f32(x))
    outward = select(x < 0.0, -distance, distance)
    return select(isinf(x), bitcast(float32, 0x7fc00000), outward)


def frexp_f32(x: float32) -> (float32, int32):
    """(m, e) with x = m * 2**e and 0.5 <= abs(m) < 1; (x, 0) of zeros, infinities and NaN."""
    subnormal = abs(x) < 1.1754943508222875e-38
    bits = bitcast(uint32, select(subnormal, x * 16777216.0, x))         # 2**24
    exponent = int32((bits >> 23) & 0xff) - select(subnormal, int32(150), int32(126))
    fraction = bitcast(float32, (bits & 0x807fffff) | 0x3f000000)
    itself = (x == 0.0) | (abs(x) == bitcast(float32, INFINITY_BITS)) | isnan(x)
    return select(itself, x, fraction), select(itself, int32(0), exponent)


def ldexp_f32(x: float32, n: int32) -> float32:
    """x * 2**n, rounded once where that is subnormal, inf where it is too large. abs(n) <= 2**16."""
    subnormal = abs(x) < 1.1754943508222875e-38
    bits = bitcast(uint32, select(subnormal, x * 16777216.0, x))         # 2**24
    exponent = int32((bits >> 23) & 0xff) - select(subnormal, int32(24), int32(0)) + n
    # Below the normal range: 2**64 times the result first, whose scaling back rounds.
    small = exponent < 1
    field = select(small, select(exponent < -63, int32(1), exponent + 64), select(exponent > 254, int32(254), exponent))
    scaled = bitcast(float32, (bits & 0x807fffff) | (uint32(field) << 23))
    result = select(small, scaled * 5.421010862427522e-20, scaled)
    result = select(exponent > 254, copysign(bitcast(float32, INFINITY_BITS), x), result)
    itself = (x == 0.0) | (abs(x) == bitcast(float32, INFINITY_BITS)) | isnan(x)
    return select(itself, x, result)


def modf_f32(x: float32) -> (float32, float32):
    """(fraction, whole) with x = whole + fraction, both with the sign of x; (±0, ±inf) of infinities."""
    whole = trunc(x)
    fraction = select(isinf(x), 0.0, x - whole)
    return copysign(fraction, x), whole


def heaviside_f32(x: float32, middle: float32) -> float32:
    """0 below zero, `middle` at zero, 1 above; NaN of NaN."""
    return select(isnan(x), x, select(x == 0.0, middle, select(x < 0.0, float32(0.0), 1.0)))
