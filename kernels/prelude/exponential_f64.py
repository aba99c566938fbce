"""Exponential and logarithmic functions of float64, and the hyperbolic functions built on them."""

# ln 2 in two parts; the first has 40 bits, so that its product with an integer below 2**13 is exact.
LN2_HIGH: float64 = 0.6931471805592082
LN2_LOW: float64 = 7.371002565167799e-13
LOG2_E: float64 = 1.4426950408889634

# 1.5 * 2**52: adding it rounds to an integer, which then stands in the low bits of the sum.
TO_INTEGER: float64 = 6755399441055744.0


def exponential_tail_f64(r: float64) -> float64:
    """exp(r) - 1 - r for |r| <= ln(2)/2: r**2 times a minimax polynomial; error 2**-58 relative to exp(r)."""
    z = r * r
    z2 = z * z
    z4 = z2 * z2
    series = (
        ((0.5000000000000013 + r * 0.16666666666666702) + z * (0.04166666666651204 + r * 0.00833333333330616))
        + z2 * ((0.0013888888947989507 + r * 0.0001984126991953087) + z * (2.4801488856107313e-05 + r * 2.755721448654034e-06))
        + z4 * (2.7631692438027744e-07 + r * 2.51184075591099e-08)
    )
    return z * series


def exp_f64(x: float64) -> float64:
    """e**x.

    x = k*ln(2) + r + r_low with |r| <= ln(2)/2; e**x = 2**k * (1 + r + tail(r) + r_low). The scale is applied in two
    halves, so that overflow to infinity, subnormal results and zero come out without a branch.
    """
    # Beyond these bounds the result is infinite or zero anyway. NaN passes.
    bounded = select(x > 710.0, 710.0, x)
    bounded = select(bounded < -746.0, -746.0, bounded)
    # The low bits of `shifted` hold k + 2046.
    shifted = bounded * LOG2_E + 6755399441057790.0
    k = shifted - 6755399441057790.0
    high = bounded - k * LN2_HIGH
    low = k * LN2_LOW
    r = high - low
    r_low = (high - r) - low
    lead = 1.0 + r
    lead_error = (1.0 - lead) + r
    y = lead + (lead_error + (exponential_tail_f64(r) + r_low))
    # The exponent fields k//2 + 1023 and k - k//2 + 1023; higher bits are shifted out.
    bits = bitcast(uint64, shifted)
    half = bits >> 1
    return (y * bitcast(float64, half << 52)) * bitcast(float64, (bits - half) << 52)
