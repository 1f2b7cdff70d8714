"""Objects are split into records, and no text is lost on the way."""

import json
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.pipeline.framing import split_records
from functions.pipeline.parser import Parser, ParserOptions
from functions.pipeline.streams import MOST_BYTES, MOST_LINES

PARSER = Parser(ParserOptions(timezone=ZoneInfo("UTC")))


class Record(NamedTuple):
    """A record with names for its parts."""

    position: int
    raw: bytes
    text: bytes
    head: tuple | None
    fields: dict | None
    origin: tuple | None


HEAD = b"2025-01-20 10:30:00 - api - INFO - "


def split(content: bytes, key: str = "raw/x.log.gz", size: int | None = None) -> list[Record]:
    size = size or max(1, len(content))
    chunks = (content[at : at + size] for at in range(0, len(content), size))
    return [Record(*each) for each in split_records(chunks, key, PARSER.open().reader)]


def raws(content: bytes, key: str = "raw/x.log.gz") -> list[bytes]:
    return [record.raw for record in split(content, key)]


def test_each_line_that_begins_with_a_time_is_a_record():
    assert raws(HEAD + b"a\n" + HEAD + b"b\n") == [HEAD + b"a", HEAD + b"b"]


def test_a_position_is_the_byte_at_which_the_record_begins():
    content = HEAD + b"a\n\n" + HEAD + b"b\n"
    assert [content[record.position :][: len(record.raw)] for record in split(content)] == raws(content)


def test_a_traceback_belongs_to_the_record_before_it():
    content = HEAD + b"failed\nTraceback (most recent call last):\n\n  x = 1\n" + HEAD + b"next\n"
    assert raws(content) == [HEAD + b"failed\nTraceback (most recent call last):\n\n  x = 1", HEAD + b"next"]


def test_where_no_line_begins_a_record_every_line_is_one():
    assert raws(b"one\n\n  two\nthree") == [b"one", b"  two", b"three"]


def test_lines_before_the_first_beginning_are_records_of_their_own():
    assert raws(b"tail of\na traceback\n" + HEAD + b"a\nwrapped\n") == [
        b"tail of",
        b"a traceback",
        HEAD + b"a\nwrapped",
    ]


def test_a_json_object_is_a_record_and_takes_no_lines():
    records = split(b'{"message": "a"}\norphan\n' + HEAD + b"b\n" + b'{"message": "c"}\n')
    assert [(record.raw, record.fields) for record in records] == [
        (b'{"message": "a"}', {"message": "a"}),
        (b"orphan", None),
        (HEAD + b"b", None),
        (b'{"message": "c"}', {"message": "c"}),
    ]


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (b'{"message": "caf\xe9"}', {"message": "caf\ufffd"}),
        (b'{"message": "x", "value": NaN}', {"message": "x", "value": None}),
        (b'{"message": "\\ud83d"}', {"message": "?"}),
        (b'  {"message": "x"}', {"message": "x"}),
    ],
)
def test_an_object_that_is_not_strictly_json_is_read_all_the_same(line: bytes, fields: dict):
    assert [record.fields for record in split(HEAD + b"a\n" + line + b"\n")] == [None, fields]


def test_a_line_that_only_looks_like_json_belongs_to_the_text_before_it():
    assert raws(HEAD + b"a\n{'not': 'json'}\n{\n") == [HEAD + b"a\n{'not': 'json'}\n{"]


def test_a_long_traceback_is_cut_by_lines():
    content = HEAD + b"a\n" + b"  line\n" * (2 * MOST_LINES)
    assert [raw.count(b"\n") + 1 for raw in raws(content)] == [MOST_LINES, MOST_LINES, 1]


def test_a_long_traceback_is_cut_by_bytes():
    line = b"x" * 300_000
    assert [len(raw) for raw in raws(HEAD + b"a\n" + (line + b"\n") * 4)] == [len(HEAD) + 1 + 3 * 300_001, 300_000]
    assert len(HEAD) + 1 + 3 * 300_001 <= MOST_BYTES


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xef\xbb\xbf" + HEAD + b"a\n", [HEAD + b"a"]),
        (HEAD + b"a\r\n" + HEAD + b"b\r\n", [HEAD + b"a", HEAD + b"b"]),
        (HEAD + b"no newline at the end", [HEAD + b"no newline at the end"]),
        (HEAD + "a\u2028b".encode() + b"\n", [HEAD + "a\u2028b".encode()]),
        (HEAD + b"a\rb\n", [HEAD + b"a\rb"]),
        (b"\n \n\r\n", []),
        (b"", []),
        (HEAD + b"\xff\xfe\n", [HEAD + "\ufffd\ufffd".encode()]),
        (HEAD + b"x" * (1 << 20) + b"\n" + HEAD + b"b", [HEAD + b"x" * (1 << 20), HEAD + b"b"]),
    ],
    ids=["bom", "crlf", "unended", "u2028", "cr", "blank", "empty", "invalid-utf8", "1-MB-line"],
)
def test_every_kind_of_text_is_split_at_line_feeds_only(content: bytes, expected: list[bytes]):
    assert raws(content) == expected


@pytest.mark.parametrize("key", ["drop.json", "drop.json.gz", "drop.json.zst"])
def test_a_json_array_gives_a_record_for_each_element(key: str):
    content = json.dumps([{"message": "a"}, "2025-01-20 text", 3, {"big": 2**80}], indent=1).encode()
    assert [(each.position, each.raw) for each in split(content, key)] == [
        (0, b'{"message":"a"}'),
        (1, b"2025-01-20 text"),
        (2, b"3"),
        (3, b'{"big":%d}' % 2**80),
    ]


def test_a_damaged_array_gives_its_whole_elements_and_the_rest_in_the_place_of_the_next():
    whole = b'[{"a":1}, {"a":2}, {"a":3}]'
    found = [(each.position, each.raw) for each in split(whole[:24], "x.json")]
    assert found == [(0, b'{"a":1}'), (1, b'{"a":2}'), (2, b'{"a":')]


@pytest.mark.parametrize("text", [b"[INFO] started\n[INFO] ready", b'{"a": 1}\n[1]', b"12"])
def test_a_json_object_that_is_neither_array_nor_object_is_read_by_lines(text: bytes):
    assert raws(text, "x.json") == text.split(b"\n")


def test_an_object_with_records_gives_each_of_them():
    assert raws(b'{"Records": [{"a": 1}, {"a": 2}]}', "x.json") == [b'{"a":1}', b'{"a":2}']


def test_one_pretty_object_is_one_record():
    assert raws(b'{\n "a": 1\n}\n', "x.json") == [b'{"a":1}']


def test_a_json_object_with_one_object_a_line_is_read_by_lines():
    assert raws(b'{"a": 1}\n{"a": 2}\n', "x.json") == [b'{"a": 1}', b'{"a": 2}']


LINES = st.lists(
    st.one_of(
        st.binary(max_size=30).map(lambda text: text.replace(b"\n", b"")),
        st.binary(max_size=20).map(lambda text: HEAD + text.replace(b"\n", b"")),
        st.dictionaries(st.text(max_size=3), st.integers(), max_size=2).map(lambda value: json.dumps(value).encode()),
        st.just(b""),
    ),
    max_size=20,
)


@given(LINES, st.sampled_from([b"\n", b"\r\n"]), st.integers(1, 50))
def test_no_text_is_lost_and_chunks_do_not_matter(lines: list[bytes], end: bytes, size: int):
    content = end.join(lines)
    records = split(content, size=size)
    assert records == split(content)
    sent, kept = content.decode("utf-8", "replace"), b"".join(record.raw for record in records).decode()
    blank = str.maketrans("", "", "\r\n \t\v\f\ufeff")  # line ends and blank lines belong to nobody
    assert kept.translate(blank) == sent.translate(blank)
