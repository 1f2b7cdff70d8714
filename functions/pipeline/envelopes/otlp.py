"""OpenTelemetry's logs as JSON (OTLP): resources, their scopes, and the records of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, json_of, text_of
from functions.pipeline.levels import level, numbered_level
from functions.pipeline.loose_json import whole_number

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_IDS = (("traceId", "trace_id"), ("spanId", "span_id"), ("eventName", "event_name"))
_SEVERITIES = range(1, 25)
_PLAIN = ("stringValue", "boolValue", "intValue", "doubleValue", "bytesValue")


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    resources = sent["resourceLogs"]
    if not isinstance(resources, list) or not all(isinstance(each, dict) for each in resources):
        return None
    carried: list[Carried] = []
    for resource in resources:
        attributes = attributes_of(resource.get("resource"))
        labels = {"resource": attributes} if attributes else {}
        stream = json_of(attributes).decode()
        for scope in _objects(resource.get("scopeLogs")):
            name = _name(scope.get("scope"))
            carried += [_carried(each, labels, stream, name, clock) for each in _objects(scope.get("logRecords"))]
    return carried


def _carried(record: dict[str, Any], labels: dict[str, Any], stream: str, name: str | None, clock: Clock) -> Carried:
    body = _value(record.get("body"))
    fields = attributes_of(record) | {name: record[sent] for sent, name in _IDS if record.get(sent)}
    if body is None:
        body, fields = fields, {}
    time = record.get("timeUnixNano") or record.get("observedTimeUnixNano")
    return Carried(
        text_of(body),
        clock.read(str(time)),
        labels,
        stream,
        record=True,
        level=_severity(record),
        logger=name,
        fields=fields,
        sent=json_of(record) if fields else None,
    )


def _severity(record: dict[str, Any]) -> str | None:
    number = record.get("severityNumber")
    if type(number) is int and number in _SEVERITIES:
        return numbered_level(number, "otel")
    return level(str(record.get("severityText", "")))


def _name(scope: object) -> str | None:
    name = scope.get("name") if isinstance(scope, dict) else None
    return name if isinstance(name, str) and name else None


def attributes_of(holder: object) -> dict[str, Any]:
    """Read the attributes of a resource, a scope or a record: plain values by name."""
    listed = _objects(holder.get("attributes")) if isinstance(holder, dict) else []
    return {str(each.get("key")): _value(each.get("value")) for each in listed}


def _value(value: object) -> Any:  # noqa: ANN401 (any value)
    """Read a value: {"stringValue": "…"}, {"kvlistValue": {"values": […]}}, …; whole numbers come as text."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, held),) = value.items()
    if kind == "kvlistValue":
        return attributes_of({"attributes": held.get("values")}) if isinstance(held, dict) else {}
    if kind == "arrayValue":
        values = held.get("values") if isinstance(held, dict) else None
        return [_value(each) for each in values] if isinstance(values, list) else []
    if kind == "intValue" and isinstance(held, str) and held.removeprefix("-").isdecimal():
        return whole_number(held)
    return held if kind in _PLAIN else value


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


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
            (b'{"n":1}',),
        ),
    ),
)
