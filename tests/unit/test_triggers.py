"""The indexer understands the news of a drop in every envelope, and names what it does not understand."""

import json
from pathlib import Path

import pytest

from functions.indexer.triggers import Drop, from_queue, messages
from functions.pipeline.errors import PermanentError

EVENTS = Path(__file__).parents[1] / "events"
BUCKET = "batches"
DROP = Drop("s3", BUCKET, "raw/api logs/2025-01-20.log")
OTHER = Drop("s3", BUCKET, "raw/other.log")


def event(name: str):
    return json.loads((EVENTS / f"{name}.json").read_text())


def drops(sent: object) -> list[Drop]:
    return [drop._replace(size=0) for message in messages(sent) for drop in message.drops]


def in_sqs(body: object):
    sent = event("sqs-s3")
    sent["Records"][0]["body"] = body if isinstance(body, str) else json.dumps(body, default=repr)
    return sent


def in_sns(message: object):
    sent = event("sns-s3")
    sent["Records"][0]["Sns"]["Message"] = json.dumps(message)
    return sent


EXPECTED = {
    "s3": [DROP],
    "s3-several": [DROP, Drop("s3", BUCKET, "raw/café +1%.log")],
    "s3-removed": [],
    "s3-test-event": [],
    "sns-s3": [DROP],
    "sqs-s3": [DROP],
    "sqs-s3-several": [DROP, OTHER, DROP],
    "sqs-s3-test-event": [],
    "sqs-sns-s3": [DROP],
    "eventbridge": [DROP],
    "eventbridge-deleted": [],
    "sqs-eventbridge": [DROP],
    "sqs-sns-eventbridge": [DROP],
    "gcs-cloudevent": [DROP._replace(scheme="gs")],
}


@pytest.mark.parametrize(
    "key",
    ["cursors/a.json", "reindex/0123456789abcdef.json", "progress/index/01.json", "versions/index/01.json", "raw/a/"],
)
def test_what_runs_remember_and_folders_are_no_drops(key: str):
    sent = event("s3")
    sent["Records"][0]["s3"]["object"]["key"] = key
    assert drops(sent) == []


@pytest.mark.parametrize("name", EXPECTED)
def test_every_envelope_is_unwrapped(name: str):
    assert drops(event(name)) == EXPECTED[name]
    assert not [message.error for message in messages(event(name)) if message.error]


def test_every_event_file_is_tried():
    not_for_the_indexer = {"schedule", "sqs-mixed", "function-url", "http-api", "otlp-logs"}
    not_for_the_indexer |= {"kafka-msk", "kafka-self-managed", "kafka-several"}
    assert {path.stem for path in EVENTS.glob("*.json")} == EXPECTED.keys() | not_for_the_indexer


@pytest.mark.parametrize("inner", ["s3", "eventbridge", "gcs-cloudevent", "sns-s3", "sqs-sns-s3"])
def test_envelopes_nest_in_any_way(inner: str):
    assert drops(in_sqs(event(inner))) == EXPECTED[inner]
    assert drops(in_sns(event(inner))) == EXPECTED[inner]
    assert drops(in_sqs(in_sns(in_sqs(event(inner))))) == EXPECTED[inner]


def test_each_message_of_a_queue_is_told_apart():
    found = messages(event("sqs-mixed"))
    assert [message.id[:4] for message in found] == ["059f", "2e14", "c80e", "5fea"]
    assert [len(message.drops) for message in found] == [1, 1, 0, 0]
    assert [message.error is None for message in found] == [True, True, True, False]


@pytest.mark.parametrize(
    ("name", "queued"), [("sqs-s3", True), ("s3", False), ("sns-s3", False), ("eventbridge", False)]
)
def test_only_a_queue_is_answered_message_by_message(name: str, queued: bool):  # noqa: FBT001 (a table)
    assert from_queue(event(name)) is queued


@pytest.mark.parametrize(
    "sent",
    [
        None,
        {},
        [],
        7,
        "Hello from SQS!",
        '{"Records": ',
        {"Records": [{"eventSource": "aws:kinesis", "kinesis": {"data": "SGVsbG8="}}]},
        {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}, "object": {}}}]},
        {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": ""}, "object": {"key": "k"}}}]},
        {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "a/b"}, "object": {"key": "k"}}}]},
        {"source": "aws.s3", "detail-type": "Object Created", "detail": {"bucket": {"name": 1}, "object": {"key": 2}}},
        {"source": "aws.ec2", "detail-type": "EC2 Instance State-change Notification", "detail": {}},
        {"specversion": "1.0", "type": "google.cloud.storage.object.v1.finalized", "data": {"bucket": "b"}},
        {"specversion": "1.0", "type": "google.cloud.storage.object.v1.finalized", "data": b"\x08\x01"},
        {"specversion": "1.0", "type": "com.example.something", "data": {"bucket": "b", "name": "n"}},
        {"Type": "SubscriptionConfirmation", "Message": "You have chosen to subscribe to the topic …"},
    ],
)
def test_what_is_not_understood_is_named(sent: object):
    for wrapped in (sent, in_sqs(sent)):
        (message,) = messages(wrapped)
        assert message.drops == ()
        assert isinstance(message.error, PermanentError)
        assert "Not an event that names dropped objects" in str(message.error)


def test_a_message_that_is_half_understood_is_not_taken_for_done():
    sent = event("s3")
    sent["Records"].append({"eventSource": "aws:unknown"})
    (message,) = messages(sent)
    assert message.error is not None
    assert "an object with eventSource" in str(message.error)


def test_endless_envelopes_are_refused():
    sent = event("s3")
    for _ in range(500):
        sent = {"Records": [sent]}
    (message,) = messages(sent)
    assert "envelopes" in str(message.error)


def test_an_error_shows_only_the_start_of_an_event():
    (message,) = messages(in_sqs("x" * 200_000))
    assert len(str(message.error)) < 1000


def test_data_of_a_cloudevent_may_come_undecoded():
    sent = event("gcs-cloudevent")
    sent["data"] = json.dumps(sent["data"]).encode()
    assert drops(sent) == EXPECTED["gcs-cloudevent"]


@pytest.mark.parametrize(
    "name", ["ObjectCreated:Copy", "ObjectCreated:CompleteMultipartUpload", "s3:ObjectCreated:Put"]
)
def test_however_an_object_is_created_it_is_a_drop(name: str):
    sent = event("s3")
    sent["Records"][0]["eventName"] = name
    assert drops(sent) == [DROP]


def test_a_key_is_decoded_only_where_it_is_encoded():
    sent = event("eventbridge")
    sent["detail"]["object"]["key"] = "raw/1+1%20=2.log"
    assert drops(sent) == [Drop("s3", BUCKET, "raw/1+1%20=2.log")]
    sent = event("s3")
    sent["Records"][0]["s3"]["object"]["key"] = "raw/1%2B1%2520%3D2.log"
    assert drops(sent) == [Drop("s3", BUCKET, "raw/1+1%20=2.log")]
