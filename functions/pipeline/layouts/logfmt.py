"""Lines of `name=value` pairs, values quoted where they hold blanks: logfmt (https://brandur.org/logfmt)."""

from __future__ import annotations

import re
from typing import Any

import orjson

_PAIR = rb'[A-Za-z_@][\w.@/-]{0,99}=(?:"(?:[^"\\]|\\.)*"|[^\s"=]*)'
_LINE = re.compile(rb"\s*" + _PAIR + rb"(?:\s+(?:" + _PAIR + rb"|[A-Za-z_][\w.-]{0,99}(?=\s|$)))+\s*")
_EACH = re.compile(rb'([A-Za-z_@][\w.@/-]{0,99})=("(?:[^"\\]|\\.)*"|[^\s"=]*)')
_TELLING = frozenset(("level", "lvl", "severity", "msg", "message", "time", "ts", "timestamp", "t", "at", "event"))


def members(line: bytes) -> dict[str, Any] | None:
    """Read a line of pairs as an object with these members, all of them text; None for any other line.

    One of them has to be a time, a level or a message by its name: text like `a=1 b=2` is none.
    """
    if b"=" not in line or not _LINE.fullmatch(line):
        return None
    found = {name.decode(): _value(value) for name, value in _EACH.findall(line)}
    return found if not _TELLING.isdisjoint(found) else None


def _value(written: bytes) -> str:
    if not written.startswith(b'"'):
        return written.decode("utf-8", "replace")
    try:
        return str(orjson.loads(written))
    except orjson.JSONDecodeError:
        return written[1:-1].decode("utf-8", "replace").replace('\\"', '"')
