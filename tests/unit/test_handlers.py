"""What the functions answer to AWS Lambda: exactly what is not finished comes again."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from functions.collector import handler as collector
from functions.indexer import handler as indexer
from functions.pipeline.errors import ConfigError, PermanentError, TransientError
from tests.fakes import FakeElasticsearch, LambdaContext, failing, fake_elasticsearch, slow

EVENTS = Path(__file__).parents[1] / "events"
KEY = "raw/api logs/2025-01-20.log"
LINES = (EVENTS / "store" / KEY).read_bytes()
BUCKET = "batches"

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture(scope="module")
def put(aws: str) -> Iterator[Callable[..., None]]:
    """Put an object into the bucket that the events name."""
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=aws)
    client.create_bucket(Bucket=BUCKET)
    client.put_object(Bucket=BUCKET, Key=KEY, Body=LINES)
    yield lambda key, body: client.put_object(Bucket=BUCKET, Key=key, Body=body)
    client.close()


@pytest.fixture
def elasticsearch(put: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeElasticsearch]:  # noqa: ARG001
    """An index for a container that has just started."""
    with fake_elasticsearch() as fake:
        monkeypatch.setenv("ELASTICSEARCH_URL", fake.url)
        indexer.indexer.cache_clear()
        yield fake
        if indexer.indexer.cache_info().currsize:
            indexer.indexer().close()
        indexer.indexer.cache_clear()


def event(name: str):
    return json.loads((EVENTS / f"{name}.json").read_text())


def queued(*keys: str):
    """Make a batch of messages, each about the objects whose keys it names, separated by commas."""
    records = [event("sqs-s3")["Records"][0] | {"messageId": f"message {number}"} for number in range(len(keys))]
    for record, names in zip(records, keys, strict=True):
        (dropped,) = json.loads(record["body"])["Records"]
        dropped["s3"].pop("object")
        drops = [{**dropped, "s3": {**dropped["s3"], "object": {"key": name}}} for name in names.split(",")]
        record["body"] = json.dumps({"Records": drops})
    return {"Records": records}


def failures(answer: dict[str, Any]) -> list[str]:
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("name", ["sqs-s3", "sqs-sns-s3", "sqs-eventbridge"])
def test_a_queue_is_told_that_all_is_finished(elasticsearch: FakeElasticsearch, name: str):
    assert indexer.handler(event(name), LambdaContext()) == {"batchItemFailures": []}
    assert len(elasticsearch.documents) == 5  # three records: one of them a prediction, one with metrics


@pytest.mark.parametrize("name", ["s3", "sns-s3", "eventbridge"])
def test_an_event_that_comes_straight_is_indexed(elasticsearch: FakeElasticsearch, name: str):
    assert indexer.handler(event(name), LambdaContext()) == {"objects": 1}
    assert len(elasticsearch.documents) == 5


@pytest.mark.parametrize("name", ["s3-test-event", "s3-removed", "eventbridge-deleted"])
def test_what_is_no_drop_asks_for_nothing(elasticsearch: FakeElasticsearch, name: str):
    assert indexer.handler(event(name), LambdaContext()) == {"objects": 0}
    assert elasticsearch.requests == []


def test_exactly_the_messages_that_are_not_finished_come_again(
    elasticsearch: FakeElasticsearch, capsys: pytest.CaptureFixture[str]
):
    *_, poison = (record["messageId"] for record in event("sqs-mixed")["Records"])
    assert failures(indexer.handler(event("sqs-mixed"), LambdaContext())) == [poison]
    assert len(elasticsearch.documents) == 6  # with the dead letter of a missing object
    reasons = {line["message_id"]: line["message"] for line in logged(capsys) if "message_id" in line}
    assert list(reasons) == [poison]
    assert "Not an event" in reasons[poison]


def test_a_missing_object_is_a_dead_letter_and_its_message_is_finished(elasticsearch: FakeElasticsearch):
    assert failures(indexer.handler(queued("raw/none.log"), LambdaContext())) == []
    ((index, _),) = elasticsearch.documents
    assert index == "ml-api-dead-letters"


def test_of_each_object_there_is_one_line_of_counts(
    elasticsearch: FakeElasticsearch,  # noqa: ARG001
    capsys: pytest.CaptureFixture[str],
):
    indexer.handler(event("sqs-s3"), LambdaContext())
    line, _total = logged(capsys)
    assert line.pop("ms") >= 0
    assert line == {
        "severity": "INFO",
        "message": "indexed",
        "function": "indexer",
        "key": f"{BUCKET}/{KEY}",
        "records": 3,
        "created": {"ml-api-logs": 3, "ml-api-message": 1, "ml-api-perfs": 1, "ml-api-top-func": 1},
        "duplicates": {},
        "dead": {},
        "conserved": True,
        "unread": 0,
        "passed_without_document": 0,
        "redacted": {},
        "redaction_rules_without_a_match": [],
    }


def test_an_object_that_several_messages_name_is_indexed_once(elasticsearch: FakeElasticsearch):
    assert failures(indexer.handler(queued(KEY, f"{KEY},{KEY}", KEY), LambdaContext())) == []
    assert elasticsearch.bulks == [5]


def test_a_message_is_not_finished_before_all_its_objects_are(elasticsearch: FakeElasticsearch):
    elasticsearch.answer_with(failing(400))  # only the first is refused
    answer = indexer.handler(queued(f"raw/none.log,{KEY}", KEY, "raw/none.log"), LambdaContext())
    assert failures(answer) == ["message 0", "message 2"]
    assert elasticsearch.bulks == [1, 5]


def test_a_delivery_after_the_first_changes_nothing(
    elasticsearch: FakeElasticsearch, capsys: pytest.CaptureFixture[str]
):
    indexer.handler(event("sqs-s3"), LambdaContext())
    before = dict(elasticsearch.documents)
    indexer.handler(event("sqs-sns-s3"), LambdaContext())
    assert elasticsearch.documents == before
    second = logged(capsys)[-2]
    assert (second["created"], second["duplicates"]["ml-api-logs"]) == ({}, 3)


def test_what_the_next_invocation_needs_stays_open(elasticsearch: FakeElasticsearch):
    for _ in range(3):
        indexer.handler(event("sqs-s3"), LambdaContext())
    assert elasticsearch.connections == 1
    assert len(elasticsearch.requests) == 4  # templates, then three times _bulk


def test_a_sink_that_failed_is_opened_again(elasticsearch: FakeElasticsearch):
    elasticsearch.answer_with(failing(400))
    assert failures(indexer.handler(event("sqs-s3"), LambdaContext())) == [event("sqs-s3")["Records"][0]["messageId"]]
    assert failures(indexer.handler(event("sqs-s3"), LambdaContext())) == []
    assert elasticsearch.connections == 2


def test_a_fault_with_one_object_does_not_keep_the_others_from_being_indexed(
    elasticsearch: FakeElasticsearch, put: Callable[..., None]
):
    put("raw/odd.log", b"2025-01-20 10:30:00 - api - INFO - odd\n")
    elasticsearch.answer_with(failing(418, {"items": [{}]}))  # an answer that nobody has thought of
    assert failures(indexer.handler(queued("raw/odd.log", KEY), LambdaContext())) == ["message 0"]
    assert len(elasticsearch.documents) == 5


def test_what_an_asynchronous_event_could_not_do_is_raised(elasticsearch: FakeElasticsearch):
    elasticsearch.answer_with(failing(400))
    with pytest.raises(PermanentError, match="refuses the request"):
        indexer.handler(event("eventbridge"), LambdaContext())
    with pytest.raises(PermanentError, match="Not an event"):
        indexer.handler({"detail": "?"}, LambdaContext())


def test_without_time_nothing_is_begun(elasticsearch: FakeElasticsearch, capsys: pytest.CaptureFixture[str]):
    assert failures(indexer.handler(queued(KEY, "raw/none.log"), LambdaContext(0.5))) == ["message 0", "message 1"]
    assert elasticsearch.requests == []
    assert {(line["severity"], line["error"]) for line in logged(capsys)} == {("WARNING", "TransientError")}


def test_an_object_is_indexed_whole_or_handed_back(elasticsearch: FakeElasticsearch, put: Callable[..., None]):
    line = b"2025-01-20 10:30:00 - api - INFO - a line like any other, but for its length\n"
    put("raw/large.log", line * 120_000)  # some is still to be read when the second bulk waits for the first
    until_the_first_bulk = LambdaContext(lambda: 60 if not elasticsearch.bulks else 0)
    answer = indexer.handler(queued("raw/large.log", KEY), until_the_first_bulk)
    assert failures(answer) == ["message 0", "message 1"]
    assert len(elasticsearch.bulks) <= 2  # the first, and one that was ready by then
    assert failures(indexer.handler(queued("raw/large.log", KEY), LambdaContext())) == []
    assert len(elasticsearch.documents) == 120_005


def test_a_server_that_does_not_answer_cannot_make_it_miss_the_deadline(elasticsearch: FakeElasticsearch):
    elasticsearch.answer_with(slow(2.5))
    begun = time.monotonic()
    assert failures(indexer.handler(queued(KEY), LambdaContext(2.0))) == ["message 0"]
    assert time.monotonic() - begun < 2.0
    assert failures(indexer.handler(queued(KEY), LambdaContext())) == []


def test_a_configuration_that_cannot_work_fails_the_invocation(
    elasticsearch: FakeElasticsearch,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("ELASTICSEARCH_INDEX", "NOT AN INDEX")
    monkeypatch.setenv("PIPELINE_TIMEZONE", "Nowhere/Land")
    with pytest.raises(ConfigError, match=r"(?s)PIPELINE_TIMEZONE.*ELASTICSEARCH_INDEX"):
        indexer.handler(event("sqs-s3"), LambdaContext())
    monkeypatch.delenv("ELASTICSEARCH_INDEX")
    monkeypatch.delenv("PIPELINE_TIMEZONE")
    assert failures(indexer.handler(event("sqs-s3"), LambdaContext())) == []


def test_without_an_index_that_is_what_is_said(
    elasticsearch: FakeElasticsearch,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
):
    monkeypatch.delenv("ELASTICSEARCH_URL")
    monkeypatch.setenv("PIPELINE_DATA", str(tmp_path))
    monkeypatch.setitem(sys.modules, "duckdb", None)  # as in the deployed package
    assert len(failures(indexer.handler(event("sqs-s3"), LambdaContext()))) == 1
    assert "Set ELASTICSEARCH_URL" in logged(capsys)[0]["message"]


def test_a_secret_may_be_a_reference(elasticsearch: FakeElasticsearch, aws: str, monkeypatch: pytest.MonkeyPatch):
    ssm = boto3.client("ssm", region_name="us-east-1", endpoint_url=aws)
    ssm.put_parameter(Name="/trilog/handler/api-key", Value="c2VjcmV0", Type="SecureString")
    ssm.close()
    monkeypatch.setenv("ELASTICSEARCH_API_KEY", "ssm:/trilog/handler/api-key")
    elasticsearch.authorization = "ApiKey c2VjcmV0"
    assert failures(indexer.handler(event("sqs-s3"), LambdaContext())) == []


def test_a_local_store_stands_for_every_bucket(elasticsearch: FakeElasticsearch, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_STORE", f"file://{EVENTS}/store")
    assert indexer.handler(event("gcs-cloudevent"), LambdaContext()) == {"objects": 1}
    assert len(elasticsearch.documents) == 5


def test_a_collector_without_a_space_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.delenv("GRADIO_URL", raising=False)
    monkeypatch.setenv("PIPELINE_STORE", "memory://")
    with pytest.raises(ConfigError, match="GRADIO_URL"):
        collector.handler(event("schedule"), LambdaContext())
    (line,) = logged(capsys)
    assert (line["severity"], line["function"], line["error"]) == ("ERROR", "collector", "ConfigError")


def test_a_space_that_is_down_is_tried_again_by_the_next_schedule(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("GRADIO_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("GRADIO_TIMEOUT", "1")
    monkeypatch.setenv("PIPELINE_STORE", "memory://")
    with pytest.raises(TransientError):
        collector.handler(event("schedule"), LambdaContext())
    assert logged(capsys)[0]["severity"] == "WARNING"
