"""Which trace a record is part of, and the ids that follow from a transaction's."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import Any

import pytest

from functions.pipeline.framing import split_records
from functions.pipeline.parser import Parser, ParserOptions
from functions.pipeline.trace_ids import parent_ids, span_id, span_id_of, trace_id, trace_id_of

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"
OTHER = "0af7651916cd43dd8448eb211c80319c"


def event(sent: dict[str, Any] | str) -> dict[str, Any]:
    """Return the log document of a line."""
    line = sent if isinstance(sent, str) else json.dumps(sent)
    parsing, documents = Parser(ParserOptions()).open(), defaultdict(list)
    for record in split_records([line.encode()], "a.log", parsing.reader):
        parsing.parse(record, "2026-01-01T00:00:00.000Z", 0, b"a", documents)
    [(_, _, body)] = documents["logs"]
    return json.loads(body)


@pytest.mark.parametrize(
    "sent",
    [
        {"traceparent": PARENT},
        {"traceparent": PARENT.upper()},
        {"trace_parent": f"cc-{TRACE}-{SPAN}-01-what-a-later-version-has"},
        {"data": {"traceparent": PARENT}},
        {"trace_id": TRACE, "span_id": SPAN},
        {"traceId": TRACE.upper(), "spanId": SPAN},
        {"trace": {"id": TRACE}, "span": {"id": SPAN}},
        {"trace.id": TRACE, "span.id": SPAN},
        {"otelTraceID": TRACE, "otelSpanID": SPAN},
        {"logging.googleapis.com/trace": f"projects/p/traces/{TRACE}", "logging.googleapis.com/spanId": SPAN},
        f"2026-01-01 10:00:00 - api - INFO - {json.dumps({'traceparent': PARENT})}",
        f"time=2026-01-01T10:00:00Z level=info msg=done traceparent={PARENT}",
        {
            "resourceLogs": [
                {"scopeLogs": [{"logRecords": [{"traceId": TRACE, "spanId": SPAN, "body": {"stringValue": "done"}}]}]}
            ]
        },
    ],
)
def test_the_trace_of_a_record_is_found_and_is_its_transaction_where_there_is_no_other(sent: dict[str, Any] | str):
    found = event(sent)
    assert (found["trace_id"], found["span_id"]) == (TRACE, SPAN)
    assert found["transaction_id"].lower().endswith(TRACE)
    assert "data" not in found


@pytest.mark.parametrize("name", ["traceparent", "trace_id"])
def test_a_transaction_stays_what_it_is_beside_its_trace(name: str):
    told = {name: PARENT if name == "traceparent" else TRACE}
    assert event({"request_id": "r", **told})["transaction_id"] == "r"
    found = event({"performance_metrics": {"transaction_id": "t-1", "latency_ms": 3}, **told})
    assert (found["transaction_id"], found["trace_id"]) == ("t-1", TRACE)


@pytest.mark.parametrize(
    "sent",
    [
        {"traceparent": f"ff-{TRACE}-{SPAN}-01"},
        {"traceparent": f"00-{'0' * 32}-{SPAN}-01"},
        {"traceparent": f"00-{TRACE}-{'0' * 16}-01"},
        {"traceparent": f"{PARENT} {'x' * 300}"},
        {"traceparent": 7},
        {"span_id": SPAN},
        {"span_id": SPAN, "trace_id": "0"},
        {"trace_id": ["x"]},
    ],
)
def test_what_is_no_trace_stays_where_it_was(sent: dict[str, Any]):
    found = event({"message": "x", "request_id": "r", **sent})
    assert "trace_id" not in found
    assert "span_id" not in found
    assert found["data"] == sent


def test_of_two_traces_the_header_s_is_meant_and_the_other_is_kept():
    found = event({"message": "x", "trace_id": OTHER, "traceparent": PARENT})
    assert (found["trace_id"], found["data"]) == (TRACE, {"trace_id": OTHER})


def test_an_id_of_another_form_is_the_transaction_as_it_was():
    found = event({"message": "x", "trace_id": "1-58406520-a006649127e371903a2de979"})
    assert found["transaction_id"] == "1-58406520-a006649127e371903a2de979"
    assert "trace_id" not in found


def test_ids_are_taken_in_their_forms_alone():
    assert parent_ids(f" {PARENT}\n") == (TRACE, SPAN)
    assert trace_id(f"projects/p/traces/{TRACE}") == TRACE
    assert [trace_id(each) for each in ("", TRACE[1:], f"{TRACE}0", "g" * 32, None, 1)] == [None] * 6
    assert [span_id(each) for each in ("", SPAN[1:], "0" * 16, None)] == [None] * 4


@pytest.mark.parametrize("transaction", ["abc-123", "", "é", "\ud800", "x" * 10_000, "0" * 32])
def test_the_trace_of_a_transaction_is_always_the_same(transaction: str):
    made = trace_id_of(transaction)
    assert re.fullmatch(r"(?!0{32})[0-9a-f]{32}", made)
    assert made == trace_id_of(transaction) != trace_id_of(f"{transaction}.")


def test_a_uuid_or_a_trace_id_stays_what_it_is():
    assert trace_id_of("4BF92F35-77b3-4da6-a3ce-929d0e0e4736") == TRACE == trace_id_of(TRACE)


def test_span_ids_tell_roles_apart():
    assert span_id_of(TRACE, "a", "b") == span_id_of(TRACE, "a", "b")
    assert len({span_id_of(TRACE, *each) for each in (("a", "b"), ("ab",), ("a",), ("b", "a"), ("a\ud800",))}) == 5
