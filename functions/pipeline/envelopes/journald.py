"""journald's JSON (`journalctl -o json`): `MESSAGE` is text, or bytes where that has control characters.

Its form for export (`-o export`) is not read: it goes over several lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, chosen, line_of
from functions.pipeline.levels import numbered_level

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_LABELS = ("_HOSTNAME", "_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER", "_PID", "CONTAINER_NAME", "CONTAINER_ID_FULL")
_OF_CARRIER = ("_", "SYSLOG_", "CONTAINER_", "IMAGE_NAME", "MESSAGE", "PRIORITY", "LOGGER", "TID")
_BYTE, _PRIORITIES = 256, tuple("01234567")


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    line, time = _line(sent["MESSAGE"]), sent["__REALTIME_TIMESTAMP"]
    if line is None or not isinstance(time, str):
        return None
    labels = {name.strip("_").lower(): value for name, value in chosen(sent, _LABELS).items()}
    stream = f"{sent.get('_SYSTEMD_UNIT', '')} {sent.get('CONTAINER_ID_FULL', '')} {sent.get('_PID', '')}"
    priority = sent.get("PRIORITY")
    return [
        Carried(
            line,
            clock.read(time),
            labels,
            stream,
            partial=sent.get("CONTAINER_PARTIAL_MESSAGE") == "true",
            record=True,
            level=numbered_level(_PRIORITIES.index(priority), "syslog") if priority in _PRIORITIES else None,
            logger=next((name for name in (sent.get("LOGGER"), sent.get("SYSLOG_IDENTIFIER")) if _is_text(name)), None),
            fields={name.lower(): value for name, value in sent.items() if not name.startswith(_OF_CARRIER)},
        )
    ]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


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
