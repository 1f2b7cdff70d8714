"""Levels as documents carry them, TRACE, DEBUG, INFO, WARNING, ERROR or CRITICAL, whatever a program calls them.

Which name is which level follows appendix B of OpenTelemetry's log data model (its FATAL is our CRITICAL, as are
syslog's levels over error), and for the names that are not there the program's own order of levels.
"""

from __future__ import annotations

from bisect import bisect_right
from math import isnan
from typing import Literal

Scale = Literal["python", "syslog", "bunyan", "otel", "gcp", "azure"]

_NAMES = {  # beside the full names: those of .NET's console (dbug), logrus (debu), Supervisor (blat), Serilog (vrb), …
    "TRACE": "TRACE TRC TRAC TRCE FINEST SILLY BLAT TRACE1 TRACE2 TRACE3 TRACE4 TRACE5 TRACE6 TRACE7 TRACE8",
    "DEBUG": "DEBUG DBG DEBG DEBU DBUG VERBOSE VERB VRB FINE FINER CONFIG DEBUG1 DEBUG2 DEBUG3 DEBUG4 DEBUG5",
    "INFO": "INFO INF INFORMATION INFORMATIONAL NOTICE SUCCESS LOG INFO2 INFO3 INFO4",
    "WARNING": "WARNING WARN WRN WARN2 WARN3 WARN4 AVERTISSEMENT ATTENTION",
    "ERROR": "ERROR ERR ERRO FAIL SEVERE ERROR2 ERROR3 ERROR4 ERREUR",
    "CRITICAL": "CRITICAL CRIT FATAL FTL FATA FATAL2 FATAL3 FATAL4 PANIC PANI DPANIC ALERT EMERG EMERGENCY CRITIQUE",
}
_LETTERS = {  # glog, Android, MongoDB, TensorFlow
    "TRACE": "T", "DEBUG": "D V", "INFO": "I N", "WARNING": "W", "ERROR": "E", "CRITICAL": "C F",
}  # fmt: skip
LEVELS = tuple(_NAMES)
"""The levels of documents, the least severe first."""

_LEVELS = {name: level for table in (_NAMES, _LETTERS) for level, names in table.items() for name in names.split()}
_LONGEST = 32  # characters, with brackets and padding

LEVEL = (
    r"(?<![0-9A-Za-z_])(?ai:"
    + "|".join(sorted((name for names in _NAMES.values() for name in names.split()), key=len, reverse=True))
    + r")(?![0-9A-Za-z_])"
)
"""Matches a level's name where it stands in a line, in any case, as text or, encoded, as bytes; has no groups."""

LETTER = f"[{''.join(name for names in _LETTERS.values() for name in names.split())}]"
"""Matches a level's letter: any such letter, so only for a place where a level is known to be."""

_SCALES: dict[Scale, tuple[tuple[int, str | None], ...]] = {  # from which number on
    # https://docs.python.org/3/library/logging.html#logging-levels; loguru has TRACE at 5 and SUCCESS at 25
    "python": ((1, "TRACE"), (10, "DEBUG"), (20, "INFO"), (30, "WARNING"), (40, "ERROR"), (50, "CRITICAL")),
    # RFC 5424, section 6.2.1
    "syslog": ((0, "CRITICAL"), (3, "ERROR"), (4, "WARNING"), (5, "INFO"), (7, "DEBUG"), (8, None)),
    # bunyan's "Levels", and pino's
    "bunyan": ((1, "TRACE"), (20, "DEBUG"), (30, "INFO"), (40, "WARNING"), (50, "ERROR"), (60, "CRITICAL")),
    # OpenTelemetry's log data model, SeverityNumber
    "otel": ((1, "TRACE"), (5, "DEBUG"), (9, "INFO"), (13, "WARNING"), (17, "ERROR"), (21, "CRITICAL"), (25, None)),
    # google.logging.type.LogSeverity; 0 is DEFAULT, "no assigned severity level"
    "gcp": ((100, "DEBUG"), (200, "INFO"), (400, "WARNING"), (500, "ERROR"), (600, "CRITICAL")),
    # Application Insights, SeverityLevel: Verbose, Information, Warning, Error, Critical
    "azure": ((0, "DEBUG"), (1, "INFO"), (2, "WARNING"), (3, "ERROR"), (4, "CRITICAL"), (5, None)),
}


def level(written: str) -> str | None:
    """Read a level's name or letter, in any case, padded, in brackets or with a colon; None when it is none."""
    if found := _LEVELS.get(written):  # as most write it
        return found
    if len(written) > _LONGEST or not written.isascii():  # some letters that are not ASCII have upper case that is
        return None
    return _LEVELS.get(written.strip(" \t[]()<>{}|:*\"'").upper())


def numbered_level(number: float, scale: Scale) -> str | None:
    """Read a level given as a number; one between two levels is the lower number's.

    Args:
        number: the level.
        scale: whose numbers they are.

    Returns: None when the scale has no such number, or it is the one for "no level".
    """
    if isinstance(number, bool) or isnan(number):
        return None
    steps = _SCALES[scale]
    place = bisect_right([lowest for lowest, _ in steps], number)
    return steps[place - 1][1] if place else None
