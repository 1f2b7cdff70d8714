"""How programs write times: regular expressions for all usual spellings.

A spelling has named groups for `clock`, which reads whole texts; `TIME` is the same ones without groups, for the
patterns of lines. All are ASCII and work as patterns of bytes too: an accented letter, which is one character or two
bytes, stands as what is not ASCII. None takes more than linear time.
"""

from __future__ import annotations

import re
from functools import cache

from functions.pipeline.times.zones import NAMES

_ACCENTED = r"[^\x00-\x7f]{1,3}"
_MONTHS = {
    "jan": 1, "feb": 2, "fev": 2, "fvr": 2, "mar": 3, "apr": 4, "avr": 4, "may": 5, "mai": 5, "jun": 6, "juin": 6,
    "jul": 7, "juil": 7, "aug": 8, "aou": 8, "aot": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12, "dc": 12,
}  # fmt: skip  # English and French, by their first letters that are ASCII
MONTH_NAME = (
    r"(?ai:jan(?:uary|v(?:ier)?)?|feb(?:ruary)?|f(?:e|e?@)v(?:r(?:ier)?)?|mar(?:ch|s)?|apr(?:il)?|avr(?:il)?|ma[iy]"
    r"|ju(?:ne?|ly?|in|il(?:let)?)|aug(?:ust)?|ao(?:u|@|u@)t|sept?(?:ember|embre)?|oct(?:ober|obre)?"
    r"|nov(?:ember|embre)?|d(?:e|e?@)c(?:ember|embre)?)\.?"
).replace("@", _ACCENTED)
WEEKDAY_NAME = (
    r"(?ai:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
    r"|(?:lun|mar|mercre|jeu|vendre|same)di|dimanche|(?:lun|mar|mer|jeu|ven|sam|dim)\.?)"
)
HALF = r"(?ai:[ap]\.m\.|[ap]m(?![a-z]))"  # of the day

_MONTH, _DAY = "[01]?[0-9]", "[0-3]?[0-9]"
_YEAR = "[0-9]{4}|[0-9]{2}"
_HOUR, _MINUTE, _SECOND = "(?P<hour>[0-2]?[0-9])", "(?P<minute>[0-5][0-9])", "(?P<second>[0-6][0-9])"
_DECIMALS = "(?P<decimals>[0-9]++)"
_FRACTION = rf"(?:(?:[.,]|:(?=[0-9]{{3}}(?![0-9]))){_DECIMALS})?"  # Java programs also write 10:30:00:123
_SECONDS = f":{_SECOND}{_FRACTION}"
_HALF = rf"(?:(?: |{_ACCENTED})?(?P<half>{HALF}))?"  # Java puts a narrow no-break space in front
_CLOCK = rf"{_HOUR}:{_MINUTE}(?:{_SECONDS})?{_HALF}"
_FULL_CLOCK = rf"{_HOUR}:{_MINUTE}{_SECONDS}{_HALF}"
_GAP = rf"(?:[Tt_:]| {{1,2}}|, | (?:at|{_ACCENTED}|a|-) )"  # between a date and a time

_ZONE_NAME = rf"(?:{'|'.join(sorted(NAMES, key=len, reverse=True))})(?![0-9A-Za-z_])"
_REGION = r"\[[A-Z][A-Za-z]{1,20}/[A-Za-z_/+-]{1,40}\]"  # RFC 9557
_SHIFT = r"[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?(?![0-9A-Za-z:_])"
ZONE = (
    rf"(?: ?{_SHIFT}(?:{_REGION}| \(?{_ZONE_NAME}\)?| [+-][0-9]{{4}}(?![0-9]))?"
    r"| ?(?:UTC|GMT)[+-][0-9]{1,2}(?::?[0-5][0-9])?(?![0-9A-Za-z:_])(?: \([A-Z][A-Za-z ]{2,40} Time\))?"
    rf"|(?:[Zz](?![0-9A-Za-z_])| ?{_ZONE_NAME})(?:{_REGION})?)"
)
_ZONE = f"(?P<zone>{ZONE})?"

_YEAR_FIRST = (  # 2025-01-20T10:30:00.123Z, 2025/01/20 - 10:30, 2025.01.20 10:30:00, Mon 2025-Jan-20 10:30:00 UTC
    r"(?=[0-9]{4}(?:-[0-9]{1,2}-|/[0-9]{1,2}/|\.[0-9]{1,2}\.|[-/ ][A-Za-z]))"
    rf"(?P<year>[0-9]{{4}})[-/. ](?P<month>{_MONTH}|{MONTH_NAME})[-/. ](?P<day>{_DAY}){_GAP}{_CLOCK}{_ZONE}"
)
_BASIC = (  # 20250120T103000Z, 20250120 10:30:00, 20250120-10:30:00:123
    r"(?P<year>[0-9]{4})(?P<month>[01][0-9])(?P<day>[0-3][0-9])(?:[Tt]|[ -](?=[0-9]{2}:))"
    rf"(?P<hour>[0-2][0-9]):?{_MINUTE}:?{_SECOND}{_FRACTION}{_ZONE}"
)
_DOTTED = (  # 2025-01-20-10.30.00.123456, Db2's
    rf"(?P<year>[0-9]{{4}})-(?P<month>{_MONTH})-(?P<day>{_DAY})-{_HOUR}\.{_MINUTE}\.{_SECOND}(?:\.{_DECIMALS})?"
)
_NUMBERS = (  # 20/01/2025 10:30, 20.01.2025 10:30:00, 01/20/2025, 10:30:00 AM, 25/01/20 10:30:00
    r"(?=[0-9]{1,2}(?:/[0-9]{1,2}/|-[0-9]{1,2}-|\.[0-9]{1,2}\.[0-9]{4})|[0-9]{2}\.[0-9]{2}\.[0-9]{2}[^0-9])"
    rf"(?P<first>{_DAY})[-/.](?P<middle>{_DAY})[-/.](?P<last>{_YEAR}){_GAP}{_CLOCK}{_ZONE}"
)
_DAY_MONTH = (  # Mon, 20 Jan 2025 10:30:00 +0000, 20/Jan/2025:10:30:00 +0000, 20 janv. 2025 10:30, 20 Jan 10:30:00
    rf"(?P<day>{_DAY})[-/ ](?P<month>{MONTH_NAME})"
    rf"(?: (?=[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}})|[-/ ](?P<year>{_YEAR}){_GAP}){_CLOCK}{_ZONE}"
)
_MONTH_DAY = (  # Jan  2 10:30:00, Mon Jan 20 10:30:00 UTC 2025, Jan 20, 2025 10:30:00 AM, ... 10:30:00 2025 +0100
    rf"(?P<month>{MONTH_NAME}) {{1,2}}(?P<day>{_DAY})(?:,? (?P<year>[0-9]{{4}}))?{_GAP}"
    rf"{_FULL_CLOCK}{_ZONE}(?: (?P<year_behind>(?:19|20)[0-9]{{2}})(?![0-9A-Za-z_])(?P<zone_behind>{ZONE})?)?"
)
_WEEKDAY = rf"(?:{WEEKDAY_NAME},? )?"  # may stand before some; it is not checked
_BEHIND_WEEKDAY, _BARE = (_YEAR_FIRST, _DAY_MONTH, _MONTH_DAY), (_BASIC, _DOTTED, _NUMBERS)
_TIME_OF_DAY = rf"(?P<hour>[0-2][0-9]):{_MINUTE}:{_SECOND}(?:[.,]{_DECIMALS})?{_HALF}{_ZONE}"
_DIGITS = (  # 20250120103000, 20250120103000123: as many digits as no count since 1970 has
    r"(?P<year>[0-9]{4})(?P<month>[01][0-9])(?P<day>[0-3][0-9])(?P<hour>[0-2][0-9])(?P<minute>[0-5][0-9])"
    r"(?P<second>[0-6][0-9])(?P<decimals>[0-9]{3})?"
)
_DATE = rf"(?P<year>[0-9]{{4}})-(?P<month>{_MONTH})-(?P<day>{_DAY})"
COUNT = "(?P<epoch>[0-9]{10}(?:[0-9]{3}){0,3})"
_COUNT = rf"{COUNT}(?:\.(?P<decimals>[0-9]++))?"


def ungrouped(pattern: str) -> str:
    """Make the named groups of a pattern plain ones, so that it can stand within another."""
    return re.sub(r"\(\?P<\w+>", "(?:", pattern)


_DATED = rf"(?:{_WEEKDAY}(?:{'|'.join(_BEHIND_WEEKDAY)})|{'|'.join(_BARE)})"
# In a line, a time is no part of a word, a path, a version or an address.
TIME = ungrouped(
    rf"(?=[0-9A-Za-z])(?:(?<![0-9A-Za-z_/])(?<![0-9][-.:]){_DATED}|(?<![0-9A-Za-z_./:+-])(?:{_TIME_OF_DAY})(?!:[0-9A-Fa-f]))"
    r"(?![0-9A-Za-z_]|[.,:/-][0-9]|[./][A-Za-z])"
)
"""Matches a time where it stands in a line, as text or, encoded, as bytes; has no groups.

Not matched are dates alone, hours and minutes alone, and numbers (seconds since 1970): these are times only where
something says so, and `Clock.read` takes dates and numbers then.
"""

SPELLINGS = (*(_WEEKDAY + each for each in _BEHIND_WEEKDAY), *_BARE, _TIME_OF_DAY, _DIGITS, _DATE, _COUNT)
"""The spellings of a whole text, with groups; no two match the same text."""


@cache
def compiled(spelling: str) -> re.Pattern[str]:
    """Compile one of `SPELLINGS`: all of them would make a cold start longer, and a log has one or two."""
    return re.compile(spelling)


def month_number(written: str) -> int:
    """Read a month, `1`, `Jan` or `janvier`; 0 when it is none."""
    if written.isdecimal():
        return int(written)
    letters = re.sub("[^a-z]", "", written.lower())
    return next((_MONTHS[letters[:size]] for size in (4, 3, 2) if letters[:size] in _MONTHS), 0)
