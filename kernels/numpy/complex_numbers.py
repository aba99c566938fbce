"""Complex numbers as pairs of their parts; as CPython and Numba compute them (Objects/complexobject.c, Modules/cmathmodule.c,
numba/targets/numbers.py). Functions that meet infinities or NaNs give what their formulas give, not the special values
of Annex G."""

import math


def complex_product(a, b, c, d):
    return a * c - b * d, a * d + b * c


def complex_quotient(a, b, c, d):
    """(a + bi) / (c + di), which is not 0: tops and bottom are divided by the larger part."""
    if abs(c) >= abs(d):
        if c == 0:
            return math.nan * c, math.nan * c
        ratio = d / c
        bottom = c + d * ratio
        return (a + b * ratio) / bottom, (b - a * ratio) / bottom
    if d == 0:
        return math.nan * c, math.nan * c
    ratio = c / d
    bottom = c * ratio + d
    return (a * ratio + b) / bottom, (b * ratio - a) / bottom


def complex_magnitude(a, b):
    return math.hypot(a, b)


def complex_phase(a, b):
    return math.atan2(b, a)


def complex_exp(a, b):
    size = math.exp(a)
    return size * math.cos(b), size * math.sin(b)


def complex_log(a, b):
    return math.log(math.hypot(a, b)), math.atan2(b, a)


def complex_sqrt(a, b):
    if a == 0 and b == 0:
        return a * 0, b
    x, y = abs(a), abs(b)
    # Halved first, so that the sum does not overflow.
    root = 2 * math.sqrt(x / 8 + math.hypot(x / 8, y / 8))
    other = y / (2 * root)
    if a >= 0:
        return root, math.copysign(other, b)
    return other, math.copysign(root, b)


def complex_sin(a, b):
    return math.sin(a) * math.cosh(b), math.cos(a) * math.sinh(b)


def complex_cos(a, b):
    return math.cos(a) * math.cosh(b), -math.sin(a) * math.sinh(b)


def complex_sinh(a, b):
    return math.cos(b) * math.sinh(a), math.sin(b) * math.cosh(a)


def complex_cosh(a, b):
    return math.cos(b) * math.cosh(a), math.sin(b) * math.sinh(a)


def complex_tanh(a, b):
    if abs(a) > 350:
        return math.copysign(1 + 0 * a, a), 4 * math.sin(b) * math.cos(b) * math.exp(-2 * abs(a))
    tangent = math.tan(b)
    hyperbolic = math.tanh(a)
    cosine = 1 / math.cosh(a)
    square = tangent * tangent
    both = hyperbolic * hyperbolic * square
    return hyperbolic * (1 + square) / (1 + both), tangent / (1 + both) * cosine * cosine


def complex_tan(a, b):
    """tan z = -i tanh(i z)"""
    real, imaginary = complex_tanh(-b, a)
    return imaginary, -real


def complex_power(a, b, c, d):
    """(a + bi) ** (c + di)"""
    if c == 0 and d == 0:
        return a * 0 + 1, a * 0
    if a == 0 and b == 0:
        return a * 0, a * 0
    size = math.hypot(a, b)
    length = size**c
    at = math.atan2(b, a)
    phase = at * c
    if d != 0:
        length = length * math.exp(-at * d)
        phase = phase + d * math.log(size)
    return length * math.cos(phase), length * math.sin(phase)


def complex_whole_power(a, b, n):
    """(a + bi) ** n by repeated squares."""
    real, imaginary = a * 0 + 1, a * 0
    count = abs(n)
    x, y = a, b
    while count > 0:
        if count % 2 == 1:
            real, imaginary = real * x - imaginary * y, real * y + imaginary * x
        x, y = x * x - y * y, x * y + y * x
        count //= 2
    if n < 0:
        return complex_quotient(real * 0 + 1, real * 0, real, imaginary)
    return real, imaginary
