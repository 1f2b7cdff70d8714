"""The files of Docker's local log driver are read as the lines of its json-file driver."""

from __future__ import annotations

import json

import pytest

from functions.pipeline.codecs import decoded
from functions.pipeline.errors import CorruptObject

NANOSECONDS = 1_737_369_000_123_456_789


def varint(value: int) -> bytes:
    return bytes((value,)) if value < 128 else bytes((value & 127 | 128,)) + varint(value >> 7)


def field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def message(line: bytes, *, partial: bool = False, last: bool = False, stream: bytes = b"stderr") -> bytes:
    content = field(1, stream) + field(2, NANOSECONDS) + field(3, line)
    if partial:
        content += field(4, 1) + field(5, (field(1, 1) if last else b"") + field(2, b"id") + field(3, 1))
    size = len(content).to_bytes(4)
    return size + content + size


def read(content: bytes) -> list[dict[str, str]]:
    return [json.loads(line) for line in b"".join(decoded([content], "container.log")).splitlines()]


def test_messages_are_lines_with_their_stream_and_time():
    time = "2025-01-20T10:30:00.123456789Z"
    assert read(message(b"a") + message("é\0".encode(), stream=b"stdout")) == [
        {"log": "a\n", "stream": "stderr", "time": time},
        {"log": "é\0\n", "stream": "stdout", "time": time},
    ]


def test_only_the_last_part_of_a_line_ends_it():
    parts = message(b"a", partial=True) + message(b"b", partial=True, last=True) + message(b"c")
    assert [each["log"] for each in read(parts)] == ["a", "b\n", "c\n"]


@pytest.mark.parametrize("lost", [1, 4, 5, 20])
def test_what_comes_before_a_cut_is_read(lost: int):
    found = []
    with pytest.raises(CorruptObject, match="ends too early"):
        found.extend(decoded([(message(b"a") + message(b"b"))[:-lost]], "container.log"))
    assert json.loads(b"".join(found))["log"] == "a\n"


@pytest.mark.parametrize(
    "damaged",
    [
        b"\0\0\0\0",
        b"\xff" * 30,
        message(b"b")[:-4] + b"\0\0\0\1",
        b"\0\0\0\3\x0a\x7fa\0\0\0\3",
        b"\0\0\0\2\x08\xff\0\0\0\2",
        b"\0\0\0\1\x0b\0\0\0\1",
        b"\0\0\0\2\x08\1\0\0\0\2",
    ],
)
def test_what_comes_before_damage_is_read(damaged: bytes):
    found = []
    with pytest.raises(CorruptObject, match="is damaged"):
        found.extend(decoded([message(b"a") + damaged + message(b"c")], "container.log"))
    assert json.loads(b"".join(found))["log"] == "a\n"


def test_text_that_begins_with_a_line_of_nuls_is_none():
    assert b"".join(decoded([b"\0\0\0\0stdout a\n"], "a.log")) == b"stdout a\n"
