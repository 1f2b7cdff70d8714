"""Each profiled function is a document: a kind that has several documents of one record, and ids that stay."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.indexer.index import Indexing
from functions.indexer.replay import DeadLetter, replay
from functions.indexer.verify import Audit, verdicts
from functions.pipeline.coverage import Coverage
from functions.pipeline.documents import DEAD_LETTERS, LOGS, MOST_PARTS, Written
from functions.pipeline.framing import split_records
from functions.pipeline.kinds import Kind, PartOf, kinds
from functions.pipeline.kinds.profiled_function import ProfiledOptions
from functions.pipeline.names import IndexNames
from functions.pipeline.parser import Parser, ParserOptions
from functions.pipeline.sinks.duckdb.indexes import DuckdbIndexes
from functions.pipeline.sinks.duckdb.sink import DuckdbSink
from functions.pipeline.store import Store
from tests.fakes import RefusingSink

FUNCTIONS, PERFORMANCE = "top-func", "perfs"
HEAD = "2025-01-20 10:30:00 - api - INFO - "
KEY = "raw/a/2025/01/20/103000.000000-0123456789abcdef.log.gz"
NAMES = IndexNames()


def parser(switch: str = "on") -> Parser:
    return Parser(ParserOptions(), None, {FUNCTIONS: ProfiledOptions(switch=switch)})


def performance(functions: Any, **metrics: Any) -> str:
    sent = {"transaction_id": "abc-123", "latency_ms": 31, "top_functions": functions, **metrics}
    return HEAD + json.dumps({"performance_metrics": sent})


def profiled(count: int) -> list[dict[str, Any]]:
    return [{"function": f"f{number}", "cumulative_time": 1 / (number + 1), "calls": 1} for number in range(count)]


def rows(using: Parser, *lines: str) -> dict[str, list[tuple[bytes, dict[str, Any]]]]:
    """Parse lines; return the ids and the documents by kind."""
    parsing, made, time = using.open(), defaultdict(list), "2025-01-01T00:00:00.000Z"
    for record in split_records(["\n".join(lines).encode()], "a.log", parsing.reader):
        time, _ = parsing.parse(record, time, 1, b"a-%d" % record[0], made)
    return {kind: [(identity, json.loads(body)) for identity, _, body in some] for kind, some in made.items()}


def documents(functions: Any) -> list[dict[str, Any]]:
    found = rows(parser(), performance(functions)).get(FUNCTIONS, [])
    return [document for _, document in found]


class Keeping:
    """A sink that keeps what kinds of documents it was given, and their ids."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, documents: Iterable[tuple[str, list[tuple[bytes, str, bytes]]]]) -> Written:
        self.found += [(kind, identity.decode()) for kind, some in documents for identity, _, _ in some]
        return Written()


class LookingSink(DuckdbSink):
    """An embedded index that tells of which kinds it had to look for ids."""

    def __init__(self, path: Path, names: IndexNames) -> None:
        super().__init__(path, names)
        self.looked_for: list[str] = []

    def _replace(self, connection: Any, kind: str, file: Any) -> Any:
        self.looked_for.append(kind)
        return super()._replace(connection, kind, file)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"file://{tmp_path}")


@pytest.fixture
def indexes(tmp_path: Path) -> DuckdbIndexes:
    return DuckdbIndexes(tmp_path / "index.duckdb", NAMES)


def put(store: Store, *lines: str) -> None:
    store.put(KEY, gzip.compress("\n".join(lines).encode()))


def index(store: Store, sink: DuckdbSink) -> Any:
    with sink:
        return Indexing(KEY, store, parser(), sink).run()


def audit(store: Store, indexes: DuckdbIndexes) -> Audit:
    found = Audit()
    for verdict in verdicts([Indexing(KEY, store, parser(), Keeping())], indexes):
        found.add(verdict)
    return found


def ids(indexes: DuckdbIndexes) -> list[str]:
    return [each["_id"] for each in indexes.read(FUNCTIONS)]


def test_without_the_switch_there_are_none():
    found = rows(parser("off"), performance(profiled(3)))
    assert FUNCTIONS not in found
    assert len(found[PERFORMANCE][0][1]["top_functions"]) == 3


def test_a_list_that_is_longer_is_cut_and_the_performance_document_keeps_it():
    found = rows(parser(), HEAD + "first", performance(profiled(150)))
    start = len(HEAD + "first\n")
    assert [identity.decode() for identity, _ in found[FUNCTIONS]] == [
        f"a-{start}.{place:02}" for place in range(MOST_PARTS)
    ]
    assert [each["rank"] for _, each in found[FUNCTIONS]] == [*range(1, MOST_PARTS + 1)]
    ((identity, whole),) = found[PERFORMANCE]
    assert (identity, whole["top_functions"]) == (b"a-%d" % start, profiled(150))


def test_what_does_not_fit_is_left_out_and_the_performance_document_keeps_it():
    odd = [
        {"function": 7, "cumulative_time": 2, "calls": True, "line_number": 2**40, "filename": False, "own": [1]},
        {"cumulative_time": None, "line_number": 7.5},
        {},
    ]
    found = [{name: each[name] for name in each.keys() - {"@timestamp", "sequence"}} for each in documents(odd)]
    same = {"transaction_id": "abc-123"}
    assert found == [
        {"rank": 1, "function": "7", "cumulative_time_ms": 2000, **same},
        {"rank": 2, **same},
        {"rank": 3, **same},
    ]


@pytest.mark.parametrize("functions", [None, [], {}, "predict", [1], [{"function": {"a": 1}}]])
def test_what_is_no_list_of_functions_gives_none(functions: Any):
    assert documents(functions) == []


def test_without_a_transaction_there_are_documents_too():
    assert ["transaction_id" in each for each in documents(profiled(2))] == [True, True]
    (found,) = rows(parser(), performance(profiled(1), transaction_id=None))[FUNCTIONS]
    assert "transaction_id" not in found[1]


def _named(whole: dict[str, Any], each: dict[str, Any], rank: int) -> dict[str, Any]:
    return {"@timestamp": whole["@timestamp"], "sequence": whole["sequence"], "function": each["function"], "n": rank}


def test_a_further_kind_may_be_parts_of_the_same_documents(monkeypatch: pytest.MonkeyPatch):
    further = Kind(name="names", part_of=PartOf(PERFORMANCE, "top_functions", _named))
    monkeypatch.setattr("functions.pipeline.parser.kinds", lambda: {**kinds(), "names": further})
    found = rows(parser(), performance(profiled(2)))
    assert [(identity, each["n"], each["function"]) for identity, each in found["names"]] == [
        (b"a-0.00", 1, "f0"),
        (b"a-0.01", 2, "f1"),
    ]
    assert len(found[FUNCTIONS]) == 2


@pytest.mark.parametrize("kind", [each for each in kinds().values() if each.part_of], ids=lambda kind: kind.name)
def test_what_has_parts_is_read_from_records(kind: Kind):
    assert kind.part_of
    whole = kinds()[kind.part_of.kind]
    assert whole.read_object or whole.read_text


def test_indexing_again_gives_the_same_documents(store: Store, tmp_path: Path, indexes: DuckdbIndexes):
    put(store, performance(profiled(12)), HEAD + "x", performance(profiled(3)))
    assert index(store, DuckdbSink(tmp_path / "index.duckdb", NAMES)).created[FUNCTIONS] == 15
    before = list(indexes.read(FUNCTIONS))
    assert [each["rank"] for each in before] == [*range(1, 13), *range(1, 4)]
    again = index(store, DuckdbSink(tmp_path / "index.duckdb", NAMES))
    assert (again.created[FUNCTIONS], again.duplicates[FUNCTIONS]) == (0, 15)
    assert list(indexes.read(FUNCTIONS)) == before


def test_new_documents_are_appended_and_known_by_their_object(store: Store, tmp_path: Path):
    put(store, *(performance(profiled(number)) for number in (2, 12, 1)))
    sink = LookingSink(tmp_path / "index.duckdb", NAMES)
    index(store, sink)
    assert sink.looked_for == []
    with duckdb.connect(tmp_path / "index.duckdb") as connection:
        known = connection.execute("SELECT name FROM _objects WHERE documents = 'ml-api-top-func'").fetchall()
    assert known == [(Indexing(KEY, store, parser(), sink).prefix,)]
    index(store, sink)
    assert FUNCTIONS in sink.looked_for


def test_verify_misses_one_function(store: Store, tmp_path: Path, indexes: DuckdbIndexes):
    put(store, performance(profiled(12)), HEAD + "x", performance(profiled(3)))
    index(store, DuckdbSink(tmp_path / "index.duckdb", NAMES))
    assert audit(store, indexes).summary()["whole"]
    indexes.delete(FUNCTIONS, ids(indexes)[11:12])
    found = audit(store, indexes).summary()
    assert (found["whole"], found["missing"], found["missing_documents"]) == (False, 0, 1)
    assert found["not_whole"] == [{"key": KEY, "records": 3, "missing": 0, "missing_documents": {FUNCTIONS: 1}}]
    index(store, DuckdbSink(tmp_path / "index.duckdb", NAMES))
    assert audit(store, indexes).summary()["whole"]


def test_one_that_is_refused_is_a_dead_letter_that_is_replayed(store: Store, tmp_path: Path, indexes: DuckdbIndexes):
    file = tmp_path / "index.duckdb"
    put(store, HEAD + "x", performance(profiled(3)))
    tally = index(store, RefusingSink(file, b'"rank":2', {FUNCTIONS}))
    assert (tally.created[FUNCTIONS], tally.dead, tally.conserved) == (2, {FUNCTIONS: 1}, True)
    (dead,) = indexes.read(DEAD_LETTERS)
    assert (dead["position"], dead["raw_log"]) == (len(HEAD) + 2, performance(profiled(3)))
    assert audit(store, indexes).summary()["whole"]
    letter = DeadLetter.read(dead)
    with DuckdbSink(file, NAMES) as sink:
        (outcome,) = replay([letter], store, lambda key, sink: Indexing(key, store, parser(), sink), sink)
    assert (outcome.cause, json.loads(outcome.document or b"")["function"]) == (None, "f1")
    assert [identity.rpartition(".")[2] for identity in ids(indexes)] == ["00", "01", "02"]


def test_a_record_with_fewer_functions_by_now_is_replayed_too(store: Store, tmp_path: Path, indexes: DuckdbIndexes):
    file = tmp_path / "index.duckdb"
    put(store, performance(profiled(3)))
    index(store, RefusingSink(file, b'"rank":2', {FUNCTIONS}))
    (letter,) = map(DeadLetter.read, indexes.read(DEAD_LETTERS))
    put(store, performance(profiled(1)))
    with DuckdbSink(file, NAMES) as sink:
        (outcome,) = replay([letter], store, lambda key, sink: Indexing(key, store, parser(), sink), sink)
    assert (outcome.document, outcome.cause) == (None, None)


SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
FUNCTION = st.dictionaries(
    st.sampled_from(["function", "function_name", "cumulative_time", "calls", "filename", "line_number", "own", "a.b"]),
    SCALAR | st.lists(SCALAR, max_size=1),
)
LINE = st.one_of(
    st.text().map(lambda text: HEAD + " ".join(text.split())),
    st.builds(performance, st.lists(FUNCTION, max_size=12) | SCALAR),
    st.integers(0, 120).map(lambda count: performance(profiled(count))),
    st.just(HEAD + '[abc-123] POST /predict - 200 - 45ms - {"AGE": 65} - {"prediction": "YES"}'),
)


@given(st.lists(LINE, max_size=8))
def test_verify_looks_for_exactly_the_documents_that_a_batch_gives(lines: list[str]):
    store, sink = Store("memory://"), Keeping()
    store.put(KEY, gzip.compress("\n".join(lines).encode("utf-8", "replace")))
    tally = Indexing(KEY, store, parser(), sink).run()
    assert sorted(Indexing(KEY, store, parser(), sink).ids(Coverage())) == sorted(sink.found)
    assert len(set(sink.found)) == len(sink.found)
    assert sum(kind == LOGS for kind, _ in sink.found) == tally.records
