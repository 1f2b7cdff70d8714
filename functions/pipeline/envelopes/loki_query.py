"""Loki's answers to queries for logs: streams, as in its push requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope
from functions.pipeline.envelopes.loki import carried

if TYPE_CHECKING:
    from functions.pipeline.times import Clock


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    data = sent["data"]
    if not isinstance(data, dict) or data.get("resultType") != "streams":
        return None
    return carried(data.get("result"), clock)


ENVELOPE = Envelope(
    name="loki-query",
    description="Loki's answers to queries",
    source="https://grafana.com/docs/loki/latest/reference/loki-http-api/#query-logs-within-a-range-of-time",
    members=("data", "status"),
    from_object=_from_object,
    samples=(
        (
            (
                b'{"status":"success","data":{"resultType":"streams","result":[{"stream":{"app":"api"},"values":'
                b'[["1737369000123456789","INFO:     a"]]}],"stats":{}}}'
            ),
            (b"INFO:     a",),
        ),
    ),
)
