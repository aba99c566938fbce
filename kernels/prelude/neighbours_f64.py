"""Numbers beside a float64, and its parts, by its bits: nextafter, ulp, spacing, frexp, ldexp, modf; and the step function.
All exact, and free of branches."""

INFINITY_BITS: uint64 = 0x7ff0000000000000


def nextafter_f64(x: float64, y: float64) -> float64:
    """The number beside x on the way to y; y where they are equal. From zero, the smallest with the sign of y."""
    away = (y > x) ^ (x < 0.0)
    bits = bitcast(uint64, x)
    moved = bitcast(float64, select(away, bits + 1, bits - 1))
    smallest = bitcast(float64, (bitcast(uint64, y) & 0x8000000000000000) | 1)
    result = select(x == 0.0, smallest, moved)
    return select(isnan(x) | isnan(y), x + y, select(x == y, y, result))


def ulp_f64(x: float64) -> float64:
    """Python's math.ulp: the value of the last bit of abs(x). ulp(±0) is the smallest number, ulp(±inf) inf."""
    exponent = int32((bitcast(uint64, x) >> 52) & 0x7ff)
    normal = uint64(select(exponent > 52, exponent - 52, int32(1))) << 52
    low = uint64(1) << uint64(select(exponent > 1, select(exponent > 53, int32(0), exponent - 1), int32(0)))
    result = bitcast(float64, select(exponent > 52, normal, low))
    return select(exponent == 2047, abs(x), result)


def spacing_f64(x: float64) -> float64:
    """NumPy's: the distance to the next number away from zero, with the sign of x (of zeros: positive). Of the largest number
    inf, of infinities NaN."""
    largest = bitcast(float64, INFINITY_BITS - 1)
    distance = select(abs(x) == largest, bitcast(float64, INFINITY_BITS), ulp_f64(x))
    outward = select(x < 0.0, -distance, distance)
    return select(isinf(x), bitcast(float64, 0x7ff8000000000000), outward)


def frexp_f64(x: float64) -> (float64, int32):
    """(m, e) with x = m * 2**e and 0.5 <= abs(m) < 1; (x, 0) of zeros, infinities and NaN."""
    subnormal = abs(x) < 2.2250738585072014e-308
    bits = bitcast(uint64, select(subnormal, x * 18014398509481984.0, x))         # 2**54
    exponent = int32((bits >> 52) & 0x7ff) - select(subnormal, int32(1076), int32(1022))
    fraction = bitcast(float64, (bits & 0x800fffffffffffff) | 0x3fe0000000000000)
    itself = (x == 0.0) | (abs(x) == bitcast(float64, INFINITY_BITS)) | isnan(x)
    return select(itself, x, fraction), select(itself, int32(0), exponent)


def ldexp_f64(x: float64, n: int32) -> float64:
    """x * 2**n, rounded once where that is subnormal, inf where it is too large. abs(n) <= 2**16."""
    subnormal = abs(x) < 2.2250738585072014e-308
    bits = bitcast(uint64, select(subnormal, x * 18014398509481984.0, x))         # 2**54
    exponent = int32((bits >> 52) & 0x7ff) - select(subnormal, int32(54), int32(0)) + n
    # Below the normal range: 2**64 times the result first, whose scaling back rounds.
    small = exponent < 1
    field = select(small, select(exponent < -63, int32(1), exponent + 64), select(exponent > 2046, int32(2046), exponent))
    scaled = bitcast(float64, (bits & 0x800fffffffffffff) | (uint64(field) << 52))
    result = select(small, scaled * 5.421010862427522e-20, scaled)
    result = select(exponent > 2046, copysign(bitcast(float64, INFINITY_BITS), x), result)
    itself = (x == 0.0) | (abs(x) == bitcast(float64, INFINITY_BITS)) | isnan(x)
    return select(itself, x, result)


def modf_f64(x: float64) -> (float64, float64):
    """(fraction, whole) with x = whole + fraction, both with the sign of x; (±0, ±inf) of infinities."""
    whole = trunc(x)
    fraction = select(isinf(x), 0.0, x - whole)
    return copysign(fraction, x), whole


def heaviside_f64(x: float64, middle: float64) -> float64:
    """0 below zero, `middle` at zero, 1 above; NaN of NaN."""
    return select(isnan(x), x, select(x == 0.0, middle, select(x < 0.0, float64(0.0), 1.0)))
