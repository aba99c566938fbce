"""numbra in Numba's place, for Numba's own tests: they are imported from the wheel of Numba, and all else of `numba` is numbra.

What numbra lacks may be imported, and raises NotThere when a test uses it. So does what numbra would run as plain Python: a test
that passes says something of numbra's compiler. NotThere is no Exception, so that no test takes it for the error it expects."""

import collections
import importlib.machinery
import importlib.util
import inspect
import os
import sys
import types

import numbra
import numpy
from numbra import _posing


class NotThere(BaseException):
    """A test needs what numbra does not have yet."""


class Lacking(_posing.Lacking):
    """Something that numbra lacks. While modules are imported it can be called, and be the base of a class."""

    loading = False

    def _refuse(self, *_, **__):
        if Lacking.loading:
            return Lacking(self._name)
        raise NotThere(f"numbra has no '{self._name}'")

    __call__ = __getitem__ = __iter__ = __enter__ = __add__ = __or__ = __eq__ = __lt__ = _refuse
    __hash__ = object.__hash__

    def __getattr__(self, name):
        if name == "dtype":  # numpy.dtype() looks for it
            raise NotThere(f"numbra has no '{self._name}'")
        return super().__getattr__(name)

    def __bool__(self):
        return not Lacking.loading and self._refuse()

    def __mro_entries__(self, bases):
        return (type(self._name.rsplit(".", 1)[-1], (), {}),)


def _as_dtype(kind):
    return numpy.dtype("bool" if str(kind) == "bool" else str(kind))


class _Runtime:
    """Numba's counts of allocations, as its tests of leaks ask for them."""

    _stats = collections.namedtuple("stats", "alloc free mi_alloc mi_free")(0, 0, 0, 0)

    def get_allocation_stats(self):
        return self._stats

    def memsys_stats_enabled(self):
        return True

    memsys_enable_stats = memsys_disable_stats = memsys_stats_enabled


# What Numba's tests use of Numba's insides, and means the same here.
NAMES = {
    "numba.core.utils": {"PYVERSION": sys.version_info[:2], "pysignature": inspect.signature},
    "numba.core.runtime": {"rtsys": _Runtime(), "_nrt_python": _Runtime()},
    "numba.core.typing.cffi_utils": {"SUPPORTED": False},
    "numba.core.dispatcher": {"Dispatcher": numbra.Dispatcher},
    "numba.np.numpy_support": {"numpy_version": tuple(map(int, numpy.__version__.split(".")[:2])), "as_dtype": _as_dtype},
    "numba.testing": {"make_tag_decorator": lambda known: lambda *tags: lambda function: function},
    "numba.testing.main": {"_TIMEOUT": 120},
    "numba.cuda": {"is_available": lambda: False},
}
SETTINGS = {"IS_32BITS": False, "IS_WIN32": False, "IS_OSX": False, "MACHINE_BITS": 64, "PYVERSION": sys.version_info[:2]}


class _Loader(importlib.machinery.SourceFileLoader):
    def exec_module(self, module):
        before, Lacking.loading = Lacking.loading, True
        try:
            super().exec_module(module)
        finally:
            Lacking.loading = before


class _Finder:
    """Finds Numba's tests in the wheel of Numba, and what runs some of them in a process of their own."""

    def __init__(self, folder):
        self.folder = folder

    def find_spec(self, name, path=None, target=None):
        if name == "numba.tests":
            spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = [os.path.join(self.folder, "tests")]
            return spec
        if name.startswith("numba.tests."):
            spec = importlib.machinery.PathFinder.find_spec(name, path)
            if isinstance(spec and spec.loader, importlib.machinery.SourceFileLoader):
                spec.loader = _Loader(spec.loader.name, spec.loader.path)
            return spec
        if name == "numba.runtests":
            return importlib.util.spec_from_file_location(name, os.path.join(os.path.dirname(__file__), "running.py"))
        return None


def swap():
    folder = os.path.dirname(importlib.util.find_spec("numba").origin)
    numbra.pose_as_numba()
    _posing.Lacking = Lacking
    sys.meta_path.insert(0, _Finder(folder))
    sys.modules["numba"].__file__ = os.path.join(folder, "__init__.py")
    for name, found in NAMES.items():
        vars(importlib.import_module(name)).update(found)
    for name, value in SETTINGS.items():
        setattr(numbra.config, name, value)
    # Not a class: numbra catches nothing of it, and runs nothing as plain Python.
    numbra.core.errors.KernelUnsupportedError = lambda text: NotThere(text)
