"""What the producer reads from a file, how it keys rows, and when they are due."""

from __future__ import annotations

import json
import tracemalloc
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.pipeline.config import load
from functions.pipeline.errors import ConfigError, PermanentError
from functions.pipeline.kafka_clients import settings
from functions.pipeline.kafka_options import KafkaOptions
from functions.pipeline.one_line import one_line
from functions.producer.options import ProducerOptions
from functions.producer.pace import Pace, fields_of, key_of
from functions.producer.rows import LARGEST, rows

ROWS = [{"Source": "Zoho", "Description": 'a "quoted" ] } \\', "n": [1, {"m": "é"}]}, {"Source": "Efficy"}]


def read(text: bytes, size: int = 7) -> list[bytes]:
    return list(rows((text[at : at + size] for at in range(0, len(text), size)), "logs.json"))


@pytest.mark.parametrize("indent", [None, 0, 2])
@pytest.mark.parametrize("size", [1, 5, 1 << 16])
def test_an_array_gives_a_row_for_each_element(indent, size):
    text = json.dumps(ROWS, indent=indent, ensure_ascii=False).encode()
    found = read(text, size)
    assert [json.loads(each) for each in found] == ROWS
    assert not any(b"\n" in each for each in found)


@pytest.mark.parametrize("text", ['\ufeff["a", 2]', '[ "a" ,\n2 ]\n', '["a",2]  '])
def test_an_array_may_hold_anything(text):
    assert read(text.encode()) == [b'"a"', b"2"]


@pytest.mark.parametrize("text", [b"", b" \n", b"[]", b"[\n]"])
def test_a_file_without_rows_gives_none(text):
    assert read(text) == []


def test_lines_are_rows_as_they_are():
    assert read(b'{"a":1}\r\n\n{"broken\n[INFO] text\n') == [b'{"a":1}', b'{"broken', b"[INFO] text"]
    assert read(b"[INFO] text\nmore") == [b"[INFO] text", b"more"]


def test_objects_over_several_lines_are_rows():
    text = "\n".join(json.dumps(each, indent=2) for each in ROWS).encode()
    assert [json.loads(each) for each in read(text)] == ROWS


@pytest.mark.parametrize("text", [b'[{"a": 1}, {"b": ', b'[{"a": 1}, "b', b'[{"a": 1}, {"b": 2}'])
def test_what_breaks_off_is_named_after_the_rows_before_it(text):
    found, reading = [], rows(iter([text]), "logs.json")
    with pytest.raises(PermanentError, match=r"logs.json ends inside the row at byte \d+"):
        found.extend(reading)
    assert found[0] == b'{"a": 1}'


def test_a_bracket_that_nothing_closes_does_not_fill_the_memory():
    endless = (b"[" if not number else b'{"a": ' * 10_000 for number in range(10_000))
    with pytest.raises(PermanentError, match="has more than 16 MB"):
        list(rows(endless, "logs.json"))


def test_memory_is_bounded_by_a_row():
    row = json.dumps({"pad": "x" * 1000}).encode()
    chunks = chain([b"[", row], (b"," + row for _ in range(59_999)), [b"]"])
    tracemalloc.start()
    assert sum(1 for _ in rows(chunks, "logs.json")) == 60_000
    assert tracemalloc.get_traced_memory()[1] < LARGEST // 16
    tracemalloc.stop()


@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.none()), max_size=4), st.integers(1, 9))
def test_any_array_is_read_back_however_it_is_cut(values, size):
    text = json.dumps(values, indent=1, ensure_ascii=False).encode("utf-8", "replace")
    assert [json.loads(each) for each in read(text, size)] == json.loads(text)


@pytest.mark.parametrize("text", [b"a\nb", b"{\nno JSON", b"{\n", b"[INFO]\nx"])
def test_only_json_is_compacted(text):
    assert one_line(text) == text


def test_compacting_keeps_every_digit_and_every_blank_in_text():
    text = b'{\r\n  "a": 1.0000000000000000001,\n\n  "b": "x  \\n y"\n}'
    assert one_line(text) == b'{"a": 1.0000000000000000001,"b": "x  \\n y"}'


@pytest.mark.parametrize(
    ("row", "key"),
    [
        (b'{"Source": "zohobooks"}', "zohobooks"),
        (b'{"source": {"name": "PowerBI", "type": "api"}}', "PowerBI"),
        (b'{"Source": 7, "source": "x"}', "x"),
        (b'{"Source": ""}', None),
        (b"[1]", None),
        (b"text", None),
    ],
)
def test_rows_are_keyed_by_their_source(row, key):
    assert key_of(fields_of(row)) == key


def test_the_gaps_between_runs_are_kept_and_shortened():
    pace = Pace(10)
    began = ["05-09-2025 16:45:26.500000", "05-09-2025 16:45:36.500000", "no time", "06-09-2025 16:45:26.500000"]
    assert [pace.due({"Debut": each}) for each in began] == [0, 1, 0, 8640]
    assert pace.due({"@timestamp": "2025-09-05T16:46:06.500Z"}) == 4
    assert pace.due({"Debut": "05-09-2025 16:45:25"}) < 0  # out of order: it is due at once


@pytest.mark.parametrize(("text", "simulates"), [("true", True), ("1", True), ("FALSE", False), ("no", False)])
def test_the_documents_variables_are_understood(text, simulates):
    variables = {"SIMULATE_REALTIME": text, "LOGS_FILE_PATH": "/app/data/logs.json", "LOG_LEVEL": "warn"}
    (options,) = load(variables, ProducerOptions)
    assert (options.simulates, options.file, options.level) == (simulates, "/app/data/logs.json", "WARNING")


def test_another_programs_log_level_is_no_error():
    (options,) = load({"LOG_LEVEL": "chatty"}, ProducerOptions)
    assert options.level == "INFO"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("kafka://h", {"servers": "h:9092", "topic": "ingestion-logs"}),
        ("kafka://h:1,[::1]:2,h3/t", {"servers": "h:1,[::1]:2,h3:9092", "topic": "t"}),
        ("kafka://h/t?group=g%20g&name=n", {"group": "g g", "given_name": "n"}),
    ],
)
def test_an_address_says_what_the_variables_say(address, expected):
    found = vars(KafkaOptions().at(address))
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    "address",
    ["kafka://", "kafka://u:pw@h/t", "kafka://h/a/b", "kafka://h/t?other=pw", "kafka://h/t?name=A B", "kafka://h:x/t"],
)
def test_another_address_is_refused_and_not_repeated(address):
    with pytest.raises(ConfigError, match="kafka://host:9092/topic") as caught:
        KafkaOptions().at(address)
    assert "pw" not in str(caught.value)


def test_a_sign_in_needs_a_user_and_a_password():
    with pytest.raises(ConfigError, match="KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"):
        settings(KafkaOptions("h:1", protocol="sasl_ssl"))
    with pytest.raises(ConfigError, match="KAFKA_BOOTSTRAP_SERVERS"):
        settings(KafkaOptions())
