"""The ingest function and its store: in S3, away, slow, and back again while senders retry."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import pytest

from functions.ingest import ingest as module
from tests.ingest import NDJSON, Kept, error, opened, sent, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINE = b'{"message": "a"}\n'
OTHER = b'{"message": "b"}\n'


@pytest.fixture
def bucket(aws: str) -> Iterator[Any]:
    """A new bucket, which tells its objects."""
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=aws)
    client.create_bucket(Bucket="pushed")

    def objects() -> dict[str, Any]:
        found = client.list_objects_v2(Bucket="pushed").get("Contents", [])
        return {each["Key"]: each["LastModified"] for each in found}

    yield objects
    for key in objects():
        client.delete_object(Bucket="pushed", Key=key)
    client.delete_bucket(Bucket="pushed")
    client.close()


def test_in_s3_a_retry_changes_nothing_and_a_name_is_used_once(bucket: Any, tmp_path: Path):
    ingest = opened(tmp_path, PIPELINE_STORE="s3://pushed")
    for name in ({}, {"Idempotency_Key": "a"}):
        answers = [sent(ingest, LINE, NDJSON, **name) for _ in range(2)]
        assert [each.status for each in answers] == [202, 202]
        assert answers[0].body == answers[1].body
    assert {*bucket()} == {
        json.loads(sent(ingest, LINE, NDJSON, **name).body)["key"] for name in ({}, {"Idempotency_Key": "a"})
    }
    assert sent(ingest, OTHER, NDJSON, Idempotency_Key="a").status == 422
    assert len(bucket()) == 2


def test_the_same_batch_by_many_senders_at_once_is_one(bucket: Any, tmp_path: Path):
    ingest = opened(tmp_path, PIPELINE_STORE="s3://pushed", PIPELINE_INGEST_CONCURRENCY="20")
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: sent(ingest, LINE, NDJSON, Idempotency_Key="a"), range(20)))
    assert {each.status for each in answers} <= {202, 503}
    assert sent(ingest, LINE, NDJSON, Idempotency_Key="a").status == 202
    assert len(bucket()) == 1


def test_without_a_bucket_the_sender_keeps_what_it_has(aws: str, tmp_path: Path):
    assert aws
    refused = sent(opened(tmp_path, PIPELINE_STORE="s3://no-such-bucket"), LINE, NDJSON)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
    assert "no-such-bucket" not in error(refused)


def test_a_store_that_does_not_answer_is_not_waited_for(
    aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert aws
    monkeypatch.setattr(module, "_STORE_TIME", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        begun = time.monotonic()
        refused = sent(opened(tmp_path, PIPELINE_STORE="s3://pushed"), LINE, NDJSON)
    assert refused.status == 503
    assert time.monotonic() - begun < 2
    assert "does not answer in time" in capsys.readouterr().out


def test_who_retries_through_an_outage_has_each_batch_once(tmp_path: Path):
    """Ten senders send ten batches each, again until each is taken; meanwhile the store goes away and comes back."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    outage = Event()

    def point_to(target: str) -> None:
        (tmp_path / "next").symlink_to(target)
        (tmp_path / "next").replace(tmp_path / "raw")

    def deliver(number: int) -> int:
        tries = 0
        with httpx.Client(base_url=url) as client:
            for batch in range(10):
                status = 0
                while status != 202:
                    tries += 1
                    body = json.dumps({"sender": number, "batch": batch})
                    status = client.post(
                        "/logs", content=body, headers={"Idempotency-Key": f"{number}/{batch}"}
                    ).status_code
                    assert status in {202, 429, 503}
                if (number, batch) == (0, 4):
                    point_to("file")  # where the folder should be
                    outage.set()
        return tries

    def come_back() -> None:
        outage.wait(30)
        time.sleep(0.3)
        point_to("folder")

    point_to("folder")
    with served(opened(tmp_path)) as url, ThreadPoolExecutor(11) as pool:
        back = pool.submit(come_back)
        tries = sum(pool.map(deliver, range(10)))
        back.result()
    assert tries > 100  # some were refused
    kept = Kept(tmp_path)
    lines = [json.loads(line) for line in kept.lines()]
    assert len(lines) == len(kept.batches()) == 100
    assert {(each["sender"], each["batch"]) for each in lines} == {(a, b) for a in range(10) for b in range(10)}
