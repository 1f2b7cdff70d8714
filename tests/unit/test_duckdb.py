"""The embedded sink, on real database files and with real processes beside it."""

import resource
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions.pipeline.documents import DEAD_LETTERS, LOGS, Document, as_rows
from functions.pipeline.errors import PermanentError, TransientError
from functions.pipeline.kinds import kinds
from functions.pipeline.names import IndexNames
from functions.pipeline.sinks.duckdb import database, sink
from functions.pipeline.sinks.duckdb.indexes import DuckdbIndexes
from functions.pipeline.sinks.duckdb.sink import DuckdbSink

MESSAGE, PERFS = "message", "perfs"

NAMES = IndexNames()
TIME = "2025-01-20T10:30:00.000Z"
REPOSITORY = Path(__file__).parents[2]

EVERY_KIND = {
    LOGS: {
        "@timestamp": TIME, "level": "INFO", "logger": "api", "message": "Prédiction effectuée : 1\nsuite",
        "raw_log": '{"message": "\\u0000 \u2028"}', "transaction_id": "9d1c", "http_method": "POST",
        "http_path": "/predict", "status_code": 200, "execution_time_ms": 15.98, "input_data": {"AGE": 74, "b": [None]},
        "result": {"prediction": "YES"}, "data": {"any": {"depth": [1, 2.5]}}, "error": {"type": "x", "message": "y"},
    },
    MESSAGE: {
        "@timestamp": "2025-01-20T10:30:00.123456Z", "transaction_id": "9d1c", "http_method": "POST",
        "http_path": "/predict", "status_code": 200, "execution_time_ms": 15.0, "input_data": {"GENDER": "M"},
        "result": {"probabilities": [0.19, 0.81]},
    },
    PERFS: {
        "@timestamp": TIME, "transaction_id": "9d1c", "inference_time_ms": 1.5, "cpu_time_ms": 0.0, "memory_mb": 1e22,
        "memory_delta_mb": -0.25, "latency_ms": 2.5, "function_calls": 2**62, "data": {"more": True},
        "top_functions": [{"function": "predict", "cumulative_time": 0.1, "calls": 3}],
    },
    "top-func": {
        "@timestamp": TIME, "transaction_id": "9d1c", "rank": 1, "function": "predict", "cumulative_time_ms": 100.5,
        "calls": 2**40, "filename": "m.py", "line_number": 7,
    },
    DEAD_LETTERS: {
        "@timestamp": TIME, "failed_at": "2025-01-21T00:00:00.500Z", "reason": "no JSON", "class": "parse",
        "status": 400, "target": "ml-api-message", "transaction_id": "9d1c", "raw_log": "{", "document": "{}",
        "store_key": "raw/space/2025/01/20/x.log.gz", "position": 7, "hint": "look",
    },
    "ingestion_run": {
        "@timestamp": TIME, "event": {"outcome": "failure", "start": TIME}, "source": {"name": "Zoho"},
        "etat": "FAILED",
        "objet": {"id": 1995}, "performance": {"cpu_time_sec": 0.09}, "metrics": {"is_failed": 1},
        "labels": {"zone": "1-Raw"}, "error": {"message": "timeout"}, "misfit": {"performance.duree_secondes": "n/a"},
    },
    "model_execution": {
        "@timestamp": TIME, "timestamp": TIME, "event": "model_execution", "execution_id": "7f0c", "status": "failed",
        "response_time": 0.5, "details": {"anomalies_count": 3, "region": "QC"}, "error_message": "no model",
    },
}  # fmt: skip


@pytest.fixture
def path(tmp_path):
    return tmp_path / ".trilog" / "index.duckdb"


@pytest.fixture
def indexes(path):
    return DuckdbIndexes(path, NAMES)


def document(identity, kind=LOGS, **fields):
    fields = {"@timestamp": TIME} | {name.replace("timestamp", "@timestamp"): each for name, each in fields.items()}
    return Document(kind, identity, fields["@timestamp"], orjson.dumps(fields))


def write(path, *documents):
    with DuckdbSink(path, NAMES) as opened:
        return opened.write(as_rows(documents))


def script(path, code):
    """Start Python on some code that has `path`, `NAMES`, `document` and `write` as they are here."""
    start = f"""
        import importlib.util, sys, time
        from pathlib import Path
        spec = importlib.util.spec_from_file_location("shared", {__file__!r})
        spec.loader.exec_module(shared := importlib.util.module_from_spec(spec))
        globals().update(vars(shared))
        path = Path({str(path)!r})
    """
    source = textwrap.dedent(start) + textwrap.dedent(code)
    return subprocess.Popen(
        [sys.executable, "-c", source], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def left_over(path):
    return sorted(each.name for each in path.parent.iterdir())


@pytest.mark.parametrize("kind", kinds())
def test_a_document_of_every_kind_comes_back_as_it_was_written(path, indexes, kind):
    fields = EVERY_KIND[kind]
    written = write(path, Document(kind, "a1", fields["@timestamp"], orjson.dumps(fields)))
    assert (written.created, written.duplicates, written.rejected) == ({kind: 1}, {kind: 0}, [])
    assert list(indexes.read(kind)) == [{"_id": "a1"} | fields]
    assert indexes.count() == dict.fromkeys(kinds(), 0) | {kind: 1}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


@pytest.fixture(scope="module")
def shared_path(tmp_path_factory):
    return tmp_path_factory.mktemp("property") / "index.duckdb"


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {"message": st.text()}, optional=dict.fromkeys(("input_data", "result", "data"), json_values)
        ),
        min_size=1,
        max_size=10,
    )
)
def test_any_json_comes_back_with_the_same_value(shared_path, bodies):
    documents = [document(str(number), **fields) for number, fields in enumerate(bodies)]
    write(shared_path, *documents)
    expected = [
        {"_id": each.id} | {name: value for name, value in orjson.loads(each.body).items() if value is not None}
        for each in documents
    ]
    read = {each["_id"]: each for each in DuckdbIndexes(shared_path, NAMES).read(LOGS)}
    assert [read[each.id] for each in documents] == expected


def test_a_json_column_keeps_what_was_sent_to_the_last_digit(path):
    sent = '{"z":1,"a":12345678901234567890123,"one":1.0,"z":2}'
    write(path, Document(LOGS, "1", TIME, f'{{"@timestamp":"{TIME}","data":{sent}}}'.encode()))
    with duckdb.connect(path, read_only=True) as connection:
        assert connection.execute('SELECT data FROM "ml-api-logs"').fetchall() == [(sent,)]


def test_a_document_written_again_is_there_once_with_its_last_content(path, indexes):
    write(path, document("a", message="old"), document("b", message="kept"))
    written = write(path, document("a", message="new"), document("c"))
    assert (written.created, written.duplicates) == ({LOGS: 1}, {LOGS: 1})
    assert [(each["_id"], each.get("message")) for each in indexes.read(LOGS)] == [
        ("a", "new"),
        ("b", "kept"),
        ("c", None),
    ]


objects_and_positions = st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.sampled_from((LOGS, MESSAGE)))


@settings(max_examples=30, deadline=None)
@example(sessions=[[[("a", 0, LOGS), ("b", 0, LOGS), ("a", 0, LOGS)]]], large=True)
@given(
    sessions=st.lists(st.lists(st.lists(objects_and_positions, max_size=6), max_size=3), max_size=3),
    large=st.booleans(),
)
def test_what_is_written_again_is_there_once(tmp_path_factory, sessions, large):
    path, expected = tmp_path_factory.mktemp("written") / "index.duckdb", {LOGS: {}, MESSAGE: {}}
    written = {LOGS: 0, MESSAGE: 0}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sink, "PORTION", sink.PORTION if large else 1)
        for session in sessions:
            with DuckdbSink(path, NAMES) as opened:
                for number, ids in enumerate(session):
                    documents = [document(f"{name}-{at}", kind, transaction_id=str(number)) for name, at, kind in ids]
                    for kind, created in opened.write(as_rows(documents)).created.items():
                        written[kind] += created
                    for each in documents:
                        expected[each.kind][each.id] = str(number)
    for kind, there in expected.items():
        read = [(each["_id"], each["transaction_id"]) for each in DuckdbIndexes(path, NAMES).read(kind)]
        assert sorted(read) == sorted(there.items())
        assert written[kind] == len(there)


def test_what_a_write_left_out_when_it_was_cut_off_comes_when_it_is_written_again(path, indexes, monkeypatch):
    monkeypatch.setattr(sink, "PORTION", 1)
    documents = [document("a-0"), document("a-1"), Document(LOGS, "a-2", TIME, b'{"message":'), document("a-3")]
    with pytest.raises(PermanentError):
        write(path, *documents)
    assert indexes.count()[LOGS] == 2
    documents[2] = document("a-2")
    assert write(path, *documents).created == {LOGS: 2}
    assert indexes.count()[LOGS] == 4


def test_documents_of_an_older_version_are_replaced_too(path, indexes):
    write(path, document("a-0"), document("b-7", MESSAGE), document("none"))
    with duckdb.connect(path) as connection:
        connection.execute("DROP TABLE _objects")
    assert write(path, document("a-0"), document("b-7", MESSAGE), document("c-1")).created == {LOGS: 1, MESSAGE: 0}
    assert indexes.count()[LOGS] == 3


def test_indexes_of_two_names_in_one_file_know_of_their_own_documents(path, indexes):
    other = IndexNames(logs="test-logs")
    write(path, document("a-0"), document("a-1"))
    with duckdb.connect(path) as connection:
        connection.execute("DROP TABLE _objects")
    for names, created in ((other, 1), (NAMES, 0), (other, 0)):
        with DuckdbSink(path, names) as opened:
            assert opened.write(as_rows([document("a-0")])).created == {LOGS: created}
    DuckdbIndexes(path, other).clear()
    for names, created in ((other, 1), (NAMES, 0)):
        with DuckdbSink(path, names) as opened:
            assert opened.write(as_rows([document("a-0")])).created == {LOGS: created}
    assert indexes.count()[LOGS] == 2


def test_documents_that_were_deleted_or_cleared_are_written_again(path, indexes):
    write(path, document("a-0"), document("a-1"))
    assert indexes.delete(LOGS, ["a-0"]) == 1
    assert write(path, document("a-0"), document("a-1")).created == {LOGS: 1}
    indexes.clear()
    assert write(path, document("a-0"), document("a-1")).created == {LOGS: 2}


@pytest.mark.parametrize("portion", [1, sink.PORTION])
def test_of_documents_with_one_id_in_one_write_the_last_stays(path, indexes, monkeypatch, portion):
    monkeypatch.setattr(sink, "PORTION", portion)
    written = write(
        path, document("a", message="1"), document("b"), document("a", message="2"), document("a", message="3")
    )
    assert (written.created, written.duplicates) == ({LOGS: 2}, {LOGS: 2})
    assert [each.get("message") for each in indexes.read(LOGS)] == ["3", None]


def test_one_id_may_be_in_every_index(path, indexes):
    written = write(path, *(document("a", kind) for kind in kinds()))
    assert written.created == indexes.count() == dict.fromkeys(kinds(), 1)


def test_a_value_that_does_not_fit_its_column_is_absent_and_its_document_stays(path, indexes):
    write(
        path,
        document("a", status_code="OK", execution_time_ms="fast", message={"an": "object"}, level=[1], data="text"),
        document("b", status_code=2**40, execution_time_ms="inf", input_data=5),
        document("c", timestamp="yesterday", logger=7, unknown="field"),
    )
    assert list(indexes.read(LOGS)) == [
        {"_id": "c", "logger": "7"},
        {"_id": "a", "@timestamp": TIME, "message": '{"an":"object"}', "level": "[1]", "data": "text"},
        {"_id": "b", "@timestamp": TIME, "input_data": 5},
    ]
    assert [each["_id"] for each in indexes.read(LOGS, newest=2)] == ["a", "b"]


def test_a_document_without_fields_and_one_of_34_megabytes_are_written(path, indexes):
    long = "é" * 17 * 1024 * 1024
    write(path, Document(LOGS, "a", TIME, b"{}"), document("b", message=long))
    first, second = indexes.read(LOGS)
    assert first == {"_id": "a"}
    assert (second["_id"], second["message"] == long) == ("b", True)


def test_documents_larger_than_the_usual_memory_are_read(path, indexes):
    write(path, *(document(f"{n:02}", message=chr(97 + n) * 2**20, raw_log=str(n) * 2**19) for n in range(10, 40)))
    assert [each["message"][-1] for each in indexes.read(LOGS)] == [chr(97 + n) for n in range(10, 40)]


def test_a_body_that_is_no_json_stops_the_write_and_leaves_nothing_behind(path, indexes):
    with DuckdbSink(path, NAMES) as opened:
        with pytest.raises(PermanentError, match="1 documents of ml-api-logs are"):
            opened.write(as_rows([document("a"), Document(LOGS, "b", TIME, b'{"message":')]))
        assert opened.write(as_rows([document("c")])).created == {LOGS: 1}
    assert [each["_id"] for each in indexes.read(LOGS)] == ["c"]
    assert left_over(path) == ["index.duckdb", "index.duckdb.lock"]


def test_what_cannot_be_written_in_one_table_is_written_in_none(path, indexes):
    path.parent.mkdir()
    with duckdb.connect(path) as connection:
        connection.execute('CREATE TABLE "ml-api-message" (_id VARCHAR, status_code INTEGER CHECK (status_code < 500))')
    with DuckdbSink(path, NAMES) as opened:
        with pytest.raises(PermanentError, match="CHECK constraint"):
            opened.write(as_rows([document("a"), document("a", MESSAGE, status_code=500)]))
        assert opened.write(as_rows([document("b"), document("b", MESSAGE)])).created == {LOGS: 1, MESSAGE: 1}
    assert [each["_id"] for kind in (LOGS, MESSAGE) for each in indexes.read(kind)] == ["b", "b"]


def test_an_error_of_the_documents_own_making_is_not_blamed_on_the_database(path):
    def failing():
        yield document("a")
        raise OSError("the source is down")

    with pytest.raises(OSError, match=r"^the source is down$"), DuckdbSink(path, NAMES) as opened:
        opened.write(as_rows(failing()))


def test_an_error_within_the_block_is_not_blamed_on_the_database(path):
    with pytest.raises(OSError, match=r"^elsewhere$"), DuckdbSink(path, NAMES):
        raise OSError("elsewhere")


def test_a_sink_takes_documents_only_within_its_block(path):
    with pytest.raises(PermanentError, match="with"):
        DuckdbSink(path, NAMES).write(as_rows([document("a")]))


def test_documents_come_oldest_first_and_by_id_within_one_time(path, indexes):
    times = ["2025-01-20T10:30:00.000001Z", "2025-01-20T10:30:00.000Z", "0999-01-01T00:00:00.000Z"]
    write(path, document("c", timestamp=TIME), *(document(str(n), timestamp=time) for n, time in enumerate(times)))
    assert [(each["_id"], each["@timestamp"]) for each in indexes.read(LOGS)] == [
        ("2", times[2]), ("1", TIME), ("c", TIME), ("0", times[0]),
    ]  # fmt: skip


def test_read_selects_by_time_transaction_and_number(path, indexes):
    days = [
        document(f"{day}", timestamp=f"2025-01-{day}T00:00:00.000Z", transaction_id=f"t{day % 2}")
        for day in range(10, 20)
    ]
    write(path, *days)

    def read(**selection):
        return [each["_id"] for each in indexes.read(LOGS, **selection)]

    assert read(since="2025-01-18") == ["18", "19"]
    assert read(until="2025-01-11T01:00:00+01:00") == ["10"]
    assert read(since="2025-01-12", until="2025-01-14") == ["12", "13"]
    assert read(newest=2) == ["18", "19"]
    assert read(newest=1, until="2025-01-19", matching={"transaction_id": "t1"}) == ["17"]
    assert read(newest=0) == read(matching={"transaction_id": "'"}) == []


def test_a_time_that_is_none_is_named(indexes):
    with pytest.raises(PermanentError, match="'soon' is not"):
        list(indexes.read(LOGS, since="soon"))


def test_without_a_database_there_is_nothing_and_nothing_is_made(path, indexes):
    assert indexes.check() == f"DuckDB {duckdb.__version__}, {path}"
    assert list(indexes.read(LOGS)) == []
    assert indexes.count() == dict.fromkeys(kinds(), 0)
    assert indexes.clear() == {}
    assert indexes.test() == [f"{path} does not exist yet; `trilog setup` makes it"]
    assert not path.parent.exists()


def test_setup_makes_what_is_missing_once(path, indexes):
    assert indexes.setup() == [f"table {NAMES.base(kind)}" for kind in kinds()]
    assert (indexes.setup(), indexes.test()) == ([], [])
    with duckdb.connect(path) as connection:
        connection.execute('DROP TABLE "ml-api-perfs"; ALTER TABLE "ml-api-logs" DROP COLUMN data')
    assert indexes.test() == [
        "ml-api-logs.data: the column is missing; `trilog setup` adds it",
        "ml-api-perfs: the table is missing; `trilog setup` makes it",
    ]
    assert indexes.setup() == ["column data of table ml-api-logs", "table ml-api-perfs"]
    assert indexes.test() == []


def test_a_table_older_than_its_template_gets_new_fields_and_keeps_its_types(path, indexes):
    path.parent.mkdir()
    with duckdb.connect(path) as connection:
        connection.execute(
            'CREATE TABLE "ml-api-logs" (_id VARCHAR, "@timestamp" TIMESTAMP, status_code BIGINT, gone VARCHAR)'
        )
        connection.execute("""INSERT INTO "ml-api-logs" VALUES ('a', '2025-01-19', 1, 'x')""")
    write(path, document("b", status_code=2**40, message="new"))
    assert list(indexes.read(LOGS)) == [
        {"_id": "a", "@timestamp": "2025-01-19T00:00:00.000Z", "status_code": 1, "gone": "x"},
        {"_id": "b", "@timestamp": TIME, "status_code": 2**40, "message": "new"},
    ]
    (difference,) = indexes.test()
    assert difference.startswith("ml-api-logs.status_code: is BIGINT instead of INTEGER; `trilog clear-indexes`")


def test_clear_counts_what_it_drops_and_gives_the_space_back(path, indexes):
    write(path, *(document(str(n), message=str(n) * 1000) for n in range(1000)), document("p", PERFS))
    none = {NAMES.base(kind): 0 for kind in kinds()}
    assert indexes.clear() == none | {"ml-api-logs": 1000, "ml-api-perfs": 1}
    assert left_over(path) == ["index.duckdb.lock"]
    assert (list(indexes.read(LOGS)), indexes.clear()) == ([], {})
    assert write(path, document("1")).created == {LOGS: 1}


def test_clear_leaves_tables_that_are_not_ours(path, indexes):
    write(path, document("a"))
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 1 AS one")
    indexes.clear()
    with duckdb.connect(path) as connection:
        assert connection.execute("SHOW TABLES").fetchall() == [("mine",)]


def test_a_folder_may_have_any_name(tmp_path):
    path = tmp_path / "it's [a]*" / "index.duckdb"
    write(path, document("a"))
    assert [each["_id"] for each in DuckdbIndexes(path, NAMES).read(LOGS)] == ["a"]


def test_configured_names_name_the_tables(path):
    names = IndexNames(logs="my-logs", period="month")
    with DuckdbSink(path, names) as opened:
        opened.write(as_rows([document("a"), document("a", MESSAGE)]))
    assert {name: n for name, n in DuckdbIndexes(path, names).clear().items() if n} == {"my-logs": 1, "my-message": 1}


def test_a_reader_that_takes_its_time_keeps_nobody_waiting(path, indexes, monkeypatch):
    monkeypatch.setattr(database, "LOCK_SECONDS", 0)
    write(path, document("a"), document("b"))
    reading = indexes.read(LOGS)
    assert next(reading)["_id"] == "a"
    write(path, document("c"))
    indexes.clear()
    assert [each["_id"] for each in reading] == ["b"]
    assert left_over(path) == ["index.duckdb.lock"]


def test_who_waits_too_long_for_another_run_is_told_so(path, indexes, monkeypatch):
    monkeypatch.setattr(database, "LOCK_SECONDS", 0.1)
    with DuckdbSink(path, NAMES):
        with pytest.raises(TransientError, match=r"in use by another run for 0\.1 s\. Stop that run"):
            write(path, document("a"))
        with pytest.raises(TransientError, match="in use by another run"):
            indexes.count()


def test_reading_waits_for_a_writer_in_another_process(path, indexes):
    holder = script(
        path,
        """
        with DuckdbSink(path, NAMES) as opened:
            print("opened", flush=True)
            time.sleep(0.5)
            opened.write(as_rows([document("a")]))
        """,
    )
    with holder:
        assert holder.stdout.readline() == "opened\n"
        assert [each["_id"] for each in indexes.read(LOGS)] == ["a"]
    assert holder.returncode == 0


def test_reading_what_is_cleared_meanwhile_gives_nothing(path, indexes):
    indexes.setup()
    holder = script(
        path,
        """
        with database.writing(path):
            print("opened", flush=True)
            time.sleep(0.3)
            path.unlink()
        """,
    )
    with holder:
        holder.stdout.readline()
        assert indexes.count() == dict.fromkeys(kinds(), 0)


def test_two_processes_that_write_at_once_lose_and_double_nothing(path, indexes):
    writers = [
        script(path, f"for n in range(8): write(path, document(f'both{{n}}'), document(f'{name}{{n}}'))")
        for name in ("one", "two")
    ]
    for writer in writers:
        writer.communicate()
    assert [writer.returncode for writer in writers] == [0, 0]
    expected = sorted(f"{name}{n}" for name in ("both", "one", "two") for n in range(8))
    assert [each["_id"] for each in indexes.read(LOGS)] == expected


def test_a_process_killed_while_it_writes_leaves_whole_writes(path, indexes):
    victim = script(
        path,
        """
        with DuckdbSink(path, NAMES) as opened:
            for n in range(100000):
                opened.write(as_rows(document(f"{n}-{m}", kind) for m in range(100) for kind in (LOGS, MESSAGE)))
                print(n, flush=True)
        """,
    )
    with victim:
        for _ in range(5):
            done = int(victim.stdout.readline())
        victim.send_signal(signal.SIGKILL)
    assert any(".tmp-" in name for name in left_over(path))
    counts = indexes.count()
    assert counts[LOGS] == counts[MESSAGE] >= (done + 1) * 100
    assert counts[LOGS] % 100 == 0
    assert write(path, document("0-0"), document("new")).duplicates == {LOGS: 1}
    assert left_over(path) == ["index.duckdb", "index.duckdb.lock"]


def test_a_full_disk_is_a_pause_and_leaves_what_was_written(path, indexes):
    write(path, document("before"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100_000, limits[1]))
    try:
        with pytest.raises(TransientError, match=r"index\.duckdb: the disk is full .*Free some space and run again"):
            write(path, *(document(str(n), message=str(n) * 1000) for n in range(1000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [each["_id"] for each in indexes.read(LOGS)] == ["before"]
    assert left_over(path) == ["index.duckdb", "index.duckdb.lock"]


@pytest.mark.parametrize("content", [b"", b"hello", b"SQLite format 3\0" + bytes(5000), bytes(range(256)) * 400])
def test_a_foreign_file_is_named_and_left_alone(path, indexes, content):
    path.parent.mkdir()
    path.write_bytes(content)
    for action in (indexes.check, indexes.count, lambda: write(path, document("a"))):
        with pytest.raises(PermanentError, match=r"index\.duckdb is damaged, or no DuckDB file .*Move it away"):
            action()
    assert path.read_bytes() == content


def test_a_damaged_database_is_named(path, indexes):
    write(path, document("a"))
    path.write_bytes(path.read_bytes()[:4096] + bytes(100_000))
    with pytest.raises(PermanentError, match="is damaged"):
        indexes.check()


def test_a_database_of_a_newer_duckdb_is_named(path, indexes):
    indexes.setup()
    content = bytearray(path.read_bytes())
    checksum, word = (int.from_bytes(content[at : at + 8], "little") for at in (0, 8))
    newer = word + (1000 << 32)  # the storage version begins at byte 12
    factor = 0xBF58476D1CE4E5B9  # the file's checksum is the exclusive or of its words times this
    checksum ^= (word * factor ^ newer * factor) % 2**64
    content[:16] = checksum.to_bytes(8, "little") + newer.to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(PermanentError, match="written by a newer DuckDB"):
        indexes.check()


def test_a_database_open_in_another_program_is_named(path, indexes):
    indexes.setup()
    other = script(path, "with duckdb.connect(path): print('opened', flush=True); sys.stdin.read()")
    with other:
        other.stdout.readline()
        with pytest.raises(TransientError, match=r"open in another program .*PID"):
            indexes.count()


def test_a_folder_that_cannot_be_made_is_named(path):
    path.parent.write_text("a file where the folder should be")
    with pytest.raises(PermanentError, match=r"index\.duckdb cannot be used"):
        write(path, document("a"))
