"""Python's start in the processes of tools/numba-tests, and in those that the tests start: numbra takes Numba's place."""

import os

if os.environ.get("NUMBA_TESTS_SWAP"):
    import swap

    swap.swap()
