"""numbra in the place of Numba: programs that import numba get numbra. What numbra lacks is an error when it is used."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
import types
from typing import Any, Sequence

import numbra

# The version of Numba whose names and rules numbra follows.
VERSION = "0.68.1"

# Where Numba keeps what numbra keeps elsewhere.
_PLACES = {
    "numba": "numbra",
    "numba.types": "numbra.types",
    "numba.extending": "numbra.extending",
    "numba.core": "numbra.core",
    "numba.core.extending": "numbra.extending",
    "numba.core.types": "numbra.types",
    "numba.core.errors": "numbra.core.errors",
    "numba.errors": "numbra.core.errors",
}
# Further names of modules of Numba's, by the module's name.
_NAMES = {
    "numba.core.decorators": ["jit", "njit", "stencil", "vectorize"],
    "numba.np.numpy_support": ["from_dtype"],
    "numba.np.ufunc": ["vectorize"],
    "numba.stencils.stencil": ["stencil"],
}


class Lacking:
    """Something of Numba's that numbra does not have: an error when it is used, not when it is imported."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _refuse(self) -> Any:
        short = self._name.split(".", 1)[1]
        help = numbra._LATER.get(short, "docs/support.md says what there is")
        raise numbra.errors.UnsupportedError(f"numbra has no '{self._name}' yet\n  help: {help}")

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self._refuse()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Lacking(f"{self._name}.{name}")

    def __getitem__(self, key: Any) -> Any:
        return self._refuse()

    def __repr__(self) -> str:
        return f"<'{self._name}' of Numba, which numbra does not have>"


class _Module(types.ModuleType):
    """A module of Numba's: what numbra has of it, and else things that are lacking."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'", name=name)
        inner = f"{self.__name__}.{name}"
        if inner in _PLACES or inner == "numba.core.config":
            return importlib.import_module(inner)
        place = _PLACES.get(self.__name__)
        if place is not None:
            try:
                return getattr(importlib.import_module(place), name)
            except AttributeError:
                pass
        if name in _NAMES.get(self.__name__, []):
            return getattr(numbra, name)
        return Lacking(f"{self.__name__}.{name}")


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds every module of Numba's."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.split(".")[0] != "numba":
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        module = _Module(spec.name)
        place = _PLACES.get(spec.name)
        if place is not None:
            found = importlib.import_module(place)
            names = getattr(found, "__all__", [name for name in vars(found) if not name.startswith("_")])
            module.__all__ = list(names)  # type: ignore[attr-defined]
            inner = {place.rpartition(".")[2] for place in _PLACES if place.rpartition(".")[0] == spec.name}
            vars(module).update({name: getattr(found, name) for name in names if name not in inner})
        if spec.name == "numba":
            module.__version__ = VERSION  # type: ignore[attr-defined]
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        pass


def pose_as_numba() -> None:
    """From now on `import numba` is numbra, in this process. Numba itself must not have been imported."""
    import_first = sys.modules.get("numba")
    if isinstance(import_first, _Module):
        return
    if import_first is not None:
        message = "Numba was imported already, numbra cannot take its place\n  help: call pose_as_numba() before anything else"
        raise RuntimeError(message)
    sys.meta_path.insert(0, _Finder())
    # The settings themselves, so that programs can set them.
    sys.modules["numba.core.config"] = numbra.config  # type: ignore[assignment]
    for name in ("numba", "numba.types", "numba.core", "numba.extending"):
        importlib.import_module(name)
