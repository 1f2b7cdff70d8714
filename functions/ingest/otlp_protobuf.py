"""OTLP in protobuf: a request as OTLP/JSON has it. The only module that imports OpenTelemetry's messages."""

from __future__ import annotations

from base64 import b64decode, b64encode
from contextlib import suppress
from itertools import islice
from math import isfinite, isnan
from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor import FieldDescriptor  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from functions.ingest.json_records import MOST_RECORDS, too_many
from functions.ingest.messages import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_IDS = ("traceId", "spanId")  # in hexadecimal digits, unlike other bytes
_LENGTHS = {1: 8, 5: 4}  # bytes of a field, by its wire type
_VARINT, _DELIMITED = 0, 2
_LONGEST_VARINT = 10


def as_json(body: bytes) -> tuple[dict[str, Any], int]:
    """Read a request; return it as OTLP/JSON has it, and how many of its records cannot be read.

    Raises:
        Refusal: the body is no request at all (400), or has too many records (413).
    """
    _bound(body)
    try:
        request, refused = ExportLogsServiceRequest.FromString(body), 0
    except DecodeError:
        request, refused = _record_by_record(body)
    sent = _plain(request)
    for resource in sent.get("resourceLogs", ()):
        for scope in resource.get("scopeLogs", ()):
            for record in scope.get("logRecords", ()):
                record.update({name: b64decode(record[name]).hex() for name in _IDS if name in record})
    return sent, refused


def _plain(message: Any) -> dict[str, Any]:  # noqa: ANN401 (of any type)
    """Convert a message as `google.protobuf.json_format.MessageToDict` does, with numbers for enums, in half the time.

    The types that JSON has for itself, such as Timestamp, are not in OTLP.
    """
    found = {}
    for field, value in message.ListFields():
        convert = _CONVERSIONS.get(field.type, _same)
        found[field.json_name] = [*map(convert, value)] if field.is_repeated else convert(value)
    return found


def _same(value: Any) -> Any:  # noqa: ANN401 (what JSON has as it is)
    return value


def _number(value: float) -> float | str:
    if isfinite(value):
        return value
    return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"


_CONVERSIONS: dict[int, Callable[[Any], Any]] = {
    FieldDescriptor.TYPE_MESSAGE: _plain,
    FieldDescriptor.TYPE_BYTES: lambda value: b64encode(value).decode(),
    FieldDescriptor.TYPE_DOUBLE: _number,
    **dict.fromkeys((FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_FIXED64), str),
}


def _bound(body: bytes) -> None:
    """Refuse a request with too many records, or resources and scopes without any: reading them takes memory."""
    with suppress(ValueError):  # it is damaged, which the parser finds too
        if next(islice(_parts(body), 2 * MOST_RECORDS, None), None) is not None:
            raise too_many()


def _parts(body: bytes) -> Iterator[bytes]:
    """Yield each resource, each scope, and each record."""
    for resource in _delimited(body, 1):
        yield resource
        for scope in _delimited(resource, 2):
            yield scope
            yield from _delimited(scope, 2)


def _record_by_record(body: bytes) -> tuple[ExportLogsServiceRequest, int]:
    """Read what can be read of a request in which something is wrong, often text that is no UTF-8."""
    request, refused = ExportLogsServiceRequest(), 0
    try:
        for resource in _delimited(body, 1):
            scopes = list(_delimited(resource, 2))
            read = _without(ResourceLogs, resource, 2)
            for scope in scopes:
                kept = _without(ScopeLogs, scope, 2)
                for record in _delimited(scope, 2):
                    found = _parsed(LogRecord, record) if read and kept else None
                    refused += found is None
                    if found and kept:
                        kept.log_records.append(found)
                if read and kept:
                    read.scope_logs.append(kept)
            if read:
                request.resource_logs.append(read)
    except ValueError:
        raise Refusal(400, "The body is not a request of OTLP in protobuf. Send it again") from None
    return request, refused


def _parsed(kind: type[Any], message: bytes) -> Any:  # noqa: ANN401 (one of kind)
    try:
        return kind.FromString(message)
    except DecodeError:
        return None


def _without(kind: type[Any], message: bytes, number: int) -> Any:  # noqa: ANN401 (likewise)
    """Read a message without one of its fields."""
    return _parsed(kind, b"".join(field for each, field, _ in _fields(message) if each != number))


def _delimited(message: bytes, number: int) -> Iterator[bytes]:
    return (content for each, _, content in _fields(message) if each == number and content is not None)


def _fields(message: bytes) -> Iterator[tuple[int, bytes, bytes | None]]:
    """Yield each field's number, all of its bytes, and its content where that has a length; ValueError where broken.

    https://protobuf.dev/programming-guides/encoding/
    """
    at = 0
    while at < len(message):
        tag, content = _varint(message, at)
        if tag & 7 == _VARINT:
            _, end = _varint(message, content)
        elif tag & 7 == _DELIMITED:
            length, content = _varint(message, content)
            end = content + length
        elif tag & 7 in _LENGTHS:
            end = content + _LENGTHS[tag & 7]
        else:
            raise ValueError(tag)
        if end > len(message):
            raise ValueError(end)
        yield tag >> 3, message[at:end], message[content:end] if tag & 7 == _DELIMITED else None
        at = end


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift, byte in enumerate(message[at : at + _LONGEST_VARINT]):
        value |= (byte & 127) << 7 * shift
        if byte < 128:  # noqa: PLR2004 (the last byte)
            return value, at + shift + 1
    raise ValueError(at)
