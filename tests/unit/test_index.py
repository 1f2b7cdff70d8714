"""The indexer makes a batch's documents, accounts for every record, and keeps what a sink refuses."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from functions.indexer.index import PORTION, Indexing, Tally
from functions.pipeline.documents import Document, Rejection, Rows, Written
from functions.pipeline.errors import PermanentError
from functions.pipeline.names import IndexNames
from functions.pipeline.parser import Parser, ParserOptions
from functions.pipeline.sinks.duckdb.indexes import DuckdbIndexes
from functions.pipeline.sinks.duckdb.sink import DuckdbSink
from functions.pipeline.store import Store
from tests.fakes import RefusingSink

HEAD = "2025-01-20 10:30:00 - api - INFO - "
PREDICTION = HEAD + '[abc-123] POST /predict - 200 - 45ms - {"AGE": 65} - {"prediction": "YES"}'
METRICS = HEAD + '{"performance_metrics": {"transaction_id": "abc-123", "cpu_time_ms": 18.2}}'
KEY = "raw/a/2025/01/20/103000.000000-0123456789abcdef.log.gz"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"file://{tmp_path}/data")


def index(store: Store, sink: DuckdbSink, *lines: str, key: str = KEY) -> Tally:
    text = "\n".join(lines).encode()
    store.put(key, gzip.compress(text) if key.endswith(".gz") else text)
    with sink:
        return Indexing(key, store, Parser(ParserOptions()), sink).run()


def documents(tmp_path: Path, kind: str) -> list[dict[str, Any]]:
    return list(DuckdbIndexes(tmp_path / "index.duckdb", IndexNames()).read(kind))


def test_a_record_has_the_same_id_in_every_index(store: Store, tmp_path: Path):
    index(store, DuckdbSink(tmp_path / "index.duckdb", IndexNames()), PREDICTION, METRICS)
    logs, message, perfs = (documents(tmp_path, kind) for kind in ("logs", "message", "perfs"))
    assert [document["_id"] for document in logs] == [message[0]["_id"], perfs[0]["_id"]]
    assert logs[0]["_id"].endswith("-0")
    assert len(logs[0]["_id"]) > 32


def test_indexing_again_changes_nothing(store: Store, tmp_path: Path):
    sink = DuckdbSink(tmp_path / "index.duckdb", IndexNames())
    first = index(store, sink, PREDICTION, METRICS, "x")
    before = documents(tmp_path, "logs")
    again = index(store, sink, PREDICTION, METRICS, "x")
    assert (first.created, first.duplicates) == (again.duplicates, again.created + first.duplicates)
    assert first.conserved
    assert again.conserved
    assert documents(tmp_path, "logs") == before


def test_the_same_lines_in_another_batch_are_other_records(store: Store, tmp_path: Path):
    sink = DuckdbSink(tmp_path / "index.duckdb", IndexNames())
    index(store, sink, PREDICTION, PREDICTION)
    index(store, sink, PREDICTION, key="drops/b.log")
    assert len({document["_id"] for document in documents(tmp_path, "logs")}) == 3


def test_a_record_without_a_time_has_that_of_the_record_before_it_or_of_the_batch(store: Store, tmp_path: Path):
    index(
        store, DuckdbSink(tmp_path / "index.duckdb", IndexNames()), "no time", '{"message": "none"}', key="drops/c.log"
    )
    written = {document["@timestamp"] for document in documents(tmp_path, "logs")}
    assert len(written) == 1
    assert written.pop() > "2026"  # when the object was put
    index(store, DuckdbSink(tmp_path / "index.duckdb", IndexNames()), "no time", key=KEY)
    of_batch = [each["@timestamp"] for each in documents(tmp_path, "logs") if each["_id"].endswith("-0")]
    assert "2025-01-20T10:30:00.000Z" in of_batch
    index(store, DuckdbSink(tmp_path / "index.duckdb", IndexNames()), PREDICTION, '{"message": "after"}')
    assert {d["@timestamp"] for d in documents(tmp_path, "logs") if d["message"] == "after"} == {
        "2025-01-20T10:30:00.000Z"
    }


def test_a_refused_log_document_is_kept_as_raw_text(store: Store, tmp_path: Path):
    sink = RefusingSink(tmp_path / "index.duckdb", b'"input_data"', {"logs"})
    tally = index(store, sink, PREDICTION, METRICS.replace("abc-123", "other"))
    assert (tally.created["logs"], tally.dead["logs"], tally.conserved) == (2, 0, True)
    raw = documents(tmp_path, "logs")[0]
    assert raw["raw_log"] == PREDICTION
    assert raw["error"] == {"type": "mapping", "message": "document_parsing_exception: no"}
    assert "input_data" not in raw
    assert raw["transaction_id"] == "abc-123"


def test_what_is_refused_even_as_raw_text_is_a_dead_letter(store: Store, tmp_path: Path):
    sink = RefusingSink(tmp_path / "index.duckdb", b"POST /predict", {"logs", "message"})
    tally = index(store, sink, "x", PREDICTION)
    assert (tally.created["logs"], tally.dead["logs"], tally.dead["message"], tally.conserved) == (1, 1, 0, True)
    (dead,) = documents(tmp_path, "dead-letters")
    assert (dead["raw_log"], dead["store_key"], dead["position"]) == (PREDICTION, KEY, 2)
    assert (dead["target"], dead["class"], dead["status"]) == ("logs", "mapping", 400)


def test_a_refused_prediction_is_a_dead_letter_with_its_record(store: Store, tmp_path: Path):
    tally = index(store, RefusingSink(tmp_path / "index.duckdb", b"AGE", {"message"}), METRICS, PREDICTION)
    assert (tally.created["logs"], tally.dead["message"], tally.conserved) == (2, 1, True)
    (dead,) = documents(tmp_path, "dead-letters")
    assert dead["raw_log"] == PREDICTION
    assert json.loads(dead["document"])["input_data"] == {"AGE": 65}


class SmallSink(DuckdbSink):
    """A sink that takes no document of more than so many bytes, dead letters included, and no metrics with a text."""

    def __init__(self, path: Path, names: IndexNames, refused: bytes = b"\n") -> None:
        super().__init__(path, names)
        self.refused = refused

    def write(self, documents: Iterable[Rows]) -> Written:
        found = [(kind, row) for kind, rows in documents for row in rows]
        odd = [row for kind, row in found if kind == "perfs" and self.refused in row[2]]
        found = [(kind, row) for kind, row in found if row not in odd]
        written = super().write((kind, [row]) for kind, row in found if len(row[2]) <= 100_000)
        large = [Document(kind, row[0].decode(), *row[1:]) for kind, row in found if len(row[2]) > 100_000]
        written.rejected = [Rejection(each, 413, "too large") for each in large]
        written.rejected += [Rejection(Document("perfs", row[0].decode(), *row[1:]), 400, "no") for row in odd]
        return written


def test_a_record_that_is_too_large_is_a_dead_letter_and_the_next_one_is_indexed(store: Store, tmp_path: Path):
    large = PREDICTION + " " + "x" * 120_000
    tally = index(store, SmallSink(tmp_path / "index.duckdb", IndexNames()), large, METRICS)
    assert (tally.created["logs"], tally.dead["logs"], tally.conserved) == (1, 1, True)
    (dead,) = documents(tmp_path, "dead-letters")
    assert (dead["class"], dead["transaction_id"]) == ("too large", "abc-123")
    assert large.startswith(dead["raw_log"])


def test_a_sink_that_refuses_dead_letters_fails_the_batch(store: Store, tmp_path: Path):
    sink = RefusingSink(tmp_path / "index.duckdb", b"POST /predict", {"logs", "message", "dead-letters"})
    with pytest.raises(PermanentError, match="refuses its dead letters too"):
        index(store, sink, PREDICTION)


def test_what_comes_before_the_damage_is_indexed_and_the_object_is_a_dead_letter(store: Store, tmp_path: Path):
    store.put(KEY, gzip.compress(f"{PREDICTION}\n".encode() * 100, 0)[:-2000])
    with DuckdbSink(tmp_path / "index.duckdb", IndexNames()) as sink:
        tally = Indexing(KEY, store, Parser(ParserOptions()), sink).run()
    assert (tally.created["logs"] > 50, tally.dead, tally.conserved) == (True, {"object": 1}, True)
    (dead,) = documents(tmp_path, "dead-letters")
    assert (dead["class"], dead["store_key"]) == ("corrupt object", KEY)
    assert "ends too early" in dead["reason"]


def test_a_damaged_array_that_is_repaired_leaves_nothing_behind(store: Store, tmp_path: Path):
    whole = json.dumps([{"message": f"message {number}"} for number in range(300)], indent=1).encode()
    for content in (whole[:5000], whole):
        store.put("drops/a.json", content)
        with DuckdbSink(tmp_path / "index.duckdb", IndexNames()) as sink:
            Indexing("drops/a.json", store, Parser(ParserOptions()), sink).run()
    assert len(documents(tmp_path, "logs")) == 300


def test_of_a_dead_letter_that_is_too_large_itself_the_beginning_is_kept(store: Store, tmp_path: Path):
    metrics = METRICS.replace("18.2", "18.2, " + '"x": "' + "x" * 49_700 + '"')
    sink = SmallSink(tmp_path / "index.duckdb", IndexNames(), refused=b"cpu_time_ms")
    tally = index(store, sink, metrics)
    assert (tally.dead["perfs"], tally.conserved) == (1, True)
    (dead,) = documents(tmp_path, "dead-letters")
    assert (dead["class"], len(dead["raw_log"]), "document" in dead) == ("rejected", 10_000, False)


def test_a_missing_object_is_a_dead_letter(store: Store, tmp_path: Path):
    with DuckdbSink(tmp_path / "index.duckdb", IndexNames()) as sink:
        tally = Indexing(KEY, store, Parser(ParserOptions()), sink).run()
    assert (tally.records, tally.dead) == (0, {"object": 1})
    (dead,) = documents(tmp_path, "dead-letters")
    assert (dead["class"], dead["store_key"]) == ("missing object", KEY)


def test_what_passed_the_filter_is_counted_over_several_portions(store: Store, tmp_path: Path):
    lines = 2 * PORTION // len(PREDICTION) + 1
    tally = index(store, DuckdbSink(tmp_path / "index.duckdb", IndexNames()), *[PREDICTION] * lines)
    assert (tally.records, tally.filtered) == (lines, lines)


def test_tallies_add_up():
    total = Tally()
    one = Tally(records=2, filtered=1)
    one.created.update(logs=2, message=1)
    total.add(one)
    total.add(one)
    assert (total.records, total.filtered, total.created["logs"], total.conserved) == (4, 2, 4, True)
    total.records += 1
    assert not total.conserved
