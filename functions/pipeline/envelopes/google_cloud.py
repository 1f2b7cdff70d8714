"""Google Cloud Logging's export: a LogEntry with its `textPayload`, `jsonPayload` or `protoPayload`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, chosen, json_of, line_of
from functions.pipeline.levels import level

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_LABELS = ("resource", "labels", "logName")


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    payload = next((sent[each] for each in ("textPayload", "jsonPayload", "protoPayload") if each in sent), None)
    text = line_of(payload)
    request = sent.get("httpRequest")
    if text is None:
        held = payload if isinstance(payload, dict) else {}
        if isinstance(request, dict):
            held = {**_request(request), **held}
        text = json_of(held) if held else None
    if text is None:
        return None
    time = sent.get("timestamp") or sent.get("receiveTimestamp")
    severity = level(str(sent.get("severity", "")))
    return [
        Carried(
            text, clock.read(str(time)), chosen(sent, _LABELS), json_of(sent.get("resource")).decode(), level=severity
        )
    ]


def _request(request: dict[str, Any]) -> dict[str, Any]:
    names = {"requestMethod": "method", "requestUrl": "url", "status": "status", "latency": "latency"}
    return {names[name]: value for name, value in request.items() if name in names}


ENVELOPE = Envelope(
    name="google-cloud",
    description="Google Cloud Logging's export",
    source="https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry",
    members=("logName",),
    from_object=_from_object,
    samples=(
        (
            (
                b'{"insertId":"1","logName":"projects/p/logs/run.googleapis.com%2Fstderr","resource":{"type":'
                b'"cloud_run_revision","labels":{"service_name":"api"}},"timestamp":"2025-01-20T10:30:00.123456Z",'
                b'"severity":"WARNING","textPayload":"INFO:     a"}'
            ),
            (b"INFO:     a",),
        ),
        (
            (
                b'{"insertId":"1","logName":"projects/p/logs/api","timestamp":"2025-01-20T10:30:00.123456Z",'
                b'"jsonPayload":{"message":"a","n":1}}'
            ),
            (b'{"message":"a","n":1}',),
        ),
    ),
)
