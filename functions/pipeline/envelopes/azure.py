"""Azure Monitor's container logs (ContainerLogV2): the line, or the record, in `LogMessage`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, chosen, json_of, line_of
from functions.pipeline.levels import level

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_LABELS = ("Computer", "ContainerId", "ContainerName", "PodName", "PodNamespace", "LogSource", "KubernetesMetadata")


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    message = sent["LogMessage"]
    text = json_of(message) if isinstance(message, dict) else line_of(message)
    if text is None:
        return None
    stream = f"{sent.get('ContainerId')} {sent.get('LogSource')}"
    severity = level(str(sent.get("LogLevel", "")))
    return [
        Carried(
            text, clock.read(str(sent["TimeGenerated"])), chosen(sent, _LABELS), stream, level=severity, record=True
        )
    ]


ENVELOPE = Envelope(
    name="azure",
    description="Azure Monitor's container logs",
    source="https://learn.microsoft.com/azure/azure-monitor/reference/tables/containerlogv2",
    members=("LogMessage", "TimeGenerated"),
    from_object=_from_object,
    samples=(
        (
            (
                b'{"TimeGenerated":"2025-01-20T10:30:00.123Z","PodName":"api-1","LogSource":"stderr","LogMessage":'
                b'"INFO:     a"}'
            ),
            (b"INFO:     a",),
        ),
    ),
)
