"""Text: what records may be made of."""

from __future__ import annotations

import gzip
import json

import pytest

from functions.pipeline.store import Store
from tests.faults.judge import HEAD
from tests.faults.pipeline import Case, joined

WIDE = "é€😀\u2028ü"  # characters of 2, 3, 4, 3 and 2 bytes
CHUNK, PIECE = 1 << 20, 128 << 10  # bytes of an object that are read, and decompressed, at once


def _straddling(case: Case, key: str, edge: int, offset: int) -> bytes:
    """Make two records, the second of which has `edge` at an offset of its text; a third shows that all goes on."""
    head = f"{HEAD}{case.planted.mark(key)} "
    first = head + "x" * (edge - len(head) - 1 - offset)
    second = f"{HEAD}{case.planted.mark(key)} {WIDE}"
    return joined(line.encode() for line in (first, second, HEAD + case.planted.mark(key)))


@pytest.mark.fault("UTF-8 across the edges of chunks, at every offset", "the text is as it was", within=60)
@pytest.mark.parametrize(("ending", "edge"), [("log", CHUNK), ("log.gz", PIECE)])
@pytest.mark.usefixtures("fake")
def test_text_across_the_edge_of_a_chunk_is_as_it_was(case: Case, ending: str, edge: int):
    sent = []
    for offset in range(70):  # more than the bytes of the second line
        key = f"raw/{offset:02}.{ending}"
        content = _straddling(case, key, edge, offset)
        sent += content.decode().removesuffix("\n").split("\n")
        case.put(key, gzip.compress(content, 1) if ending == "log.gz" else content)
    assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 0
    assert sorted(case.found().records) == sorted(sent)


def test_an_object_is_read_in_the_chunks_that_the_test_above_is_about(case: Case):
    case.put("raw/a.log", b"x" * (CHUNK + 1))
    assert [len(chunk) for chunk in Store(f"file://{case.store}").get("raw/a.log").chunks] == [CHUNK, 1]


@pytest.mark.fault("U+2028, NUL, a lone CR and broken UTF-8 in lines", "one record a line, the text is kept", within=20)
@pytest.mark.usefixtures("elasticsearch")
def test_only_a_line_feed_ends_a_line(case: Case):
    odd = ["one\u2028two", "one\u2029two", "one\x85two", "one\x00two", "one\rtwo", "one\x0btwo\x1c", "\ufeffone"]
    lines = [case.planted.line("raw/a.log", said) for said in odd * 10]
    case.put("raw/a.log", joined(lines))
    case.put("raw/broken.log", f"{HEAD}{case.planted.mark('raw/broken.log')} caf".encode() + b"\xe9 \xff\n")
    assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 0
    texts = {line.decode() for line in lines}
    assert texts < {*case.found().records}
    assert any(record.endswith("caf\ufffd \ufffd") for record in case.found().records)


@pytest.mark.fault("lines of 1 MB", "they are records like others", within=30)
@pytest.mark.usefixtures("elasticsearch")
def test_a_line_of_1_mb_is_a_record_like_others(case: Case):
    case.plant("raw/a.log.gz", 5)
    case.plant("raw/long.log.gz", 20, "long " * 200_000)
    case.plant("raw/b.log.gz", 5)
    assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 0
    assert sum(len(record) > 1_000_000 for record in case.found().records) == 20


@pytest.mark.fault("a JSON object of 10 MB on one line", "it is a record like others", within=30)
@pytest.mark.usefixtures("fake")  # the real one, with as little memory as it has in tests, always says 429
def test_a_json_object_of_10_mb_is_indexed(case: Case):
    large = {"message": case.planted.mark("raw/a.log.gz"), "data": {str(n): "value " * 10 for n in range(140_000)}}
    content = json.dumps(large).encode()
    assert 9_900_000 < len(content) < 10_485_760
    lines = [case.planted.line("raw/a.log.gz"), content, case.planted.line("raw/a.log.gz")]
    case.put("raw/a.log.gz", gzip.compress(joined(lines), 1))
    assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 0


@pytest.mark.fault("a JSON array of 10 MB", "each of its elements is a record", within=30)
@pytest.mark.usefixtures("elasticsearch")
def test_a_json_array_of_10_mb_is_indexed(case: Case):
    array = [{"message": case.planted.mark("raw/b.json"), "data": {"text": "value " * 330}} for _ in range(5000)]
    content = json.dumps(array).encode()
    assert len(content) > 9_900_000
    case.put("raw/b.json", content)
    assert case.queue.deliver() == []
    assert case.judge(handed_back=[]).dead == 0
