"""What programs wrote themselves is read for what it says: time, level, logger, text and fields of each record."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from functions.pipeline.codecs import decoded
from functions.pipeline.framing import split_records
from functions.pipeline.parser import Parser, ParserOptions
from tests.programs import corpus

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = sorted(path.stem for path in corpus.SAMPLES.glob("*.json"))
PARSER = Parser(ParserOptions())
NOT_YET = {
    "journald-cat": "lines without a head, of which only the program knows which belong together",
}
"""Samples that need more than layouts of text, with what they need."""


def documents(name: str, written: datetime, trailer: int) -> list[dict[str, Any]]:
    """Read a sample as the indexer does, but for the lines at its end of which nothing is told.

    Returns: the documents of the log index.
    """
    parsing, made, time = PARSER.open(written), defaultdict(list), "2000-01-01T00:00:00.000Z"
    content = b"".join(decoded([(corpus.SAMPLES / f"{name}.log").read_bytes()], name))
    lines = content.splitlines(keepends=True)
    content = b"".join(lines[: len(lines) - trailer])
    for sequence, record in enumerate(split_records([content], f"{name}.log", parsing.reader)):
        time, _ = parsing.parse(record, time, sequence, b"id", made)
    return [json.loads(body) for *_, body in made["logs"]]


def texts(document: dict[str, Any]) -> list[str]:
    """Return the record's message, and all that was sent without its colours."""
    return [document.get("message", ""), corpus.plain(document["raw_log"].encode())]


def records(expected: list[dict[str, Any]], found: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield each expected record with the document that has its text, in order; None when there is none."""
    at = 0
    for record in expected:
        begins = [record[each] for each in ("raw_begins", "message", "message_begins") if each in record]
        text = (begins + record.get("message_has", []) + record.get("raw_has", []))[0]
        place = next((n for n in range(at, len(found)) if any(text in each for each in texts(found[n]))), None)
        yield record, None if place is None else found[place]
        at = at if place is None else place + 1


def differences(record: dict[str, Any], document: dict[str, Any] | None) -> dict[str, Any]:
    """Tell which of the expected members a document has not, and what it has instead."""
    if document is None:
        return {"record": record}
    wrong = {}
    for name, value in record.items():
        if name in {"message_has", "raw_has"}:
            if any(all(text not in each for each in texts(document)) for text in value):
                wrong[name] = document["raw_log"]
        elif name.endswith("_begins"):
            if not any(each.startswith(value) for each in texts(document)[name == "raw_begins" :][:1]):
                wrong[name] = (value, texts(document))
        elif document.get(name) != (pytest.approx(value) if isinstance(value, float) else value):
            wrong[name] = (value, document.get(name))
    return wrong


def sample(name: str) -> dict[str, Any]:
    return json.loads((corpus.SAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def unread(name: str) -> list[dict[str, Any]]:
    expected = sample(name)
    found = documents(name, datetime.fromisoformat(expected["written"]), expected.get("trailer", 0))
    return [wrong for each in records(expected["records"], found) if (wrong := differences(*each))]


@pytest.mark.parametrize("name", [each for each in NAMES if each not in NOT_YET])
def test_each_record_is_read_for_what_it_says(name: str):
    assert unread(name) == []


@pytest.mark.parametrize("name", NOT_YET)
def test_what_is_not_read_yet_is_listed_no_longer_than_it_has_to_be(name: str):
    assert unread(name), "take it off the list"
