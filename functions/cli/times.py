"""Times as people type them: 1h, yesterday, 2025-01-20, 2025-01-20T10:30Z."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta, tzinfo
from gettext import gettext as _

from functions.pipeline.instants import instant, parsed_instant

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_AGO = re.compile("".join(rf"(?:(?P<{name}>[0-9]{{1,6}}){unit})?" for unit, name in _UNITS.items()))
_SHORTEST = 9  # digits of seconds since 1970; fewer are a year, or a date without dashes


class _Local(tzinfo):
    """The zone of the user's clock (TZ), with its summer times."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return moment.replace(tzinfo=None).astimezone().utcoffset() if moment else None

    def dst(self, moment: datetime | None) -> timedelta | None:  # noqa: ARG002 (it is in the offset)
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        return moment.replace(tzinfo=None).astimezone().tzname() if moment else None


def time(text: str) -> str:
    """Read a time; return it as documents have it, in UTC.

    Takes how long ago (`30m`, `1h30m`, `2d`, `1w`), `now`, `today` and `yesterday` (their beginning, also by their
    words in the user's language), and dates and times in ISO 8601. One without a zone is in the user's (TZ).

    Raises:
        ArgumentTypeError: it is none of these.
    """
    found = _spoken(text.strip().casefold()) or (None if _is_short(text) else parsed_instant(text, _Local()))
    if found is None:
        raise ArgumentTypeError(_("a time, such as 1h, 2d, yesterday, 2025-01-20 or 2025-01-20T10:30Z"))
    return found


def _spoken(text: str) -> str | None:
    now = datetime.now(UTC)
    if text in {"now", _("now")}:
        return instant(now)
    for days, names in enumerate(({"today", _("today")}, {"yesterday", _("yesterday")})):
        if text in names:
            day = datetime.now().astimezone().date() - timedelta(days)
            return parsed_instant(day.isoformat(), _Local())
    ago = _AGO.fullmatch(text)
    if not text or ago is None:
        return None
    try:
        return instant(now - timedelta(**{name: int(each or 0) for name, each in ago.groupdict().items()}))
    except OverflowError:
        return None


def _is_short(text: str) -> bool:
    return text.strip().isdecimal() and len(text.strip()) < _SHORTEST
