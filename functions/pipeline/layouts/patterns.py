r"""Layouts that a pattern describes: a regular expression for the head of a record, with named groups.

They come from TOML, ours beside this file and the user's own alike:

    [[layout]]
    name = "gunicorn-error"
    program = "gunicorn"
    pattern = '\[%{time}\] \[(?P<pid>\d+)\] \[%{level}\] '

    [[layout.sample]]
    line = "[2025-01-20 10:30:00 +0000] [7] [INFO] Booting worker"
    event = { "@timestamp" = "2025-01-20T10:30:00.000Z", level = "INFO", message = "Booting worker" }

`%{time}` stands for a time in any usual spelling, `%{level}` for the name of a level; `time` gives the time's spelling
where that is unusual, as strptime does. The groups `time`, `level`, `logger` and `message` are the record's; any other
group is a field by its name, as a member of a JSON object would be. The message is the group `message`, and what
follows it, or else all that follows the pattern.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.layouts.heads import level_and_logger
from functions.pipeline.layouts.starts import first_bytes
from functions.pipeline.levels import LEVEL, level, numbered_level
from functions.pipeline.records import escaped
from functions.pipeline.times import TIME, form_regex

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.pipeline.records import Head
    from functions.pipeline.times import Clock

_TIME = "%{time}"
_OWN = {"time", "level", "logger", "message"}  # groups that are no fields


class Layout(NamedTuple):
    """A layout as it is written down.

    Attributes:
        name: what it is called in counts.
        pattern: the regular expression, for `re.match`; see above.
        program: who writes so.
        time: the spelling of the time, where it is unusual; see `times.form_pattern`.
        levels: what the program calls its levels, where that is unusual: {"50": "CRITICAL"}.
        scale: the scale of levels that are numbers; see `levels.numbered_level`.
        samples: lines, and what they must become.
    """

    name: str
    pattern: str
    program: str = ""
    time: str | None = None
    levels: Mapping[str, str] = {}
    scale: str | None = None
    samples: tuple[dict[str, Any], ...] = ()


class Times:
    """Where times stand in a line; looked for once for all the layouts that begin alike."""

    _time = re.compile(TIME.encode())

    def __init__(self, line: bytes) -> None:
        self._line = line
        self._ends: dict[int, int] = {}

    def end(self, start: int) -> int:
        """Return where the time ends that begins at `start`; -1 when none does."""
        if start not in self._ends:
            found = self._time.match(self._line, start)
            self._ends[start] = found.end() if found else -1
        return self._ends[start]


class Pattern:
    """A layout that can be looked for. Its pattern is compiled when a line may match it."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.name = layout.name
        source = layout.pattern.replace("%{level}", f"(?P<level>{LEVEL})")
        if layout.time:
            source = source.replace(_TIME, f"(?P<time>{form_regex(layout.time)})", 1)
        self._before, self._timed, self._after = source.partition(_TIME)

    @cached_property
    def starts(self) -> frozenset[int]:
        """The bytes that a line may begin with for the layout to match."""
        return first_bytes(self._before, _STARTS_OF_TIMES if self._timed else first_bytes(self._after, frozenset()))

    @cached_property
    def specific(self) -> int:
        """How much the pattern demands: of two that match, the one that demands more is right."""
        return len(re.findall(r"\(\?P<|%\{", self.layout.pattern)) * 100 + len(self.layout.pattern)

    @cached_property
    def _compiled(self) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
        return re.compile(self._before.encode()), re.compile(self._after.encode())

    def head(self, line: bytes, times: Times, clock: Clock) -> Head | None:
        """Read the head of a line; None when the layout does not match, or its time cannot be."""
        before, after = self._compiled
        begun = before.match(line)
        if begun is None:
            return None
        end = times.end(begun.end()) if self._timed else begun.end()
        found = after.match(line, end) if end >= 0 else None
        if found is None:
            return None
        groups = begun.groupdict() | found.groupdict()
        written = line[begun.end() : end] if self._timed else groups.get("time")
        time = clock.read(written.decode("utf-8", "replace"), self.layout.time) if written else None
        return self._head(line, found, groups, time)

    def _head(self, line: bytes, found: re.Match[bytes], groups: dict[str, bytes | None], time: str | None) -> Head:
        message = found.start("message") if groups.get("message") is not None else found.end()
        members = level_and_logger(self._level(_text(groups.get("level"))), _text(groups.get("logger")))
        sent = {name: text for name, value in groups.items() if name not in _OWN and (text := _text(value))}
        raw = line[:message]
        return raw, len(escaped(raw)), time, members, (sent or None, self.name)

    def _level(self, written: str | None) -> str | None:
        if written is None:
            return None
        if written in self.layout.levels:
            return self.layout.levels[written]
        if self.layout.scale and written.isdecimal():
            return numbered_level(int(written[:9]), self.layout.scale)  # type: ignore[arg-type]  # it was looked at
        return level(written)


def _text(value: bytes | None) -> str | None:
    return value.decode("utf-8", "replace").strip() or None if value else None


_STARTS_OF_TIMES = frozenset(b"0123456789" + bytes(range(65, 91)) + bytes(range(97, 123)))
