"""Which entries of a log are new, when it can only be read from its beginning: those after the last ones emitted. Pure.

Such a log starts over when its writer restarts, and may lose its oldest entries. As long as it begins with the same
entry, those up to the number read before are old. Otherwise the last entries emitted are looked for as a run, each with
its time; and where they are no longer there, the entries that are later than them are new.
"""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from functions.pipeline.fingerprints import PLAIN
from functions.pipeline.instants import parsed_instant
from functions.pipeline.sources import Position, Reading, unreadable_position
from functions.pipeline.sources.window import FINGERPRINT_SIZE, fingerprinter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pipeline.fingerprints import Fingerprints

WINDOW = 100  # entries remembered


class Entry(NamedTuple):
    """One entry: its line, and its time as the log writes it (ISO 8601; empty: the log does not say)."""

    line: bytes
    time: str

    @property
    def content(self) -> bytes:
        """What the entry is recognised by."""
        return self.time.encode() + b" " + self.line


def check_position(position: Position | None, source: str, fingerprints: Fingerprints = PLAIN) -> None:
    """Raise the error of `unreadable_position` unless `readings` made the position, or that of `Fingerprints.check`."""
    if position is None:
        return
    kinds = {"window": list, "time": str, "first": str, "count": int}
    if not all(isinstance(position.get(name), kind) for name, kind in kinds.items()):
        raise unreadable_position(source)
    if not all(isinstance(fingerprint, str) for fingerprint in position["window"]):
        raise unreadable_position(source)
    fingerprints.check([position["first"], *position["window"]], source)


class NewEntries:
    """Takes a log's entries from its beginning on, and keeps those that are new.

    Attributes:
        entries: the new ones, oldest first, each after its number in the log.
        first: the fingerprint of the log's first entry.
        size: their lines, in bytes.
        found: the last entries emitted were met (or there are none).
        seen: how many entries were taken in all.
    """

    def __init__(self, position: Position | None, fingerprints: Fingerprints = PLAIN) -> None:
        self._window: list[str] = position["window"] if position else []
        self._last = _instant(position["time"]) if position else None
        self._fingerprints, self._fingerprint = fingerprints, fingerprinter(position, fingerprints)
        self._recent: deque[str] = deque(maxlen=len(self._window))
        self._old = 0  # entries of this log that are known to be old by their number
        self._position = position
        self.entries: list[tuple[int, Entry]] = []
        self.first = ""
        self.size = self.seen = 0
        self.found = not self._window

    @property
    def gap(self) -> bool:
        """Whether entries may have been lost: there are new ones, and those before them are no longer in the log."""
        return bool(self.entries) and not self.found

    def add(self, entry: Entry) -> None:
        """Take the next entry."""
        self.seen += 1
        if self.seen == 1:
            self._begin(entry)
        ends = self._ends_the_window(entry)
        if ends and (self.seen == self._old or not self._old):
            self.found, self.size = True, 0
            self.entries.clear()
        elif (self.found or self._is_later(entry)) and self.seen > self._old:
            self.entries.append((self.seen, entry))
            self.size += len(entry.line)

    def _begin(self, entry: Entry) -> None:
        self.first = self._fingerprints.new(entry.content, FINGERPRINT_SIZE)
        if self._position and self._fingerprints.knows(entry.content, self._position["first"]):
            self._old = self._position["count"]

    def _ends_the_window(self, entry: Entry) -> bool:
        """Tell whether the window ends here: as much of it as there has been room for since the log's beginning."""
        if not self._window:
            return False
        self._recent.append(self._fingerprint(entry.content))
        return self._recent[-1] == self._window[-1] and list(self._recent) == self._window[-len(self._recent) :]

    def _is_later(self, entry: Entry) -> bool:
        time = _instant(entry.time)
        return self._last is None or time is None or time > self._last


def readings(
    new: NewEntries, position: Position | None, size: int, limit: int | None = None, fingerprints: Fingerprints = PLAIN
) -> Iterator[Reading]:
    """Cut the oldest `limit` new entries into readings of at most `size`, each with the position after it."""
    window, time = (position["window"], position["time"]) if position else ([], "")
    fingerprint, taken = fingerprinter(position, fingerprints), new.entries[:limit]
    for start in range(0, len(taken), size):
        numbers, part = zip(*taken[start : start + size], strict=True)
        window = (window + [fingerprint(entry.content) for entry in part])[-WINDOW:]
        time = next((entry.time for entry in reversed(part) if entry.time), time)
        after: Position = {"window": window, "time": time, "first": new.first, "count": numbers[-1]}
        yield Reading([entry.line for entry in part], after, int(new.gap and start == 0))


def _instant(time: str) -> datetime | None:
    """Read a time; None where it is none. Digits beyond microseconds do not count."""
    text = parsed_instant(time, UTC)
    return datetime.fromisoformat(text) if text else None
