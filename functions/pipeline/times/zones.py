"""The offset from UTC of a zone, as it is written behind a time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

# Abbreviations that `date` and other programs print, in hours. Those of North America are RFC 5322's (section 4.3);
# the others are the tz database's, as far as each has one offset wherever it is in use today.
_HOURS = {
    "UTC": 0.0, "GMT": 0.0, "UT": 0.0, "Z": 0.0,
    "EST": -5.0, "EDT": -4.0, "CST": -6.0, "CDT": -5.0, "MST": -7.0, "MDT": -6.0, "PST": -8.0, "PDT": -7.0,
    "AKST": -9.0, "AKDT": -8.0, "HST": -10.0,
    "WET": 0.0, "WEST": 1.0, "BST": 1.0, "CET": 1.0, "CEST": 2.0, "EET": 2.0, "EEST": 3.0,
    "MSK": 3.0, "SAST": 2.0, "PKT": 5.0, "WIB": 7.0, "HKT": 8.0, "JST": 9.0, "KST": 9.0,
    "AWST": 8.0, "ACST": 9.5, "ACDT": 10.5, "AEST": 10.0, "AEDT": 11.0, "NZST": 12.0, "NZDT": 13.0,
}  # fmt: skip
_SHARED = ("IST", "AST")  # India's, Israel's or Ireland's; the Atlantic's or Arabia's: only the log's own zone can tell
NAMES = (*_HOURS, *_SHARED)
_SHIFT = re.compile(r"([+-])([0-9]{1,2})(?::?([0-9]{2}))?")


def offset(written: str, wall: datetime, zone: tzinfo) -> timedelta | None:
    """Tell how far ahead of UTC a time is.

    Args:
        written: what stands behind it: `Z`, `+01`, `+0100`, `+01:00`, `UTC`, `CET`, `GMT+1`, `+0000 UTC`,
            `+01:00[Europe/Paris]`.
        wall: the time, without a zone.
        zone: where the log is from. A name that this zone uses itself is its own: CST is China's in Asia/Shanghai.

    Returns: None where the name has several meanings.
    """
    if shift := _SHIFT.search(written):
        size = timedelta(hours=int(shift[2]), minutes=int(shift[3] or 0))
        return -size if shift[1] == "-" else size
    name = written.strip(" ()").upper()
    own = _own(name, wall, zone)
    return timedelta(hours=_HOURS[name]) if own is None and name in _HOURS else own


def _own(name: str, wall: datetime, zone: tzinfo) -> timedelta | None:
    readings = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    return next((each.utcoffset() for each in readings if each.tzname() == name), None)
