"""Reductions of arrays, by the fixed tree of docs/ir.md ("Reductions"): the same bits whatever the strides."""

import numpy as np


def sum_of_elements(a, dtype):
    """The sum of a 1-d array, in elements of dtype; 0 of an empty one."""
    n = a.shape[0]
    # A stack of partial rows, one per bit of the number of groups so far.
    stack = np.zeros((64, 16), dtype)
    depth = 0
    lanes = 16
    groups = n // 128
    for group in range(groups):
        start = 128 * group
        row = stack[depth]
        for lane in range(16):
            row[lane] = a[start + lane]
        for place in range(start + 16, start + 128, 16):
            for lane in range(16):
                row[lane] += a[place + lane]
        depth += 1
        # As many pairs are complete as the number of groups has zeros at its end.
        pairs = group + 1
        while pairs % 2 == 0:
            depth -= 1
            for lane in range(16):
                stack[depth - 1, lane] += stack[depth, lane]
            pairs //= 2
    rest = n - 128 * groups
    if rest > 0:
        start = 128 * groups
        lanes = min(rest, 16)
        for lane in range(lanes):
            stack[depth, lane] = a[start + lane]
        for place in range(start + 16, n, 16):
            for lane in range(min(16, n - place)):
                stack[depth, lane] += a[place + lane]
        depth += 1
    # What has no partner goes up unchanged.
    while depth > 1:
        depth -= 1
        for lane in range(lanes):
            stack[depth - 1, lane] += stack[depth, lane]
        lanes = 16
    for half in (8, 4, 2, 1):
        for lane in range(half):
            if lane + half < lanes:
                stack[0, lane] += stack[0, lane + half]
        lanes = min(lanes, half)
    return stack[0, 0]
