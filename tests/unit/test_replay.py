"""A replay indexes again what dead letters stand for, and nothing else; what stays says why."""

import gzip
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from functions.indexer.index import Indexing
from functions.indexer.replay import DeadLetter, Outcome, replay
from functions.local import LogsPipeline
from functions.pipeline.errors import PermanentError, TransientError
from functions.pipeline.kinds import kinds
from functions.pipeline.names import IndexNames
from functions.pipeline.parser import Parser, ParserOptions
from functions.pipeline.sinks import Sink
from functions.pipeline.sinks.duckdb.indexes import DuckdbIndexes
from functions.pipeline.sinks.duckdb.sink import DuckdbSink
from functions.pipeline.store import Store, StoredObject
from tests.fakes import RefusingSink

NONE = dict.fromkeys(kinds(), 0)
HEAD = "2025-01-20 10:30:00 - api - INFO - "
PREDICTION = HEAD + '[abc-123] POST /predict - 200 - 45ms - {"AGE": 65} - {"prediction": "YES"}'
REFUSED = PREDICTION.replace("YES", "NEVER")
METRICS = HEAD + '{"performance_metrics": {"transaction_id": "abc-123", "cpu_time_ms": 18.2}}'
KEY, OTHER = (f"raw/a/2025/01/20/1030{second}.000000-0123456789abcdef.log.gz" for second in ("00", "01"))
PARSER = Parser(ParserOptions())


class FailingStore(Store):
    """A store that one object cannot be read from for now."""

    failing = ""

    def get(self, key: str) -> StoredObject:
        if key == self.failing:
            raise TransientError("{where}: the store does not answer", where=key)
        return super().get(key)


@pytest.fixture
def store(tmp_path: Path) -> FailingStore:
    return FailingStore(f"file://{tmp_path}")


@pytest.fixture
def sieve(tmp_path: Path) -> RefusingSink:
    return RefusingSink(tmp_path / "index.duckdb", b"NEVER", {"message"})


@pytest.fixture
def sink(tmp_path: Path) -> DuckdbSink:
    return DuckdbSink(tmp_path / "index.duckdb", IndexNames())


@pytest.fixture
def indexes(tmp_path: Path) -> DuckdbIndexes:
    return DuckdbIndexes(tmp_path / "index.duckdb", IndexNames())


def index(store: Store, sink: DuckdbSink, *lines: str, key: str = KEY) -> None:
    store.put(key, gzip.compress("\n".join(lines).encode()))
    with sink:
        assert Indexing(key, store, PARSER, sink).run().conserved


def letters(indexes: DuckdbIndexes) -> list[DeadLetter]:
    return [DeadLetter.read(each) for each in indexes.read("dead-letters")]


def indexing(store: Store) -> Callable[..., Indexing]:
    return lambda key, sink: Indexing(key, store, PARSER, sink)


def replayed(some: Iterable[DeadLetter], store: Store, sink: Sink) -> list[Outcome]:
    with sink:
        return list(replay(some, store, indexing(store), sink))


def predictions(indexes: DuckdbIndexes) -> list[Any]:
    return [each["result"]["prediction"] for each in indexes.read("message")]


def test_a_document_that_is_taken_now_is_in_its_index_once(store: Store, sieve: RefusingSink, sink: Sink, indexes: Any):
    index(store, sieve, PREDICTION, REFUSED, METRICS)
    (outcome,) = replayed(letters(indexes), store, sink)
    assert (outcome.cause, outcome.records) == (None, 1)
    assert json.loads(outcome.document or b"")["result"] == {"prediction": "NEVER"}
    assert predictions(indexes) == ["YES", "NEVER"]
    assert indexes.count() == NONE | {
        "logs": 3,
        "message": 2,
        "perfs": 1,
        "dead-letters": 1,
    }  # which the caller deletes


def test_what_is_refused_again_stays_one_dead_letter_with_the_reason(store: Store, sieve: RefusingSink, indexes: Any):
    index(store, sieve, PREDICTION, REFUSED)
    before = letters(indexes)
    (outcome,) = replayed(before, store, sieve)
    assert outcome.cause == "document_parsing_exception: no"
    assert letters(indexes) == before


def test_each_dead_letter_of_a_record_has_an_outcome_of_its_own(store: Store, tmp_path: Path, indexes: Any):
    file = tmp_path / "index.duckdb"
    index(store, RefusingSink(file, b"45", {"logs", "message"}), METRICS, PREDICTION)
    outcomes = replayed(letters(indexes), store, RefusingSink(file, b"45", {"logs"}))
    assert {each.letter.target: each.cause for each in outcomes} == {
        "logs": "document_parsing_exception: no",
        "message": None,
    }


def test_a_record_that_makes_no_such_document_any_more_is_replayed(store: Store, sieve: RefusingSink, indexes: Any):
    index(store, sieve, PREDICTION, REFUSED)
    (letter,) = letters(indexes)
    store.put(KEY, gzip.compress(f"{PREDICTION}\n{HEAD}no prediction any more".encode()))
    (outcome,) = replayed([letter], store, sieve)
    assert (outcome.document, outcome.cause) == (None, None)


def test_a_dry_run_writes_nothing_and_gives_the_document(store: Store, sieve: RefusingSink, indexes: Any):
    index(store, sieve, PREDICTION, REFUSED)
    before = {kind: list(indexes.read(kind)) for kind in ("logs", "message", "dead-letters")}
    (outcome,) = replay(letters(indexes), store, indexing(store), None)
    assert json.loads(outcome.document or b"") == json.loads(before["dead-letters"][0]["document"])
    assert outcome.cause is None
    assert {kind: list(indexes.read(kind)) for kind in before} == before


def test_a_batch_that_is_gone_keeps_its_dead_letter_and_makes_no_other(
    store: Store, sieve: RefusingSink, indexes: Any, tmp_path: Path
):
    index(store, sieve, PREDICTION, REFUSED)
    index(store, sieve, REFUSED, key=OTHER)
    (tmp_path / KEY).unlink()
    causes = {each.letter.store_key: each.cause for each in replayed(letters(indexes), store, sieve)}
    assert "no such object" in str(causes[KEY])
    assert causes[OTHER] == "document_parsing_exception: no"
    assert indexes.count()["dead-letters"] == 2


def test_a_record_that_its_batch_has_no_longer_keeps_its_dead_letter(
    store: Store, sieve: RefusingSink, sink: Sink, indexes: Any
):
    index(store, sieve, PREDICTION, REFUSED)
    store.put(KEY, gzip.compress(METRICS.encode()))
    (outcome,) = replayed(letters(indexes), store, sink)
    assert f"{KEY} has no record at {len(PREDICTION) + 1} any more" in str(outcome.cause)


def test_a_dead_letter_of_another_bucket_is_told(sink: Sink):
    letter = DeadLetter("00-0-message", f"elsewhere/{KEY}", "message", 0)
    (outcome,) = replayed([letter], Store("s3://batches"), sink)
    assert isinstance(outcome.cause, PermanentError)
    assert f"elsewhere/{KEY} is not in the store s3://batches. Set PIPELINE_STORE" in str(outcome.cause)


def test_an_object_that_is_whole_again_is_indexed_whole(store: Store, sink: Any, indexes: Any):
    whole = gzip.compress("\n".join([PREDICTION, METRICS] * 3000).encode(), 0)
    store.put(KEY, whole[:-20])
    with sink:
        Indexing(KEY, store, PARSER, sink).run()
    (letter,) = letters(indexes)
    (still,) = replayed([letter], store, sink)
    assert KEY in str(still.cause)
    store.put(KEY, whole)
    (outcome,) = replayed([letter], store, sink)
    assert (outcome.cause, outcome.records) == (None, 6000)
    assert indexes.count() == NONE | {"logs": 6000, "message": 3000, "perfs": 3000, "dead-letters": 1}


def test_a_record_before_the_damage_is_replayed_and_one_after_it_is_not(
    store: Store, sieve: RefusingSink, sink: Sink, indexes: Any
):
    lines = [REFUSED, *[METRICS] * 20_000, REFUSED]
    index(store, sieve, *lines)
    store.put(KEY, gzip.compress("\n".join(lines).encode(), 0)[:1_000_000])
    outcomes = replayed(letters(indexes), store, sink)
    first, last = sorted(outcomes, key=lambda each: each.letter.position or 0)
    assert first.cause is None
    assert KEY in str(last.cause)


def test_what_was_replayed_before_something_failed_is_no_dead_letter_any_more(
    store: FailingStore, sieve: RefusingSink, indexes: Any, tmp_path: Path
):
    index(store, sieve, REFUSED)
    index(store, sieve, REFUSED, key=OTHER)
    pipeline = LogsPipeline({"PIPELINE_DATA": str(tmp_path)})
    store.failing = OTHER
    pipeline.__dict__["store"] = store  # in the place of the cached property's
    with pytest.raises(TransientError, match="does not answer"):
        pipeline.replay(indexes.read("dead-letters"))
    assert [each.store_key for each in letters(indexes)] == [OTHER]
    store.failing = ""
    sieve.refused = b"-"
    (outcome,) = pipeline.replay(indexes.read("dead-letters"))
    assert (outcome.cause, outcome.document) == (None, None)  # without the document: of many, they would be large
    assert indexes.count() == NONE | {"logs": 2, "message": 2}


def test_deleting_takes_the_documents_named_and_no_others(store: Store, sink: Any, indexes: Any):
    assert indexes.delete("logs", ["none"]) == 0  # there is no database yet
    index(store, sink, PREDICTION, METRICS)
    first, second = (each["_id"] for each in indexes.read("logs"))
    assert indexes.delete("logs", [first, first, "none"]) == 1
    assert indexes.delete("logs", iter(())) == 0
    assert [each["_id"] for each in indexes.read("logs")] == [second]
    assert indexes.count()["message"] == 1
