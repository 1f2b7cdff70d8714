"""syslog's header around a line: RFC 5424, RFC 3164, and the files that rsyslog, syslog-ng and journalctl write."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from functions.pipeline.envelopes import Carried, Envelope
from functions.pipeline.levels import level, numbered_level

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_PRIORITY = rb"(?:\d{1,5} )?<(\d{1,3})>"  # with the count of octets before it, as RFC 6587 sends it
_RFC5424 = re.compile(
    _PRIORITY + rb"1 (\S{1,40}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) (-|(?:\[(?:[^\]\\]|\\.)*\])+)(?: |$)"
)
_TIME = rb"([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.]{8,15}(?:Z|[+-]\d\d:?\d\d))"
_HOST = rb"([\w.:-]{0,254}[A-Za-z][\w.:-]{0,254}|[\d.]{7,15})"
_PROGRAM = rb"([A-Za-z_/][\w./@()-]{0,63})(?:\[(\d{1,10})\])?"
_RFC3164 = re.compile(rb"(?:" + _PRIORITY + rb")?" + _TIME + rb" " + _HOST + rb" " + _PROGRAM + rb": ?")
_SEVERITIES = 8
_DIGITS = frozenset(bytes((digit,)) for digit in b"0123456789")


def _from_text(line: bytes, clock: Clock) -> list[Carried] | None:
    if line[:1] in _DIGITS and line[10:11] != b"T" and b"<" not in line[:6]:
        return None
    found = _RFC5424.match(line)
    if found:
        priority, time, host, program, process, _, _ = (_known(each) for each in found.groups())
        text = line[found.end() :].removeprefix(b"\xef\xbb\xbf")
        if text[1:2] != b" ":  # an indented line is left as it is
            text = text.removeprefix(b" ")  # which rsyslog leaves there
        return [_carried(text, clock, priority, time, host, program, process)]
    found = _RFC3164.match(line)
    if found is None:
        return None
    priority, time, host, program, process = (_known(each) for each in found.groups())
    if host and level(host):  # a time, a level and a logger: no host
        return None
    return [_carried(line[found.end() :], clock, priority, time, host, program, process)]


def _carried(  # noqa: PLR0913, PLR0917 (the parts of a header)
    text: bytes,
    clock: Clock,
    priority: str | None,
    time: str | None,
    host: str | None,
    program: str | None,
    process: str | None,
) -> Carried:
    labels = {name: value for name, value in (("host", host), ("program", program), ("process", process)) if value}
    severity = numbered_level(int(priority) % _SEVERITIES, "syslog") if priority else None
    stream = f"{host} {program} {process}"
    moment = clock.read(time) if time else None
    return Carried(text, moment, labels, stream, level=severity, logger=program, record=True)


def _known(part: bytes | None) -> str | None:
    return None if part in {None, b"-"} else part.decode("utf-8", "replace")


ENVELOPE = Envelope(
    name="syslog",
    description="syslog's header",
    source="https://www.rfc-editor.org/rfc/rfc5424",
    starts=b"<0123456789JFMASOND",
    expressions=(_RFC5424, _RFC3164),
    from_text=_from_text,
    samples=(
        (b"<14>1 2025-01-20T10:30:00.123Z api-1 api 7 - - INFO:     a", (b"INFO:     a",)),
        (b'<14>1 2025-01-20T10:30:00.123Z api-1 api 7 ID [x@1 a="b"] INFO:     a', (b"INFO:     a",)),
        (b"<14>Jan 20 10:30:00 api-1 api[7]: INFO:     a", (b"INFO:     a",)),
        (b"Jan  2 10:30:00 api-1 api: INFO:     a", (b"INFO:     a",)),
        (b"2025-01-20T10:30:00.123456+00:00 api-1 api[7]: INFO:     a", (b"INFO:     a",)),
    ),
)
