"""Azure Monitor's container logs: the line is in `LogMessage` (ContainerLogV2) or `LogEntry` (ContainerLog)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, text_of, without
from functions.pipeline.levels import level

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_OWN = ("LogMessage", "LogEntry", "TimeGenerated", "LogLevel")
_TELLING = ("ContainerId", "ContainerID", "PodName", "LogSource", "LogEntrySource")


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    message = sent.get("LogMessage", sent.get("LogEntry"))
    if not isinstance(message, str | dict) or sent.keys().isdisjoint(_TELLING):
        return None
    stream = " ".join(str(sent.get(name, "")) for name in _TELLING)
    severity, time = level(str(sent.get("LogLevel", ""))), clock.read(str(sent["TimeGenerated"]))
    return [Carried(text_of(message), time, without(sent, _OWN), stream, level=severity, record=True)]


ENVELOPE = Envelope(
    name="azure",
    description="Azure Monitor's container logs",
    source="https://learn.microsoft.com/azure/azure-monitor/reference/tables/containerlogv2",
    members=("TimeGenerated",),
    from_object=_from_object,
    samples=(
        (
            (
                b'{"TimeGenerated":"2025-01-20T10:30:00.123Z","PodName":"api-1","LogSource":"stderr","LogMessage":'
                b'"INFO:     a"}'
            ),
            (b"INFO:     a",),
        ),
        (
            (
                b'{"TimeGenerated":"2025-01-20T10:30:00.123Z","ContainerID":"7b1d","LogEntrySource":"stdout","LogEntry":'
                b'"INFO:     a"}'
            ),
            (b"INFO:     a",),
        ),
    ),
)
