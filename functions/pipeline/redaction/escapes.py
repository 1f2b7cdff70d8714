r"""JSON within text: quotes and escapes at any depth.

JSON in a string of JSON has its quotes escaped: `\"`, one deeper `\\\"`. The backslashes before a quote tell how deep
the string is that it begins or ends: as many binary ones as their number ends with. 0 is the outermost level.
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
}  # characters that JSON text cannot hold as they are, or had better not


def level(backslashes: int) -> int:
    """Return the level of a quote after so many backslashes."""
    ones = backslashes + 1
    return (ones & -ones).bit_length() - 1


def quote_at(level: int, quote: str = '"') -> str:
    """Write a quote of a level."""
    return "\\" * ((1 << level) - 1) + quote


def backslashes_before(text: str, at: int, start: int) -> int:
    """Count the backslashes just before a place, as far back as `start`."""
    before = text[start:at]
    return len(before) - len(before.rstrip("\\"))


def is_json(text: str) -> bool:
    """Say whether a whole text is one JSON value."""
    try:
        orjson.loads(text)
    except ValueError:
        return False
    return True


def unescaped(text: str) -> str:
    r"""Write escaped characters as they are (`\u0041` is "A"), at every level, where that changes no meaning."""
    if "\\" not in text or ("\\u" not in text and "\\/" not in text):
        return text
    return _CODES.sub(_character, text)


def _character(found: re.Match[str]) -> str:
    backslashes, high, low, code = found.groups()
    if len(backslashes).bit_count() != 1:  # not those of one escape at some level
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
    """Undo what a literal of Python in single quotes does to backslashes and apostrophes."""
    return re.sub(r"\\([\\'])", r"\1", text)


def content(text: str, levels: int) -> str:
    """Read what stands between quotes, escaped so many times; as it is where it is not JSON's way of escaping."""
    for _ in range(levels if "\\" in text else 0):
        try:
            text = str(json.loads(f'"{text}"', strict=False))
        except ValueError:
            break
    return text
