"""Requests and answers of OTLP in protobuf. With `functions.ingest`, what imports OpenTelemetry's messages.

https://github.com/open-telemetry/opentelemetry-proto
"""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Message
from opentelemetry.proto.trace.v1.trace_pb2 import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from functions.pipeline.sinks.otlp.spans import Attributes, Span

HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
_LEVEL = 1  # higher levels take more time than they save on the way


def content(spans: Iterable[Span]) -> bytes:
    """Return the body of a request with spans, by their services; compressed as `HEADERS` say."""
    from isal.igzip import compress

    request = ExportTraceServiceRequest()
    service = attrgetter("service")
    for name, some in groupby(sorted(spans, key=service), key=service):
        resource = request.resource_spans.add()
        resource.resource.attributes.extend(_attributes({"service.name": name}))
        scope = resource.scope_spans.add()
        scope.scope.name = "trilog"
        scope.spans.extend(map(_message, some))
    return compress(request.SerializeToString(), _LEVEL)


def refused(body: bytes) -> tuple[int, str]:
    """Return how many spans of a request that was taken were refused, and why."""
    try:
        told = ExportTraceServiceResponse.FromString(body).partial_success
    except DecodeError:  # a proxy's page, say, with a status of success
        return 0, ""
    return told.rejected_spans, told.error_message


def failure(body: bytes, media_type: str) -> bytes:
    """Return what the answer to a request that was not taken says.

    In protobuf it is a google.rpc.Status, whose first two fields, a number and a text, are those of a partial success.
    """
    if media_type.partition(";")[0].strip() != HEADERS["Content-Type"]:
        return body
    try:
        told: str = ExportTracePartialSuccess.FromString(body).error_message
    except DecodeError:
        return b""
    return told.encode()


def _message(span: Span) -> Message:
    return Message(
        trace_id=bytes.fromhex(span.trace_id),
        span_id=bytes.fromhex(span.span_id),
        parent_span_id=bytes.fromhex(span.parent_id),
        name=span.name,
        kind=span.kind,  # type: ignore[arg-type]  # the number of one
        start_time_unix_nano=span.start,
        end_time_unix_nano=span.end,
        attributes=_attributes(span.attributes),
        status=None if span.error is None else Status(code=Status.STATUS_CODE_ERROR, message=span.error),
    )


def _attributes(attributes: Mapping[str, str | float] | Attributes) -> Iterator[KeyValue]:
    for name, value in attributes.items():
        yield KeyValue(key=name, value=_value(value))


def _value(value: str | float) -> AnyValue:
    if isinstance(value, str):
        return AnyValue(string_value=value)
    return AnyValue(int_value=value) if isinstance(value, int) else AnyValue(double_value=value)
