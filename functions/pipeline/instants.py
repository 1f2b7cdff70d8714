"""Times as documents carry them: ISO 8601 in UTC with 3 or 6 decimals, "2025-01-20T10:30:00.000Z"."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from functions.pipeline.expressions import compiled

_MILLISECONDS = 10**11  # a number of at least this much counts milliseconds since 1970, a smaller one seconds
_PLAIN = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d"  # the form of most times
_DECIMALS = r"([.,]\d{6})\d+"


def instant(moment: datetime) -> str:
    """Write a moment; one without a zone is in UTC."""
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    precision = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.isoformat(timespec=precision).removesuffix("+00:00") + "Z"


@lru_cache(maxsize=4096)  # lines of the same second follow each other
def parsed_instant(text: str, zone: tzinfo) -> str | None:
    """Read a time as log lines write it; None when it is none.

    Takes `2025-01-20 10:30:00`, with `T`, with `,123` or `.123`, with a zone (`Z`, `UTC`, `+01:00`, `+0100`); without
    one, the time is in `zone`. Digits beyond microseconds are dropped; digits alone count seconds or
    milliseconds since 1970.
    """
    if zone is UTC and compiled(_PLAIN).fullmatch(text) and _is_time(text):
        return f"{text[:10]}T{text[11:]}.000Z"  # what follows says the same, at six times the cost
    text = (
        compiled(_DECIMALS).sub(r"\1", text.strip()).replace(",", ".").removesuffix("UTC").replace(" +", "+").rstrip()
    )
    try:
        if text.isdecimal():
            return counted_instant(int(text))
        moment = datetime.fromisoformat(text)
        return instant(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        return None


def _is_time(text: str) -> bool:
    try:
        return bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def counted_instant(number: float) -> str | None:
    """Read a time given as seconds or milliseconds since 1970; None when it cannot be one."""
    try:
        return instant(datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS else number, UTC))
    except (ValueError, OverflowError, OSError):
        return None
