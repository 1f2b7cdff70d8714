"""Text lines `timestamp - logger - LEVEL - message`, as Python's `logging` is often told to write them.

This is the hot path: the head that a line has in common with others is remembered.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from functions.pipeline.instants import parsed_instant
from functions.pipeline.layouts.heads import level_and_logger
from functions.pipeline.levels import level
from functions.pipeline.records import escaped

if TYPE_CHECKING:
    from datetime import tzinfo

    from functions.pipeline.records import Head

_TIME = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
_LEVEL = "[A-Z]{3,12}|debug|info|notice|warn|warning|error|critical|fatal|trace"
_HEAD = re.compile(rf"({_TIME}) - ([^\n]{{1,200}}?) - ({_LEVEL}) -(?: |$)".encode())
_REMEMBERED = 4096  # heads of lines


class Dashed:
    """Finds the heads of such lines."""

    def __init__(self, timezone: tzinfo) -> None:
        """Take the zone of times that name none."""
        self._timezone = timezone
        self._heads: dict[bytes, Head] = {}
        self._last: Head = (b"\n", 0, None, b"", None)  # no line begins with it

    def begins(self, line: bytes) -> Head | None:
        """Find the head of a line; None for a line of another layout."""
        last = self._last
        if line.startswith(last[0]):  # as most do, within a second
            return last
        found = _HEAD.match(line)
        if found is None:
            return None
        raw = found[0]
        head = self._heads.get(raw) or self._head(raw, *found.groups())
        if raw.endswith(b" "):  # then every line that begins with it has the same
            self._last = head
        return head

    def _head(self, raw: bytes, time: bytes, logger: bytes, written: bytes) -> Head:
        """Read a head, and remember it."""
        members = level_and_logger(level(written.decode()) or written.decode(), logger.decode())
        if len(self._heads) >= _REMEMBERED:
            self._heads.clear()
        head = self._heads[raw] = raw, len(escaped(raw)), parsed_instant(time.decode(), self._timezone), members, None
        return head
