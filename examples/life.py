"""Conway's Game of Life: one generation as a stencil. Cells outside the board are dead."""
import numba


@numba.stencil
def life(a):
    neighbours = a[-1, -1] + a[-1, 0] + a[-1, 1] \
        + a[0, -1] + a[0, 1] \
        + a[1, -1] + a[1, 0] + a[1, 1]

    if a[0, 0] == 1 and (neighbours == 2 or neighbours == 3):
        return 1
    elif a[0, 0] == 0 and neighbours == 3:
        return 1
    else:
        return 0
