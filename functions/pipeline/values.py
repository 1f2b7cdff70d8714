"""Values as documents hold them: what was sent fits a field's type, or it is not that field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

Takers = dict[str, Callable[[Any], Any]]
"""For each field of a document: what gives its value from the one sent, or None when that does not fit."""


def fitted(found: dict[str, Any], takers: Takers) -> tuple[dict[str, Any], dict[str, Any]]:
    """Divide what was found into the fields that fit their takers, and the rest; nulls are nothing."""
    taken, rest = {}, {}
    for name, value in found.items():
        fit = takers[name](value) if name in takers else None
        if fit is not None:
            taken[name] = fit
        elif value is not None:
            rest[name] = value
    return taken, rest


def renamed(value: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """Give fields other names."""
    return {names.get(name, name): each for name, each in value.items()}


def word(value: object) -> str | None:
    """Take text, or a number as text; None for anything else, and for no text at all."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None


def number(value: object) -> float | None:
    """Take a number, or text that is one; None for anything else."""
    if isinstance(value, str):
        value = json_value(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def whole(most: int) -> Callable[[object], int | None]:
    """Take a whole number of at most so much, or text that is one; None for anything else."""

    def take(value: object) -> int | None:
        sent = number(value)
        return int(sent) if sent is not None and abs(sent) <= most and sent == int(sent) else None

    return take


def json_value(text: str) -> Any:  # noqa: ANN401 (any JSON value)
    """Read JSON; None when it is none (and for null)."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
