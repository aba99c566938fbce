"""The same as numbra.types, under the name that Numba has for it too."""

from ..types import *
from ..types import __all__ as __all__
