"""What Numba has in `numba.extending`, as far as numbra has it."""

from __future__ import annotations

from typing import Any

from . import decorators

__all__ = ["register_jitable"]


def register_jitable(*arguments: Any, **options: Any) -> Any:
    """Marks a function that compiled functions call; from Python it stays the plain function."""
    if arguments and callable(arguments[0]):
        return arguments[0]

    def mark(function: Any) -> Any:
        return function

    # The options are checked as those of jit are.
    decorators.jit(**options)
    return mark
