"""journald's JSON (`journalctl -o json`): text, or the bytes of what is no UTF-8, in `MESSAGE`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, chosen, line_of
from functions.pipeline.levels import numbered_level

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_LABELS = ("_HOSTNAME", "_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER", "_PID", "CONTAINER_NAME", "CONTAINER_ID_FULL")
_BYTE = 256


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    line, time = _line(sent["MESSAGE"]), sent["__REALTIME_TIMESTAMP"]
    if line is None or not isinstance(time, str):
        return None
    labels = {name.strip("_").lower(): value for name, value in chosen(sent, _LABELS).items()}
    priority, program = sent.get("PRIORITY"), sent.get("SYSLOG_IDENTIFIER")
    severity = numbered_level(int(priority), "syslog") if isinstance(priority, str) and priority.isdecimal() else None
    partial = sent.get("CONTAINER_PARTIAL_MESSAGE") == "true"
    stream = f"{sent.get('_SYSTEMD_UNIT', '')} {sent.get('CONTAINER_ID_FULL', '')} {program} {sent.get('_PID', '')}"
    name = program if isinstance(program, str) else None
    return [Carried(line, clock.read(time), labels, stream, partial, severity, name, record=True)]


def _line(message: object) -> bytes | None:
    if isinstance(message, list) and all(type(each) is int and 0 <= each < _BYTE for each in message):
        return bytes(message).decode("utf-8", "replace").encode()
    return line_of(message)


ENVELOPE = Envelope(
    name="journald",
    description="journald's JSON",
    source="https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-json-format",
    members=("__REALTIME_TIMESTAMP", "MESSAGE"),
    from_object=_from_object,
    samples=(
        (
            (
                b'{"__REALTIME_TIMESTAMP":"1737369000123456","_HOSTNAME":"api-1","PRIORITY":"6","_PID":"7",'
                b'"SYSLOG_IDENTIFIER":"api","MESSAGE":"INFO:     a"}'
            ),
            (b"INFO:     a",),
        ),
        (b'{"__REALTIME_TIMESTAMP":"1737369000123456","MESSAGE":[97,27,91,109]}', (b"a",)),
    ),
)
