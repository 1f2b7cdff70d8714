"""Read the times of one log."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from typing import NamedTuple

from functions.pipeline.instants import instant
from functions.pipeline.times.dates import Dated, numeric, placed
from functions.pipeline.times.forms import form_pattern
from functions.pipeline.times.spellings import SPELLINGS, compiled, month_number
from functions.pipeline.times.zones import offset

Fields = dict[str, str | None]

_LONGEST = 128  # characters of a time; a longer text is none
_REMEMBERED = 4096  # texts
_ISO = re.compile(  # what `datetime.fromisoformat` reads as it stands
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_UTC = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]+Z")
_WHOLE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?$")
_DECIMALS = re.compile(r"(?<=:[0-9]{2}:[0-9]{2})[.,]([0-9]++)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {10: 0, 13: 3, 16: 6, 19: 9}  # digits of a count, and how many of them are decimals of a second
_COUNTS_UNTIL = datetime(2200, 1, 1, tzinfo=UTC)
_DISORDER = timedelta(seconds=10)  # lines of several threads come a little out of order
_HALF_DAY, _DAY = timedelta(hours=12), timedelta(days=1)
_NOON = 12


class _Reading(NamedTuple):
    moment: datetime | None = None  # in UTC
    written: str | None = None  # the same, as documents have it
    ambiguous: bool = False
    by_order: bool = False  # what was read before it decided


_NONE = _Reading()


class Clock:
    """Reads the times of one log, in their order.

    Args:
        zone: the zone of times that name none.
        day_first: whether 01/02/2025 is in February; None where that is not known: it is then taken for it and counted
            in `ambiguous`. A date that can only be read one way is read so.
        made: when the log was made (one without a zone is in UTC). It gives the year and the day to times without one,
            which are not read where it is None.

    Attributes:
        ambiguous: how many times were read by default where they had several meanings.
    """

    def __init__(self, zone: tzinfo = UTC, *, day_first: bool | None = None, made: datetime | None = None) -> None:
        self.ambiguous = 0
        self._zone = zone
        self._day_first = day_first
        self._made = _in_zone(made, zone)
        self._last: datetime | None = None  # instant read
        self._last_of_day: datetime | None = None  # time without a date read, with its date and without a zone
        self._second = "-"  # the last second that was read of a time in UTC: 2025-01-20T10:30:00.
        self._whole, self._instant = "", ""  # the last second of a time without a zone, and the instant that it is
        self._of_second: datetime | None = None  # the moments of these two
        self._of_whole: datetime | None = None
        self._spelling = SPELLINGS[0]  # that of the last text
        self._known: dict[tuple[str, str | None], _Reading] = {}

    def last(self) -> tuple[str | None, str | None]:
        """Return the last instant, and the last time without a date, that further readings depend on."""
        last, of_day = self._last, self._last_of_day
        return last.isoformat() if last else None, of_day.isoformat() if of_day else None

    def go_on(self, last: tuple[str | None, str | None]) -> None:
        """Go on where another clock of the same log was, by what its `last` returned."""
        self._last, self._last_of_day = (datetime.fromisoformat(each) if each else None for each in last)

    def read(self, text: str, form: str | None = None) -> str | None:
        """Read a text that is a time, in any of the usual spellings or in that of `form` (see `form_pattern`).

        A time of day without a date is of the day of `made`, or of the day before if it would be more than twelve hours
        after `made`; one that is more than twelve hours before the last such time is of the next day. A local time that
        occurs twice when clocks are set back is the first unless that is before the last time read, give or take
        ten seconds; one that clocks skip has the offset before. A leap second is the last microsecond before it. Digits
        beyond microseconds are cut. Digits alone count as in `count`, or are a date like 20250120103000.

        Returns: the instant as documents have it; None when the text is no time, or one that cannot be (February 30).

        Raises:
            ValueError: `form` is no format.
        """
        if text[:20] == self._second and text[-1] == "Z" and _digits(decimals := text[20:-1]):
            self._last = self._of_second
            return f"{self._second}{decimals[:6].ljust(6, '0').removesuffix('000')}Z"  # as most envelopes have it
        if text[:19] == self._whole and text[19:20] in {".", ","} and _digits(text[20:]) and form is None:
            self._last = self._of_whole
            return f"{self._instant}{text[20:26].ljust(6, '0').removesuffix('000')}Z"
        if len(text) > _LONGEST:
            return None
        if text[-1:] == "Z" and form is None and _UTC.fullmatch(text):
            return self._in_utc(text)
        reading = self._known.get((text, form)) or self._reading(text, form)
        self._last = reading.moment or self._last
        self.ambiguous += reading.ambiguous
        if text[-1:] == "Z":
            if reading.written and text[:19] == reading.written[:19]:
                self._second, self._of_second = f"{text[:19]}.", reading.moment
        elif form is None and reading.written and not reading.by_order and _WHOLE.match(text):
            self._whole, self._instant, self._of_whole = text[:19], reading.written[:20], reading.moment
        return reading.written

    def _in_utc(self, text: str) -> str | None:
        """Read a time as most envelopes have it, and remember its second."""
        try:
            self._of_second = datetime.fromisoformat(f"{text[:19]}Z")
        except ValueError:
            return None
        self._second = text[:20]
        return self.read(text)

    def count(self, number: object) -> str | None:
        """Read a count since 1970: of seconds (10 digits before the point), ms (13), µs (16) or ns (19).

        So it is a time from September 2001 on; anything else, and what is after 2199, is None: a smaller number is more
        likely a duration or an identifier than an old time.
        """
        reading = _NONE
        if isinstance(number, int) and not isinstance(number, bool) and 0 < number < 10**19:
            reading = _counted(str(number), None)
        elif isinstance(number, float) and 0 < number < 10**19:
            whole, _, decimals = (f"{number:.0f}" if number.is_integer() else repr(number)).partition(".")
            reading = _counted(whole, decimals)
        self._last = reading.moment or self._last
        return reading.written

    def _reading(self, text: str, form: str | None) -> _Reading:
        """Read a text that is not known, by way of its whole second, which lines often share."""
        decimals = _DECIMALS.search(text) if form is None else None
        if not decimals:
            return self._remembered(text, form)
        whole = text[: decimals.start()] + text[decimals.end() :]
        reading = self._known.get((whole, None)) or self._remembered(whole, None)
        return _with_decimals(reading, decimals[1])

    def _remembered(self, text: str, form: str | None) -> _Reading:
        """Read a text, and remember what it says unless that depends on what was read before."""
        pattern = form_pattern(form) if form is not None else None
        try:
            reading = self._parsed(text.strip(), pattern)
        except (ValueError, OverflowError):
            reading = _NONE
        if not reading.by_order:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[text, form] = reading
        return reading

    def _parsed(self, text: str, pattern: re.Pattern[str] | None) -> _Reading:
        if pattern:
            found = pattern.fullmatch(text)
        elif _ISO.fullmatch(text):
            moment = datetime.fromisoformat(text)
            return _read(moment.astimezone(UTC)) if moment.tzinfo else self._local(Dated(moment))
        else:
            found = self._found(text)
        return self._assembled(found.groupdict()) if found else _NONE

    def _found(self, text: str) -> re.Match[str] | None:
        for spelling in (self._spelling, *SPELLINGS):
            if found := compiled(spelling).fullmatch(text):
                self._spelling = spelling
                return found
        return None

    def _assembled(self, fields: Fields) -> _Reading:
        """Make an instant of the parts of a time."""
        if epoch := fields.get("epoch"):
            return _counted(epoch, fields.get("decimals"))
        clock = _time_of_day(fields)
        by_order = not any(fields.get(each) for each in ("year", "month", "day", "first", "day_of_year"))
        dated = Dated(self._today(clock)) if by_order else _dated(fields, clock, self._day_first, self._made)
        written = fields.get("zone") or fields.get("zone_behind")
        if not written:
            return self._local(dated, by_order=by_order)
        ahead = offset(written, dated.moment, self._zone)
        if ahead is None:
            return _NONE
        return _read((dated.moment - ahead).replace(tzinfo=UTC), dated.ambiguous, by_order)

    def _local(self, dated: Dated, *, by_order: bool = False) -> _Reading:
        """Place a time that names no zone."""
        local = dated.moment.replace(tzinfo=self._zone)
        first = local.astimezone(UTC)
        if isinstance(self._zone, timezone):
            return _read(first, dated.ambiguous, by_order)
        second = local.replace(fold=1).astimezone(UTC)
        if second <= first:  # once, or skipped: the offset before is the first's, see PEP 495
            return _read(first, dated.ambiguous, by_order)
        passed = self._last is not None and first < self._last - _DISORDER
        return _read(second if passed else first, dated.ambiguous, by_order=True)

    def _today(self, clock: time) -> datetime:
        """Give a time of day its date."""
        reference = self._last_of_day or self._made
        if reference is None:
            raise ValueError
        moment = datetime.combine(reference.date(), clock)
        if not self._last_of_day:
            moment -= _DAY if moment - reference > _HALF_DAY else timedelta()
        elif reference - moment > _HALF_DAY:
            moment += _DAY
        elif moment - _DAY >= reference - _DISORDER:  # 23:59:59 after 00:00:00
            moment -= _DAY
        self._last_of_day = moment
        return moment


def _digits(text: str) -> bool:
    """Say whether a text is digits alone, of ASCII: others are decimal too, and no JSON."""
    return text.isdecimal() and text.isascii()


def _read(moment: datetime, ambiguous: bool = False, by_order: bool = False) -> _Reading:  # noqa: FBT001, FBT002
    return _Reading(moment, instant(moment), ambiguous, by_order)


def _with_decimals(reading: _Reading, decimals: str) -> _Reading:
    """Add the decimals of a second to a whole one; a leap second has some."""
    if not reading.written or reading.written[-5:] != ".000Z":
        return reading
    digits = decimals[:6].ljust(6, "0").removesuffix("000")
    return _Reading(reading.moment, f"{reading.written[:20]}{digits}Z", reading.ambiguous, reading.by_order)


def _in_zone(made: datetime | None, zone: tzinfo) -> datetime | None:
    if made is None:
        return None
    return (made if made.tzinfo else made.replace(tzinfo=UTC)).astimezone(zone).replace(tzinfo=None)


def _counted(whole: str, decimals: str | None) -> _Reading:
    """Read a count of digits, the unit by how many there are."""
    if len(whole) not in _UNITS:
        return _NONE
    seconds = len(whole) - _UNITS[len(whole)]
    microseconds = (whole[seconds:] + (decimals or ""))[:6].ljust(6, "0")
    moment = _EPOCH + timedelta(seconds=int(whole[:seconds]), microseconds=int(microseconds))
    return _read(moment) if moment < _COUNTS_UNTIL else _NONE


def _time_of_day(fields: Fields) -> time:
    """Read a time of day; midnight where there is none."""
    hour = int(fields.get("hour") or 0)
    if half := fields.get("half"):
        if not 1 <= hour <= _NOON:
            raise ValueError
        hour = hour % _NOON + (_NOON if half[0] in "pP" else 0)
    second = int(fields.get("second") or 0)
    if second == 60:  # noqa: PLR2004 - a leap second
        return time(hour, int(fields.get("minute") or 0), 59, 999999)
    decimals = fields.get("decimals") or (fields.get("milliseconds") or "").zfill(3)
    return time(hour, int(fields.get("minute") or 0), second, int(decimals[:6].ljust(6, "0")))


def _dated(fields: Fields, clock: time, day_first: bool | None, made: datetime | None) -> Dated:  # noqa: FBT001
    first, middle, last = (fields.get(each) for each in ("first", "middle", "last"))
    if first and middle and last:
        return numeric((first, middle, last), clock, day_first=day_first, made=made)
    year = fields.get("year") or fields.get("year_behind")
    if passed := fields.get("day_of_year"):
        start = placed(year, 1, 1, clock, made)
        return Dated(start + timedelta(days=int(passed) - 1))
    return Dated(placed(year, month_number(fields.get("month") or ""), int(fields.get("day") or ""), clock, made))
