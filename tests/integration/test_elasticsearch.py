"""The Elasticsearch sink and its indexes, against a real server."""

from __future__ import annotations

import re
import uuid

import orjson
import pytest
from elasticsearch import Elasticsearch

from functions.pipeline.documents import DEAD_LETTERS, LOGS, Document, as_rows
from functions.pipeline.errors import PermanentError
from functions.pipeline.kinds import kinds
from functions.pipeline.kinds.templates import template
from functions.pipeline.names import IndexNames
from functions.pipeline.sinks.elasticsearch.indexes import ElasticsearchIndexes
from functions.pipeline.sinks.elasticsearch.options import ElasticsearchOptions
from functions.pipeline.sinks.elasticsearch.sink import ElasticsearchSink

MESSAGE, PERFS = "message", "perfs"

pytestmark = pytest.mark.elasticsearch

NOON = "2025-01-20T12:00:00.000Z"
FEATURES = {"AGE": 74.5, "GENDER": "M", "SMOKING": 2, "CHEST_PAIN": 0, "BLOOD_PRESSURE": {"unknown": "to the mapping"}}
CALL = {
    "@timestamp": NOON,
    "sequence": 7,
    "transaction_id": "abc-123",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "span_id": "00f067aa0ba902b7",
    "http_method": "POST",
    "http_path": "/predict",
    "status_code": 200,
    "execution_time_ms": 15.98,
    "input_data": FEATURES,
    "result": {"prediction": 1, "probability": 0.81, "probabilities": [0.19, 0.81], "message": "Prédiction positive"},
    "misfit": {"input_data.COUGHING": {"0": 1}},
}
RAW = '{"text": "as sent, é, \\u2028"}'
COMPLETE = {
    LOGS: {
        **CALL,
        "level": "INFO",
        "logger": "api",
        "message": "API Call - POST /predict",
        "raw_log": RAW,
        "unread": True,
        "labels": {"stream": "stderr", "kubernetes": {"pod_name": "api-1"}},
        "data": {"region": {"name": "eu"}, "AGE": "seventy", "list": [1, "a"]},
        "error": {"type": "mapping", "message": "kept raw"},
    },
    MESSAGE: CALL,
    PERFS: {
        "@timestamp": NOON,
        "sequence": 7,
        "transaction_id": "abc-123",
        "inference_time_ms": 25.5,
        "cpu_time_ms": 18.2,
        "memory_mb": 312.25,
        "memory_delta_mb": -0.5,
        "latency_ms": 45,
        "function_calls": 5_000_000_000,
        "top_functions": [
            {"function": "predict", "cumulative_time": 0.02, "calls": 3, "filename": "model.py", "line_number": 7},
            {"function": "log", "cumulative_time": 0.01, "calls": 9},
        ],
        "data": {"host": "a"},
    },
    "top-func": {
        "@timestamp": NOON,
        "sequence": 7,
        "transaction_id": "abc-123",
        "rank": 1,
        "function": "predict",
        "cumulative_time_ms": 20.5,
        "calls": 5_000_000_000,
        "filename": "model.py",
        "line_number": 7,
    },
    "ingestion_run": {
        "@timestamp": NOON,
        "sequence": 3,
        "@version": "1",
        "event": {"dataset": "ingestion-logs", "kind": "event", "outcome": "failure", "start": NOON, "end": NOON},
        "source": {"name": "Zoho", "type": "api", "original": "zohoprojects"},
        "objet": {"id": 1995, "name": "projects", "transformation": "Zoho_API_get_data"},
        "etat": "FAILED",
        "performance": {"duree_secondes": 0.9, "cpu_time_sec": 0.09, "memory_used_bytes": 2**40, "memory_used_mb": 1.5},
        "labels": {"etat": "FAILED", "source": "Zoho", "zone": "1-Raw", "entreprise": "boreal"},
        "metrics": {"is_failed": 1, "is_success": 0, "high_memory_usage": 1, "high_cpu_usage": 0},
        "description": "504 Gateway Timeout",
        "error": {"message": "504 Gateway Timeout"},
        "no_sequence": "2025-01-20-12-00",
        "misfit": {"performance.duree_secondes": "n/a"},
        "data": {"host": "a"},
    },
    "model_execution": {
        "@timestamp": NOON,
        "sequence": 3,
        "timestamp": NOON,
        "event": "model_execution",
        "execution_id": "7f0c",
        "transaction_id": "abc-123",
        "model_name": "IsolationForest",
        "model_version": "1.0.0",
        "application_name": "AnomalyDetectionApp",
        "status": "failed",
        "response_time": 0.42,
        "cpu_usage": 12.5,
        "memory_usage": 48.1,
        "details": {"anomalies_count": 3, "region": "QC"},
        "log_level": "ERROR",
        "error_message": "could not convert string to float",
        "misfit": {"details.x": "old"},
        "data": {"host": "a"},
    },
    DEAD_LETTERS: {
        "@timestamp": NOON,
        "failed_at": "2025-01-20T12:00:01.000Z",
        "reason": "failed to parse field [status_code]",
        "class": "mapping",
        "status": 400,
        "target": "logs",
        "transaction_id": "abc-123",
        "raw_log": RAW,
        "document": '{"status_code": {}}',
        "store_key": "raw/space/2025/01/20/x.log.gz",
        "position": 12,
        "hint": "correct the sender",
    },
}


def new_names(**more):
    return IndexNames(logs=f"t{uuid.uuid4().hex[:12]}-logs", **more)


@pytest.fixture(scope="module")
def options(elasticsearch_url):
    return ElasticsearchOptions(url=elasticsearch_url)


@pytest.fixture(scope="module")
def client(elasticsearch_url):
    with Elasticsearch(elasticsearch_url) as opened:
        yield opened


@pytest.fixture
def names():
    return new_names()


@pytest.fixture
def indexes(options, names):
    return ElasticsearchIndexes(options, names)


@pytest.fixture
def sink(options, names):
    with ElasticsearchSink(options, names) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(options):
    """A sink and its indexes for tests that need no empty ones: each finds its documents by an id of its own."""
    names = new_names()
    with ElasticsearchSink(options, names) as sink:
        yield sink, ElasticsearchIndexes(options, names)


@pytest.fixture(scope="module")
def complete(options):
    """The names of indexes that hold the complete document of each kind, ready to be searched."""
    names = new_names()
    with ElasticsearchSink(options, names) as sink:
        sink.write(as_rows(document("1", COMPLETE[kind], kind) for kind in kinds()))
    ElasticsearchIndexes(options, names).count()  # which makes them visible to a search
    return names


def document(identity, fields=None, kind=LOGS, **more):
    content = {"@timestamp": NOON, **(fields or {}), **more}
    return Document(kind, identity, content["@timestamp"], orjson.dumps(content))


def ids(documents):
    return [each["_id"] for each in documents]


def test_a_complete_document_of_each_kind_is_read_back_as_it_was_sent(sink, indexes):
    written = sink.write(as_rows(document("1", COMPLETE[kind], kind) for kind in kinds()))
    assert (written.created, written.rejected) == (dict.fromkeys(kinds(), 1), [])
    assert {kind: list(indexes.read(kind)) for kind in kinds()} == {
        kind: [{"_id": "1", **COMPLETE[kind]}] for kind in kinds()
    }
    assert indexes.test() == []


@pytest.mark.parametrize("kind", kinds())
def test_the_complete_documents_have_every_field_of_the_template(kind):
    properties = template(kind)["template"]["mappings"]["properties"]
    fields = {name for name, each in properties.items() if each.get("type") != "alias"}
    assert set(COMPLETE[kind]) == fields


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        (LOGS, {"match": {"message": "predict"}}),
        (LOGS, {"range": {"input_data.AGE": {"gt": 74, "lt": 75}}}),
        (LOGS, {"term": {"result.prediction": "1"}}),
        (LOGS, {"term": {"data.region.name": "eu"}}),
        (LOGS, {"term": {"error.type": "mapping"}}),
        (MESSAGE, {"term": {"misfit.input_data.COUGHING.0": "1"}}),
        (LOGS, {"term": {"log.level": "INFO"}}),
        (LOGS, {"term": {"log.logger": "api"}}),
        (LOGS, {"term": {"http.request.method": "POST"}}),
        (LOGS, {"term": {"http.response.status_code": 200}}),
        (MESSAGE, {"term": {"url.path": "/predict"}}),
        (MESSAGE, {"term": {"transaction.id": "abc-123"}}),
        (PERFS, {"range": {"function_calls": {"gte": 5_000_000_000}}}),
        (PERFS, {"term": {"transaction.id": "abc-123"}}),
        ("top-func", {"range": {"cumulative_time_ms": {"gt": 20, "lt": 21}}}),
        ("top-func", {"term": {"transaction.id": "abc-123"}}),
        (PERFS, {"nested": {"path": "top_functions", "query": {"term": {"top_functions.function": "predict"}}}}),
        (DEAD_LETTERS, {"term": {"error.type": "mapping"}}),
        (DEAD_LETTERS, {"match": {"error.message": "failed"}}),
        (DEAD_LETTERS, {"range": {"failed_at": {"gte": NOON}}}),
    ],
)
def test_a_field_or_its_ecs_name_is_found(complete, client, kind, query):
    assert client.search(index=complete.base(kind), query=query)["hits"]["total"]["value"] == 1


def test_functions_of_one_run_are_searched_one_by_one(complete, client):
    conditions = [{"term": {"top_functions.function": "predict"}}, {"term": {"top_functions.calls": 9}}]
    query = {"nested": {"path": "top_functions", "query": {"bool": {"must": conditions}}}}
    assert client.search(index=complete.base(PERFS), query=query)["hits"]["total"]["value"] == 0


def test_a_raw_line_of_a_megabyte_is_kept(sink, indexes):
    line = "é" * 500_000
    assert sink.write(as_rows([document("1", raw_log=line)])).rejected == []
    assert next(indexes.read(LOGS))["raw_log"] == line


@pytest.mark.parametrize(
    "fields",
    [
        {"input_data": {"AGE": "old"}},
        {"input_data": {"AGE": True, "SMOKING": "yes", "GENDER": 0}},
        {"status_code": "abc"},
        {"status_code": 30_000_000_000},
        {"execution_time_ms": "15ms"},
        {"result": {"prediction": [0, 1], "probability": "high"}},
        {"transaction_id": "x" * 100_000},
        {"data": {"": 1, "a..b": 2, "long": "x" * 100_000}},
    ],
)
def test_a_value_that_is_not_of_its_fields_type_does_not_lose_the_document(shared, fields):
    sink, indexes = shared
    identity = uuid.uuid4().hex
    assert sink.write(as_rows([document(identity, fields)])).rejected == []
    assert {"_id": identity, "@timestamp": NOON, **fields} in list(indexes.read(LOGS))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status_code": {"code": 200}}, r"failed to parse field \[status_code\].*Cannot parse object"),
        ({"input_data": "74, M"}, r"object mapping for \[input_data\]"),
        ({"message": {"text": "hello"}}, r"failed to parse field \[message\]"),
        ({"data": "text"}, r"failed to parse field \[data\]"),
        ({"log": {"level": "INFO"}}, r"Cannot write to a field alias \[log.level\]"),
    ],
)
def test_a_value_of_another_shape_is_rejected_with_the_reason(shared, fields, reason):
    sink, indexes = shared
    good, bad, also_good = document(uuid.uuid4().hex), document(uuid.uuid4().hex, fields), document(uuid.uuid4().hex)
    written = sink.write(as_rows([good, bad, also_good]))
    [rejection] = written.rejected
    assert (rejection.document, rejection.status, written.created) == (bad, 400, {LOGS: 2})
    assert re.search(rf"^document_parsing_exception: .*{reason}", rejection.reason)
    assert {good.id, bad.id, also_good.id} & set(ids(indexes.read(LOGS))) == {good.id, also_good.id}


def test_a_document_written_again_replaces_the_first_and_is_counted_as_a_duplicate(sink, indexes):
    sink.write(as_rows([document("1", level="INFO")]))
    written = sink.write(as_rows([document("1", level="ERROR"), document("2")]))
    assert (written.created, written.duplicates) == ({LOGS: 1}, {LOGS: 1})
    assert [each.get("level") for each in indexes.read(LOGS)] == ["ERROR", None]


def test_what_was_just_written_is_counted_and_read_at_once(sink, indexes):
    sink.write(as_rows([document("1"), document("2"), document("1", kind=PERFS)]))
    assert indexes.count() == dict.fromkeys(kinds(), 0) | {LOGS: 2, PERFS: 1}
    assert len(list(indexes.read(LOGS))) == 2


def test_an_index_that_does_not_exist_yet_is_empty(indexes):
    assert list(indexes.read(LOGS)) == []
    assert indexes.count() == dict.fromkeys(kinds(), 0)
    assert indexes.clear() == {}


@pytest.fixture(scope="module")
def five(options):
    """Indexes with five documents a second apart, written in another order than that of their times."""
    names = new_names()
    with ElasticsearchSink(options, names) as sink:
        for number in (3, 1, 5, 2, 4):
            transaction = "odd" if number % 2 else "even"
            time = f"2025-01-20T12:00:0{number}Z"
            sink.write(as_rows([document(str(number), {"@timestamp": time}, transaction_id=transaction)]))
    return ElasticsearchIndexes(options, names)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["1", "2", "3", "4", "5"]),
        ({"since": "2025-01-20T12:00:03.000Z"}, ["3", "4", "5"]),
        ({"until": "2025-01-20T12:00:03.000Z"}, ["1", "2"]),
        ({"since": "2025-01-20T12:00:02Z", "until": "2025-01-20T12:00:04Z"}, ["2", "3"]),
        ({"since": "2025-01-20T13:00:02+01:00"}, ["2", "3", "4", "5"]),
        ({"newest": 2}, ["4", "5"]),
        ({"newest": 0}, []),
        ({"newest": 9, "until": "2025-01-20T12:00:03Z"}, ["1", "2"]),
        ({"matching": {"transaction_id": "even"}}, ["2", "4"]),
        ({"matching": {"transaction_id": "odd"}, "newest": 2}, ["3", "5"]),
        ({"matching": {"transaction_id": "none"}}, []),
    ],
)
def test_documents_are_read_oldest_first_as_asked(five, asked, found):
    assert ids(five.read(LOGS, **asked)) == found


def test_a_time_that_is_none_is_named(five):
    with pytest.raises(PermanentError, match="yesterday-ish"):
        list(five.read(LOGS, since="yesterday-ish"))


def test_more_documents_than_one_page_are_all_read(sink, indexes):
    sink.write(as_rows(document(f"{number:05}") for number in range(2500)))
    assert sorted(ids(indexes.read(LOGS))) == [f"{number:05}" for number in range(2500)]


def test_reading_may_stop_early(sink, indexes):
    sink.write(as_rows(document(str(number)) for number in range(2500)))
    reading = indexes.read(LOGS)
    next(reading)
    reading.close()


@pytest.mark.parametrize(("period", "suffixes"), [("year", ["2024", "2025"]), ("day", ["2024.12.31", "2025.01.20"])])
def test_with_a_period_the_base_name_is_an_alias_of_all_the_periods(options, client, period, suffixes):
    names = new_names(period=period)
    indexes = ElasticsearchIndexes(options, names)
    with ElasticsearchSink(options, names) as sink:
        sink.write(as_rows([document("2"), document("1", {"@timestamp": "2024-12-31T23:59:59.999Z"})]))
    assert ids(indexes.read(LOGS)) == ["1", "2"]
    assert sorted(client.indices.get_alias(name=names.logs)) == [f"{names.logs}-{suffix}" for suffix in suffixes]
    assert indexes.test() == []
    assert indexes.clear() == {f"{names.logs}-{suffix}": 1 for suffix in suffixes}


def test_an_index_where_the_alias_of_the_periods_should_be_is_named(options, sink, names, client):
    sink.write(as_rows([document("1")]))
    client.indices.delete_index_template(name=names.logs)
    monthly = IndexNames(logs=names.logs, period="month")
    with ElasticsearchSink(options, monthly) as later, pytest.raises(PermanentError, match="invalid_alias_name"):
        later.write(as_rows([document("2")]))
    line = f"index {names.logs} stands where the alias of the indexes by period should. Rename it by reindexing"
    assert line in ElasticsearchIndexes(options, monthly).test()


def test_a_name_that_begins_another_kinds_names_keeps_to_its_own_index(options):
    names = IndexNames(logs=f"t{uuid.uuid4().hex[:12]}")
    indexes = ElasticsearchIndexes(options, names)
    with ElasticsearchSink(options, names) as sink:
        sink.write(as_rows(document("1", COMPLETE[kind], kind) for kind in kinds()))
    assert indexes.test() == []
    assert indexes.count() == dict.fromkeys(kinds(), 1)


def test_setup_creates_what_is_missing_once(indexes, names):
    assert indexes.test() == [
        f"index template {names.base(kind)} is missing. Create it with: trilog setup" for kind in kinds()
    ]
    assert indexes.setup() == [f"index template {names.base(kind)}" for kind in kinds()]
    assert indexes.setup() == []
    assert indexes.test() == []


def test_setup_leaves_somebody_elses_template_and_test_names_it(indexes, names, client):
    mappings = {"properties": {"@timestamp": {"type": "date"}, "message": {"type": "keyword"}}}
    theirs = {"index_patterns": [f"{names.logs}*"], "priority": 7, "template": {"mappings": mappings}}
    client.indices.put_index_template(name=names.logs, body=theirs)
    before = client.indices.get_index_template(name=names.logs).body
    assert f"index template {names.logs}" not in indexes.setup()
    assert client.indices.get_index_template(name=names.logs).body == before
    lines = indexes.test()
    assert f"index template {names.logs}: priority is 7, expected 200" in lines
    assert f"index template {names.logs}: template.mappings.message.type is keyword, expected text" in lines
    assert f"index template {names.logs}: template.mappings.level.type is missing, expected keyword" in lines


def test_what_somebody_added_to_a_template_is_no_difference(indexes, names, client):
    indexes.setup()
    ours = client.indices.get_index_template(name=names.logs)["index_templates"][0]["index_template"]
    ours = {name: each for name, each in ours.items() if not name.endswith(("_date", "_date_millis"))}
    ours["template"]["settings"]["index"]["refresh_interval"] = "30s"
    client.indices.put_index_template(name=names.logs, body=ours)
    assert indexes.test() == []


def test_an_index_made_without_the_template_is_named(indexes, names, client):
    client.index(index=names.logs, document={"message": "first"})
    indexes.setup()
    assert indexes.test() == [
        f"index {names.logs} was made without its template, its fields are guessed. Reindex it, or clear the indexes"
    ]


def test_an_index_whose_mapping_differs_is_named(indexes, names, client):
    mappings = dict(template(PERFS)["template"]["mappings"])
    mappings["properties"] = {**mappings["properties"], "latency_ms": {"type": "keyword"}}
    client.indices.create(index=names.base(PERFS), mappings=mappings)
    indexes.setup()
    assert indexes.test() == [f"index {names.base(PERFS)}: latency_ms.type is keyword, expected double"]


def test_clear_deletes_our_indexes_only_and_keeps_the_templates(sink, indexes, names, client):
    neighbour = f"{names.logs}-of-somebody-else"
    client.index(index=neighbour, document={"message": "theirs"})
    sink.write(as_rows([document("1"), document("2"), document("1", kind=PERFS)]))
    assert indexes.clear() == {names.logs: 2, names.base(PERFS): 1}
    assert indexes.count() == dict.fromkeys(kinds(), 0)
    assert client.indices.exists(index=neighbour)
    assert indexes.setup() == []
    assert sink.write(as_rows([document("1")])).created == {LOGS: 1}


def test_an_index_closed_for_writing_makes_no_dead_letters(sink, names, client):
    sink.write(as_rows([document("1")]))
    client.indices.add_block(index=names.logs, block="write")
    with pytest.raises(PermanentError, match=f"cannot write to {names.logs} .cluster_block_exception"):
        sink.write(as_rows([document("2")]))


def test_check_tells_the_version_and_the_address(indexes, elasticsearch_url):
    assert indexes.check() == f"Elasticsearch 9.2.0 at {elasticsearch_url}"
