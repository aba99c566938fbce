"""sin(pi*x)/(pi*x) of float32, in float32 and 32-bit integers only. Free of branches. x_low is what the rounded x lacks."""

# -pi**2/6 as the nearest float32 and the rest.
MINUS_PI_SQUARED_OVER_6: float32 = -1.644934
MINUS_PI_SQUARED_OVER_6_REST: float32 = -8.6588345e-09


def sine_ratio_f32(f: float32) -> (float32, float32):
    """sin(pi*f)/(pi*f) for abs(f) <= 1/2 as a sum of two numbers: 1 - (pi*f)**2/6 + f**4 times a minimax polynomial,
    error 2**-34."""
    z, z_low = mul_exact(f, f)
    z2 = z * z
    series = (0.81174237 + z * -0.19074982) + z2 * (0.026126215 + z * -0.0022510749)
    part, part_low = mul_exact(z, MINUS_PI_SQUARED_OVER_6)
    part_low += (z_low * MINUS_PI_SQUARED_OVER_6 + z * MINUS_PI_SQUARED_OVER_6_REST) + z2 * series
    lead = 1.0 + part
    lead_low = ((1.0 - lead) + part) + part_low
    ratio = lead + lead_low
    return ratio, (lead - ratio) + lead_low


def sinc_f32(x: float32) -> float32:
    """sin(pi*x)/(pi*x) of the number itself, without rounding pi*x before: f/x * sin(pi*f)/(pi*f) where x = n + f, with the
    sign of (-1)**n. sinc(0) = 1; 0 for all other integers; NaN for infinities. Max error 0.77 ULP (all 2**32
    arguments: checks exhaust --function 'np.sinc(a)')."""
    n = rint(x)
    f = x - n
    ratio, ratio_low = sine_ratio_f32(f)
    # f is x itself below 1/2, and the quotient 1.
    inner = n == 0.0
    divisor = select(inner, 1.0, x)
    dividend = select(inner, 1.0, f)
    quotient = dividend / divisor
    back, back_low = mul_exact(quotient, divisor)
    quotient_low = ((dividend - back) - back_low) / divisor
    product, product_low = mul_exact(quotient, ratio)
    result = product + (product_low + (quotient * ratio_low + quotient_low * ratio))
    odd = rint(0.5 * n) != 0.5 * n
    result = select(odd, -result, result)
    return select(x == 0.0, 1.0, select(f == 0.0, 0.0, result))
