r"""Layouts that a pattern describes: a regular expression for the head of a record, with named groups.

They come from TOML, ours beside this file and the user's own alike:

    [[layout]]
    name = "gunicorn-error"
    program = "gunicorn"
    pattern = '\[%{time}\] \[(?P<pid>\d+)\] \[%{level}\] '

    [[layout.sample]]
    line = "[2025-01-20 10:30:00 +0000] [7] [INFO] Booting worker"
    event = { "@timestamp" = "2025-01-20T10:30:00.000Z", level = "INFO", message = "Booting worker" }

`%{time}` stands for a time in any usual spelling, `%{level}` for the name of a level in any case, `%{LEVEL}` for one in
capitals, `%{logger}` for a name without blanks; `time` gives the time's spelling where that is unusual, as strptime
does. The groups `time`, `level`, `logger` and `message` are the record's; `duration` is a time that something took; any
other group is a field by its name, as a member of a JSON object would be. A group that matched nothing, or `-`, is no
field. The message is what begins with the group `message`, which may be empty, or else all that follows the pattern.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.durations import milliseconds
from functions.pipeline.layouts.heads import level_and_logger
from functions.pipeline.layouts.starts import ANY, first_bytes
from functions.pipeline.levels import LEVEL, level, numbered_level
from functions.pipeline.records import More, escaped
from functions.pipeline.times import TIME, form_regex, ungrouped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.pipeline.levels import Scale
    from functions.pipeline.records import Head
    from functions.pipeline.times import Clock

_TIME = "%{time}"
_CAPITALS = "TRACE|DEBUG|INFO|NOTICE|SUCCESS|WARN|WARNING|ERROR|SEVERE|FATAL|CRITICAL|ALERT|EMERGENCY"
_PLACEHOLDERS = {  # what each stands for, and what is quicker to read and matches that, too
    "%{level}": (f"(?P<level>{LEVEL})", "(?:[A-Za-z]{3,14}+[1-8]?+)"),
    "%{LEVEL}": (f"(?:(?P<level>{_CAPITALS})(?![0-9A-Za-z_]))", "(?:[A-Z]{4,9}+)"),
    "%{logger}": (r"(?P<logger>[A-Za-z_$][\w.$/-]{0,199})", r"[A-Za-z_$][\w.$/-]{0,199}"),
}
_OWN = {"time", "level", "logger", "message", "duration"}  # groups that are no fields by their names
_REMEMBERED, _LONGEST_REMEMBERED = 1024, 256  # heads of a layout, and bytes of one
_BLANK = ord(" ")
_END = -1  # of a line


class Layout(NamedTuple):
    r"""A layout as it is written down.

    Attributes:
        name: what it is called in counts.
        pattern: the regular expression, for `re.match`; see above.
        program: who writes so; "" for what any program may write.
        time: the spelling of the time, where it is unusual; see `times.form_pattern`.
        level: that of all its records, for programs that write none.
        levels: what the program calls its levels, where that is unusual: {"50": "CRITICAL"}.
        scale: the scale of levels that are numbers; see `levels.numbered_level`.
        duration: the unit of the group `duration`, where the text names none; see `durations.milliseconds`.
        pairs: whether the message has `name=value` pairs that are fields.
        rest: a regular expression for the rest of the record, of all its lines, with the groups `message`, `level` and
            `logger`: it is for what stands behind the message, or on the next line where it begins with `\n`.
        samples: lines, and what they must become.
        not_this: lines that look like it, but are not in this layout.
    """

    name: str
    pattern: str
    program: str = ""
    time: str | None = None
    level: str | None = None
    levels: Mapping[str, str] = {}
    scale: Scale | None = None
    duration: str = "ms"
    pairs: bool = False
    rest: str | None = None
    samples: tuple[dict[str, Any], ...] = ()
    not_this: tuple[str, ...] = ()

    @property
    def has_two_lines(self) -> bool:
        """Whether the head goes on in the next line."""
        return self.rest is not None and self.rest.startswith(r"\n")


class Times:
    """Where times stand in a line; looked for once for all the layouts that begin alike.

    Attributes:
        first: where the time ends that the line begins with, but for a bracket; -1 when it begins with none.
    """

    _time = re.compile(TIME.encode())

    def __init__(self, line: bytes) -> None:
        self._line = line
        self._start = 1 if line.startswith(b"[") else 0
        found = self._time.match(line, self._start)
        self.first = found.end() if found else -1
        self._ends: dict[int, int] = {}

    def end(self, start: int) -> int:
        """Return where the time ends that begins at `start`; -1 when none does."""
        if start == self._start:
            return self.first
        end = self._ends.get(start)
        if end is None:
            found = self._time.match(self._line, start)
            end = self._ends[start] = found.end() if found else -1
        return end

    def followed_by(self) -> int | None:
        """Return the byte after the first time and the blanks behind it, _END for none; None without a time."""
        if self.first < 0:
            return None
        rest = self._line[self.first :].lstrip(b" ")
        return rest[0] if rest else _END


_Told = tuple[int, int, bytes | None, bytes, More]
"""What a head tells besides the time that the line begins with.

Where the message begins, counted from the time's end, or from the line's beginning if the pattern has it there; how
many bytes more the head has in a JSON string; the time, as it is written in another place or spelling; the level and
the logger as members of a JSON object; and what more there is.
"""

# Heads of which hardly two tell the same: what they tell stands beyond them, or differs from line to line.
_VARYING = re.compile(r"\(\?=.*\(\?P<|\(\?P<(?:client|http_path|transaction_id|duration)>")


class Pattern:
    """A layout that can be looked for. Its pattern is compiled when a line may match it."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.name = layout.name
        source = layout.pattern
        if layout.time:
            source = source.replace(_TIME, f"(?P<time>{form_regex(layout.time)})", 1)
        self._before, self._timed, self._after = source.partition(_TIME)
        self._message_leads = "(?P<message>" in self._before
        self._varies = layout.pairs or _VARYING.search(layout.pattern) is not None
        self._goes_on = layout.rest is not None
        self._heads: dict[tuple[bytes, bytes], _Told] = {}

    @cached_property
    def starts(self) -> frozenset[int]:
        """The bytes that a line may begin with for the layout to match."""
        if not self._before and self._timed:
            return _STARTS_OF_TIMES
        then = _STARTS_OF_TIMES if self._timed else first_bytes(_outlined(self._after), frozenset())
        return first_bytes(_outlined(self._before), then)

    @property
    def opens_with_time(self) -> bool:
        """Whether nothing but a bracket is before the time."""
        return bool(self._timed) and self._before in _OPENINGS

    @property
    def outline(self) -> str:
        """A regular expression without named groups that matches wherever the pattern does, and maybe elsewhere.

        It is for what follows the time if the pattern opens with one, else for what comes before it.
        """
        own = self._after if self.opens_with_time else self._before
        return "" if _REFERRING.search(own) else ungrouped(_outlined(own))

    @cached_property
    def repeats(self) -> bool:
        """Whether one expression can be made for many lines in it; see `Repeated`."""
        return self.opens_with_time and not self._goes_on and not _REFERRING.search(self._after)

    @property
    def opening(self) -> str:
        """What stands before the time that the pattern opens with, as a regular expression."""
        return self._before

    @property
    def behind_time(self) -> bytes:
        """The regular expression for what follows the time."""
        return _written_out(self._after).encode()

    def may_follow(self, follows: int | None) -> bool:
        """Say whether a line may match by the byte that follows its first time; see `Times.followed_by`."""
        if not self.opens_with_time:
            return True
        return follows is not None and follows in self._follows

    @cached_property
    def _follows(self) -> frozenset[int]:
        """The bytes that may follow the time and the blanks behind it, where the pattern begins with a time."""
        first = first_bytes(_outlined(re.sub(r"^ (?:(?:[+*?]|\{[0-9,]+\})[+?]?)?", "", self._after)), ANY)
        return ANY | {_END} if _BLANK in first else first

    @cached_property
    def specific(self) -> int:
        """How much the pattern demands: of two that match, the one that demands more is right.

        What one program writes demands more than what any may write.
        """
        parts = len(re.findall(r"\(\?P<|%\{", self.layout.pattern))
        return bool(self.layout.program) * 10_000 + parts * 100 + len(self.layout.pattern)

    @property
    def expressions(self) -> tuple[tuple[str, bool], ...]:
        """The regular expressions that a line is matched with, and whether something must follow what each matches."""
        parts = (self._before, bool(self._timed)), (self._after, False), (self.layout.rest or "", False)
        return tuple((_written_out(part), goes_on) for part, goes_on in parts)

    @cached_property
    def _compiled(self) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
        return re.compile(_written_out(self._before).encode()), re.compile(self.behind_time)

    def head(self, line: bytes, times: Times, clock: Clock) -> Head | None:
        """Read the head of a line; None when the layout does not match."""
        before, after = self._compiled
        begun = before.match(line)
        if begun is None:
            return None
        start = begun.end()
        end = times.end(start) if self._timed else start
        found = after.match(line, end) if end >= 0 else None
        if found is None:
            return None
        message, escapes, told_time, members, more = self._told(line, begun, found)
        written = line[start:end] if self._timed else told_time
        time = clock.read(str(written, "utf-8", "replace"), self.layout.time) if written else None
        size = message if self._message_leads else end + message
        return line[:size], size + escapes, time, members, more

    def repeated(self, line: bytes, start: int, end: int, behind: int, clock: Clock) -> Head:
        """Read the head of a line that matches.

        Args:
            line: the line.
            start: where the time begins that the pattern opens with.
            end: where it ends.
            behind: where the match ends.
            clock: reads the time.
        """
        told = self._heads.get((line[:start], line[end:behind]))
        if told is None:
            before, after = self._compiled
            told = self._told(line, before.match(line), after.match(line, end))  # type: ignore[arg-type]  # it matches
        message, escapes, _, members, more = told
        size = end + message
        return line[:size], size + escapes, clock.read(line[start:end].decode("utf-8", "replace")), members, more

    def _told(self, line: bytes, begun: re.Match[bytes], found: re.Match[bytes]) -> _Told:
        """Return what a head tells besides its time; most heads tell the same as others."""
        if self._varies:
            return self._read(line, begun, found)
        seen = begun[0], found[0]
        told = self._heads.get(seen)
        if told is None:
            told = self._read(line, begun, found)
            if len(self._heads) >= _REMEMBERED:
                self._heads.clear()
            if len(seen[0]) + len(seen[1]) <= _LONGEST_REMEMBERED:
                self._heads[seen] = told
        return told

    def _read(self, line: bytes, begun: re.Match[bytes], found: re.Match[bytes]) -> _Told:
        groups: dict[str, bytes | None] = begun.groupdict() | found.groupdict()
        leads = self._message_leads
        message = begun.start("message") if leads else found.start("message") if "message" in groups else found.end()
        raw = line[:message]
        more = More(
            self._fields(groups, line[message:]) or None,
            self.name,
            self._read_rest if self._goes_on else None,
            self._awaits if self.layout.has_two_lines else None,
        )
        members = self._members(groups.get("level"), groups.get("logger"))
        offset = message if leads else message - found.start()
        return offset, len(escaped(raw)) - len(raw) if raw else 0, groups.get("time"), members, more

    def _members(self, written: bytes | None, logger: bytes | None) -> bytes:
        return level_and_logger(self._level(written.decode() if written else None), _text(logger))

    def _fields(self, groups: dict[str, bytes | None], message: bytes) -> dict[str, Any]:
        """Return the members that are neither time nor level, logger or message."""
        sent: dict[str, Any] = {}
        if self.layout.pairs:
            from functions.pipeline.layouts.logfmt import pairs

            sent = pairs(message)
        for name, value in groups.items():
            if value and value != b"-" and name not in _OWN:
                sent[name] = str(value, "utf-8", "replace")
        if duration := _text(groups.get("duration")):
            sent["execution_time_ms"] = milliseconds(duration, self.layout.duration)
        return sent

    @cached_property
    def _rest(self) -> re.Pattern[bytes]:
        return re.compile((self.layout.rest or "").encode())

    def _awaits(self, line: bytes) -> bool:
        """Say whether a line is the second of a record, of which the first was in this layout."""
        return self._rest.match(b"\n" + line) is not None

    def _read_rest(self, message: bytes) -> tuple[bytes, bytes]:
        """Read what follows the head: return the members that are there, and the message without them."""
        found = self._rest.match(message)
        if found is None:
            return b"", message
        groups = found.groupdict()
        written, logger = _text(groups.get("level")), _text(groups.get("logger"))
        members = level_and_logger(self._level(written) if written else None, logger)
        return members, (groups.get("message") or b"") + message[found.end() :]

    def _level(self, written: str | None) -> str | None:
        if not written:
            return self.layout.level
        if written in self.layout.levels:
            return self.layout.levels[written]
        if self.layout.scale and written.isdecimal():
            return numbered_level(int(written[:9]), self.layout.scale)
        return level(written)


# What has another meaning, or none, within another expression: references to groups, and flags for all of it.
_REFERRING = re.compile(r"\(\?P=|\\[1-9]|\(\?\(|\(\?[aimsux]+\)")


def _written_out(pattern: str) -> str:
    for name, (regex, _) in _PLACEHOLDERS.items():
        pattern = pattern.replace(name, regex)
    return pattern


def _outlined(pattern: str) -> str:
    """Let short expressions stand in for those that are long to read."""
    for name, (_, start) in _PLACEHOLDERS.items():
        pattern = pattern.replace(name, start)
    return pattern


def _text(value: bytes | None) -> str | None:
    if not value:
        return None
    text = value.decode("utf-8", "replace").strip()
    return text if text and text != "-" else None


_STARTS_OF_TIMES = frozenset(b"0123456789" + bytes(range(65, 91)) + bytes(range(97, 123)))
_OPENINGS = ("", r"\[")  # what may stand before the time that a line begins with
