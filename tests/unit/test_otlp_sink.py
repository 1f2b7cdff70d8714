"""What documents become in a trace, and what the answers of OTLP mean; tests/integration has a real Jaeger."""

from __future__ import annotations

import gzip
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from functions.pipeline.backoff import Backoff
from functions.pipeline.config import load
from functions.pipeline.documents import DEAD_LETTERS, LOGS
from functions.pipeline.errors import ConfigError, PermanentError, TransientError, Unauthorized
from functions.pipeline.otlp_options import OtlpOptions
from functions.pipeline.services import service_of
from functions.pipeline.sinks.otlp.sink import OtlpSink
from functions.pipeline.sinks.otlp.spans import (
    INTERNAL,
    SERVER,
    Span,
    dead_letter_spans,
    inference_spans,
    request_spans,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions.pipeline.documents import Row, Rows

    Answers = Callable[[int, list[str]], tuple[int, bytes, dict[str, str]]]

TIME, NANOSECONDS = "2026-01-20T10:30:00.500Z", 1768905000_500_000_000
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SECRET = "pl4nted-s3cret"  # noqa: S105 (planted)
PROTOBUF = {"Content-Type": "application/x-protobuf"}


def row(identity: str, document: dict[str, Any], time: str = TIME) -> Row:
    return identity.encode(), time, orjson.dumps({"@timestamp": time, **document})


def request(identity: str = "a-0", time: str = TIME, **different: Any) -> Row:
    usual = {
        "transaction_id": "abc-123",
        "http_method": "POST",
        "http_path": "/predict",
        "status_code": 200,
        "execution_time_ms": 45.5,
    }
    return row(identity, {name: each for name, each in (usual | different).items() if each is not None}, time)


def performance(identity: str = "a-9", **different: Any) -> Row:
    usual = {
        "transaction_id": "abc-123",
        "inference_time_ms": 25.5,
        "memory_mb": 210,
        "function_calls": 1234,
        "top_functions": [
            {"function": "predict", "cumulative_time": 0.01, "calls": 3, "filename": "model.py", "line_number": 7},
            {"function": "transform", "cumulative_time": None},
        ],
    }
    return row(identity, usual | different)


def request_span(*, service: str = "api", **different: Any) -> Span:
    [span] = request_spans(request(**different), service)
    return span


# --- What documents become


def test_a_request_is_a_server_s_span_that_ended_when_it_was_logged():
    span = request_span()
    assert (span.name, span.kind, span.parent_id, span.error) == ("POST /predict", SERVER, "", None)
    assert (span.start, span.end) == (NANOSECONDS - 45_500_000, NANOSECONDS)
    assert span.attributes == {
        "http.request.method": "POST",
        "url.path": "/predict",
        "http.response.status_code": 200,
        "transaction_id": "abc-123",
        "log.record.uid": "a-0",
    }


def test_an_inference_is_below_its_request_and_has_the_profiled_functions():
    inference, predict, transform = inference_spans(performance(), {}, "api")
    asked = request_span()
    assert (inference.trace_id, inference.parent_id) == (asked.trace_id, asked.span_id)
    assert (inference.name, inference.kind, inference.end - inference.start) == ("inference", INTERNAL, 25_500_000)
    assert inference.end == NANOSECONDS
    assert inference.attributes["memory_mb"] == 210.0
    assert inference.attributes["function_calls"] == 1234
    assert predict.parent_id == transform.parent_id == inference.span_id
    assert (predict.name, predict.start, predict.end - predict.start) == ("predict", inference.start, 10_000_000)
    assert (transform.name, transform.end - transform.start) == ("transform", 0)
    assert predict.attributes["code.function.name"] == "predict"
    assert predict.attributes["code.file.path"] == "model.py"
    assert (predict.attributes["code.line.number"], predict.attributes["calls"]) == (7, 3)
    assert len({each.span_id for each in (asked, inference, predict, transform)}) == 4


def test_two_inferences_of_a_transaction_are_two_spans_and_the_same_one_is_one():
    first, *_ = inference_spans(performance(), {}, "api")
    again, *_ = inference_spans(performance("b-4"), {}, "api")
    [later, *_] = inference_spans(row("b-9", {"transaction_id": "abc-123"}, "2026-01-20T10:30:01.000Z"), {}, "api")
    assert first.span_id == again.span_id != later.span_id


def test_a_trace_that_a_record_names_is_the_one_and_its_span_the_caller():
    span = request_span(trace_id=TRACE, span_id=SPAN)
    assert (span.trace_id, span.parent_id) == (TRACE, SPAN)
    inference, *_ = inference_spans(performance(), {"trace_id": TRACE}, "api")
    assert (inference.trace_id, inference.parent_id) == (TRACE, span.span_id)
    other = request_span(trace_id=TRACE, transaction_id="abc-124")
    assert other.span_id != span.span_id


@pytest.mark.parametrize(("status", "error"), [(200, None), (404, None), (422, None), (500, "HTTP 500"), (None, None)])
def test_only_what_the_server_failed_is_an_error(status: int | None, error: str | None):
    span = request_span(status_code=status)
    assert span.error == error
    assert span.attributes.get("error.type") == (None if error is None else str(status))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/predict?x=1", "POST /predict"),
        ("/v1/patients/1234/scores/7", "POST /v1/patients/{id}/scores/{id}"),
        ("/runs/4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "POST /runs/{id}"),
        (f"/traces/{TRACE}/", "POST /traces/{id}/"),
        ("/v2/models/7b/infer", "POST /v2/models/7b/infer"),
        (None, "POST"),
    ],
)
def test_requests_of_one_kind_have_one_name(path: str | None, name: str):
    assert request_span(http_path=path).name == name


@pytest.mark.parametrize(
    "different",
    [
        {"transaction_id": None},
        {"execution_time_ms": None},
        {"http_method": None, "http_path": None, "status_code": None},
    ],
)
def test_what_is_no_request_of_a_transaction_is_no_span(different: dict[str, Any]):
    assert list(request_spans(request(**different), "api")) == []


def test_a_prediction_without_http_is_a_request_all_the_same():
    bare = {"http_method": None, "http_path": None, "status_code": None, "input_data": {"AGE": 3}, "result": {}}
    span = request_span(**bare)
    assert span.name == "request"
    assert "input_data" not in span.attributes


@pytest.mark.parametrize("duration", [-5, 86_400_001, 1e300])
def test_what_is_no_duration_is_none(duration: float):
    span = request_span(execution_time_ms=duration)
    assert span.start == span.end


def test_an_inference_without_a_duration_has_the_request_s():
    [span] = inference_spans(row("a-0", {"transaction_id": "t", "latency_ms": 31}), {}, "api")
    assert span.end - span.start == 31_000_000
    assert list(inference_spans(row("a-0", {"latency_ms": 31}), {}, "api")) == []
    [span] = inference_spans(row("a-0", {}), {"transaction_id": "t"}, "api")
    assert span.attributes["transaction_id"] == "t"


@pytest.mark.parametrize(
    ("event", "service"),
    [
        ({"labels": {"resource": {"service.name": "scoring"}}}, "scoring"),
        ({"data": {"service": {"name": "scoring"}}}, "scoring"),
        ({"data": {"service": "scoring"}}, "scoring"),
        ({"data": {"service.name": "scoring"}}, "scoring"),
        ({"data": {"service_name": "scoring"}}, "scoring"),
        ({"data": {"service": 7}, "labels": {"resource": "x"}}, ""),
        ({}, ""),
    ],
)
def test_the_service_is_the_one_that_the_record_names(event: dict[str, Any], service: str):
    assert service_of(event) == service
    assert request_span(**event).service == (service or "api")


def test_texts_and_numbers_are_bounded():
    span = request_span(transaction_id="x" * 5000, http_path="/" + "y" * 5000)
    assert len(span.attributes["transaction_id"]) == len(span.attributes["url.path"]) == 1024
    assert len(span.name) < 1100
    _, span = inference_spans(
        performance(top_functions=[{"function": "f", "calls": 2**63, "line_number": True}]), {}, ""
    )
    assert span.attributes.keys().isdisjoint(("calls", "code.line.number"))


def test_a_dead_letter_is_a_span_at_the_time_when_it_was_written():
    letter = {
        "failed_at": TIME,
        "reason": "bad",
        "class": "rejected",
        "target": LOGS,
        "store_key": "raw/a",
        "position": 7,
        "raw_log": SECRET,
        "document": SECRET,
    }
    [span] = dead_letter_spans(row("a-7-logs", letter, "2025-01-01T00:00:00.000Z"))
    assert (span.name, span.error, span.service) == ("dead letter", "bad", "trilog-dead-letters")
    assert (span.start, span.end) == (NANOSECONDS, NANOSECONDS)
    assert SECRET not in str(span.attributes)


# --- Options


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4318"}, "http://a:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://a/otlp/"}, "https://a/otlp/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://a:4318"}, "http://a:4318/"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://b/x"},
            "http://b/x",
        ),
    ],
)
def test_addresses_are_meant_as_opentelemetry_means_them(variables: dict[str, str], url: str):
    assert load(variables, OtlpOptions)[0].url == url


@pytest.mark.parametrize(
    "url", [f"http://ada:{SECRET}@a", "a:4317", "http://", "http://a:b", f"http://a/?k={SECRET}", "http://a/é"]
)
def test_an_address_that_cannot_be_is_an_error_when_it_is_needed_without_its_secrets(url: str):
    (options,) = load({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url}, OtlpOptions)
    with pytest.raises(ConfigError, match="OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is no address") as caught:
        OtlpSink(options)
    assert SECRET not in str(caught.value)


def test_headers_are_meant_as_opentelemetry_means_them():
    variables = {"OTEL_EXPORTER_OTLP_HEADERS": f"Authorization=Basic%20{SECRET}, api-key={SECRET}==,"}
    (options,) = load(variables, OtlpOptions)
    assert options.headers == {"authorization": f"Basic {SECRET}", "api-key": f"{SECRET}=="}
    assert SECRET not in repr(options)
    (options,) = load(variables | {"OTEL_EXPORTER_OTLP_TRACES_HEADERS": "a=b"}, OtlpOptions)
    assert options.headers == {"a": "b"}


@pytest.mark.parametrize("headers", [SECRET, f"={SECRET}", f"a b={SECRET}", f"a={SECRET}%0d%0aX-Evil: 1"])
def test_headers_that_cannot_be_are_an_error_without_their_secrets(headers: str):
    (options,) = load({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_EXPORTER_OTLP_HEADERS": headers}, OtlpOptions)
    with pytest.raises(ConfigError, match="OTEL_EXPORTER_OTLP_HEADERS is no list") as caught:
        OtlpSink(options)
    assert SECRET not in str(caught.value)


def test_without_an_address_there_is_no_sink():
    with pytest.raises(ConfigError, match="Set OTEL_EXPORTER_OTLP_ENDPOINT"):
        OtlpSink(OtlpOptions())


# --- A server that answers what a real one seldom does


class Server:
    """Answers as a function says; `requests` has the headers and the spans' transactions of each request."""

    def __init__(self, answers: Answers) -> None:
        self.requests: list[tuple[dict[str, str], list[str]]] = []
        self.messages: list[ExportTraceServiceRequest] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
                message = ExportTraceServiceRequest.FromString(body)
                spans = [
                    attribute.value.string_value
                    for resource in message.resource_spans
                    for scope in resource.scope_spans
                    for span in scope.spans
                    for attribute in span.attributes
                    if attribute.key == "transaction_id"
                ]
                server.messages.append(message)
                server.requests.append((dict(self.headers), spans))
                status, text, headers = answers(len(server.requests), spans)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._http.server_address[1]}"
        Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start servers; stop them in the end."""
    servers: list[Server] = []

    def start(answers: Answers) -> Server:
        servers.append(Server(answers))
        return servers[-1]

    yield start
    for each in servers:
        each.close()


def rows(*transactions: str) -> Iterator[Rows]:
    yield LOGS, [request(f"a-{number}", transaction_id=each) for number, each in enumerate(transactions)]


def open_sink(server: Server, total: float = 5.0, **options: str) -> OtlpSink:
    return OtlpSink(OtlpOptions(endpoint=server.address, **options), Backoff(0.01, 0.05, total))


def partial_success(count: int, why: str) -> bytes:
    answer = ExportTraceServiceResponse()
    answer.partial_success.rejected_spans, answer.partial_success.error_message = count, why
    return answer.SerializeToString()


def test_a_request_signs_in_and_has_the_spans_by_service(serve: Callable[..., Server]):
    server = serve(lambda *_: (200, b"", PROTOBUF))
    with open_sink(server, all_headers=f"authorization=Bearer%20{SECRET},x-tenant=acme", service="api") as sink:
        documents = [
            (LOGS, [request(), request("a-1", data={"service": "scoring"}), request("a-9", execution_time_ms=None)]),
            ("perfs", [performance()]),
        ]
        assert sink.write(iter(documents)).created == {LOGS: 3, "perfs": 1}
        assert sink.write(iter(())).created == {}
        assert (sink.taken(), sink.taken()) == (5, 0)
    [(headers, _)] = server.requests
    assert headers["Authorization"] == f"Bearer {SECRET}"
    assert headers["x-tenant"] == "acme"
    assert (headers["Content-Type"], headers["Content-Encoding"]) == ("application/x-protobuf", "gzip")
    [message] = server.messages
    services = {each.resource.attributes[0].value.string_value: each for each in message.resource_spans}
    assert {name: len(each.scope_spans[0].spans) for name, each in services.items()} == {"api": 4, "scoring": 1}


def test_an_inference_has_the_trace_and_the_service_of_its_own_record(serve: Callable[..., Server]):
    server = serve(lambda *_: (200, b"", PROTOBUF))
    told = {"trace_id": TRACE, "data": {"service": "scoring"}, "http_method": None}
    with open_sink(server) as sink:  # its log document may have come with the write before
        sink.write(iter([(LOGS, [request("a-9", execution_time_ms=None, **told)])]))
        sink.write(iter([("perfs", [performance("a-9", top_functions=[])])]))
    [resource] = server.messages[0].resource_spans
    assert resource.resource.attributes[0].value.string_value == "scoring"
    assert resource.scope_spans[0].spans[0].trace_id.hex() == TRACE


def test_documents_of_other_kinds_are_for_others(serve: Callable[..., Server]):
    server = serve(lambda *_: (200, b"", PROTOBUF))
    with open_sink(server) as sink:
        assert sink.write(iter([("message", [request()] * 3)])).created == {"message": 3}
    assert server.requests == []


def test_requests_are_of_a_size_that_others_send(serve: Callable[..., Server]):
    server = serve(lambda *_: (200, b"", PROTOBUF))
    with open_sink(server) as sink:
        sink.write(rows(*map(str, range(1200))))
    assert [len(spans) for _, spans in server.requests] == [512, 512, 176]


def test_a_request_that_is_taken_in_part_is_not_sent_again_and_all_of_it_may_be_missing(
    serve: Callable[..., Server],
):
    server = serve(lambda *_: (200, partial_success(2, "too\nold"), PROTOBUF))
    with open_sink(server) as sink:
        written = sink.write(rows("one", "two", "three"))
    assert len(server.requests) == 1
    assert written.created == {LOGS: 0}
    said = "2 of 3 spans in the request were refused: too old"
    assert [(each.document.id, each.reason) for each in written.rejected] == [(f"a-{n}", said) for n in range(3)]
    assert (sink.refusal, sink.taken()) == (said, 1)


def test_a_document_of_several_spans_is_rejected_once(serve: Callable[..., Server]):
    server = serve(lambda *_: (400, b"", {}))
    with open_sink(server) as sink:
        written = sink.write(iter([("perfs", [performance(top_functions=[{"function": "f"}] * 900)])]))
    assert len(server.requests) == 2
    assert [each.document.kind for each in written.rejected] == ["perfs"]
    assert written.created == {"perfs": 0}


def test_a_warning_beside_spans_that_were_all_taken_is_no_refusal(serve: Callable[..., Server]):
    server = serve(lambda *_: (200, partial_success(0, "use gzip"), PROTOBUF))
    with open_sink(server) as sink:
        assert sink.write(rows("one")).rejected == []


def test_what_a_bad_request_says_is_the_reason(serve: Callable[..., Server]):
    status = bytes((8, 3, 18, 3)) + b"bad"  # google.rpc.Status: code 3, message "bad"
    server = serve(lambda number, _: (400, status, PROTOBUF) if number < 2 else (400, f"<b>{SECRET}".encode(), {}))
    with open_sink(server, all_headers=f"api-key={SECRET}") as sink:
        [first] = sink.write(rows("one")).rejected
        [second] = sink.write(rows("one")).rejected
    assert (first.status, first.reason, second.reason) == (400, "bad", "<b>***")


def test_a_request_that_is_too_large_is_halved(serve: Callable[..., Server]):
    server = serve(lambda _, spans: (200 if len(spans) <= 10 else 413, b"", {}))
    with open_sink(server) as sink:
        assert sink.write(rows(*map(str, range(100)))).rejected == []
    assert sum(len(spans) for _, spans in server.requests if len(spans) <= 10) == 100
    server = serve(lambda *_: (413, b"", {}))
    with open_sink(server) as sink:
        assert [each.status for each in sink.write(rows("one")).rejected] == [413]


@pytest.mark.parametrize("time", ["1969-12-31T23:59:59.000Z", "9999-01-01T00:00:00.000Z"])
def test_a_time_that_otlp_has_not_is_never_sent(serve: Callable[..., Server], time: str):
    server = serve(lambda *_: (200, b"", PROTOBUF))
    with open_sink(server) as sink:
        written = sink.write(iter([(LOGS, [request("a-0", time), request("a-1")])]))
    assert [each.reason for each in written.rejected] == ["its time is before 1970 or after 2262"]
    assert written.created == {LOGS: 1}
    assert len(server.requests[0][1]) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_passes_is_tried_again(serve: Callable[..., Server], status: int):
    server = serve(lambda number, _: (status if number < 3 else 200, b"busy", {}))
    with open_sink(server) as sink:
        assert sink.write(rows("one")).created == {LOGS: 1}
    assert [spans for _, spans in server.requests] == [["one"]] * 3


def test_what_does_not_pass_is_handed_back(serve: Callable[..., Server]):
    server = serve(lambda *_: (503, b"busy", {}))
    with open_sink(server, 0.2) as sink, pytest.raises(TransientError, match="503, busy"):
        sink.write(rows("one"))
    assert len(server.requests) > 2


def test_the_time_that_the_server_asks_for_is_waited(serve: Callable[..., Server]):
    server = serve(lambda number, _: (429 if number < 2 else 200, b"", {"Retry-After": "60"}))
    with open_sink(server, 0.5) as sink, pytest.raises(TransientError):
        sink.write(rows("one"))
    assert len(server.requests) == 1  # a minute would have been too late


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (401, Unauthorized, "OTEL_EXPORTER_OTLP_HEADERS"),
        (403, Unauthorized, "let us in"),
        (404, PermanentError, "4318"),
    ],
)
def test_what_never_passes_says_what_to_correct(
    serve: Callable[..., Server], status: int, error: type[Exception], said: str
):
    server = serve(lambda *_: (status, SECRET.encode(), {}))
    with open_sink(server, all_headers=f"authorization={SECRET}") as sink, pytest.raises(error, match=said) as caught:
        sink.write(rows("one"))
    assert SECRET not in str(caught.value)
    assert len(server.requests) == 1


def test_a_server_that_is_away_is_named():
    options = OtlpOptions(endpoint="http://127.0.0.1:1")
    with OtlpSink(options, Backoff(total=0)) as sink, pytest.raises(TransientError, match="make jaeger-up"):
        sink.write(rows("one"))


def test_dead_letters_are_sent_too(serve: Callable[..., Server]):
    server = serve(lambda *_: (200, b"", PROTOBUF))
    letter = row("a-7-logs", {"failed_at": TIME, "reason": "bad", "transaction_id": "abc"})
    with open_sink(server) as sink:
        assert sink.write(iter([(DEAD_LETTERS, [letter])])).created == {DEAD_LETTERS: 1}
    assert [spans for _, spans in server.requests] == [["abc"]]
