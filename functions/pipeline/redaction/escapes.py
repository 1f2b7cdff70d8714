r"""JSON within text: quotes and escapes at any depth.

JSON within a JSON string has its quotes escaped: `\"`, one level deeper `\\\"`. The number of backslashes before a
quote gives the level of the string that it opens or closes: the count of ones at the end of that number in binary.
The outermost level is 0.
"""

from __future__ import annotations

import json
import re

import orjson

_CODES = re.compile(r"(?<!\\)(\\+)(?:u([dD][89abAB]\w\w)\1u([dD][c-fC-F]\w\w)|u([0-9a-fA-F]{4})|/)")
_KEPT = {
    ord('"'),
    ord("\\"),
    *range(0x20),
    0x7F,
}  # characters that JSON text cannot or should not contain unescaped


def level(backslashes: int) -> int:
    """Return the level of a quote that has so many backslashes before it."""
    ones = backslashes + 1
    return (ones & -ones).bit_length() - 1


def quote_at(level: int, quote: str = '"') -> str:
    """Return a quote of a level, with its backslashes."""
    return "\\" * ((1 << level) - 1) + quote


def backslashes_before(text: str, at: int, start: int) -> int:
    """Count the backslashes right before a place, not further back than `start`."""
    before = text[start:at]
    return len(before) - len(before.rstrip("\\"))


def is_json(text: str) -> bool:
    """Return whether the whole text is one JSON value."""
    try:
        orjson.loads(text)
    except ValueError:
        return False
    return True


def unescaped(text: str) -> str:
    r"""Resolve character escapes (`\u0041` is "A") at every level, where that does not change the meaning."""
    if "\\" not in text or ("\\u" not in text and "\\/" not in text):
        return text
    return _CODES.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    backslashes, high, low, code = found.groups()
    if len(backslashes).bit_count() != 1:  # not the backslashes of an escape at any level
        return found[0]
    try:
        if high:
            pair = chr(int(high, 16)) + chr(int(low, 16))
            return str(pair.encode("utf-16", "surrogatepass"), "utf-16")
        number = int(code, 16) if code else ord("/")
    except ValueError:
        return found[0]
    return found[0] if number in _KEPT or 0xD800 <= number < 0xE000 else chr(number)  # noqa: PLR2004 (the surrogates)


def halved(text: str) -> str:
    """Undo the escaping of backslashes and apostrophes by a Python literal in single quotes."""
    return re.sub(r"\\([\\'])", r"\1", text)


def content(text: str, levels: int) -> str:
    """Unescape what stands between quotes so many times; stop where it is not escaped as JSON."""
    for _ in range(levels if "\\" in text else 0):
        try:
            text = str(json.loads(f'"{text}"', strict=False))
        except ValueError:
            break
    return text
