"""The kernels that are measured. numbra, numba and numba-vulkan compile these very functions; where a peer has a language
of its own, its file in peers/ says the same in that."""

import math

import numpy as np

# float32 constants stay float32 under Numba's typing rules; a literal would widen the kernel to float64.
ONE, HALF = np.float32(1), np.float32(0.5)

# Black-Scholes: interest rate, volatility, and what follows from them.
RATE, VOLATILITY = np.float32(0.02), np.float32(0.30)
DRIFT = np.float32(0.02 + 0.5 * 0.30 * 0.30)
ROOT_HALF = np.float32(math.sqrt(0.5))

# The normal distribution after Abramowitz and Stegun, 26.2.17, as in the CUDA samples: |error| < 7.5e-8.
GAMMA, ROOT = np.float32(0.2316419), np.float32(0.39894228040143267794)
A1, A2, A3 = np.float32(0.31938153), np.float32(-0.356563782), np.float32(1.781477937)
A4, A5 = np.float32(-1.821255978), np.float32(1.330274429)

# Heat: what stays in a cell and what each neighbour gives.
STAYS, GIVES = np.float32(0.2), np.float32(0.2)


def f(x, y):
    return np.cos(x**2 + y**2) / (1 + x**2 + y**2)


def saxpy(a, x, y):
    return a * x + y


def black_scholes(price, strike, years):
    """The price of a European call option."""
    root = VOLATILITY * np.sqrt(years)
    d1 = (np.log(price / strike) + DRIFT * years) / root
    d2 = d1 - root
    k1 = ONE / (ONE + GAMMA * abs(d1))
    k2 = ONE / (ONE + GAMMA * abs(d2))
    n1 = ROOT * np.exp(-HALF * d1 * d1) * (k1 * (A1 + k1 * (A2 + k1 * (A3 + k1 * (A4 + k1 * A5)))))
    n2 = ROOT * np.exp(-HALF * d2 * d2) * (k2 * (A1 + k2 * (A2 + k2 * (A3 + k2 * (A4 + k2 * A5)))))
    if d1 > 0:
        n1 = ONE - n1
    if d2 > 0:
        n2 = ONE - n2
    return price * n1 - strike * np.exp(-RATE * years) * n2


def black_scholes_erf(price, strike, years):
    """The same by the error function."""
    root = VOLATILITY * np.sqrt(years)
    d1 = (np.log(price / strike) + DRIFT * years) / root
    d2 = d1 - root
    n1 = HALF * (ONE + math.erf(d1 * ROOT_HALF))
    n2 = HALF * (ONE + math.erf(d2 * ROOT_HALF))
    return price * n1 - strike * np.exp(-RATE * years) * n2


def heat(a):
    """A stencil of five points."""
    return STAYS * a[0, 0] + GIVES * (a[-1, 0] + a[1, 0] + a[0, -1] + a[0, 1])


def life(a):
    """One generation of Conway's Game of Life."""
    neighbours = a[-1, -1] + a[-1, 0] + a[-1, 1] + a[0, -1] + a[0, 1] + a[1, -1] + a[1, 0] + a[1, 1]
    if a[0, 0] == 1 and (neighbours == 2 or neighbours == 3):
        return 1
    elif a[0, 0] == 0 and neighbours == 3:
        return 1
    else:
        return 0


def add(x, y):
    """What sums are made of."""
    return x + y


def clear_border(out):
    """What numbra's stencils store where they reach over the edge, for peers whose loops leave the border alone."""
    out[0] = out[-1] = out[:, 0] = out[:, -1] = 0


# What the ufuncs' elements are.
SIGNATURES = {
    "f": "float64(float64, float64)",
    "saxpy": "float32(float32, float32, float32)",
    "small": "float64(float64, float64, float64)",
    "black_scholes": "float32(float32, float32, float32)",
    "black_scholes_erf": "float32(float32, float32, float32)",
}
UFUNCS = {
    "f": f,
    "saxpy": saxpy,
    "small": saxpy,
    "black_scholes": black_scholes,
    "black_scholes_erf": black_scholes_erf,
}
# Sums: the axis along which, None for all.
SUMS = {f"sum{bits}{name}": axis for bits in (32, 64) for name, axis in (("", None), ("_axis0", 0), ("_axis1", 1))}
STENCILS = {"heat": heat, "life": life}
