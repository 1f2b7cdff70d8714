"""The functions' own traces: collect, put, index and bulk are one trace in a real Jaeger."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest

from functions.collector.handler import handler as collect
from functions.indexer import handler as indexer
from functions.pipeline.errors import ConfigError, TransientError
from functions.pipeline.store import Store
from functions.pipeline.wiring import open_tracing
from tests.fakes import FakeElasticsearch, LambdaContext, fake_elasticsearch
from tests.jaeger import Jaeger, start_jaeger
from tests.notifications import object_created

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture(scope="module")
def jaeger_server() -> Iterator[Jaeger]:
    """One real Jaeger for all these tests."""
    with start_jaeger() as running:
        yield running


@pytest.fixture
def bucket(aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket, a log to collect into it, and nothing else configured."""
    for name in [each for each in os.environ if each.startswith(("OTEL_", "PIPELINE_"))]:
        monkeypatch.delenv(name)
    name = f"batches-{uuid4().hex}"
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=aws)
    client.create_bucket(Bucket=name)
    client.close()
    monkeypatch.chdir(tmp_path)
    Path("api.log").write_text("2026-01-20 10:30:00 - api - INFO - one\n2026-01-20 10:30:01 - api - INFO - two\n")
    monkeypatch.setenv("PIPELINE_STORE", f"s3://{name}")
    monkeypatch.setenv("PIPELINE_SOURCE", "api.log")
    return name


@pytest.fixture
def elasticsearch(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeElasticsearch]:
    """An index for an indexer that has just started."""
    with fake_elasticsearch() as fake:
        monkeypatch.setenv("ELASTICSEARCH_URL", fake.url)
        indexer.indexer.cache_clear()
        yield fake
        indexer.indexer().close()
        indexer.indexer.cache_clear()


def switch_on(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.setenv("PIPELINE_TRACING", "on")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)


def batches(bucket: str) -> list[str]:
    return list(Store(f"s3://{bucket}").keys("raw"))


def index(bucket: str) -> dict[str, object]:
    records = [
        {"messageId": key, "eventSource": "aws:sqs", "body": json.dumps(object_created(bucket, key))}
        for key in batches(bucket)
    ]
    return indexer.handler({"Records": records}, LambdaContext())


def test_from_collecting_to_the_index_it_is_one_trace(
    bucket: str, elasticsearch: FakeElasticsearch, jaeger_server: Jaeger, monkeypatch: pytest.MonkeyPatch
):
    switch_on(monkeypatch, jaeger_server.endpoint)
    assert collect({}, LambdaContext())["lines"] == 2
    assert index(bucket) == {"batchItemFailures": []}
    assert len(elasticsearch.documents) == 2
    [key] = batches(bucket)
    collected = {each["operationName"]: each for each in jaeger_server.spans("trilog-collector")}
    indexed = {each["operationName"]: each for each in jaeger_server.spans("trilog-indexer")}
    assert (collected.keys(), indexed.keys()) == ({"collect", "put"}, {"index", "bulk"})
    assert len({each["traceID"] for each in (*collected.values(), *indexed.values())}) == 1
    parents = [collected["put"]["parent"], indexed["index"]["parent"], indexed["bulk"]["parent"]]
    assert parents == [collected["collect"]["spanID"], collected["put"]["spanID"], indexed["index"]["spanID"]]
    assert collected["put"]["tags"]["trilog.batch"] == indexed["index"]["tags"]["trilog.batch"] == key


def test_what_takes_traces_may_be_away(
    bucket: str, elasticsearch: FakeElasticsearch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    switch_on(monkeypatch, "http://127.0.0.1:1")
    assert collect({}, LambdaContext())["lines"] == 2
    assert index(bucket) == {"batchItemFailures": []}
    assert len(elasticsearch.documents) == 2
    assert "127.0.0.1" in caplog.text  # the SDK says so


def test_a_span_of_what_fails_says_why(jaeger_server: Jaeger):
    service = f"failing-{uuid4().hex[:8]}"
    tracing = open_tracing({"PIPELINE_TRACING": "on", "OTEL_EXPORTER_OTLP_ENDPOINT": jaeger_server.endpoint}, service)
    with pytest.raises(TransientError), tracing.span("index", {}, PARENT):
        raise TransientError("the store is away")
    tracing.flush()
    [span] = jaeger_server.spans(service)
    assert (span["traceID"], span["parent"]) == (PARENT[3:35], PARENT[36:52])
    assert "the store is away" in span["tags"]["otel.status_description"]


def test_the_metadata_of_an_object_has_the_trace_but_in_a_folder(bucket: str, tmp_path: Path):
    for address, kept in ((f"s3://{bucket}", PARENT), ("memory://", PARENT), (f"file://{tmp_path}/store", "")):
        store = Store(address)
        store.put("raw/a", b"x", PARENT)
        assert store.get("raw/a").traceparent == kept
        store.put("raw/b", b"x")
        assert store.get("raw/b").traceparent == ""


def test_without_an_address_that_is_an_error_and_off_it_is_none():
    with pytest.raises(ConfigError, match="Set OTEL_EXPORTER_OTLP_ENDPOINT"):
        open_tracing({"PIPELINE_TRACING": "on"}, "x")
    with open_tracing({}, "x").span("index", {}) as traceparent:
        assert traceparent == ""


@pytest.mark.parametrize("tracing", ["off", "on"])
def test_nothing_of_opentelemetry_is_imported_when_it_is_off(tracing: str):
    code = (
        "import sys, functions.collector.handler, functions.indexer.handler\n"
        "from functions.indexer.drops import DropIndexer\n"
        "DropIndexer()\n"
        "print('opentelemetry' in sys.modules, 'functions.pipeline.tracing' in sys.modules)"
    )
    variables = {"PIPELINE_TRACING": tracing, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    environment = {"PATH": os.environ["PATH"], **variables}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment, check=True
    )
    assert done.stdout.split() == [str(tracing == "on")] * 2
