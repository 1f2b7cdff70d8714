"""syslog's header around a line: RFC 5424, RFC 3164, and the files that rsyslog, syslog-ng and journalctl write.

With the count of octets before it, as RFC 6587 sends it over TCP; without structured data, as Heroku does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope
from functions.pipeline.levels import level, numbered_level

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_PRIORITY = rb"(?:\d{1,5} )?<(?P<priority>\d{1,3})>"
_STRUCTURED = rb'-|(?:\[[^\s="\]]{1,32}(?: [^\s="\]]{1,32}="(?:[^"\\]++|\\.)*+")*+\])++'
_RFC5424 = re.compile(
    _PRIORITY + rb"1 (?P<time>\S{1,40}) (?P<host>\S{1,255}) (?P<program>\S{1,48}) (?P<process>\S{1,128}) "
    rb"(?P<message_id>\S{1,32})(?: (?P<structured>" + _STRUCTURED + rb")(?=\s|$))?(?: |$)",
    re.DOTALL,
)
_LOCAL = rb"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
_ZONED = rb"\d{4}-\d\d-\d\dT[\d:.]{8,15}(?:Z|[+-]\d\d:?\d\d)"
_RFC3164 = re.compile(
    rb"(?:" + _PRIORITY + rb")?(?P<time>" + _LOCAL + rb"|" + _ZONED + rb") (?:(?P<host>[\w.:-]{1,255}) )??"
    rb"(?P<program>[A-Za-z_(][\w./@()-]{0,63})(?:\[(?P<process>[\w.]{1,30})\])?: ?"
)
_BLOCK = re.compile(rb'\[(?P<id>[^\s="\]]++)(?P<params>[^"\]]*+(?:"(?:[^"\\]++|\\.)*+"[^"\]]*+)*+)\]', re.DOTALL)
_PARAM = re.compile(rb'([^\s="\]]{1,32})="((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_ESCAPED = re.compile(rb'\\(["\\\]])')
_SEVERITIES, _PRIORITIES = 8, 192
_DIGITS = frozenset(bytes((digit,)) for digit in b"0123456789")
_BOM = b"\xef\xbb\xbf"


def _from_text(line: bytes, clock: Clock) -> list[Carried] | None:
    if line[:1] in _DIGITS and line[10:11] != b"T" and b"<" not in line[:6]:
        return None
    found = _RFC5424.match(line) or _RFC3164.match(line)
    if found is None:
        return None
    told = {name: _text(value) for name, value in found.groupdict().items() if value not in {None, b"-"}}
    priority, time = told.pop("priority", None), told.pop("time", None)
    if (priority and int(priority) >= _PRIORITIES) or not (priority or _is_header(told, time or "")):
        return None
    labels: dict[str, Any] = dict(told)
    text = line[found.end() :].removeprefix(_BOM)
    if text[1:2] != b" ":  # an indented line is left as it is
        text = text.removeprefix(b" ")  # which rsyslog leaves there
    if found.re is _RFC5424 and "structured" in told:
        labels["structured_data"] = _structured(found["structured"])
        del labels["structured"]
    return [
        Carried(
            text,
            clock.read(time) if time else None,
            labels,
            f"{told.get('host')} {told.get('program')} {told.get('process')}",
            record=True,
            level=numbered_level(int(priority) % _SEVERITIES, "syslog") if priority else None,
            logger=told.get("program"),
        )
    ]


def _is_header(told: dict[str, str], time: str) -> bool:
    """Tell a header without priority from a time before a line that has a level and a logger, or only a word."""
    if level(told["program"]) or level(told.get("host", "")):
        return False
    return "process" in told or ("host" in told and not time.endswith("Z"))


def _structured(written: bytes) -> dict[str, dict[str, str]]:
    """Read structured data: its elements' parameters, by the elements' ids."""
    return {_text(block["id"]): _parameters(block["params"]) for block in _BLOCK.finditer(written)}


def _parameters(written: bytes) -> dict[str, str]:
    return {_text(name): _text(_ESCAPED.sub(rb"\1", value)) for name, value in _PARAM.findall(written)}


def _text(part: bytes) -> str:
    return part.decode("utf-8", "replace")


ENVELOPE = Envelope(
    name="syslog",
    description="syslog's header",
    source="https://www.rfc-editor.org/rfc/rfc5424",
    starts=b"<0123456789JFMASOND",
    expressions=(_RFC5424, _RFC3164),
    from_text=_from_text,
    samples=(
        (b"<14>1 2025-01-20T10:30:00.123Z api-1 api 7 - - INFO:     a", (b"INFO:     a",)),
        (b'<14>1 2025-01-20T10:30:00.123Z api-1 api 7 ID [x@1 a="b\\]"][y c="d"] INFO:     a', (b"INFO:     a",)),
        (b"<14>1 2025-01-20T10:30:00.123Z api-1 api 7 - - \xef\xbb\xbfINFO:     a", (b"INFO:     a",)),
        (b"83 <40>1 2025-01-20T10:30:00+00:00 host app web.3 - State changed", (b"State changed",)),
        (b"<14>Jan 20 10:30:00 api-1 api[7]: INFO:     a", (b"INFO:     a",)),
        (b"Jan  2 10:30:00 api-1 api: INFO:     a", (b"INFO:     a",)),
        (b"2025-01-20T10:30:00.123456+00:00 api-1 api[7]: INFO:     a", (b"INFO:     a",)),
        (b"2025-01-20T10:30:00.123456+00:00 app[web.1]: INFO:     a", (b"INFO:     a",)),
    ),
)
