"""OpenTelemetry's logs as JSON (OTLP): resources, their scopes, and the records of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, json_of, line_of
from functions.pipeline.levels import level, numbered_level
from functions.pipeline.loose_json import whole_number

if TYPE_CHECKING:
    from functions.pipeline.times import Clock


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    resources = sent["resourceLogs"]
    if not isinstance(resources, list):
        return None
    carried: list[Carried] = []
    for resource in filter(_is_object, resources):
        labels = {"resource": _attributes(resource.get("resource"))} if resource.get("resource") else {}
        for scope in filter(_is_object, _list(resource.get("scopeLogs"))):
            named = scope.get("scope")
            name = named.get("name") if isinstance(named, dict) else None
            records = filter(_is_object, _list(scope.get("logRecords")))
            carried += [_carried(each, labels, name if isinstance(name, str) else None, clock) for each in records]
    return carried


def _carried(record: dict[str, Any], labels: dict[str, Any], name: str | None, clock: Clock) -> Carried:
    body = _value(record.get("body"))
    fields = _attributes(record) | {
        names: record[sent] for sent, names in (("traceId", "trace_id"), ("spanId", "span_id")) if record.get(sent)
    }
    if isinstance(body, dict):
        text = json_of(body | fields)
    elif fields:
        text = json_of({"message": body, **fields})
    else:
        text = line_of(body) if isinstance(body, str) else json_of(body)  # type: ignore[assignment]  # text has a line
    number = record.get("severityNumber")
    severity = numbered_level(number, "otel") if isinstance(number, int) else level(str(record.get("severityText", "")))
    time = record.get("timeUnixNano") or record.get("observedTimeUnixNano")
    return Carried(
        text, clock.read(str(time)), labels, json_of(labels).decode(), level=severity, logger=name, record=True
    )


def _attributes(holder: object) -> dict[str, Any]:
    attributes = _list(holder.get("attributes")) if isinstance(holder, dict) else []
    return {str(each.get("key")): _value(each.get("value")) for each in attributes if isinstance(each, dict)}


def _value(value: object) -> Any:  # noqa: ANN401 (any value)
    """Read a value: {"stringValue": "…"}, {"kvlistValue": {"values": […]}}, …; whole numbers come as text."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, held),) = value.items()
    if kind == "kvlistValue":
        return _attributes({"attributes": held.get("values")}) if isinstance(held, dict) else {}
    if kind == "arrayValue":
        return [_value(each) for each in _list(held.get("values"))] if isinstance(held, dict) else []
    if kind == "intValue" and isinstance(held, str) and held.lstrip("-").isdecimal():
        return whole_number(held)
    return held


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


ENVELOPE = Envelope(
    name="otlp",
    description="OpenTelemetry's logs as JSON",
    source="https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/",
    members=("resourceLogs",),
    from_object=_from_object,
    samples=(
        (
            (
                b'{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"api"}}]},'
                b'"scopeLogs":[{"scope":{"name":"api"},"logRecords":[{"timeUnixNano":"1737369000123456789",'
                b'"severityNumber":9,"body":{"stringValue":"INFO:     a"}}]}]}]}'
            ),
            (b"INFO:     a",),
        ),
        (
            (
                b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1737369000123456789","traceId":"t",'
                b'"body":{"kvlistValue":{"values":[{"key":"n","value":{"intValue":"1"}}]}}}]}]}]}'
            ),
            (b'{"n":1,"trace_id":"t"}',),
        ),
    ),
)
