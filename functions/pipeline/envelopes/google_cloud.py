"""Google Cloud Logging's export: a LogEntry with its `textPayload`, `jsonPayload` or `protoPayload`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, chosen, json_of, line_of
from functions.pipeline.levels import level

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_LABELS = ("resource", "labels", "logName", "sourceLocation", "operation")
_REQUEST = {"requestMethod": "method", "requestUrl": "url", "status": "status", "latency": "latency"}


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    fields = _fields(sent)
    payloads = (sent[name] for name in ("textPayload", "jsonPayload", "protoPayload") if name in sent)
    payload: Any = next(payloads, {} if isinstance(sent.get("httpRequest"), dict) else None)
    text = json_of(payload) if isinstance(payload, dict) else line_of(payload)
    if text is None:
        return None
    time = clock.read(str(sent.get("timestamp") or sent.get("receiveTimestamp")))
    resource = chosen(sent, ("resource", "logName"))
    severity = level(str(sent.get("severity", "")))
    labels = chosen(sent, _LABELS)
    return [Carried(text, time, labels, json_of(resource).decode(), record=True, level=severity, fields=fields)]


def _fields(sent: dict[str, Any]) -> dict[str, Any]:
    """Return what an entry says of the request that it is about."""
    request = sent.get("httpRequest")
    fields = {"trace_id": sent["trace"].rpartition("/")[2]} if isinstance(sent.get("trace"), str) else {}
    fields |= {"span_id": sent["spanId"]} if "spanId" in sent else {}
    if not isinstance(request, dict):
        return fields
    url = request.get("requestUrl")
    path = {"path": url.partition("?")[0]} if isinstance(url, str) else {}
    return {**fields, **path, **{_REQUEST.get(name) or name: value for name, value in request.items()}}


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
