"""What layouts have in common: the head of a record, and its level and logger."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from functions.pipeline.values import members

if TYPE_CHECKING:
    from functions.pipeline.records import Head

_REMEMBERED = 4096  # levels with loggers
NO_HEAD: Head = (b"", 0, None, b"")


@lru_cache(_REMEMBERED)
def level_and_logger(level: str | None, logger: str | None) -> bytes:
    """Return both as members of a JSON object, each with a comma after it."""
    named: dict[str, Any] = {"level": level, "logger": logger}
    return members({name: value for name, value in named.items() if value})
