"""OTLP/HTTP, as its specification has it, and as a real SDK sends it."""

from __future__ import annotations

import gzip
import json
import logging
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.json_format import MessageToDict, Parse
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from functions.ingest.otlp_protobuf import as_json
from tests.ingest import JSON, TOKEN, Kept, opened, sent, served

if TYPE_CHECKING:
    from functions.ingest.messages import Response

PROTOBUF = "application/x-protobuf"
EVENTS = Path(__file__).parents[1] / "events"
# https://github.com/open-telemetry/opentelemetry-proto/blob/main/examples/logs.json
EXAMPLE = (EVENTS / "otlp-logs.json").read_bytes()


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """The store of these tests."""
    return Kept(tmp_path)


def request(*records: Any, **resource: Any) -> dict[str, Any]:
    scope = {"logRecords": list(records), "scope": {"name": "api"}}
    return {"resourceLogs": [{"scopeLogs": [scope], "resource": {"attributes": []}, **resource}]}


def record(text: str, **more: Any) -> dict[str, Any]:
    return {"timeUnixNano": "1737369000123456789", "body": {"stringValue": text}, **more}


def encoded(content: dict[str, Any]) -> bytes:
    found = ExportLogsServiceRequest()
    for resource in content["resourceLogs"]:
        for scope in resource["scopeLogs"]:
            made = found.resource_logs.add().scope_logs.add()
            for each in scope["logRecords"]:
                made.log_records.add().body.string_value = each["body"]["stringValue"]
    return found.SerializeToString()


def export(kept: Kept, body: bytes, content_type: str = JSON, **headers: str) -> Response:
    settings = {name: headers.pop(name) for name in [*headers] if name.startswith("PIPELINE")}
    return sent(opened(kept.folder, **settings), body, content_type, "/v1/logs", **headers)


def status_of(body: bytes) -> tuple[int, str]:
    found = Status.FromString(body)
    return found.code, found.message


# --- What is taken


@pytest.mark.parametrize("content_type", [JSON, PROTOBUF, "application/json; charset=utf-8"])
def test_the_specifications_example_becomes_documents(kept: Kept, content_type: str):
    body = EXAMPLE
    if content_type == PROTOBUF:
        content = json.loads(EXAMPLE)  # protobuf's JSON has ids in base64, OTLP's in hexadecimal digits
        for each in content["resourceLogs"][0]["scopeLogs"][0]["logRecords"]:
            each.update({name: b64encode(bytes.fromhex(each[name])).decode() for name in ("traceId", "spanId")})
        body = Parse(json.dumps(content), ExportLogsServiceRequest()).SerializeToString()
    answer = export(kept, body, content_type)
    assert (answer.status, answer.headers["Content-Type"]) == (200, content_type.partition(";")[0])
    assert answer.body == (b"" if content_type == PROTOBUF else b"{}")
    (document,) = kept.documents()
    assert document["@timestamp"] == "2018-12-13T14:51:00.300Z"
    assert (document["level"], document["message"]) == ("INFO", "Example log record")
    assert document["transaction_id"].lower() == "5b8efff798038103d269b633813fc60c"
    assert document["data"]["int.attribute"] == 10
    assert document["labels"]["resource"]["service.name"] == "my.service"


def test_64_bit_numbers_come_as_text_or_as_numbers(kept: Kept):
    attributes = [
        {"key": "text", "value": {"intValue": "9223372036854775807"}},
        {"key": "number", "value": {"intValue": 9223372036854775807}},
    ]
    export(kept, json.dumps(request(record("a", attributes=attributes))).encode())
    (document,) = kept.documents()
    assert {document["data"][each] for each in ("text", "number")} == {9223372036854775807}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{}", JSON),
        (b"", PROTOBUF),
        (b'{"resourceLogs": []}', JSON),
        (b'{"resourceLogs": [{"scopeLogs": [{}]}]}', JSON),
    ],
)
def test_an_empty_request_succeeds_and_stores_nothing(kept: Kept, body: bytes, content_type: str):
    answer = export(kept, body, content_type)
    assert (answer.status, answer.headers["Content-Type"]) == (200, content_type)
    assert kept.batches() == {}


def test_unknown_fields_are_no_hindrance(kept: Kept):
    content = request(record("a", futureField={"x": 1}), futureField=[1]) | {"futureField": None}
    assert export(kept, json.dumps(content).encode()).body == b"{}"
    unknown = b"\xfa\x3f\x03new"  # field 1023
    assert export(kept, encoded(request(record("b"))) + unknown, PROTOBUF).body == b""
    assert sorted(each["message"] for each in kept.documents()) == ["a", "b"]


@pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
def test_gzip_and_a_retry(kept: Kept, content_type: str):
    content = request(record("a"), record("b"))
    body = json.dumps(content).encode() if content_type == JSON else encoded(content)
    for level in (1, 9):
        assert export(kept, gzip.compress(body, level), content_type, Content_Encoding="gzip").status == 200
    assert len(kept.batches()) == 1
    assert len(kept.documents()) == 2


def test_many_large_records_are_several_lines(kept: Kept):
    records = [record("x" * 300_000 + str(number)) for number in range(10)]
    export(kept, json.dumps(request(*records)).encode())
    assert 3 <= len(kept.lines()) <= 5
    assert [each["message"][-1] for each in kept.documents()] == list("0123456789")


def test_members_stay_in_their_places_whatever_their_order(kept: Kept):
    export(kept, json.dumps(request(record("a"), schemaUrl="https://s", resource={"attributes": [], "x": 1})).encode())
    (line,) = map(json.loads, kept.lines())
    (resource,) = line["resourceLogs"]
    assert (resource["schemaUrl"], resource["resource"]["x"]) == ("https://s", 1)
    assert resource["scopeLogs"][0]["scope"] == {"name": "api"}


# --- Single records that are refused


def test_a_record_that_is_none_costs_no_other(kept: Kept):
    answer = export(kept, json.dumps(request(record("a"), 7, "b", record("c"), None)).encode())
    assert answer.status == 200
    partial = json.loads(answer.body)["partialSuccess"]
    assert partial["rejectedLogRecords"] == "3"
    assert partial["errorMessage"]
    assert [each["message"] for each in kept.documents()] == ["a", "c"]


@pytest.mark.parametrize("redacted", [{}, {"PIPELINE_REDACT_FIELDS": "nothing:drop"}])
def test_a_record_that_is_too_large_or_too_deep_costs_no_other(kept: Kept, redacted: dict[str, str]):
    deep: Any = {"stringValue": "x"}
    for _ in range(200):
        deep = {"arrayValue": {"values": [deep]}}
    content = request(
        record("a"), record("x" * (9 << 20)), record("b"), record("d", attributes=[{"key": "deep", "value": deep}])
    )
    answer = export(kept, json.dumps(content).encode(), **redacted)
    assert json.loads(answer.body)["partialSuccess"]["rejectedLogRecords"] == "2"
    assert [each["message"] for each in kept.documents()] == ["a", "b"]


def test_in_protobuf_a_record_whose_text_is_no_utf_8_costs_no_other(kept: Kept):
    """The Collector passes such text on: its own messages are not checked."""
    body = encoded(request(record("first"), record("broken"), record("last"))).replace(b"broken", b"br\xffken")
    answer = export(kept, body, PROTOBUF)
    assert (answer.status, answer.headers["Content-Type"]) == (200, PROTOBUF)
    partial = ExportLogsServiceResponse.FromString(answer.body).partial_success
    assert partial.rejected_log_records == 1
    assert "not stored" in partial.error_message
    assert [each["message"] for each in kept.documents()] == ["first", "last"]


def test_more_refused_than_a_byte_counts(kept: Kept):
    answer = export(kept, encoded(request(*[record("bad")] * 300, record("good"))).replace(b"bad", b"b\xffd"), PROTOBUF)
    assert ExportLogsServiceResponse.FromString(answer.body).partial_success.rejected_log_records == 300


# --- Requests that are refused


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"resourceLogs": [' + b"{}," * 2_000_001 + b"{}]}", JSON),
        (json.dumps(request(*[{}] * 100_001)).encode(), JSON),
        (b"\x0a\x00" * 1_000_000, PROTOBUF),  # a million resources
        (b"\x0a\x04\x12\x02\x12\x00" * 100_000, PROTOBUF),  # each with a scope and a record
        (
            ExportLogsServiceRequest(
                resource_logs=[{"scope_logs": [{"log_records": [{}] * 100_001}]}]
            ).SerializeToString(),
            PROTOBUF,
        ),
    ],
    ids=["parts", "records", "resources", "thirds", "records in protobuf"],
)
def test_too_many_parts_are_refused_before_they_take_memory(kept: Kept, body: bytes, content_type: str):
    assert export(kept, body, content_type).status == 413
    assert kept.batches() == {}


@pytest.mark.parametrize(
    "body",
    [
        *(b"{", b"[]", b"7", b'{"resourceLogs": {}}', b'{"resourceLogs": [', b"\xff", b"", b"[" * 100_000),
        *(b'{"resource_logs": []}', b'{"resourceLogs": [{"a": "\xff"}]}'),
    ],
)
def test_what_is_no_request_in_json_is_refused(kept: Kept, body: bytes):
    answer = export(kept, body)
    assert (answer.status, answer.headers["Content-Type"]) == (400, JSON)
    said = json.loads(answer.body)
    assert (said["code"], {*said}) == (3, {"code", "message"})


@pytest.mark.parametrize("body", [b"x", b"\x0a\xff\xff", b"{}", b"\x0a\x05\xff\xff\xff\xff\xff", b"\xff" * 100])
def test_what_is_no_request_in_protobuf_is_refused(kept: Kept, body: bytes):
    answer = export(kept, body, PROTOBUF)
    assert (answer.status, answer.headers["Content-Type"]) == (400, PROTOBUF)
    code, message = status_of(answer.body)
    assert code == 3
    assert "protobuf" in message


@pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
def test_a_damaged_body_is_a_bad_request_as_the_specification_has_it(kept: Kept, content_type: str):
    assert export(kept, b"no gzip", content_type, Content_Encoding="gzip").status == 400


@pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
def test_other_errors_are_told_in_the_requests_encoding_too(kept: Kept, content_type: str):
    unknown = export(kept, b"", content_type, PIPELINE_INGEST_TOKENS=TOKEN)
    large = export(kept, b"x" * 2000, content_type, PIPELINE_INGEST_MAX_BYTES="1024")
    (kept.folder / "raw").write_text("a file where the folder should be")
    away = export(kept, EXAMPLE if content_type == JSON else encoded(request(record("a"))), content_type)
    codes = [
        status_of(each.body)[0] if content_type == PROTOBUF else json.loads(each.body)["code"]
        for each in (unknown, large, away)
    ]
    assert [each.status for each in (unknown, large, away)] == [401, 413, 503]
    assert codes == [16, 3, 14]
    assert away.headers["Retry-After"] == "5"
    assert {each.headers["Content-Type"] for each in (unknown, large, away)} == {content_type}


@pytest.mark.parametrize("content_type", ["text/plain", "", "application/x-ndjson", "application/grpc"])
def test_another_media_type_is_refused(kept: Kept, content_type: str):
    answer = export(kept, EXAMPLE, content_type)
    assert answer.status == 415
    assert "application/x-protobuf" in json.loads(answer.body)["message"]


# --- What is hidden


@pytest.mark.parametrize("content_type", [JSON, PROTOBUF, "application/x-ndjson"])
def test_what_is_kept_is_redacted_in_bodies_and_attributes_of_all(kept: Kept, content_type: str):
    secret = [{"key": "patient_name", "value": {"stringValue": "Planted"}}, {"key": "n", "value": {"intValue": "7"}}]
    inner = {
        "kvlistValue": {
            "values": [
                *secret,
                {"key": "list", "value": {"arrayValue": {"values": [{"kvlistValue": {"values": secret}}]}}},
            ]
        }
    }
    packed = b64encode(b"me@planted.example").decode()
    content = request(
        record("mail me@planted.example", attributes=secret),
        {"body": inner, "attributes": [{"key": "inner", "value": inner}]},
        {"body": {"bytesValue": packed}},
        resource={"attributes": secret},
    )
    content["resourceLogs"][0]["scopeLogs"][0]["scope"] = {"name": "api", "attributes": secret}
    body = json.dumps(content).encode()
    if content_type == PROTOBUF:
        body = Parse(body, ExportLogsServiceRequest()).SerializeToString()
    settings = {"PIPELINE_REDACT_FIELDS": "patient_*:drop", "PIPELINE_REDACT_PATTERNS": "email:drop"}
    path = "/logs" if content_type == "application/x-ndjson" else "/v1/logs"
    answer = sent(opened(kept.folder, **settings), body, content_type, path)
    assert answer.status in {200, 202}
    (content,) = kept.batches().values()
    assert b"lanted" not in content
    assert packed.encode() not in content
    documents = kept.documents()
    assert len(documents) == 3
    assert "lanted" not in json.dumps(documents)
    assert documents[0]["labels"]["resource"] == {"patient_name": None, "n": 7}


# --- A real SDK


@pytest.mark.filterwarnings("ignore:.LoggingHandler.:DeprecationWarning")  # it is what there is in the SDK itself
def test_a_real_sdk_exports_and_is_told(kept: Kept):
    ingest = opened(kept.folder, PIPELINE_INGEST_TOKENS=TOKEN)
    with served(ingest) as url:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        provider = LoggerProvider(Resource.create({"service.name": "scoring"}))
        provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(f"{url}/v1/logs", headers=headers)))
        logger = logging.Logger("scoring.api")  # noqa: LOG001 (it is gone after the test)
        logger.addHandler(LoggingHandler(logger_provider=provider))
        for number in range(250):
            logger.warning("feature %s is missing", "AGE", extra={"number": number})
        try:
            raise RuntimeError("model not loaded")  # noqa: TRY301
        except RuntimeError:
            logger.exception("request failed")
        provider.shutdown()
    documents = kept.documents()
    assert len(documents) == 251
    assert {each["data"]["number"] for each in documents[:-1]} == {*range(250)}
    assert {each["level"] for each in documents} == {"WARNING", "ERROR"}
    assert "model not loaded" in documents[-1]["raw_log"]
    assert {each["logger"] for each in documents} == {"scoring.api"}
    assert documents[0]["labels"]["resource"]["service.name"] == "scoring"


VALUES = [
    {"stringValue": ""},
    {"stringValue": "é\u0000"},
    {"boolValue": False},
    {"intValue": "-9223372036854775808"},
    *({"doubleValue": each} for each in (0.0, 1.5, -1e300, "NaN", "Infinity", "-Infinity")),
    {"bytesValue": b64encode(bytes(range(256))).decode()},
    {"arrayValue": {"values": [{"intValue": "1"}, {}]}},
    {"kvlistValue": {"values": [{"key": "a", "value": {"arrayValue": {}}}]}},
]


def test_protobuf_becomes_what_its_own_library_makes_of_it():
    attributes = [{"key": str(number), "value": value} for number, value in enumerate(VALUES)]
    counts = {"droppedAttributesCount": 4294967295, "attributes": attributes}
    everything = {
        "observedTimeUnixNano": "18446744073709551615",
        "severityNumber": 9,
        "severityText": "INFO",
        "flags": 1,
        "eventName": "e",
        **counts,
    }
    scope = {"scope": {"name": "s", "version": "1", **counts}, "logRecords": [record("r", **everything), {}]}
    resource = {"resource": counts, "scopeLogs": [scope], "schemaUrl": "https://example.com/1"}
    sent = Parse(json.dumps({"resourceLogs": [resource, {}]}), ExportLogsServiceRequest())
    expected = MessageToDict(sent, use_integers_for_enums=True)
    assert as_json(sent.SerializeToString()) == (expected, 0)
