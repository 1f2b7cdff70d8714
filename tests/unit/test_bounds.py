"""What comes from outside is bounded: nested, long or damaged as it may be, it is kept as text or refused by name."""

from __future__ import annotations

import gzip
import json
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from functions.collector.journal import Journal
from functions.indexer.index import Indexing
from functions.indexer.triggers import messages
from functions.pipeline.documents import DEAD_LETTERS, LOGS
from functions.pipeline.errors import PermanentError
from functions.pipeline.framing import split_records
from functions.pipeline.names import IndexNames
from functions.pipeline.parser import Parser, ParserOptions
from functions.pipeline.sinks.duckdb.indexes import DuckdbIndexes
from functions.pipeline.sinks.duckdb.sink import DuckdbSink
from functions.pipeline.sources.file import FileSource
from functions.pipeline.sources.window import check_position
from functions.pipeline.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from functions.pipeline.documents import Row

PARSER = Parser(ParserOptions())
HEAD = b"2025-01-20 10:30:00 - api - INFO - "
DEPTH = 100_000
OBJECTS, LISTS = b'{"a":' * DEPTH + b"1" + b"}" * DEPTH, b"[" * DEPTH + b"]" * DEPTH
DEEP = {"objects": OBJECTS, "lists": LISTS, "open": b"[" * DEPTH, "open objects": b'{"a":' * DEPTH}


def raw_logs(content: bytes, key: str = "raw/a.log") -> list[str]:
    """Index content without a sink; return what each record can be had back from."""
    documents: defaultdict[str, list[Row]] = defaultdict(list)
    for number, record in enumerate(split_records([content], key, PARSER.open().reader)):
        PARSER.open().parse(record, "2025-01-20T10:30:00.000Z", number, b"%d" % number, documents)
    return [json.loads(body)["raw_log"] for _, _, body in documents[LOGS]]


@pytest.mark.parametrize("deep", DEEP.values(), ids=DEEP)
@pytest.mark.parametrize(
    "line",
    [
        b"%b",
        HEAD + b"%b",
        HEAD + b"API Call - POST /predict - 200 - 1 ms - Input: %b - Result: %b",
        HEAD + b"API Call - POST /predict - %b",
        b'{"message": %b}',
        b'{"data": {"input_data": %b, "performance_metrics": %b}}',
    ],
)
def test_a_line_nested_however_deep_is_kept_as_text(line: bytes, deep: bytes):
    sent = line.replace(b"%b", deep)
    assert raw_logs(sent + b"\n" + HEAD + b"next\n") == [sent.decode(), (HEAD + b"next").decode()]


@pytest.mark.parametrize("deep", DEEP.values(), ids=DEEP)
def test_a_json_object_nested_however_deep_is_kept_as_text(deep: bytes):
    assert raw_logs(deep, "raw/a.json") == [deep.decode()]
    assert raw_logs(b"[" + deep + b"]", "raw/a.json") == [f"[{deep.decode()}]"]


@pytest.mark.parametrize("deep", DEEP.values(), ids=DEEP)
def test_an_event_nested_however_deep_is_refused(deep: bytes):
    in_queue = {"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": deep.decode()}]}
    in_sns = {"Records": [{"Sns": {"Message": deep.decode()}}]}
    for event in (deep, in_queue, in_sns):
        (message,) = messages(event)
        assert isinstance(message.error, PermanentError)
        assert str(message.error).startswith("Not an event that names dropped objects: ")


def test_messages_of_a_queue_that_are_none_do_not_stop_the_others():
    detail = {"bucket": {"name": "b"}, "object": {"key": "k"}}
    good = {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}
    first, second, third = messages(
        {"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": json.dumps(good)}, 5, {"messageId": []}]}
    )
    assert (first.id, [drop.key for drop in first.drops]) == ("1", ["k"])
    assert second.error
    assert third.error
    assert (second.id, third.id) == ("", "")


def test_a_key_that_no_store_can_hold_is_refused():
    detail = {"bucket": {"name": "b"}, "object": {"key": "raw/\ud83d.log"}}
    (message,) = messages({"source": "aws.s3", "detail-type": "Object Created", "detail": detail})
    assert isinstance(message.error, PermanentError)


@pytest.mark.parametrize("before", range(4))
def test_a_path_longer_than_what_is_looked_for_a_call_is_kept_wherever_a_character_is_cut(before: int):
    sent = HEAD + b"GET /" + b"x" * before + "é😀".encode() * 100
    assert raw_logs(sent + b"\n") == [sent.decode()]


@pytest.mark.slow
def test_a_bomb_is_indexed_up_to_its_bound_and_becomes_one_dead_letter(tmp_path: Path):
    store, begun = Store("memory://"), time.process_time()
    store.put("raw/a.log", gzip.compress(HEAD + b"a line\n") + gzip.compress(b" " * (64 << 20)) * 20)
    with DuckdbSink(tmp_path / "index.duckdb", IndexNames()) as sink:
        tally = Indexing("raw/a.log", store, PARSER, sink).run()
    (letter,) = DuckdbIndexes(tmp_path / "index.duckdb", IndexNames()).read(DEAD_LETTERS)
    assert (tally.records, tally.created[LOGS], tally.dead.total()) == (1, 1, 1)
    assert letter["class"] == "corrupt object"
    assert "a decompression bomb" in letter["reason"]
    assert time.process_time() - begun < 30


CURSOR = {"scheme": 1, "position": {"window": ["aa"], "held": 1}, "time": "2025-01-20T10:30:00+00:00", "batch": None}
BATCH = {"key": "raw/a/b.log.gz", "body": "YQ==", "lines": 1}


@pytest.mark.parametrize(
    "damaged",
    [
        *({name: value for name, value in CURSOR.items() if name != missing} for missing in CURSOR),
        {**CURSOR, "position": None},
        {**CURSOR, "position": ["aa"]},
        {**CURSOR, "time": None},
        {**CURSOR, "time": "2025-01-20T10:30:00"},
        {**CURSOR, "batch": {}},
        {**CURSOR, "batch": {**BATCH, "body": "Y!Q=="}},
        {**CURSOR, "batch": {**BATCH, "key": 5}},
        {**CURSOR, "batch": {**BATCH, "key": "raw/\ud800.log.gz"}},
        {**CURSOR, "batch": {**BATCH, "lines": "1"}},
        {},
        [],
        None,
    ],
)
def test_a_damaged_cursor_is_an_error_and_no_new_start(damaged: Any):
    store = Store("memory://")
    store.put("cursors/a.json", json.dumps(damaged).encode())
    with pytest.raises(PermanentError, match=r"cursors/a\.json is damaged\. Remove it"):
        Journal(store, "a")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * DEPTH, b'{"a":' * DEPTH])
def test_a_cursor_that_is_no_json_is_an_error_and_no_new_start(content: bytes):
    store = Store("memory://")
    store.put("cursors/a.json", content)
    with pytest.raises(PermanentError, match=r"cursors/a\.json is damaged\. Remove it"):
        Journal(store, "a")


@pytest.mark.parametrize(
    "position", [{}, {"window": "aa", "held": 1}, {"window": [5], "held": 1}, {"window": ["aa"]}, {"files": []}]
)
def test_a_space_is_not_read_from_its_start_where_the_position_is_damaged(position: dict[str, Any]):
    with pytest.raises(PermanentError, match=r"space: its cursor is damaged\. Remove cursors/space\.json"):
        check_position(position, "space")


TRACE = {"fingerprint": "a" * 32, "length": 5, "ending": "a" * 32, "offset": 5}
TRACE |= {"inode": 1, "size": 5, "modified": 1, "finished": False}


@pytest.mark.parametrize(
    "position",
    [
        {},
        {"files": 5},
        {"files": [5]},
        {"files": [{}]},
        *({"files": [{**TRACE, name: None}]} for name in TRACE),
        {"files": [{**TRACE, "more": 1}]},
        {"files": [{**TRACE, "fingerprint": ""}]},
        {"files": [{**TRACE, "length": 6}]},
        {"files": [{**TRACE, "offset": -1, "length": -1}]},
        {"files": [{**TRACE, "offset": 10**30, "length": 1024}]},
    ],
)
def test_a_file_is_not_read_from_its_start_where_the_position_is_damaged(position: dict[str, Any], tmp_path: Path):
    (tmp_path / "a.log").write_bytes(b"line\n")
    with pytest.raises(PermanentError, match=r"its cursor is damaged\. Remove cursors/"):
        list(FileSource(str(tmp_path / "a.log")).read(position, 10))
