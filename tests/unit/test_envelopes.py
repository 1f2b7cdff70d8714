"""Envelopes: each one's samples carry the lines beside them; what only looks like an envelope stays as it is."""

import base64
import copy
import gzip
import json
from collections import defaultdict
from datetime import UTC, datetime
from itertools import pairwise
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.pipeline import packed, streams
from functions.pipeline.envelopes import Envelope, envelopes, from_object, may_carry
from functions.pipeline.framing import split_records
from functions.pipeline.parser import Parser, ParserOptions
from functions.pipeline.records import Record
from functions.pipeline.times import Clock

PARSER = Parser(ParserOptions())
SAMPLES = [(envelope, *sample) for envelope in envelopes() for sample in envelope.samples]
OBJECTS = [json.loads(sent) for envelope, sent, _ in SAMPLES if envelope.from_object and b"}\n" not in sent]
HEAD = "2025-01-20 10:30:00 - api - ERROR - "
TIME = "2025-01-20T11:00:00.123Z"


def records(*lines: object, name: str = "a.log") -> list[Record]:
    content = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return list(split_records([content.encode()], name, PARSER.open().reader))


def raws(*lines: object) -> list[str]:
    return [raw.decode() for _, raw, *_ in records(*lines)]


def documents(*lines: object) -> list[dict[str, Any]]:
    made: dict[str, list[Any]] = defaultdict(list)
    parsing = PARSER.open(datetime(2025, 1, 20, 12, tzinfo=UTC))
    for number, record in enumerate(records(*lines)):
        parsing.parse(record, "2000-01-01T00:00:00.000Z", number, b"id", made)
    return [json.loads(body) for *_, body in made["logs"]]


@pytest.mark.parametrize(("envelope", "sent", "lines"), SAMPLES)
def test_a_sample_carries_the_lines_beside_it(envelope: Envelope, sent: bytes, lines: tuple[bytes, ...]):
    found = list(split_records([sent], "a.log", PARSER.open().reader))
    assert [raw for _, raw, *_ in found] == list(lines)
    assert {origin.envelope.split("+")[0] for *_, origin in found} <= {envelope.name}
    assert len({position for position, *_ in found}) == len(found)


@pytest.mark.parametrize("envelope", [each for each in envelopes() if each.from_text], ids=lambda each: each.name)
def test_a_line_of_text_that_carries_another_may(envelope: Envelope):
    assert all(may_carry(line) for sent, _ in envelope.samples for line in sent.split(b"\n"))


@pytest.mark.parametrize("envelope", envelopes(), ids=lambda each: each.name)
def test_every_envelope_has_a_sample_and_says_where_its_format_is_described(envelope: Envelope):
    assert envelope.samples
    assert envelope.source.startswith("https://")
    assert envelope.description


@pytest.mark.parametrize(
    "sent",
    [
        {"log": "a", "time": TIME, "level": "info"},
        {"log": "api", "time": TIME, "msg": "a"},
        {"log": "no line feed, and no stream", "time": TIME},
        {"log": "a", "date": "2025", "user": "u"},
        {"date": TIME, "log": {"level": "info"}, "message": "a"},
        {"log": "a", "container_id": "7b1d", "user": "u"},
        {"@timestamp": TIME, "message": "a", "log.level": "INFO", "ecs.version": "1.6.0"},
        {"@timestamp": TIME, "message": "a", "log": {"level": "INFO", "logger": "api"}, "ecs": {"version": "8"}},
        {"@timestamp": TIME, "message": "a", "agent": {"name": "smith"}, "request_id": "r"},
        {"@timestamp": TIME, "@version": "1", "message": "a", "level": "INFO", "logger_name": "api"},
        {"source_type": "db", "message": "a", "rows": 3},
        {"source_type": ["file"], "message": "a"},
        {"events": [{"message": "a", "user": "u"}], "message": "b"},
        {"events": [{"message": "a", "timestamp": 1, "ingestionTime": 1, "user": "u"}]},
        {"streams": [{"stream": "a", "values": []}]},
        {"streams": [], "message": "a"},
        {"data": {"resultType": "matrix", "result": []}, "status": "success"},
        {"records": [{"time": TIME, "value": 1}]},
        {"logName": "api", "message": "a", "trace": "t"},
        {"kubernetes": {"cluster": "c"}, "message": "a"},
        {"kubernetes": "yes", "message": "a"},
        {"TimeGenerated": TIME, "LogMessage": "a"},
        {"awslogs": {"data": "H4sIAAAA"}},
        {"awslogs": {"data": "é"}},
        {"kinesis": {"data": 3}, "eventSource": "aws:kinesis"},
        {"resourceLogs": {}},
        {"MESSAGE": None, "__REALTIME_TIMESTAMP": "1737369000123456"},
        {"MESSAGE": [1, 256], "__REALTIME_TIMESTAMP": "1737369000123456"},
    ],
)
def test_what_only_looks_like_an_envelope_is_a_record(sent: dict[str, Any]):
    (record,) = records(sent)
    assert json.loads(record[1]) == sent
    assert record[4] == sent
    assert record[5] is None


@pytest.mark.parametrize(
    "line",
    [
        "2025-01-20T10:30:00.123Z INFO api: a",
        "2025-01-20T10:30:00+00:00 api INFO: a",
        "2025-01-20T10:30:00.123Z worker loader: a",
        "Jan 20 10:30:00 INFO api: a",
        "<999>Jan 20 10:30:00 api-1 api: a",
        "<14> a",
        "2025-01-20T10:30:00.123Z stdin F a",
        "| a | b |",
        "web | a",
    ],
)
def test_what_only_looks_like_a_header_is_part_of_the_line(line: str):
    assert all(origin is None for *_, origin in records(line))


JSON: st.SearchStrategy[Any] = st.deferred(
    lambda: (
        st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False), st.text())
        | st.lists(JSON, max_size=2)
        | st.dictionaries(st.text(max_size=8), JSON, max_size=2)
    )
)
_TELLING = sorted({name for envelope in envelopes() for name in envelope.members})


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List where there is a value in a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, each in inner for place in places(each, (*path, name)))]


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, Any]:
    """Make an envelope of which something is another thing than it ought to be."""
    sent = copy.deepcopy(draw(st.sampled_from(OBJECTS)))
    if isinstance(sent, list):
        sent = sent[0]
    *path, last = draw(st.sampled_from(places(sent)[1:]))
    inner: Any = sent
    for name in path:
        inner = inner[name]
    if isinstance(inner, dict) and draw(st.booleans()):
        del inner[last]
    else:
        inner[last] = draw(JSON)
    return sent


@given(spoilt() | st.dictionaries(st.sampled_from(_TELLING), JSON))
def test_a_hostile_object_is_read_or_left_as_it_is(sent: dict[str, Any]):
    taken = from_object(json.loads(json.dumps(sent)), Clock())
    assert taken is None or all(isinstance(each.text, bytes) for each in taken[1])
    found = records(sent, {"message": "next", "level": "INFO"})
    assert [raw for _, raw, *_ in found][-1] == b'{"message": "next", "level": "INFO"}'
    assert len({position for position, *_ in found}) == len(found)
    assert len(documents(sent)) == len(found) - 1


@pytest.mark.parametrize("kind", ["kvlistValue", "arrayValue"])
def test_an_object_that_is_nested_too_deeply_is_a_record(kind: str):
    inner = '{"values":[{"key":"a","value":{"%s":' if kind == "kvlistValue" else '{"values":[{"%s":'
    ends = "}}]}" if kind == "kvlistValue" else "}]}"
    body = f'{{"{kind}":' + (inner % kind) * 200 + "{}" + ends * 200 + "}"
    sent = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":' + body + "}]}]}]}"
    (record,) = records(sent)
    assert record[1]


def test_records_of_several_streams_keep_their_order_and_their_tracebacks():
    def cri(stream: str, text: str) -> str:
        return f"2025-01-20T10:30:00.1Z {stream} F {text}"

    assert raws(
        cri("stderr", HEAD + "boom"),
        cri("stdout", HEAD + "1"),
        cri("stderr", "Traceback (most recent call last):"),
        cri("stdout", HEAD + "2"),
        cri("stderr", "ValueError: bad"),
        cri("stdout", HEAD + "3"),
    ) == [f"{HEAD}boom\nTraceback (most recent call last):\nValueError: bad", *(HEAD + n for n in "123")]


def test_lines_of_several_pods_do_not_mix():
    def fluent_bit(pod: str, text: str) -> dict[str, Any]:
        return {"log": text + "\n", "stream": "stderr", "kubernetes": {"pod_name": pod, "container_name": "api"}}

    lines = [HEAD + "boom", "Traceback (most recent call last):", "  in a", "KeyError: 'AGE'"]
    sent = [fluent_bit(pod, line) for line in lines for pod in ("a", "b", "c")]
    assert raws(*sent) == ["\n".join(lines)] * 3
    assert raws([sent[0], sent[3]]) == ["\n".join(lines[:2])]


def test_an_event_without_a_head_is_a_record_of_its_own_with_the_time_of_the_envelope():
    events = [HEAD + "boom", "Traceback (most recent call last):", "KeyError: 'AGE'", "plain", "  indented"]
    sent = {
        "messageType": "DATA_MESSAGE",
        "logGroup": "g",
        "logStream": "s",
        "logEvents": [{"timestamp": 1737369000123 + n, "message": text} for n, text in enumerate(events)],
    }
    first, second = documents(sent)
    assert first["message"] == "boom\nTraceback (most recent call last):\nKeyError: 'AGE'"
    assert (second["message"], second["@timestamp"]) == ("plain\n  indented", "2025-01-20T10:30:00.126Z")


def test_control_messages_are_no_records_and_are_counted():
    control = {"messageType": "CONTROL_MESSAGE", "logGroup": "", "logEvents": [{"message": "CWL CONTROL MESSAGE"}]}
    parsing = PARSER.open()
    content = json.dumps(control) * 2 + HEAD + "a"
    (record,) = split_records([content.encode()], "a.log", parsing.reader)
    assert record[1].decode() == HEAD + "a"
    assert parsing.counted().summary()["coverage"]["control_messages"] == 2


def awslogs_of(*messages: str) -> dict[str, Any]:
    events = [{"timestamp": 1737369000123, "message": each} for each in messages]
    content = json.dumps({"logGroup": "g", "logStream": "s", "logEvents": events}).encode()
    return {"awslogs": {"data": base64.b64encode(gzip.compress(content)).decode()}}


def test_positions_are_unique_in_envelopes_in_envelopes():
    inner = [json.dumps(awslogs_of(f"{n}a", f"{n}b", '{"n":1}{"n":2}')) for n in range(3)]
    data = base64.b64encode("\n".join(inner).encode()).decode()
    found = records({"kinesis": {"data": data}, "eventSource": "aws:kinesis"}, "plain")
    assert [raw.decode() for _, raw, *_ in found] == [
        *(text for n in range(3) for text in (f"{n}a", f"{n}b", '{"n":1}', '{"n":2}')),
        "plain",
    ]
    assert len({position for position, *_ in found}) == len(found)
    assert {origin.envelope for *_, origin in found if origin} == {"kinesis+awslogs+cloudwatch"}


def test_positions_are_unique_in_elements_that_hold_several_objects():
    content = json.dumps(['{"a":1}{"a":2}', *({"n": n} for n in range(9))])
    found = records(content, name="a.json")
    assert len({position for position, *_ in found}) == len(found) == 11


def test_content_that_inflates_too_much_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch):
    sent = awslogs_of("a" * 100_000)
    assert raws(sent) == ["a" * 100_000]
    monkeypatch.setattr(packed, "LARGEST", 50_000)
    assert raws(sent) == [json.dumps(sent)]


@pytest.mark.parametrize("sent", [awslogs_of("a", "é"), {"Records": [awslogs_of("a", "é"), 3, {"awslogs": 4}]}])
def test_packed_content_is_read_the_same_as_text(sent: dict[str, Any]):
    line = json.dumps(sent).encode()
    text = packed.as_text(line)
    assert b"H4sI" not in text
    assert packed.as_text(text) is text
    assert packed.as_text(b"\xef\xbb\xbf" + line) == b"\xef\xbb\xbf" + text
    if "awslogs" in sent:
        assert raws(text.decode()) == raws(sent) == ["a", "é"]


@pytest.mark.parametrize(
    "line", [b'{"data": "SU5GTw==", "message": "awslogs"}', b'{"awslogs": {"data": "?"}}', b'"awslogs" "data"']
)
def test_a_line_without_packed_content_stays_the_same(line: bytes):
    assert packed.as_text(line) is line


def docker(log: str, stream: str = "stdout") -> dict[str, str]:
    return {"log": log, "stream": stream, "time": TIME}


def test_parts_of_a_line_are_joined_within_their_stream():
    half = HEAD + "x" * 20_000
    found = raws(docker(half), docker("other\n", "stderr"), docker("y" * 20_000), docker("z\n"), docker("next\n"))
    assert found == [half + "y" * 20_000 + "z\nnext", "other"]


def test_lines_whose_sender_leaves_out_their_ends_are_no_parts():
    assert raws(docker(HEAD + "1"), docker(HEAD + "2"), docker('{"n":1}'), docker('{"n":2}')) == [
        *(HEAD + n for n in "12"),
        '{"n":1}',
        '{"n":2}',
    ]


def test_a_line_that_never_ends_is_bounded():
    parts = [docker("x" * 16_384) for _ in range(200)]
    found = raws(*parts)
    assert "".join(found) == "x" * 16_384 * 200
    assert max(map(len, found)) <= streams.MOST_BYTES + 16_384


def test_what_waits_in_all_streams_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(streams, "_MOST_WAITING", 100_000)
    reader = PARSER.open().reader
    waiting = streams.Streams(reader)
    for n in range(500):
        sent = {"log": "x" * 2_000, "kubernetes": {"pod_name": str(n)}, "logtag": "P"}
        waiting.take(n, json.dumps(sent).encode())
    assert waiting.complete >= 400
    assert sum(1 for _ in (*waiting.taken(), *waiting.close())) == 500


def test_a_record_that_gets_no_more_lines_does_not_hold_up_the_others_for_ever():
    reader = PARSER.open().reader
    waiting = streams.Streams(reader)
    waiting.take(0, json.dumps(docker(HEAD + "boom\n", "stderr")).encode())
    given = 0
    for n in range(1, 3_000):
        waiting.take(n, json.dumps(docker(f'{{"n":{n}}}\n')).encode())
        given += len(list(waiting.taken()))
    assert given >= 1_900
    places = [position for position, *_ in (*waiting.taken(), *waiting.close())]
    assert all(before < after for before, after in pairwise(places))


def test_lines_with_a_time_before_each_keep_their_tracebacks():
    lines = [HEAD + "boom", "Traceback (most recent call last):", '  File "a.py", line 1', "KeyError: 'AGE'"]
    sent = [f"2025-01-20T10:30:00.12{n}Z {line}" for n, line in enumerate(lines)]
    assert raws(*sent, "2025-01-20T10:30:01.000Z plain") == ["\n".join(lines), "2025-01-20T10:30:01.000Z plain"]


def test_a_line_below_a_header_belongs_to_it():
    header = "Jan 20 10:30:00 api-1 api[7]: "
    assert raws(header + "a", "    b", header + "c", {"n": 1}, "    d") == ["a\n    b", "c", '{"n": 1}', "    d"]


def test_the_header_of_syslog_tells_level_logger_and_structured_data():
    (document,) = documents('<11>1 2025-01-20T10:30:00.5Z api-1 api 7 ID [x@1 a="b\\"c"][y d="]"] text')
    assert document["level"] == "ERROR"
    assert document["logger"] == "api"
    assert document["message"] == "text"
    assert document["labels"] == {
        "host": "api-1",
        "program": "api",
        "process": "7",
        "message_id": "ID",
        "structured_data": {"x@1": {"a": 'b"c'}, "y": {"d": "]"}},
    }
    assert "unread" not in document


def test_a_level_in_the_line_comes_before_that_of_the_envelope():
    entry = {"logName": "l", "severity": "INFO", "timestamp": TIME}
    assert [
        each["level"] for each in documents({**entry, "textPayload": HEAD + "a"}, {**entry, "textPayload": "a"})
    ] == [
        "ERROR",
        "INFO",
    ]


def test_what_an_envelope_tells_of_the_event_is_kept_beside_what_the_line_tells():
    line = "[t-1] API Call - POST /predict - Status: 200 - Time: 15.98ms - Input: {} - Result: {}"
    attributes = [{"key": name, "value": {"stringValue": value}} for name, value in (("user", "u"), ("method", "GET"))]
    record = {"timeUnixNano": "1737369000123456789", "traceId": "5b8e", "attributes": attributes}
    sent = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{**record, "body": {"stringValue": HEAD + line}}]}]}]}
    (document,) = documents(sent)
    assert document["transaction_id"] == "t-1"
    assert document["http_method"] == "POST"
    assert document["data"] == {"user": "u", "method": "GET", "trace_id": "5b8e"}
    assert json.loads(document["raw_log"])["attributes"] == attributes


def test_the_request_of_a_google_cloud_entry_is_the_events():
    request = {"requestMethod": "POST", "requestUrl": "https://api/predict?x=1", "status": 200, "latency": "0.5s"}
    (document,) = documents({"logName": "l", "timestamp": TIME, "httpRequest": request, "textPayload": "done"})
    assert (document["http_method"], document["http_path"], document["status_code"]) == ("POST", "/predict", 200)
    assert document["execution_time_ms"] == 500


def test_a_record_of_kubernetes_keeps_its_labels():
    (document,) = documents({"date": 1737372600.5, "level": "warn", "msg": "a", "kubernetes": {"pod_name": "p"}})
    assert document["labels"] == {"kubernetes": {"pod_name": "p"}}
    assert (document["level"], document["message"]) == ("WARNING", "a")
    assert document["@timestamp"] == "2025-01-20T11:30:00.500Z"


@pytest.mark.parametrize(
    "line",
    [
        '<14>1 - a a a a [x a="' + '\\"' * 500_000,
        "<14>1 - a a a a " + '[x a="b"]' * 100_000 + "-",
        "<14>1 - a a a a " + "[" * 1_000_000,
        "<14>1 - a a a a [x" + ' a="b"' * 200_000,
        "2025-01-20T10:30:00+00:00 " + "a" * 1_000_000,
        "2025-01-20T10:30:00Z\tapi\t" + "{" * 1_000_000 + "}",
        "web-1" + " " * 1_000_000 + "|",
        "[pod/" + "a/" * 500_000,
    ],
    ids=lambda line: line[:20],
)
def test_a_hostile_line_is_read_in_linear_time(line: str):
    begun = process_time()
    assert raws(line)
    assert process_time() - begun < 2
