"""The collector of Kafka topics on AWS Lambda, with the events that AWS documents."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from functions.collector.kafka_handler import handler
from functions.local import LogsPipeline
from functions.pipeline.errors import PermanentError, TransientError
from functions.pipeline.store import Store
from functions.pipeline.wiring import open_indexes
from tests.fakes import LambdaContext
from tests.kafka import Kafka, received

EVENTS = Path(__file__).parents[1] / "events"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIPELINE_DATA", str(tmp_path))
    return tmp_path


def given(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return found


def event(offsets: range, partition: int = 0, start: int = 1_757_090_726_000) -> dict[str, Any]:
    """Make an event as AWS does, of messages a millisecond apart."""
    records = [
        {
            "topic": "t",
            "partition": partition,
            "offset": offset,
            "timestamp": start + offset,
            "timestampType": "CREATE_TIME",
            "value": b64encode(b"INFO:     %d at %d" % (offset, start)).decode(),
            "headers": [],
        }
        for offset in offsets
    ]
    return {"eventSource": "SelfManagedKafka", "bootstrapServers": "h:1", "records": {f"t-{partition}": records}}


def lines(folder: Path) -> list[bytes]:
    contents = (gzip.decompress(path.read_bytes()) for path in sorted(folder.glob("raw/**/*.log.gz")))
    return [line for content in contents for line in content.splitlines()]


@pytest.mark.parametrize("name", ["kafka-msk", "kafka-self-managed"])
def test_the_documented_events_are_stored(store: Path, name: str):
    counts = handler(given(name), LambdaContext())
    assert (counts["lines"], counts["batches"], counts["gaps"]) == (1, 1, 0)
    [path] = store.glob("raw/**/*.log.gz")
    assert str(path.relative_to(store)).startswith("raw/kafka-mytopic-0/2018/12/17/221050.987000-00000000000000000015-")
    assert lines(store) == [b"Hello, this is a test."]


def test_partitions_tombstones_and_objects_over_several_lines(store: Path):
    counts = handler(given("kafka-several"), LambdaContext())
    assert (counts["lines"], counts["batches"]) == (4, 2)
    assert counts["sources"] == ["kafka-ingestion-logs-0", "kafka-ingestion-logs-2"]
    assert [json.loads(each)["n"] for each in lines(store)[:3]] == [100, 101, 102]
    assert LogsPipeline().reindex().summary(LogsPipeline().names)["indexed"] == 4


def test_what_is_handed_over_again_is_stored_once_however_it_is_cut(store: Path):
    for offsets in (range(10), range(10), range(5, 15), range(3), range(15, 20), range(20)):
        handler(event(offsets), LambdaContext())
    assert Counter(lines(store)) == Counter(b"INFO:     %d at 1757090726000" % offset for offset in range(20))


def test_the_same_event_lands_on_the_same_key(store: Path):
    handler(event(range(10)), LambdaContext())
    before = sorted(store.glob("raw/**/*.log.gz"))
    for cursor in store.glob("cursors/*.json"):
        cursor.unlink()
    handler(event(range(10)), LambdaContext())
    assert sorted(store.glob("raw/**/*.log.gz")) == before


def test_messages_that_were_skipped_are_a_gap(store: Path):
    handler(event(range(10)), LambdaContext())
    assert handler(event(range(12, 14)), LambdaContext())["gaps"] == 1
    assert len(lines(store)) == 12


def test_a_topic_that_was_made_anew_is_read_from_its_start(store: Path):
    handler(event(range(100)), LambdaContext())
    later = 1_757_090_999_000
    assert handler(event(range(10), start=later), LambdaContext())["gaps"] == 1
    assert handler(event(range(10), start=later), LambdaContext())["lines"] == 0
    assert handler(event(range(10, 20), start=later), LambdaContext())["gaps"] == 0
    assert len(set(lines(store))) == len(lines(store)) == 120


def test_a_store_that_is_down_costs_nothing(store: Path, monkeypatch: pytest.MonkeyPatch):
    """The batch is in the cursor, and the same event comes again."""
    put = Store.put

    def failing(self: Store, key: str, body: bytes, traceparent: str = "") -> None:
        if key.startswith("raw/"):
            raise TransientError("the store is down")
        put(self, key, body, traceparent)

    both = {**event(range(10)), "records": {**event(range(10))["records"], **event(range(4), 1)["records"]}}
    with monkeypatch.context() as patched:
        patched.setattr(Store, "put", failing)
        with pytest.raises(TransientError, match="the store is down"):
            handler(both, LambdaContext())
    assert lines(store) == []
    counts = handler(both, LambdaContext())
    assert (counts["recovered"], counts["lines"], len(lines(store))) == (14, 0, 14)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        [],
        None,
        {"eventSource": "aws:sqs", "records": {}},
        {"eventSource": "aws:kafka", "records": []},
        {"eventSource": "aws:kafka", "records": {"t-0": [{"topic": "t"}]}},
        {"eventSource": "aws:kafka", "records": {"t-0": [{"topic": "t", "partition": 0, "offset": 1, "value": "%"}]}},
    ],
)
def test_another_event_is_refused(wrong: object):
    with pytest.raises(PermanentError, match="event source mapping"):
        handler(wrong, LambdaContext())


def test_secrets_in_values_keys_and_headers_are_not_stored(
    store: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("PIPELINE_REDACT_FIELDS", "patient:drop")
    monkeypatch.setenv("PIPELINE_REDACT_PATTERNS", "email:drop")
    planted = event(range(1))
    [record] = planted["records"]["t-0"]
    record["value"] = b64encode(b'{\n "patient": "Quillfeather",\n "m": "q.zanzibar@planted.example"}').decode()
    record["key"] = b64encode(b"q.zanzibar@planted.example").decode()
    record["headers"] = [{"patient": [*b"Quillfeather"]}]
    assert handler(planted, LambdaContext())["redacted"] == {"patient:drop": 1, "email:drop": 1}
    kept = b"".join(path.read_bytes() for path in store.rglob("*") if path.is_file()) + b"".join(lines(store))
    printed = "".join(capfd.readouterr())
    for secret in ("Quillfeather", "zanzibar", b64encode(b"Quillfeather").decode()[:12]):
        assert secret.encode() not in kept
        assert secret not in printed


def test_lambda_and_the_command_line_share_cursors_and_batches(kafka: Kafka, store: Path):
    """What Lambda is handed of a real topic is what `trilog` then does not read again, and the other way round."""
    topic = kafka.topic()
    kafka.send(topic, [b'{"message": "m%d"}' % number for number in range(30)])
    messages = received(kafka, topic, 30)

    def handed_over(first: int, end: int) -> dict[str, Any]:
        records = [
            {
                "topic": topic,
                "partition": 0,
                "offset": each.offset(),
                "timestamp": each.timestamp()[1],
                "timestampType": "CREATE_TIME",
                "value": b64encode(each.value()).decode(),
            }
            for each in messages[first:end]
        ]
        return {"eventSource": "SelfManagedKafka", "records": {f"{topic}-0": records}}

    handler(handed_over(0, 10), LambdaContext())
    pipeline = LogsPipeline(place=f"kafka://{kafka.address}/{topic}?group={topic}")
    assert pipeline.run_once(limit=15)["collected"] == 15
    counts = handler(handed_over(5, 30), LambdaContext())
    assert (counts["lines"], counts["gaps"]) == (5, 0)
    assert pipeline.run_once()["collected"] == 0
    assert [json.loads(each)["message"] for each in lines(store)] == [f"m{number}" for number in range(30)]
    assert pipeline.reindex().tally.records == 30
    assert len(list(open_indexes(pipeline.environment).read("logs"))) == 30
