"""Spans: what documents become in a trace. The same documents always give the same spans.

A transaction is a trace: the request is a span, below it the inference, and below that the functions that were
profiled. Names of attributes are OpenTelemetry's, or the documents' own where it has none.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from functions.pipeline.documents import DEAD_LETTERS, LOGS, Document
from functions.pipeline.routes import route_of
from functions.pipeline.services import service_of
from functions.pipeline.trace_ids import span_id_of, trace_id_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from functions.pipeline.documents import Row

PERFORMANCE = "perfs"
INTERNAL, SERVER = 1, 2  # kinds of spans, by their numbers in OTLP
MOST = 2**63 - 1  # nanoseconds since 1970
_TIMED = b'"execution_time_ms":'
_LONGEST = 1024  # characters of an attribute, or of a name
_DAY = 86_400_000.0  # milliseconds; what took longer, or less than nothing, is no duration
_FAILED = 500  # and above: the HTTP status of a request that the server failed (https://opentelemetry.io/docs/specs/semconv/http)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIGURES = ("inference_time_ms", "latency_ms", "cpu_time_ms", "memory_mb", "memory_delta_mb")

Attributes = dict[str, str | int | float]


class Span(NamedTuple):
    """A span; times are in nanoseconds since 1970, ids as `functions.pipeline.trace_ids` describes them.

    Attributes:
        trace_id: the trace that it is part of.
        span_id: its own id.
        parent_id: that of the span around it; "" for none.
        name: what it did.
        kind: INTERNAL or SERVER.
        start: when it began.
        end: when it ended.
        attributes: what else is known of it.
        error: why it failed; None where it did not.
        service: whose it is.
        document: what it was made of.
    """

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: int
    start: int
    end: int
    attributes: Attributes
    error: str | None
    service: str
    document: Document


def request_spans(row: Row, service: str) -> Iterator[Span]:
    """Yield the span of a log document that tells of a request and its duration, and whose it was; else nothing.

    The record was written when the request had ended. `service` is whose it is where the record does not say.
    """
    if _TIMED not in row[2]:
        return
    event = orjson.loads(row[2])
    transaction = event.get("transaction_id")
    if not transaction or not _is_request(event):
        return
    trace, whose, end = _trace_id(event, transaction), service_of(event)[:_LONGEST] or service, _nanoseconds(row[1])
    status = event.get("status_code")
    method, path = event.get("http_method"), event.get("http_path")
    attributes = {
        "http.request.method": method,
        "url.path": path,
        "http.response.status_code": status,
        "error.type": str(status) if _is_failure(status) else None,
    }
    yield Span(
        trace,
        request_id(trace, whose, transaction),
        event.get("span_id", ""),
        _request_name(method, path),
        SERVER,
        end - _duration(event["execution_time_ms"]),
        end,
        _present(attributes | _own(transaction, row)),
        f"HTTP {status}" if _is_failure(status) else None,
        whose,
        _document(LOGS, row),
    )


def inference_spans(row: Row, event: Mapping[str, Any], service: str) -> Iterator[Span]:
    """Yield the spans of a performance document: the inference, and the functions that were profiled, inside it.

    Of these it is known how long they took, not when they began: each begins with the inference.

    Args:
        row: the performance document.
        event: the log document of the same record.
        service: whose it is where the record does not say.
    """
    metrics = orjson.loads(row[2])
    transaction = metrics.get("transaction_id") or event.get("transaction_id")
    if not transaction:
        return
    trace, whose, end = _trace_id(event, transaction), service_of(event)[:_LONGEST] or service, _nanoseconds(row[1])
    taken = next((metrics[name] for name in ("inference_time_ms", "latency_ms") if name in metrics), 0)
    start, identity = end - _duration(taken), span_id_of(trace, whose, transaction, "inference", row[1])
    own = _own(transaction, row)
    figures = {name: float(metrics[name]) for name in _FIGURES if name in metrics}
    figures |= {"function_calls": metrics.get("function_calls")}
    document, parent = _document(PERFORMANCE, row), request_id(trace, whose, transaction)
    yield Span(
        trace, identity, parent, "inference", INTERNAL, start, end, _present(figures | own), None, whose, document
    )
    for place, each in enumerate(metrics.get("top_functions", ())):
        name = _text(each.get("function")) or "?"
        attributes = {
            "code.function.name": name,
            "code.file.path": _text(each.get("filename")),
            "code.line.number": each.get("line_number"),
            "calls": each.get("calls"),
        }
        function = span_id_of(trace, whose, transaction, "function", row[1], str(place), name)
        until = start + _duration(each.get("cumulative_time") or 0, 1000)
        whole = _present(attributes | own)
        yield Span(trace, function, identity, name, INTERNAL, start, until, whole, None, whose, document)


def dead_letter_spans(row: Row) -> Iterator[Span]:
    """Yield the span of a dead letter: why, at the time when it was written."""
    letter = orjson.loads(row[2])
    identity = row[0].decode()
    at = _nanoseconds(letter["failed_at"])
    trace = trace_id_of(identity)
    told = {name: letter.get(name) for name in ("class", "target", "store_key", "position", "transaction_id")}
    attributes = _present(told | {"log.record.uid": identity})
    reason, document = letter["reason"][:_LONGEST], _document(DEAD_LETTERS, row)
    span = span_id_of(trace, DEAD_LETTERS)
    yield Span(trace, span, "", "dead letter", INTERNAL, at, at, attributes, reason, "trilog-dead-letters", document)


def request_id(trace: str, service: str, transaction: str) -> str:
    """Return the id of a transaction's request span at a service, which is known without having seen the request."""
    return span_id_of(trace, service, transaction, "request")


def _is_request(event: Mapping[str, Any]) -> bool:
    return any(name in event for name in ("http_method", "http_path", "status_code")) or (
        "input_data" in event and "result" in event
    )


def _request_name(method: object, path: object) -> str:
    """Name a request so that requests of one kind have one name: by the route, without query, numbers and ids."""
    route = route_of(path) if isinstance(path, str) else ""
    return " ".join(str(each)[:_LONGEST] for each in (method, route) if each) or "request"


def _is_failure(status: object) -> bool:
    return isinstance(status, int) and status >= _FAILED


def _trace_id(event: Mapping[str, Any], transaction: str) -> str:
    return event.get("trace_id") or trace_id_of(transaction)


def _own(transaction: str, row: Row) -> dict[str, Any]:
    return {"transaction_id": transaction, "log.record.uid": row[0].decode()}


def _present(attributes: Mapping[str, Any]) -> Attributes:
    """Return the attributes that there are, of the types that OTLP has for them."""
    cut = {name: each[:_LONGEST] if isinstance(each, str) else each for name, each in attributes.items()}
    return {name: each for name, each in cut.items() if _is_plain(each)}


def _is_plain(value: object) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value <= MOST
    return whole or isinstance(value, float | str)


def _text(value: object) -> str | None:
    return None if value is None else str(value)[:_LONGEST]


def _duration(value: float, milliseconds: float = 1) -> int:
    """Return nanoseconds; 0 for what is no duration."""
    known = isinstance(value, int | float) and 0 <= value * milliseconds <= _DAY
    return round(value * milliseconds * 1_000_000) if known else 0


def _nanoseconds(timestamp: str) -> int:
    return (datetime.fromisoformat(timestamp) - _EPOCH) // _MICROSECOND * 1000


def _document(kind: str, row: Row) -> Document:
    return Document(kind, row[0].decode(), row[1], row[2])
