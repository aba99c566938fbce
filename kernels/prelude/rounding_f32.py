"""Rounding float32 to a number of decimal digits, as Python's round(x, n): the multiple of 10**-n that is nearest to x,
ties to even, and of that the nearest float32. Free of branches.

Where abs(x) * 10**n is 2**24 or more, numbers are further apart than the multiples, and x stays. Below, the multiple is
found as an integer: rounded from a rounded product, then corrected by what the product lacks. Powers of ten up to 10**10
are exact numbers; larger ones are 2**e * (ten + ten_low + ten_rest) with 1 <= ten < 2, to 2**-72. There are no ties
for them: 10**n of an odd multiple of a half would have to divide by 5**n, a number of more bits than fit.
"""

LIMIT: float32 = 16777216.0                               # 2**24


def round_to_digits_f32(x: float32, ten: float32) -> float32:
    """x rounded to a multiple of 1/ten, an exact power of ten."""
    product, error = mul_exact(x, ten)
    whole = rint(product)
    # The product is a tie, and the exact one is beside it. (No other rounding can go wrong: the rest is smaller.)
    part = product - whole
    whole = select((part == 0.5) & (error > 0.0), whole + 1.0, whole)
    whole = select((part == -0.5) & (error < 0.0), whole - 1.0, whole)
    return select(abs(product) < LIMIT, copysign(whole / ten, x), x)


def round_to_tens_f32(x: float32, ten: float32) -> float32:
    """x rounded to a multiple of ten, an exact power of ten. The remainder is exact: a multiple of the smaller of the
    last places of x and ten, and not much larger than ten/2."""
    quotient = x / ten
    whole = rint(quotient)
    product, error = mul_exact(whole, ten)
    rest = (x - product) - error
    half = 0.5 * ten
    odd = rint(0.5 * whole) != 0.5 * whole
    up = (rest > half) | ((rest == half) & odd)
    down = (rest < -half) | ((rest == -half) & odd)
    whole = select(up, whole + 1.0, select(down, whole - 1.0, whole))
    return select(abs(quotient) < LIMIT, copysign(whole * ten, x), x)


def sum_with_error_f32(a: float32, b: float32) -> (float32, float32):
    """a + b, rounded, and what it lacks (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def round_to_far_digits_f32(
    x: float32, scale_1: float32, scale_2: float32, ten: float32, ten_low: float32, ten_rest: float32, least: float32
) -> float32:
    """x rounded to a multiple of 10**-n = 1/(scale_1 * scale_2 * (ten + ten_low + ten_rest)), n > 10.

    The scales are powers of two. least is the smallest float32 times both: the last place of subnormal results."""
    y = (x * scale_1) * scale_2
    product, error = mul_exact(y, ten)
    second, second_error = mul_exact(y, ten_low)
    whole = rint(product)
    first, first_low = sum_with_error_f32(error, second)
    part, part_low = sum_with_error_f32(product - whole, first)
    part_low += first_low + (second_error + y * ten_rest)
    whole = select((part - 0.5) + part_low > 0.0, whole + 1.0, whole)
    whole = select((part + 0.5) + part_low < 0.0, whole - 1.0, whole)

    quotient = whole / ten
    back, back_low = mul_exact(quotient, ten)
    correction = (((whole - back) - back_low) - quotient * ten_low) / ten
    # Normal results are rounded by this sum; subnormal ones to a multiple of their last place, like the product above.
    usual = quotient + correction
    lost = correction - (usual - quotient)
    bound = 8388608.0 * least                     # 2**23: from here on numbers have this last place
    magic = copysign(bound, usual)                        # adding it rounds to a multiple
    coarse = (usual + magic) - magic
    part = usual - coarse
    coarse = select((part == 0.5 * least) & (lost > 0.0), coarse + least, coarse)
    coarse = select((part == -0.5 * least) & (lost < 0.0), coarse - least, coarse)
    result = select(abs(usual) < bound, coarse, usual)
    result = (result * (1.0 / scale_1)) * (1.0 / scale_2)
    return select(abs(product) < LIMIT, copysign(result, x), x)


def round_to_far_tens_f32(
    x: float32, scale_1: float32, scale_2: float32, ten: float32, ten_low: float32, ten_rest: float32
) -> float32:
    """x rounded to a multiple of 10**n = scale_1 * scale_2 * (ten + ten_low + ten_rest), n > 10."""
    y = (x * (1.0 / scale_1)) * (1.0 / scale_2)
    quotient = y / ten
    whole = rint(quotient)
    product, error = mul_exact(whole, ten)
    second, second_error = mul_exact(whole, ten_low)
    rest, rest_low = sum_with_error_f32((y - product) - error, -second)
    rest_low -= second_error + whole * ten_rest
    up = (rest - 0.5 * ten) + (rest_low - 0.5 * ten_low) > 0.0
    down = (rest + 0.5 * ten) + (rest_low + 0.5 * ten_low) < 0.0
    whole = select(up, whole + 1.0, select(down, whole - 1.0, whole))

    product, error = mul_exact(whole, ten)
    second, second_error = mul_exact(whole, ten_low)
    low, low_rest = sum_with_error_f32(error, second)
    high, high_low = sum_with_error_f32(product, low)
    result = high + (high_low + (low_rest + (second_error + whole * ten_rest)))
    result = (result * scale_1) * scale_2
    return select(abs(quotient) < LIMIT, copysign(result, x), x)


def round_to_count_f32(
    x: float32, count: int32, scale_1: float32, scale_2: float32, ten: float32, ten_low: float32, ten_rest: float32,
    least: float32
) -> float32:
    """x rounded to a multiple of 10**-count, of which 10**abs(count) is given in parts as above.

    Beyond 44 digits every number stays; beyond 10**38 every finite one is zero."""
    exact = (ten * scale_1) * scale_2
    if count > 44:
        return x
    if count < -38:
        return select(abs(x) <= 3.4028234663852886e38, copysign(0.0, x), x)
    if count > 10:
        return round_to_far_digits_f32(x, scale_1, scale_2, ten, ten_low, ten_rest, least)
    if count >= 0:
        return round_to_digits_f32(x, exact)
    if count >= -10:
        return round_to_tens_f32(x, exact)
    return round_to_far_tens_f32(x, scale_1, scale_2, ten, ten_low, ten_rest)
