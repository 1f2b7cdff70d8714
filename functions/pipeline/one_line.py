"""JSON that is written over several lines, as one line. Pure."""

from __future__ import annotations

import json
import re

_BETWEEN_TOKENS = re.compile(rb"\s*[\r\n]\s*")  # a JSON string holds no line end


def one_line(value: bytes) -> bytes:
    """Return JSON that is written over several lines as one line; any other text as it is.

    Nothing is written anew: only the blanks around line ends go.
    """
    if b"\n" not in value and b"\r" not in value:
        return value
    text = value.strip()
    return _BETWEEN_TOKENS.sub(b"", text) if text[:1] in {b"{", b"["} and is_json(text) else value


def is_json(text: bytes) -> bool:
    """Say whether a text is one JSON value."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
