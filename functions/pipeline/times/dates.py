"""Dates that leave something open: which number is the day, which century, which year."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import NamedTuple

_SAMPLE = 2**20  # bytes
_MONTHS, _LONGEST_MONTH = 12, 31
_FULL_YEAR = 4  # digits
_PIVOT = 69  # two-digit years from here on are of the 1900s, as POSIX has it for strptime
_NEAR = timedelta(days=31)
_LEAP_YEARS_APART = 8  # at most
_NUMERIC = re.compile(
    rb"(?<![0-9A-Za-z_./-])([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})(?:[T_:]| {1,2}|, )[0-9]{1,2}:[0-9]{2}"
)


class Dated(NamedTuple):
    """A moment without a zone, and whether a default chose it among several."""

    moment: datetime
    ambiguous: bool = False


def day_first_in(text: bytes) -> bool | None:
    """Tell by a sample of a log whether its dates have the day before the month, as in 20/01/2025.

    Args:
        text: lines; no more than the first MiB is looked at.

    Returns: None where no date tells, or they contradict each other.
    """
    dates = _NUMERIC.findall(text[:_SAMPLE])
    found = {_day_leads(int(first), int(middle), len(year)) for first, _, middle, year in dates} - {None}
    return found.pop() if len(found) == 1 else None


def _day_leads(first: int, middle: int, digits_of_year: int) -> bool | None:
    if first <= _MONTHS < middle <= _LONGEST_MONTH:
        return False
    if middle <= _MONTHS < first <= _LONGEST_MONTH and digits_of_year == _FULL_YEAR:
        return True  # beside a short year, the first number may be the year: 25/01/20
    return None


def numeric(numbers: tuple[str, str, str], clock: time, *, day_first: bool | None, made: datetime | None) -> Dated:
    """Read a date of three numbers, the first of one or two digits: `20/01/2025`, `25/01/20`.

    A number over 12 is the day; else `day_first` decides, and the day comes first where that is None. If the last
    number has two digits as well, the first may be the year, as Spark's log4j writes it: of the two readings the one
    nearer to `made` is taken, and is ambiguous if that is more than a month away; without `made` the year is last if
    `day_first` is given, else first.

    Raises:
        ValueError: there is no such date.
    """
    first, middle, last = numbers
    leads = int(first) > _MONTHS or (int(middle) <= _MONTHS and day_first is not False)
    day, month = (first, middle) if leads else (middle, first)
    undecided = day_first is None and max(int(first), int(middle)) <= _MONTHS and first != middle
    if len(last) == _FULL_YEAR:
        return Dated(placed(last, int(month), int(day), clock, made), undecided)
    year_first = _or_none(first, middle, last, clock, made)
    year_last = _or_none(last, month, day, clock, made)
    if not (year_first and year_last):
        return Dated(_existing(year_first or year_last), undecided and not year_first)
    if not made:
        return Dated(year_first if day_first is None else year_last, ambiguous=True)
    nearest = min(year_first, year_last, key=lambda each: abs(each - made))
    return Dated(nearest, (undecided and nearest is year_last) or abs(nearest - made) > _NEAR)


def placed(year: str | None, month: int, day: int, clock: time, made: datetime | None) -> datetime:
    """Put a date in its year: the written one, or the latest that is not more than a day after `made`.

    Args:
        year: two or four digits, or None where none is written.
        month: from 1.
        day: from 1.
        clock: the time of day.
        made: when the log was made, without a zone; None where that is not known.

    Raises:
        ValueError: there is no such date, or no year is written and `made` is not known.
    """
    moments = (_moment(each, month, day, clock) for each in _years(year, made))
    written = year is not None and len(year) == _FULL_YEAR
    return _existing(next((each for each in moments if each and (written or _past(each, made))), None))


def _years(written: str | None, made: datetime | None) -> list[int]:
    """List the years that are meant, the latest first."""
    if written is None:
        return list(range(made.year + 1, made.year - _LEAP_YEARS_APART - 1, -1)) if made else []
    year = int(written)
    if len(written) == _FULL_YEAR:
        return [year]
    if made:
        return [2000 + year, 1900 + year]
    return [2000 + year if year < _PIVOT else 1900 + year]


def _past(moment: datetime, made: datetime | None) -> bool:
    return made is None or moment - made <= timedelta(days=1)


def _moment(year: int, month: int, day: int, clock: time) -> datetime | None:
    try:
        return datetime.combine(datetime(year, month, day), clock)  # noqa: DTZ001 - the zone comes later
    except ValueError:
        return None


def _or_none(year: str, month: str, day: str, clock: time, made: datetime | None) -> datetime | None:
    try:
        return placed(year.zfill(2), int(month), int(day), clock, made)
    except ValueError:
        return None


def _existing(moment: datetime | None) -> datetime:
    if moment is None:
        raise ValueError
    return moment
