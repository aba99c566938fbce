"""A plugin of pytest: `pytest -p numbra.as_numba` runs tests of programs that import numba with numbra in its place."""

from ._posing import pose_as_numba

pose_as_numba()
