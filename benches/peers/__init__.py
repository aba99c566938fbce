"""Who is compared: one module each, with

    DISTRIBUTION    its name on PyPI, None where nothing is to install
    DEVICES         what it runs on: a subset of cpu (one thread), parallel, vulkan, cuda
    MEASURES        what of rows.py it can be asked for
    load()          imports it
    begin(device)   starts it, where it must be started
    KERNELS         problem -> make(device, arguments, out), which returns a function without parameters that computes once:
                    into `out`, or, where `out` is None, into a new array; either way it returns the array (or nothing,
                    where it computes nothing)
    UNABLE          problem -> why not, for what it cannot express (what stands in neither table is none of its business)
    notes(device)   what a reader should know of how it ran, '' if nothing

Nothing but load() may import the package: that is timed."""

import importlib
from types import ModuleType

# In the order of the table. numbra is what the others are compared with.
BASE = "numbra"
NAMES = ["numbra", "memory-copy", "numba", "numba-loops", "numba-vulkan", "numexpr", "numpy", "taichi"]


def module(name: str) -> ModuleType:
    return importlib.import_module("peers." + name.replace("-", "_"))
