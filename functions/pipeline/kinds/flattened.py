"""What a field of Elasticsearch's type `flattened` takes: objects of any names and values, within limits.

The limits are those of its reference: 20 objects inside one another, and 32,766 bytes for a name's path together with
a value that is indexed, which `ignore_above` holds below 24,573. What is beyond them would cost the whole document.
"""

from __future__ import annotations

import json
from typing import Any

_DEPTH = 20  # of objects and lists inside one another
_PATH = 2000  # characters, of up to 4 bytes, of the names from the first to the last


def flattened(found: dict[str, Any]) -> dict[str, Any]:
    """Return an object that such a field takes: the same, or one in which text stands for what it would not take."""
    if _fits(found, _PATH, _DEPTH):
        return found
    names = {name: name.replace("\0", "\ufffd")[: _PATH // 2] for name in found}
    return {names[name]: _kept(value, _PATH - len(names[name])) for name, value in found.items()}


def _kept(value: Any, room: int) -> Any:  # noqa: ANN401 (any JSON value)
    return value if _fits(value, room, _DEPTH - 1) else _as_text(value)


def _fits(value: object, room: int, depth: int) -> bool:
    """Say whether a value fits, with so many characters left for names, and so many levels."""
    if type(value) is dict:
        return depth > 0 and all(
            "\0" not in name and len(name) < room and _fits(each, room - len(name) - 1, depth - 1)
            for name, each in value.items()
        )
    if type(value) is list:
        return depth > 0 and all(_fits(each, room, depth - 1) for each in value)
    return True


def _as_text(value: Any) -> str:  # noqa: ANN401 (any JSON value)
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "…"  # the record's raw text has it
