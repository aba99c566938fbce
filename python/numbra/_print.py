"""What compiled functions print."""

from __future__ import annotations

from typing import Any


def show(objects: tuple[Any, ...]) -> None:
    """Prints a line to `sys.stdout`, whatever that is now."""
    print(*objects)
