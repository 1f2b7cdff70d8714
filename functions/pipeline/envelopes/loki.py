"""Loki's push requests: streams with their labels, and lines with their times in nanoseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, json_of, line_of

if TYPE_CHECKING:
    from functions.pipeline.times import Clock


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    streams = sent["streams"]
    if not isinstance(streams, list) or not all(isinstance(each, dict) and "values" in each for each in streams):
        return None
    return [
        Carried(line, clock.read(str(value[0])), {"loki": each.get("stream")}, json_of(each.get("stream")).decode())
        for each in streams
        for value in each["values"]
        if isinstance(value, list) and len(value) > 1 and (line := line_of(value[1])) is not None
    ]


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
    ),
)
