"""Functions of integers: common divisors and multiples, square roots, counts of bits."""


def gcd_u32(a: uint32, b: uint32) -> uint32:
    """The greatest common divisor, by Euclid. gcd(0, 0) = 0."""
    divisor = a
    rest = b
    while rest != 0:
        next = divisor % rest
        divisor = rest
        rest = next
    return divisor


def lcm_u32(a: uint32, b: uint32) -> uint32:
    """The least common multiple; what does not fit wraps. lcm(0, b) = 0."""
    divisor = gcd_u32(a, b)
    return (a // select(divisor == 0, uint32(1), divisor)) * b


def gcd_i32(a: int32, b: int32) -> int32:
    """Of the magnitudes. Where that is the least integer's, it wraps to the least integer, as in NumPy."""
    return int32(gcd_u32(uint32(abs(a)), uint32(abs(b))))


def lcm_i32(a: int32, b: int32) -> int32:
    """Of the magnitudes; what does not fit wraps, and its magnitude is taken."""
    return int32(lcm_u32(uint32(abs(a)), uint32(abs(b))))


def isqrt_u32(n: uint32) -> uint32:
    """The whole part of the square root, one bit at a time."""
    rest = n
    root = uint32(0)
    bit = uint32(1) << 30
    while bit != 0:
        trial = root + bit
        fits = rest >= trial
        rest = select(fits, rest - trial, rest)
        root = select(fits, (root >> 1) + bit, root >> 1)
        bit = bit >> 2
    return root


def isqrt_i32(n: int32) -> int32:
    """As isqrt_u32; Python's error below zero."""
    if n < 0:
        raise ValueError("isqrt() argument must be nonnegative")
    return int32(isqrt_u32(uint32(n)))


def gcd_u64(a: uint64, b: uint64) -> uint64:
    """The greatest common divisor, by Euclid. gcd(0, 0) = 0."""
    divisor = a
    rest = b
    while rest != 0:
        next = divisor % rest
        divisor = rest
        rest = next
    return divisor


def lcm_u64(a: uint64, b: uint64) -> uint64:
    """The least common multiple; what does not fit wraps. lcm(0, b) = 0."""
    divisor = gcd_u64(a, b)
    return (a // select(divisor == 0, uint64(1), divisor)) * b


def gcd_i64(a: int64, b: int64) -> int64:
    """Of the magnitudes. Where that is the least integer's, it wraps to the least integer, as in NumPy."""
    return int64(gcd_u64(uint64(abs(a)), uint64(abs(b))))


def lcm_i64(a: int64, b: int64) -> int64:
    """Of the magnitudes; what does not fit wraps, and its magnitude is taken."""
    return int64(lcm_u64(uint64(abs(a)), uint64(abs(b))))


def isqrt_u64(n: uint64) -> uint64:
    """The whole part of the square root, one bit at a time."""
    rest = n
    root = uint64(0)
    bit = uint64(1) << 62
    while bit != 0:
        trial = root + bit
        fits = rest >= trial
        rest = select(fits, rest - trial, rest)
        root = select(fits, (root >> 1) + bit, root >> 1)
        bit = bit >> 2
    return root


def isqrt_i64(n: int64) -> int64:
    """As isqrt_u64; Python's error below zero."""
    if n < 0:
        raise ValueError("isqrt() argument must be nonnegative")
    return int64(isqrt_u64(uint64(n)))


# The largest int64.
LARGEST: uint64 = 0x7fffffffffffffff


def natural_factorial_i64(n: int64) -> uint64:
    """Python's error below zero."""
    if n < 0:
        raise ValueError("factorial() not defined for negative values")
    return uint64(n)


def natural_n_i64(n: int64) -> uint64:
    """Python's error below zero."""
    if n < 0:
        raise ValueError("n must be a non-negative integer")
    return uint64(n)


def natural_k_i64(k: int64) -> uint64:
    """Python's error below zero."""
    if k < 0:
        raise ValueError("k must be a non-negative integer")
    return uint64(k)


def factorial_u64(n: uint64) -> int64:
    """The product of the numbers up to n; an error where it does not fit, which is from 21 on."""
    if n > 20:
        raise OverflowError("factorial() result does not fit in int64")
    product = uint64(1)
    factor = n
    while factor > 1:
        product = product * factor
        factor = factor - 1
    return int64(product)


def perm_u64(n: uint64, k: uint64) -> int64:
    """The number of ways to choose k of n things in order: n*(n - 1)*..., k factors. 0 for k > n.

    All factors but the last one are 2 at least, so that a product that does not fit ends the loop before 64 turns.
    """
    if k > n:
        return int64(0)
    ways = uint64(1)
    chosen = uint64(0)
    while chosen < k:
        factor = n - chosen
        if ways > LARGEST // factor:
            raise OverflowError("perm() result does not fit in int64")
        ways = ways * factor
        chosen = chosen + 1
    return int64(ways)


def comb_u64(n: uint64, k: uint64) -> int64:
    """The number of ways to choose k of n things, without order. 0 for k > n.

    With m = n - k, after i turns it is the number of ways to choose i of m + i, which doubles at least with every turn
    where k <= m. Each turn multiplies by (m + i)/i; what i has in common with the number so far is divided out before, so
    that no product is larger than the next number.
    """
    if k > n:
        return int64(0)
    few = select(k < n - k, k, n - k)
    ways = uint64(1)
    i = uint64(0)
    while i < few:
        i = i + 1
        divisor = gcd_u64(ways, i)
        factor = (n - few + i) // (i // divisor)
        ways = ways // divisor
        if ways > LARGEST // factor:
            raise OverflowError("comb() result does not fit in int64")
        ways = ways * factor
    return int64(ways)
