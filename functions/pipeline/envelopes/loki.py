"""Loki's push requests: streams with their labels, and lines with their times in nanoseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, json_of, text_of

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_FEWEST = 2  # a time and a line; more may follow: structured metadata


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    return carried(sent["streams"], clock) if len(sent) == 1 else None


def carried(streams: object, clock: Clock) -> list[Carried] | None:
    """Take the lines out of streams; None for what are none."""
    if not isinstance(streams, list) or not all(_is_stream(each) for each in streams):
        return None
    lines = ((each["stream"], value) for each in streams for value in each["values"])
    return [_carried(labels, value, clock) for labels, value in lines]


def _is_stream(stream: object) -> bool:
    if not isinstance(stream, dict) or not isinstance(stream.get("stream"), dict):
        return False
    values = stream.get("values")
    return isinstance(values, list) and all(isinstance(each, list) and len(each) >= _FEWEST for each in values)


def _carried(labels: dict[str, Any], value: list[Any], clock: Clock) -> Carried:
    metadata = value[2] if len(value) > _FEWEST and isinstance(value[2], dict) else {}
    return Carried(
        text_of(value[1]), clock.read(str(value[0])), {"loki": labels}, json_of(labels).decode(), fields=metadata
    )


ENVELOPE = Envelope(
    name="loki",
    description="Loki's push requests",
    source="https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs",
    members=("streams",),
    from_object=_from_object,
    samples=(
        (
            (
                b'{"streams":[{"stream":{"app":"api"},"values":[["1737369000123456789","INFO:     a"],'
                b'["1737369000123456790","INFO:     b"]]}]}'
            ),
            (b"INFO:     a", b"INFO:     b"),
        ),
        (
            (
                b'{"streams":[{"stream":{"app":"api"},"values":[["1737369000123456789","INFO:     a",'
                b'{"trace_id":"5b8efff798038103d269b633813fc60c"}]]}]}'
            ),
            (b"INFO:     a",),
        ),
    ),
)
