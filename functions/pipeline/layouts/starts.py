"""What a regular expression can begin with: the cheap test before the expression itself."""

from __future__ import annotations

import string
from typing import Any

ANY = frozenset(range(256))
_DIGITS = frozenset(string.digits.encode())
_CATEGORIES = {  # as patterns of bytes have them
    "CATEGORY_DIGIT": _DIGITS,
    "CATEGORY_WORD": _DIGITS | frozenset(string.ascii_letters.encode()) | {ord("_")},
    "CATEGORY_SPACE": frozenset(string.whitespace.encode()),
}
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}


def first_bytes(pattern: str, then: frozenset[int]) -> frozenset[int]:
    """Return the bytes of UTF-8 text that a match can begin with; all of them where that is not known.

    Args:
        pattern: the regular expression.
        then: the bytes that follow where the pattern matches nothing.
    """
    from re import _parser  # type: ignore[attr-defined]  # private, but the only parser there is

    found, empty = _first(_parser.parse(pattern))
    return found | then if empty else found


def _first(parts: Any) -> tuple[frozenset[int], bool]:  # noqa: ANN401 (as the parser gives them)
    """Return what a sequence can begin with, and whether it can match nothing."""
    found: frozenset[int] = frozenset()
    for operation, argument in parts:
        first, empty = _first_of(str(operation), argument)
        found |= first
        if not empty:
            return found, False
    return found, True


def _first_of(operation: str, argument: Any) -> tuple[frozenset[int], bool]:  # noqa: ANN401, PLR0911
    """Look at one operation: a line for each."""
    if operation == "LITERAL":
        return _byte(argument), False
    if operation == "IN":
        return _set(argument), False
    if operation == "SUBPATTERN":
        return _first_cased(argument)
    if operation == "BRANCH":
        each = [_first(branch) for branch in argument[1]]
        return frozenset().union(*(first for first, _ in each)), any(empty for _, empty in each)
    if operation in _REPEATS:
        first, empty = _first(argument[2])
        return first, empty or argument[0] == 0
    if operation == "ATOMIC_GROUP":
        return _first(argument)
    if operation in {"ASSERT", "ASSERT_NOT", "AT"}:
        return frozenset(), True
    return ANY, False


def _first_cased(argument: Any) -> tuple[frozenset[int], bool]:  # noqa: ANN401
    """Look into a group; one that ignores case begins with either."""
    import re

    first, empty = _first(argument[3])
    if argument[1] & re.IGNORECASE:
        letters = bytes(first)
        first |= frozenset(letters.lower() + letters.upper())
    return first, empty


def _byte(character: int) -> frozenset[int]:
    return frozenset(chr(character).encode("utf-8", "replace")[:1])


def _set(members: Any) -> frozenset[int]:  # noqa: ANN401
    found: frozenset[int] = frozenset()
    for operation, argument in members:
        if str(operation) == "LITERAL":
            found |= _byte(argument)
        elif str(operation) == "RANGE" and argument[1] < 128:  # noqa: PLR2004 (ASCII)
            found |= frozenset(range(argument[0], argument[1] + 1))
        elif str(argument) in _CATEGORIES:
            found |= _CATEGORIES[str(argument)]
        else:
            return ANY
    return found
