"""What conditions find in the embedded index."""

import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.pipeline.conditions import AnyOf, Begins, Compare, Condition, Contains, Glob, Matches
from functions.pipeline.documents import LOGS, Document, as_rows
from functions.pipeline.errors import ConfigError
from functions.pipeline.groups import Grouping
from functions.pipeline.names import IndexNames
from functions.pipeline.sinks.duckdb.indexes import DuckdbIndexes
from functions.pipeline.sinks.duckdb.sink import DuckdbSink
from functions.pipeline.sql.documents import checked, counted
from tests.filtered import COUNTED, FIELDS, FOUND, documents, holds

NAMES = IndexNames()
WORDS_OF_ANY_KIND = ["YES", 'say "no"', "a\\b", "", "null", "[x", "{", "\u0301e"]


def write(path: Path, made: list[Document]) -> DuckdbIndexes:
    with DuckdbSink(path, NAMES) as sink:
        sink.write(as_rows(made))
    return DuckdbIndexes(path, NAMES)


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> DuckdbIndexes:
    return write(tmp_path_factory.mktemp("index") / "index.duckdb", list(documents()))


@pytest.mark.parametrize(("condition", "ids"), FOUND)
def test_a_condition_finds(indexes: DuckdbIndexes, condition: Condition, ids: str):
    assert "".join(each["_id"] for each in indexes.read(LOGS, where=[condition])) == ids
    assert "".join(each["_id"] for each in indexes.read(LOGS, where=[condition], newest=1)) == ids[-1:]


@pytest.mark.parametrize(("condition", "ids"), FOUND)
def test_documents_of_a_server_are_checked_likewise(indexes: DuckdbIndexes, condition: Condition, ids: str):
    assert "".join(each["_id"] for each in checked(indexes.read(LOGS), LOGS, [condition])) == ids


@pytest.mark.parametrize(("grouping", "where", "expected"), COUNTED)
def test_documents_are_counted(indexes: DuckdbIndexes, grouping: Grouping, where: tuple, expected: list):
    found = indexes.groups(LOGS, grouping, where=where)
    assert [(each.key, each.documents, each.failed, each.timed, each.p50) for each in found] == expected
    again = counted(indexes.read(LOGS), LOGS, where, grouping)
    assert [each for each in again if each.documents] == found


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        (WORDS_OF_ANY_KIND, WORDS_OF_ANY_KIND),
        ([1, 1.0, "1", 2.50, True, False, -3], ["1", "2.5", "true", "false", "-3"]),
        ([None, [], {}, [{}], [[None]]], []),
        (["a", ["a", "a", "b"], ["b", ["c"]]], ["a", "b", "c"]),
    ],
)
def test_documents_are_counted_by_the_text_of_a_value(tmp_path: Path, values: list, keys: list[str]):
    bodies = [{"@timestamp": "2025-01-20T10:30:00.000Z", "data": {"A": each}} for each in values]
    made = [Document(LOGS, f"{at}", body["@timestamp"], orjson.dumps(body)) for at, body in enumerate(bodies)]
    found = write(tmp_path / "index.duckdb", made).groups(LOGS, Grouping(AnyOf(()), "data.A"))
    assert sorted(each.key for each in found) == sorted(keys)


def test_what_is_kept_open_reads_as_often_as_one_likes(tmp_path: Path):
    bodies = [
        {"@timestamp": "2025-01-20T10:30:00.000Z", "sequence": at, "raw_log": f"{at:0500}", name: str(at % 2)}
        for at, name in enumerate(["transaction_id", "trace_id", "logger"] * 50)
    ]
    made = [Document(LOGS, f"{at:03}", body["@timestamp"], orjson.dumps(body)) for at, body in enumerate(bodies)]
    indexes, either = write(tmp_path / "index.duckdb", made), [AnyOf((_is("transaction_id"), _is("trace_id")))]
    with indexes.kept_open():
        all_of_them, some = indexes.read(LOGS), indexes.read(LOGS, where=either)
        first, found = next(all_of_them), [each["_id"] for each in some]
        assert [first, *all_of_them] == [{"_id": each.id, **orjson.loads(each.body)} for each in made]
    assert found == [f"{at:03}" for at in range(150) if at % 3 < 2 and at % 2]
    assert indexes.count()[LOGS] == len(made)


def _is(field: str) -> Compare:
    return Compare(field, "=", "1")


@pytest.mark.parametrize("name", ["message", "raw_log", "input_data", "top_functions", "@timestamp", "nothing"])
def test_what_differs_everywhere_is_not_counted_by(indexes: DuckdbIndexes, name: str):
    with pytest.raises(ConfigError):
        indexes.groups(LOGS, Grouping(AnyOf(()), name))


@settings(max_examples=20, deadline=None)
@given(times=st.lists(st.floats(0, 1e6) | st.none(), max_size=30))
def test_percentiles_are_exact(times: list[float | None]):
    bodies = [{"@timestamp": "2025-01-20T10:30:00.000Z", "execution_time_ms": each} for each in times]
    made = [Document(LOGS, f"{at}", body["@timestamp"], orjson.dumps(body)) for at, body in enumerate(bodies)]
    with TemporaryDirectory() as folder:
        found = write(Path(folder) / "index.duckdb", made).groups(LOGS, Grouping(AnyOf(())))
    taken = sorted(each for each in times if each is not None)
    assert [each.timed for each in found] == ([len(taken)] if times else [])
    if len(taken) > 1:
        cuts = statistics.quantiles(taken, n=100, method="inclusive")
        assert [*found[0][-3:]] == pytest.approx([cuts[49], cuts[94], cuts[98]])


def test_all_conditions_hold(indexes: DuckdbIndexes):
    where = [Compare("level", "=", "INFO"), Contains("call"), Compare("status_code", "<", "300")]
    assert [each["_id"] for each in indexes.read(LOGS, where=where)] == ["d"]


@pytest.mark.parametrize(
    "condition",
    [
        Compare("nothing", "=", "1"),
        Compare("status_code", "=", "old"),
        Compare("unread", ">", "true"),
        Compare("@timestamp", ">", "soon"),
        Glob("status_code", "5*"),
        Compare('x"; DROP TABLE y', "=", "1"),
    ],
)
def test_a_condition_that_cannot_be_is_refused(indexes: DuckdbIndexes, condition: Condition):
    with pytest.raises(ConfigError):
        list(indexes.read(LOGS, where=[condition]))


def test_a_table_that_is_older_than_a_field_has_no_document_with_it(tmp_path: Path):
    import duckdb

    indexes = write(tmp_path / "index.duckdb", list(documents()))
    with duckdb.connect(tmp_path / "index.duckdb") as connection:
        connection.execute('ALTER TABLE "ml-api-logs" DROP COLUMN status_code')
    assert not list(indexes.read(LOGS, where=[Compare("status_code", ">", "1")]))
    assert len(list(indexes.read(LOGS, where=[Compare("status_code", "!=", "1")]))) == len(FIELDS)


@pytest.mark.parametrize("expression", ["(a+)+$", "(a|a)*b", "(.*)*(.*)*(.*)*x", "((a{1,9}){1,9}){1,9}b"])
def test_no_expression_takes_for_ever(tmp_path: Path, expression: str):
    body = orjson.dumps({"@timestamp": "2025-01-20T10:30:00.000Z", "message": "a" * 200_000 + "!"})
    indexes = write(tmp_path / "index.duckdb", [Document(LOGS, "a", "2025-01-20T10:30:00.000Z", body)])
    begun = time.monotonic()
    assert not list(indexes.read(LOGS, where=[Matches(expression)]))
    assert time.monotonic() - begun < 20


SCALARS = st.none() | st.booleans() | st.integers(-200, 200) | st.floats(-9, 9) | st.sampled_from(["1", "1.0", "x", ""])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["A", "b", "A.b"]), inner, max_size=2),
    max_leaves=5,
)
OBJECTS = st.dictionaries(st.sampled_from(["A", "b", "A.b"]), VALUES, max_size=3)
BODIES = st.fixed_dictionaries(
    {"@timestamp": st.sampled_from([f"2025-01-20T10:30:0{at}.000Z" for at in range(9)])},
    optional={
        "level": st.sampled_from(["INFO", "ERROR", ""]),
        "message": st.text("aB'%\\é\n", max_size=6),
        "status_code": st.integers(0, 600),
        "execution_time_ms": st.floats(0, 9),
        "http_path": st.text("/ab*?_%\\[", max_size=5),
        "data": OBJECTS,
        "result": OBJECTS | st.lists(OBJECTS, max_size=2),
    },
)
WORDS = st.text("aB'%\\é*?/_[1.", max_size=3)
WRITTEN = st.sampled_from(["1", "1.0", "-1", "0", "5e-1", "200", "x", "true", "", "INFO"])
SIGNS = st.sampled_from(["=", "!=", ">", ">=", "<", "<="])
SIMPLE = st.one_of(
    st.builds(
        Compare, st.sampled_from(["level", "data.A", "data.b", "data.A.b", "result.A", "result.A.b"]), SIGNS, WRITTEN
    ),
    st.builds(
        Compare,
        st.sampled_from(["status_code", "execution_time_ms"]),
        SIGNS,
        st.sampled_from(["1", "2e2", "-5", "4.5"]),
    ),
    st.builds(Contains, WORDS),
    st.builds(Glob, st.just("http_path"), WORDS),
    st.builds(Begins, st.just("http_path"), WORDS),
    st.builds(Matches, st.sampled_from(["^a", "a.B", "[B%]", "é$"])),
)
CONDITIONS = SIMPLE | st.builds(AnyOf, st.lists(SIMPLE, max_size=2).map(tuple))


@settings(max_examples=40, deadline=None)
@given(bodies=st.lists(BODIES, max_size=12), where=st.lists(st.lists(CONDITIONS, max_size=2), min_size=1, max_size=8))
def test_conditions_find_what_a_plain_predicate_finds(bodies: list, where: list[list[Condition]]):
    made = [Document(LOGS, f"{at:02}", body["@timestamp"], orjson.dumps(body)) for at, body in enumerate(bodies)]
    with TemporaryDirectory() as folder:
        indexes = write(Path(folder) / "index.duckdb", made)
        everything = list(indexes.read(LOGS))
        for conditions in where:
            expected = [each["_id"] for each in everything if all(holds(one, each) for one in conditions)]
            assert [each["_id"] for each in indexes.read(LOGS, where=conditions)] == expected, conditions
