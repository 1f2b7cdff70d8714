"""Azure's resource logs, as they are sent to Event Hubs (under `records`) or to a storage account (one a line)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, json_of, line_of, without
from functions.pipeline.levels import level, numbered_level

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_OWN = ("time", "level", "resultDescription", "properties")


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    records = sent["records"]
    if not isinstance(records, list) or not records or len(sent) > 1 or not all(_is_record(each) for each in records):
        return None
    return [_carried(each, clock) for each in records]


def _is_record(record: object) -> bool:
    return isinstance(record, dict) and {"time", "category"} <= record.keys()


def _carried(record: dict[str, Any], clock: Clock) -> Carried:
    """Take the line out of a container's or an application's record; any other record is carried whole."""
    properties = record.get("properties")
    inner = properties if isinstance(properties, dict) else {}
    line = line_of(inner.get("log", record.get("resultDescription")))
    time = clock.read(str(record["time"]))
    if line is None:
        return Carried(json_of(record), time, record=True)
    labels = {**without(record, _OWN), **without(inner, ("log",))}
    stream = f"{record.get('resourceId')} {inner.get('pod', '')} {inner.get('stream', '')}"
    return Carried(line, time, labels, stream, level=_level(record.get("level")))


def _level(sent: object) -> str | None:
    if isinstance(sent, str):
        return level(sent)
    return numbered_level(sent, "azure") if type(sent) is int and 0 <= sent < 10 else None  # noqa: PLR2004


ENVELOPE = Envelope(
    name="azure-resources",
    description="Azure's resource logs",
    source="https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs-schema",
    members=("records",),
    from_object=_from_object,
    samples=(
        (
            (
                b'{"records":[{"time":"2025-01-20T10:30:00.123Z","category":"kube-apiserver","resourceId":"/S/1",'
                b'"properties":{"log":"INFO:     a","stream":"stderr","pod":"api-1"}}]}'
            ),
            (b"INFO:     a",),
        ),
        (
            (
                b'{"records":[{"time":"2025-01-20T10:30:00.123Z","category":"AppServiceConsoleLogs","resourceId":"/S/2",'
                b'"level":"Informational","resultDescription":"INFO:     a"}]}'
            ),
            (b"INFO:     a",),
        ),
    ),
)
