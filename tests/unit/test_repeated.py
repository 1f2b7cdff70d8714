"""Lines in a layout that many had before are read as they are read by themselves."""

from datetime import UTC, datetime

import pytest

from functions.pipeline.envelopes import envelopes
from functions.pipeline.layouts.registry import MANY, Patterns, layouts
from functions.pipeline.parser import Parser, ParserOptions
from functions.pipeline.reader import Reader

PARSER = Parser(ParserOptions())
MADE = datetime(2025, 1, 20, 12, tzinfo=UTC)
SAMPLES = [(each, sample["line"].split("\n")[0].encode()) for each in layouts() for sample in each.samples]
OTHERS = (
    *(line for _, line in SAMPLES),
    *(line.encode() for each in layouts() for line in each.not_this),
    *(line for envelope in envelopes() for sent, _ in envelope.samples for line in sent.split(b"\n")),
    *(b"", b" ", b"[", b"2025-01-20 10:30:00", b"2025-01-20 10:30:00 - api - INFO - a", b"  at x.y(z)"),
)


def _reader() -> Reader:
    return Reader(PARSER.known, Patterns, UTC, made=MADE)


@pytest.mark.parametrize("line", [line for _, line in SAMPLES], ids=[layout.name for layout, _ in SAMPLES])
def test_after_many_lines_in_a_layout_all_lines_are_read_alike(line: bytes):
    many, alone = _reader(), Reader(PARSER.known, lambda: PARSER.patterns, UTC, made=MADE)
    for _ in range(MANY):
        many.read(line)
    for other in OTHERS:
        found = many.again(other)
        assert found is None or found == alone.read(other), other


@pytest.mark.parametrize("name", ["gunicorn-error", "loguru", "time-level-logger", "uvicorn-time-access", "postgresql"])
def test_what_many_lines_have_is_found_at_once(name: str):
    reader = _reader()
    line = next(line for layout, line in SAMPLES if layout.name == name)
    assert reader.again(line) is None
    for _ in range(MANY):
        found = reader.read(line)
    assert reader.again(line) == found
