"""The functions do the same on AWS Lambda and on functions-framework."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import functions_framework
import httpx
import pytest

from functions.collector import handler as collector
from functions.indexer import handler as indexer
from functions.pipeline.config import environment
from functions.pipeline.kinds import kinds
from functions.pipeline.wiring import open_indexes
from tests.fakes import LambdaContext, fake_elasticsearch, slow
from tests.scripts import free_port
from tests.space import Space, start_space

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "tests" / "events"
BUCKET = "batches"
KEY = "raw/api logs/2025-01-20.log"

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture(scope="module")
def s3(aws: str) -> Iterator[Any]:
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=aws)
    client.create_bucket(Bucket=BUCKET)
    # Public, for moto would ask Google's client for Amazon's signature.
    client.put_object(Bucket=BUCKET, Key=KEY, Body=(EVENTS / "store" / KEY).read_bytes(), ACL="public-read")
    yield client
    client.close()


@pytest.fixture(scope="module")
def space() -> Iterator[Space]:
    with start_space() as running:
        running.predict(8)
        yield running


@contextmanager
def served(function: str, target: str) -> Iterator[Flask]:
    """Serve a function by functions-framework, which leaves traces in the process, for as long as the block lasts."""
    with pytest.MonkeyPatch.context() as process:
        process.setattr(sys, "path", [*sys.path])
        process.setenv("FUNCTION_TARGET", target)
        process.setenv("FUNCTION_SIGNATURE_TYPE", "http")
        yield functions_framework.create_app(target, ROOT / "functions" / function / "main.py")
        end(sys.modules.pop("main"))


def end(module: Any) -> None:
    """End an indexer's container; the next one starts cold."""
    made = getattr(module, "indexer", None)
    if made and made.cache_info().currsize:
        made().close()
        made.cache_clear()


@pytest.fixture(autouse=True)
def cold() -> Iterator[None]:
    yield
    end(indexer)


def event(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text())


def binary(cloud_event: dict[str, Any]) -> dict[str, Any]:
    """Send an event as Eventarc does: its data in the body, its attributes in headers."""
    attributes = {f"ce-{name}": value for name, value in cloud_event.items() if name not in {"data", "datacontenttype"}}
    return {"data": json.dumps(cloud_event["data"]), "headers": {**attributes, "Content-Type": "application/json"}}


def structured(cloud_event: dict[str, Any]) -> dict[str, Any]:
    return {"data": json.dumps(cloud_event), "headers": {"Content-Type": "application/cloudevents+json"}}


def documents() -> dict[str, list[dict[str, Any]]]:
    """Read all that is in the configured index."""
    indexes = open_indexes(environment())
    return {kind: sorted(indexes.read(kind), key=lambda each: each["_id"]) for kind in kinds()}


def lines(s3: Any, bucket: str) -> list[bytes]:
    """Read all the lines that were collected into a bucket, in the order of their batches."""
    found = s3.list_objects_v2(Bucket=bucket, Prefix="raw/").get("Contents", [])
    bodies = [s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in found]
    return [line for body in bodies for line in gzip.decompress(body).splitlines()]


@pytest.mark.parametrize("mode", [binary, structured])
def test_both_runtimes_make_the_same_documents_of_a_drop(
    mode: Callable[[dict[str, Any]], dict[str, Any]],
    s3: Any,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    monkeypatch.setenv("PIPELINE_DATA", str(tmp_path / "lambda"))
    assert indexer.handler(event("sqs-s3"), LambdaContext()) == {"batchItemFailures": []}
    end(indexer)
    expected = documents()
    assert {kind: len(found) for kind, found in expected.items() if found} == {
        "logs": 3,
        "message": 1,
        "perfs": 1,
        "top-func": 1,
    }

    monkeypatch.setenv("PIPELINE_DATA", str(tmp_path / "framework"))
    with served("indexer", "index") as app:
        assert app.test_client().post("/", **mode(event("gcs-cloudevent"))).status_code == 200
    assert documents() == expected


def test_what_another_time_may_do_is_asked_for_again_and_nothing_else(
    s3: Any,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    monkeypatch.setenv("PIPELINE_DATA", str(tmp_path))
    sent = event("gcs-cloudevent")
    gone = {**sent, "data": {**sent["data"], "name": "raw/gone.log"}}
    deleted = {**sent, "type": "google.cloud.storage.object.v1.deleted"}
    odd = {**sent, "type": "com.example.odd"}
    cursor = {**sent, "data": {**sent["data"], "name": "cursors/my-space.json"}}
    with served("indexer", "index") as app:
        client = app.test_client()
        statuses = [client.post("/", **binary(each)).status_code for each in (gone, odd, deleted, cursor, sent)]
        assert statuses == [200, 422, 200, 200, 200]  # what is gone is a dead letter
        assert client.post("/", data=b"\x08\x01", headers=binary(sent)["headers"]).status_code == 422
    with served("indexer", "index") as app:
        monkeypatch.setenv("ELASTICSEARCH_API_KEY", "ssm:/trilog/runtimes/none")
        assert "ELASTICSEARCH_API_KEY" in (answer := app.test_client().post("/", **binary(sent))).text
        assert answer.status_code == 422
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        assert app.test_client().post("/", **binary(sent)).status_code == 503


def test_a_server_with_several_threads_indexes_one_drop_at_a_time(
    s3: Any,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
):
    with fake_elasticsearch() as fake, served("indexer", "index") as app:
        monkeypatch.setenv("ELASTICSEARCH_URL", fake.url)
        fake.always_answer_with(slow(0.05))
        with ThreadPoolExecutor(4) as threads:
            answers = threads.map(lambda _: app.test_client().post("/", **binary(event("gcs-cloudevent"))), range(8))
            assert {answer.status_code for answer in answers} == {200}
        assert (fake.connections, len(fake.documents), len(fake.bulks)) == (1, 5, 8)


def test_both_runtimes_collect_the_same_lines(space: Space, s3: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GRADIO_URL", space.url)
    for bucket in ("lambda", "framework"):
        s3.create_bucket(Bucket=bucket)
    monkeypatch.setenv("PIPELINE_STORE", "s3://lambda")
    on_lambda = collector.handler(event("schedule"), LambdaContext())
    monkeypatch.setenv("PIPELINE_STORE", "s3://framework")
    with served("collector", "collect") as app:
        answer = app.test_client().post("/")
        assert answer.status_code == 200
        assert answer.json == on_lambda
        assert app.test_client().post("/").json["lines"] == 0
    assert on_lambda["lines"] > 16
    assert on_lambda["complete"]
    assert lines(s3, "framework") == lines(s3, "lambda")
    assert len(lines(s3, "lambda")) == on_lambda["lines"]


def test_a_collector_that_runs_out_of_time_leaves_the_rest_to_the_next(
    space: Space, s3: Any, monkeypatch: pytest.MonkeyPatch
):
    s3.create_bucket(Bucket="short")
    monkeypatch.setenv("GRADIO_URL", space.url)
    monkeypatch.setenv("PIPELINE_STORE", "s3://short")
    monkeypatch.setenv("PIPELINE_BATCH_SIZE", "5")
    context = LambdaContext(lambda: 12 if lines(s3, "short") else 60)
    first = collector.handler({}, context)
    assert (first["lines"], first["batches"], first["complete"]) == (5, 1, False)
    second = collector.handler({}, LambdaContext())
    assert second["complete"]
    assert len(lines(s3, "short")) == 5 + second["lines"]


@pytest.mark.parametrize(("url", "status"), [("http://127.0.0.1:9", 503), ("no address", 422), ("", 422)])
def test_a_collector_that_failed_says_if_another_time_helps(url: str, status: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GRADIO_URL", url)
    monkeypatch.setenv("GRADIO_TIMEOUT", "1")
    monkeypatch.setenv("PIPELINE_STORE", "memory://")
    with served("collector", "collect") as app:
        answer = app.test_client().post("/")
        assert answer.status_code == status
        assert answer.json["error"]


def test_what_is_deployed_to_google_cloud_serves(tmp_path: Path):
    subprocess.run(["make", "-C", ROOT, "-s", "gcp-sources", f"GCP_SOURCES={tmp_path}/gcp"], check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [Path(sys.executable).with_name("functions-framework"), "--target", "index", "--port", str(port)]
    variables = {**os.environ, "PIPELINE_STORE": f"file://{EVENTS}/store", "PIPELINE_DATA": str(tmp_path)}
    with subprocess.Popen([*command, "--host", "127.0.0.1"], cwd=tmp_path / "gcp" / "indexer", env=variables) as server:
        try:
            answer = eventually_post(f"http://127.0.0.1:{port}", binary(event("gcs-cloudevent")))
        finally:
            server.terminate()
    assert (answer.status_code, answer.text) == (200, "OK")
    assert (tmp_path / "index.duckdb").is_file()


def test_the_ingest_function_that_is_deployed_to_google_cloud_serves(tmp_path: Path):
    subprocess.run(["make", "-C", ROOT, "-s", "gcp-sources", f"GCP_SOURCES={tmp_path}/gcp"], check=True)
    port = free_port()
    command = [Path(sys.executable).with_name("functions-framework"), "--target", "ingest", "--port", str(port)]
    variables = {
        **os.environ,
        "PIPELINE_STORE": f"file://{tmp_path}",
        "PIPELINE_INGEST_TOKENS": "correct-horse-battery-staple",
    }
    with subprocess.Popen([*command, "--host", "127.0.0.1"], cwd=tmp_path / "gcp" / "ingest", env=variables) as server:
        try:
            headers = {"Content-Type": "application/json", "Authorization": "Bearer correct-horse-battery-staple"}
            sent = {"data": b'{"message": "a"}', "headers": headers}
            answer = eventually_post(f"http://127.0.0.1:{port}/logs", sent)
            again = eventually_post(f"http://127.0.0.1:{port}/logs", {**sent, "headers": {}})
        finally:
            server.terminate()
    assert (answer.status_code, again.status_code) == (202, 401)
    assert (tmp_path / answer.json()["key"]).is_file()


def eventually_post(url: str, sent: dict[str, Any]) -> httpx.Response:
    """Post as soon as the server is there."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return httpx.post(url, content=sent["data"], headers=sent["headers"], timeout=20)
        except httpx.ConnectError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
