"""The sum of four neighbours, and two gliders of the Game of Life over thirty generations."""

import numba
import numpy as np


@numba.stencil
def kernel1(a):
    return 1 * (a[0, 1] + a[1, 0] + a[0, -1] + a[-1, 0])


result = kernel1(np.ones(25).reshape((5, 5)))
expected = np.zeros((5, 5))
expected[1:4, 1:4] = 4
assert np.array_equal(result, expected)


@numba.stencil
def kernel_game_of_life(a):
    res = a[-1, -1] + a[-1, 0] + a[-1, 1] \
        + a[0, -1] + a[0, 1] \
        + a[1, -1] + a[1, 0] + a[1, 1]

    if a[0, 0] == 1 and (res == 2 or res == 3):
        return 1
    elif a[0, 0] == 0 and res == 3:
        return 1
    else:
        return 0


@numba.njit
def prepare_frames(init_array, num_frames=30):
    result = []

    for i in range(num_frames):
        result.append(init_array.copy())
        init_array = kernel_game_of_life(init_array)
    return result


def generation(board):
    """By counting; the outermost cells are dead."""
    new = np.zeros_like(board)
    for y in range(1, board.shape[0] - 1):
        for x in range(1, board.shape[1] - 1):
            count = board[y - 1 : y + 2, x - 1 : x + 2].sum() - board[y, x]
            new[y, x] = count == 3 or (board[y, x] == 1 and count == 2)
    return new


board = np.zeros((20, 20), dtype=int)
for y, x in [(2, 4), (3, 2), (3, 4), (4, 3), (4, 4), (15, 4), (16, 2), (16, 4), (15, 3), (17, 4)]:
    board[y, x] = 1
frames = prepare_frames(board)
assert len(frames) == 30
for now, following in zip(frames, frames[1:]):
    assert following.dtype == np.int64
    assert np.array_equal(following, generation(now))
print(int(frames[-1].sum()))
