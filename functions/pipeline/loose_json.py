"""JSON as programs write it into text: NaN and Infinity, Python's own literals, long numbers, text behind the value."""

from __future__ import annotations

from json import JSONDecoder
from typing import Any

_LONGEST_LITERAL = 64 << 10  # characters of a literal of Python
_LEAST, _MOST = -(2**63), 2**64 - 1  # what JSON libraries take as whole numbers
_LITERAL = frozenset("{[('\"")


def whole_number(digits: str) -> int | str:
    """Return a whole number; one beyond 64 bits as its digits, which no float has."""
    if len(digits) < 19:  # noqa: PLR2004 (the digits that always have room)
        return int(digits)
    number = int(digits) if len(digits) <= 20 else _MOST + 1  # noqa: PLR2004 (nothing longer has room)
    return number if _LEAST <= number <= _MOST else digits


DECODER = JSONDecoder(parse_constant=lambda _name: None, parse_int=whole_number)
"""Reads NaN and infinities as null, and whole numbers as `whole_number` has it."""


def first_value(text: str) -> tuple[Any, int]:
    """Read the JSON value, or the literal of Python, that a text begins with.

    Returns:
        The value, NaN and infinities being null, and where it ends in the text. None and 0 if there is no such value.
    """
    try:
        return DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return _first_literal(text)


def _first_literal(text: str) -> tuple[Any, int]:
    """Read a dictionary, list, tuple or string of Python's: {'AGE': 74, 'SMOKER': True}."""
    if text[:1] not in _LITERAL:
        return None, 0
    end = _end_of_literal(text[:_LONGEST_LITERAL])
    if not end:
        return None, 0
    from ast import literal_eval

    try:
        return _plain(literal_eval(text[:end])), end
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None, 0


def _end_of_literal(text: str) -> int:
    """Find where brackets and quotes are closed again; 0 where they are not."""
    open_brackets, quote, escaped = 0, "", False
    for at, each in enumerate(text):
        if quote:
            quote, escaped = ("" if each == quote and not escaped else quote), each == "\\" and not escaped
        elif each in "'\"":
            quote = each
        elif each in "{[(":
            open_brackets += 1
        elif each in "}])":
            open_brackets -= 1
        if not quote and open_brackets <= 0 and each in "}])'\"":
            return at + 1
    return 0


def _plain(value: Any) -> Any:  # noqa: ANN401 (any literal)
    """Return a literal as JSON has it: tuples and sets are lists, and what has no counterpart is its text."""
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return whole_number(str(value)) if abs(value) < 10**100 else str(value)
    if isinstance(value, float):
        return value if abs(value) <= 1.8e308 and value == value else None  # noqa: PLR0124, PLR2004 (NaN, infinity)
    return value if isinstance(value, str | bool) or value is None else str(value)
