"""Lines of `name=value` pairs, values quoted where they hold blanks: logfmt (https://brandur.org/logfmt)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Collection

_NAME = rb"[A-Za-z_@][\w.@/-]{0,99}"
_DOUBLE = rb'"(?:[^"\\]|\\.)*+"(?!\S)'
_SINGLE = rb"'(?:[^'\\]|\\.)*+'(?!\S)"  # as Python's repr() writes text
_BARE = rb"""[^\s"']\S*+|(?=\s|$)"""
_PAIR = rb"(?:" + _NAME + rb")=(?:" + _DOUBLE + rb"|" + _SINGLE + rb"|" + _BARE + rb")"
_LINE = re.compile(rb"\s*" + _PAIR + rb"(?:\s++(?:" + _PAIR + rb"|[A-Za-z_][\w.-]{0,99}(?=\s|$)))+\s*")
_EACH = re.compile(rb"(?<!\S)(" + _NAME + rb")=(" + _DOUBLE + rb"|" + _SINGLE + rb"|" + _BARE + rb")")
_TELLING = frozenset(("level", "lvl", "severity", "msg", "message", "time", "ts", "timestamp", "t", "at", "event"))


def members(line: bytes, own: Collection[str] = ()) -> dict[str, Any] | None:
    """Read a line of pairs as an object with these members, all of them text; None for any other line.

    One of them has to be a time, a level or a message by its name, or have one of `own`: text like `a=1 b=2` is none.
    """
    if b"=" not in line or not _LINE.fullmatch(line):
        return None
    found = pairs(line)
    return found if not _TELLING.isdisjoint(found) or any(name in found for name in own) else None


def pairs(text: bytes) -> dict[str, Any]:
    """Find the pairs in a text, wherever they stand in it; the values are text."""
    return {name.decode(): _value(value) for name, value in _EACH.findall(text)} if b"=" in text else {}


def _value(written: bytes) -> str:
    if written.startswith(b"'"):
        return written[1:-1].decode("utf-8", "replace").replace("\\'", "'")
    if not written.startswith(b'"'):
        return written.decode("utf-8", "replace")
    try:
        return str(orjson.loads(written))
    except orjson.JSONDecodeError:
        return written[1:-1].decode("utf-8", "replace").replace('\\"', '"')
