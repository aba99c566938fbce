"""numbra.config: Numba's settings, as far as they mean something here. They come from the environment, as NUMBRA_NAME or
NUMBA_NAME, and can be set by programs."""

from __future__ import annotations

import os
from typing import Any


class Config:
    """The settings. DISABLE_JIT: jit leaves functions as they are. BOUNDSCHECK: None, or what the option boundscheck is for all
    functions. CACHE_DIR: the folder in which the option cache keeps code; '': the user's own (~/.cache/numbra)."""

    def __init__(self) -> None:
        self.reload_config()

    def reload_config(self) -> None:
        """Reads the environment again."""
        self.DISABLE_JIT = _number("DISABLE_JIT") or 0
        self.BOUNDSCHECK = _number("BOUNDSCHECK")
        self.CACHE_DIR = os.environ.get("NUMBRA_CACHE_DIR") or os.environ.get("NUMBA_CACHE_DIR") or ""

    def __getattr__(self, name: str) -> Any:
        message = f"numbra has no setting '{name}'\n  help: its settings are {', '.join(sorted(vars(self)))}"
        raise AttributeError(message, name=name)


def _number(name: str) -> int | None:
    for text in (os.environ.get(f"NUMBRA_{name}"), os.environ.get(f"NUMBA_{name}")):
        if text:
            try:
                return int(text)
            except ValueError:
                raise ValueError(f"NUMBRA_{name} or NUMBA_{name} is {text!r}\n  help: set it to 0 or 1") from None
    return None


config = Config()
