"""The whole functions that are measured: numbra and numba compile these very ones with njit."""

import numpy as np


def logistic(x0, n):
    """The quadratic map of the seeds."""
    x = np.empty(n + 1)
    x[0] = x0
    for t in range(n):
        x[t + 1] = 4 * x[t] * (1 - x[t])
    return x


def total(a):
    s = 0.0
    for x in a:
        s += x
    return s


def distances(points):
    n, dimensions = points.shape
    result = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            s = 0.0
            for k in range(dimensions):
                difference = points[i, k] - points[j, k]
                s += difference * difference
            result[i, j] = s**0.5
    return result


def product(a, b):
    n, m = a.shape
    p = b.shape[1]
    c = np.zeros((n, p))
    for i in range(n):
        for k in range(m):
            for j in range(p):
                c[i, j] += a[i, k] * b[k, j]
    return c


def mandelbrot(n, turns):
    counts = np.zeros((n, n), dtype=np.int64)
    for row in range(n):
        for column in range(n):
            x, y = -2 + 2.5 * column / n, -1.25 + 2.5 * row / n
            a, b = 0.0, 0.0
            count = 0
            while count < turns and a * a + b * b <= 4:
                a, b = a * a - b * b + x, 2 * a * b + y
                count += 1
            counts[row, column] = count
    return counts


def bodies(positions, velocities, masses, steps, dt):
    """The kinetic energy after some steps."""
    positions, velocities = positions.copy(), velocities.copy()
    n = len(masses)
    for step in range(steps):
        for i in range(n):
            for j in range(i + 1, n):
                dx = positions[i, 0] - positions[j, 0]
                dy = positions[i, 1] - positions[j, 1]
                dz = positions[i, 2] - positions[j, 2]
                square = dx * dx + dy * dy + dz * dz
                pull = dt / (square * np.sqrt(square))
                velocities[i, 0] -= dx * masses[j] * pull
                velocities[i, 1] -= dy * masses[j] * pull
                velocities[i, 2] -= dz * masses[j] * pull
                velocities[j, 0] += dx * masses[i] * pull
                velocities[j, 1] += dy * masses[i] * pull
                velocities[j, 2] += dz * masses[i] * pull
        for i in range(n):
            for k in range(3):
                positions[i, k] += dt * velocities[i, k]
    energy = 0.0
    for i in range(n):
        energy += 0.5 * masses[i] * (velocities[i, 0] ** 2 + velocities[i, 1] ** 2 + velocities[i, 2] ** 2)
    return energy


def edits(a, b):
    """Levenshtein's distance."""
    m = len(b)
    row = np.empty(m + 1, dtype=np.int64)
    for j in range(m + 1):
        row[j] = j
    for i in range(len(a)):
        before = row[0]
        row[0] = i + 1
        for j in range(m):
            cost = 0 if a[i] == b[j] else 1
            least = min(before + cost, row[j + 1] + 1, row[j] + 1)
            before = row[j + 1]
            row[j + 1] = least
    return row[m]


def primes(n):
    """How many there are below n."""
    marks = np.ones(n, dtype=np.bool_)
    marks[:2] = False
    i = 2
    while i * i < n:
        if marks[i]:
            for j in range(i * i, n, i):
                marks[j] = False
        i += 1
    count = 0
    for mark in marks:
        if mark:
            count += 1
    return count


def factors(a):
    """L and U without pivots, in one matrix."""
    a = a.copy()
    n = a.shape[0]
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]
    return a


def nothing(a, b, c, n):
    """What a call costs."""
    return n


# Problem -> function and options.
FUNCTIONS = {
    "logistic": (logistic, {}),
    "total": (total, {}),
    "total_fast": (total, {"fastmath": True}),
    "distances": (distances, {}),
    "product": (product, {}),
    "mandelbrot": (mandelbrot, {}),
    "bodies": (bodies, {}),
    "edits": (edits, {}),
    "primes": (primes, {}),
    "factors": (factors, {}),
    "nothing": (nothing, {}),
}
