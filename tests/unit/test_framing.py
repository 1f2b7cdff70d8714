"""What belongs together is one record: objects over several lines, tracebacks of every kind, lines of one stream."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.pipeline.framing import split_records
from functions.pipeline.parser import Parser, ParserOptions
from functions.pipeline.records import Record

PARSER = Parser(ParserOptions())
HEAD = "2025-01-20 10:30:00 - api - INFO - "
PYTHON = """Traceback (most recent call last):
  File "app.py", line 3, in predict
    raise ValueError("bad")
ValueError: bad
more of the message

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "app.py", line 9, in <module>
RuntimeError: worse""".replace("more of the message\n", "")
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "app.py", line 3, in <module>
  |     raise ExceptionGroup("several", [ValueError("a")])
  | ExceptionGroup: several (1 sub-exception)
  +-+---------------- 1 ----------------
    | ValueError: a
    +------------------------------------"""
JAVA = """java.lang.IllegalStateException: model is not loaded
\tat com.example.Api.predict(Api.java:12)
\tat com.example.Api.main(Api.java:3)
Caused by: java.io.FileNotFoundException: model.bin
\t... 2 more"""
GO = """panic: runtime error: index out of range [3] with length 3

goroutine 1 [running]:
main.predict({0xc000012345, 0x3, 0x3})
\t/app/main.go:12 +0x1d
main.main()
\t/app/main.go:5 +0x25
exit status 2"""
NODE = """TypeError: Cannot read properties of undefined (reading 'predict')
    at Object.<anonymous> (/app/index.js:3:7)
    at node:internal/main/run_main_module:23:47"""
TRACES = {"python": PYTHON, "group": GROUP, "java": JAVA, "go": GO, "node": NODE}


def records(content: bytes) -> list[Record]:
    return list(split_records([content], "a.log", PARSER.open().reader))


def raws(content: str) -> list[str]:
    reader = PARSER.open().reader
    return [record[1].decode() for record in split_records([content.encode()], "raw/x.log.gz", reader)]


@pytest.mark.parametrize("trace", TRACES.values(), ids=TRACES)
def test_a_traceback_between_json_lines_is_one_record(trace: str):
    first, last = '{"message": "boom"}', '{"message": "next"}'
    assert raws(f"{first}\n{trace}\n{last}\n") == [first, trace, last]


@pytest.mark.parametrize("trace", TRACES.values(), ids=TRACES)
def test_a_traceback_belongs_to_the_text_record_before_it(trace: str):
    assert raws(f"{HEAD}boom\n{trace}\n{HEAD}next\n") == [f"{HEAD}boom\n{trace}", f"{HEAD}next"]


def test_what_follows_a_traceback_is_not_part_of_it():
    assert raws(f"{PYTHON}\nServer stopped\n") == [PYTHON, "Server stopped"]


OBJECTS = [{"message": "a", "data": {"list": [1, {"x": 2}]}}, {"message": "b"}]


@pytest.mark.parametrize("indent", [1, 2, 4, "\t"])
def test_a_pretty_array_gives_its_elements(indent: int | str):
    assert [json.loads(raw) for raw in raws(json.dumps(OBJECTS, indent=indent) + "\n")] == OBJECTS


def test_pretty_objects_one_after_another_are_records():
    content = "\n".join(json.dumps(each, indent=2) for each in OBJECTS)
    assert [json.loads(raw) for raw in raws(content)] == OBJECTS


def test_an_array_that_begins_in_the_middle_gives_what_is_whole():
    lines = json.dumps(OBJECTS, indent=2).split("\n")
    assert json.loads(raws("\n".join(lines[lines.index("  {", 2) :]))[0]) == OBJECTS[1]


def test_an_object_that_never_ends_is_read_by_lines():
    assert raws('{\n  "message": "a"\n') == ["{", '  "message": "a"']


def test_a_broken_object_leaves_the_lines_behind_it_alone():
    content = [b'{"broken": ', b"INFO:     started", HEAD.encode() + b"one", b"  more", b"WARNING:  \x1b[1mtwo"]
    (_, broken), *others = [(head, raw) for _, raw, _, head, _, _ in records(b"\n".join(content))]
    assert broken == content[0]
    assert [raw for _, raw in others] == [content[1], b"\n".join(content[2:4]), b"WARNING:  two"]
    assert all(head for head, _ in others)


def test_a_line_of_source_code_with_braces_is_part_of_its_traceback():
    trace = f'{HEAD}failed\nTraceback (most recent call last):\n    {{"a": 1}}["b"]\nKeyError: "b"'
    assert raws(trace) == [trace]


def test_objects_on_a_line_with_broken_text_are_at_places_of_their_own():
    found = records(b'{"a":"\xff\xff\xff\xff\xff\xff"},{"b":1}\n{"c":1}\n{"d":1}')
    positions = [record[0] for record in found]
    assert positions == sorted(set(positions))


def test_objects_in_an_element_of_an_array_are_at_places_of_their_own():
    content = b'[[{"a":1},{"b":1}],{"c":1},' + b",".join([b'{"d":1}'] * 20) + b"]"
    found = list(split_records([content], "a.json", PARSER.open().reader))
    assert len({record[0] for record in found}) == len(found) == 23


def test_a_line_keeps_its_colours_in_an_envelope_that_is_text():
    (record,) = records(b"2025-01-20T10:30:00.1Z stderr F INFO:     \x1b[1ma\x1b[0m")
    *_, origin = record
    assert origin.sent == b"INFO:     \\u001b[1ma\\u001b[0m"


def test_the_colours_of_an_object_that_breaks_off_stay_with_its_first_line():
    found = records(b'{ \x1b[1m"a": 1,\n  "b": 2,\nno JSON\nnor this')
    assert [record[1] for record in found] == [b'{ "a": 1,', b'  "b": 2,', b"no JSON", b"nor this"]
    assert not [origin.sent for *_, origin in found[1:] if origin]


def test_a_pretty_object_in_a_message_belongs_to_the_message():
    text = HEAD + "config " + json.dumps({"a": 1}, indent=2)
    assert raws(text + "\n") == [text]


def test_brackets_that_are_no_array_stay():
    assert raws("[\nhello\n]\n") == ["[", "hello", "]"]


@given(
    st.lists(st.sampled_from(["{", "}", "[", "]", "},", '  "a": 1', "[{", "}]", "text", HEAD + "x", "", "  {", "  }"]))
)
def test_no_line_is_lost_whatever_the_brackets(lines: list[str]):
    sent = "".join("\n".join(lines).split())
    found = "".join("".join(raws("\n".join(lines))).split())
    brackets = str.maketrans("", "", "[],")
    assert found.translate(brackets) == sent.translate(brackets)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"a": 1}{"a": 2}', ['{"a": 1}', '{"a": 2}']),
        ('{"a": 1}, {"a": 2},', ['{"a": 1}', '{"a": 2}']),
        ('{"a": "é"},', ['{"a": "é"}']),
        ('[{"a": 1}, {"a": 2}]', ['{"a": 1}', '{"a": 2}']),
        ('[{"a": 1},', ['{"a": 1}']),
        ('{"a": 2}]', ['{"a": 2}']),
        ('{"a": 1} INFO done', ['{"a": 1}', "INFO done"]),
        ('{"a": 1}{"a": ', ['{"a": 1}', '{"a":']),
        ("{'a': 1}", ["{'a': 1}"]),
    ],
)
def test_several_objects_on_a_line_are_records(line: str, expected: list[str]):
    assert raws(line + "\n") == expected


def test_objects_on_a_line_have_positions_of_their_own():
    content = '{"a": "é"}{"a": 2}\n'.encode()
    assert [each[0] for each in split_records([content], "a.log", PARSER.open().reader)] == [0, 11]


def interleaved(lines: list[tuple[str, str]]) -> str:
    times = (f"2025-01-20T10:30:0{n}.000000000Z" for n in range(10))
    return "".join(f"{time} {stream} F {line}\n" for time, (stream, line) in zip(times, lines, strict=False))


def test_lines_of_different_streams_do_not_mix():
    lines = [
        ("stderr", HEAD + "boom"),
        ("stdout", HEAD + "other"),
        ("stderr", "Traceback (most recent call last):"),
        ("stdout", HEAD + "more"),
        ("stderr", "ValueError: bad"),
    ]
    assert sorted(raws(interleaved(lines))) == sorted(
        [f"{HEAD}boom\nTraceback (most recent call last):\nValueError: bad", f"{HEAD}other", f"{HEAD}more"]
    )


def test_envelopes_nest():
    docker = json.dumps({"log": HEAD + "x\n", "stream": "stderr", "time": "2025-01-20T10:30:00Z"})
    beats = {"@timestamp": "2025-01-20T10:30:01Z", "message": docker, "input": {"type": "log"}, "host": {"name": "h"}}
    (record,) = split_records([json.dumps(beats).encode()], "a.log", PARSER.open().reader)
    *_, origin = record
    assert record[1].decode() == HEAD + "x"
    assert origin.envelope == "beats+docker"
    assert origin.labels == {"host": {"name": "h"}, "stream": "stderr"}


@pytest.mark.parametrize(
    "sent",
    [
        {"log": "a", "time": 5, "level": "info"},
        {"message": "a", "@timestamp": "2025-01-20T10:30:00Z", "log.level": "info"},
        {"message": "a", "@timestamp": "2025-01-20T10:30:00Z", "agent": {"name": "mine"}, "request_id": "r"},
        {"date": "2025-01-20", "log": {"a": 1}},
        {"events": [1, 2], "message": "a"},
        {"streams": 3},
        {"logEvents": {}, "logGroup": "g"},
    ],
)
def test_what_only_looks_like_an_envelope_is_a_record(sent: dict):
    line = json.dumps(sent)
    (record,) = split_records([line.encode()], "a.log", PARSER.open().reader)
    assert record[1].decode() == line
    assert record[4] == sent


def test_a_line_that_only_looks_like_an_object_behind_a_time_keeps_its_time():
    lines = [b"2025-01-20 10:30:00,123 - api - INFO - a", b'2025-01-20 10:30:01,123 - {"a": 1']
    assert [record[1] for record in records(b"\n".join(lines))] == lines


def test_a_traceback_behind_times_keeps_them_where_the_record_before_has_its_own_in_its_text():
    first = b"2025-01-20 10:30:00,123 - api - ERROR - a"
    trace = [b"2025-01-20T10:30:00.123Z Traceback (most recent call last):", b"2025-01-20T10:30:00.124Z   File x"]
    (record,) = records(b"\n".join((first, *trace)))
    origin = record[5]
    assert origin is not None
    assert origin.sent == b"\\n".join((first, *trace))


def test_objects_of_an_object_that_was_given_up_stand_where_they_stood():
    found = records(b'{"leggor} x\n[{"a":1},{"b,!@[\n  {\n    "a":"b":2}')
    assert [record[0] for record in found] == sorted(record[0] for record in found)
    assert len(found) == 5


def test_lines_are_read_alike_wherever_the_object_was_cut():
    envelope = json.dumps({"log": HEAD + 'a "quoted" é\n', "stream": "stderr", "time": "2025-01-20T10:30:00.5Z"})
    gunicorn = "[2025-01-20 10:30:00 +0000] [7] [INFO] b"
    others = [
        HEAD + "a\tb é",
        "  at c",
        '{"message": "d"}',
        gunicorn,
        "no layout",
        "{",
        '"e": 1',
        "}",
        "\x1b[1mf\x1b[0m",
    ]
    lines = [line.encode() + b"\n" for other in others for line in (envelope, other, *others)] + [b"\xff\n", b"g\n"]
    whole = list(split_records([b"".join(lines)], "a.log", PARSER.open().reader))
    assert list(split_records(lines, "a.log", PARSER.open().reader)) == whole
    assert sum(record[5] is not None and record[5].envelope == "docker" for record in whole) == len(others)
