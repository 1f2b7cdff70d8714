"""What heads of all layouts have in common: a level and a logger."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from functions.pipeline.values import members

_REMEMBERED = 4096  # levels with loggers


@lru_cache(_REMEMBERED)
def level_and_logger(level: str | None, logger: str | None) -> bytes:
    """Return both as members of a JSON object, each with a comma after it."""
    named: dict[str, Any] = {"level": level, "logger": logger}
    return members({name: value for name, value in named.items() if value})
