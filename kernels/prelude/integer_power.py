"""Powers of integers with an exponent that is not known when compiling.

Products wrap. A negative exponent gives the integer part of the inverse: 0 except for bases of 1 and -1.
"""


def pow_i32(base: int32, exponent: int32) -> int32:
    """base ** exponent by repeated squaring."""
    result = int32(1)
    square = base
    rest = exponent
    if exponent < 0:
        odd = (exponent & 1) == 1
        square = select(base == 1, int32(1), select(base == -1, select(odd, int32(-1), int32(1)), int32(0)))
        rest = int32(1)
    while rest != 0:
        result = select((rest & 1) == 1, result * square, result)
        square = square * square
        rest = rest >> 1
    return result


def pow_u32(base: uint32, exponent: uint32) -> uint32:
    """base ** exponent by repeated squaring."""
    result = uint32(1)
    square = base
    rest = exponent
    while rest != 0:
        result = select((rest & 1) == 1, result * square, result)
        square = square * square
        rest = rest >> 1
    return result


def pow_i64(base: int64, exponent: int64) -> int64:
    """base ** exponent by repeated squaring."""
    result = int64(1)
    square = base
    rest = exponent
    if exponent < 0:
        odd = (exponent & 1) == 1
        square = select(base == 1, int64(1), select(base == -1, select(odd, int64(-1), int64(1)), int64(0)))
        rest = int64(1)
    while rest != 0:
        result = select((rest & 1) == 1, result * square, result)
        square = square * square
        rest = rest >> 1
    return result


def pow_u64(base: uint64, exponent: uint64) -> uint64:
    """base ** exponent by repeated squaring."""
    result = uint64(1)
    square = base
    rest = exponent
    while rest != 0:
        result = select((rest & 1) == 1, result * square, result)
        square = square * square
        rest = rest >> 1
    return result
