"""What is to be hidden is nowhere to be found after real runs: in no object, no cursor, no index, no log, no error."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from elasticsearch import Elasticsearch

from functions.collector import handler as collector
from functions.collector.collect import Collection, CollectorOptions
from functions.indexer import handler as indexer
from functions.local import LogsPipeline
from functions.pipeline.config import environment
from functions.pipeline.errors import PermanentError, TransientError
from functions.pipeline.kinds import kinds
from functions.pipeline.names import IndexNames
from functions.pipeline.sinks.elasticsearch.expected import index_template
from functions.pipeline.wiring import open_indexes, open_source, open_store
from tests.fakes import LambdaContext, failing, fake_elasticsearch
from tests.notifications import object_created
from tests.space import Space, start_space

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Seen = dict[str, bytes]

HIDING = {
    "PIPELINE_REDACT_FIELDS": "AGE:drop, patient_*:hash",
    "PIPELINE_REDACT_PATTERNS": r"email:hash, phone:hash, nir:drop, bearer:hash, hf_token:drop, /case (C-\d{6})/:hash",
    "PIPELINE_REDACT_KEY": "a-key-of-the-tests",
}
PLANTED = (b"471147114711", b"Planted", b"planted", b"47 11 47 11", b"006 084", b"C-471147")
AGE = 471147114711
PATIENT = {"AGE": AGE, "patient name": "Zoë Planted", "SMOKING": 1}
RESULT = {"prediction": "YES", "message": "mail to zoe.planted@example.org, call +33 6 47 11 47 11"}
CONTENTS = json.dumps(PATIENT, ensure_ascii=False), json.dumps(RESULT)
REQUEST = {"body": json.dumps({"patient name": 'Zo "Zo" Planted', "AGE": json.dumps(PATIENT)})}
HEAD = "2025-01-20 10:30:00 - api - INFO - "
MESSAGES = [
    f"[t-1] POST /predict - 200 - 4ms - {CONTENTS[0]} - {CONTENTS[1]}",
    f"[t-2] API Call - POST /predict - Status: 200 - Time: 4ms - Input: {json.dumps(PATIENT)} - Result: {CONTENTS[1]}",
    f"[t-3] POST /predict - 200 - 4ms - {json.dumps({'AGE': PATIENT, 'SMOKING': {'of': RESULT}})} - {CONTENTS[1]}",
    json.dumps(
        {"performance_metrics": {"transaction_id": "t-4", "cpu_time_ms": RESULT, "latency_ms": "case C-471147"}}
    ),
    "NIR 1 85 05 78 006 084 91, case C-471147, Authorization: Bearer Planted.Planted, hf_PlantedPlanted",
    f"bad request {REQUEST}",
    f'cut off {{"message": {json.dumps(json.dumps(PATIENT))[:-9]}',
]
TRACEBACK = (
    f"{HEAD}it failed\nTraceback (most recent call last):\nValueError: {PATIENT!r}\n  {{\n    'AGE':\n      {AGE}\n  }}"
)
ENTRIES = [
    {
        "timestamp": "2025-01-20 10:30:00",
        "message": "x",
        "data": {"input_data": PATIENT, "result": RESULT},
    },
    {
        "timestamp": "2025-01-20 10:30:00",
        "message": "x",
        "data": {"AGE": AGE, "execution_time_ms": RESULT},
    },
    {"level": RESULT, "message": {"patient": PATIENT}, "patient_records": [PATIENT]},
]
LINES = [*(HEAD + each for each in MESSAGES), TRACEBACK, *map(json.dumps, ENTRIES), '{"AGE": ' + str(AGE)]
LOG = "\n".join(LINES).encode() + b"\n"
DROPS = {
    "drops/strange.log": LOG,
    "drops/packed.log.gz": gzip.compress(LOG),
    "drops/array.json": json.dumps([*ENTRIES, *LINES]).encode(),
    "drops/corrupt.log.gz": gzip.compress(LOG * 50)[:-30],
}
"""Objects of strangers, which the collector has never seen."""


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Configure functions with everything below a folder of the test's own."""
    for name in ("ELASTICSEARCH_HOST", "ELASTICSEARCH_URL"):
        monkeypatch.delenv(name, raising=False)

    def configure(**variables: str) -> None:
        paths = {"PIPELINE_DATA": f"{tmp_path}/data", "PIPELINE_STORE": f"file://{tmp_path}/store"}
        for name, value in {**HIDING, **paths, **variables}.items():
            monkeypatch.setenv(name, value)
        indexer.indexer.cache_clear()

    yield configure
    if indexer.indexer.cache_info().currsize:
        indexer.indexer().close()
    indexer.indexer.cache_clear()


@pytest.fixture(scope="module")
def space() -> Iterator[Space]:
    with start_space() as running:
        running.log_many([{"message": each} for each in MESSAGES])
        running.log_many([{"message": "x", "data": each["data"]} for each in ENTRIES if "data" in each])
        yield running


def index(keys: list[str]) -> None:
    """Send the indexer the news of some objects, and a message that is no news at all but a record."""
    news = [object_created("b", key) for key in keys]
    bodies = [*map(json.dumps, news), json.dumps(ENTRIES[2]), LINES[0]]
    sent = [{"eventSource": "aws:sqs", "messageId": str(number), "body": body} for number, body in enumerate(bodies)]
    answer = indexer.handler({"Records": sent}, LambdaContext())
    assert [each["itemIdentifier"] for each in answer["batchItemFailures"]] == [str(len(news)), str(len(news) + 1)]


def stored(tmp_path: Path) -> Seen:
    """Read every object and every other file, as they are and with all that is packed in them."""
    seen = {}
    for path in (each for each in tmp_path.rglob("*") if each.is_file() and "drops" not in each.parts):
        content = path.read_bytes()
        seen[str(path)] = content
        if path.suffix == ".gz":
            seen[f"{path}, unpacked"] = gzip.decompress(content)
        elif "cursors" in path.parts and (batch := json.loads(content or b"{}").get("batch")):
            seen[f"{path}, its batch"] = gzip.decompress(b64decode(batch["body"]))
    return seen


def indexed() -> Seen:
    """Read all the documents of all the indexes, by the exports."""
    indexes = open_indexes(environment())
    documents = {f"index {kind}": list(indexes.read(kind)) for kind in kinds()}
    return {name: json.dumps(each, default=str, ensure_ascii=False).encode() for name, each in documents.items()}


def leaks(seen: Seen) -> dict[str, list[bytes]]:
    found = {place: [each for each in PLANTED if each in content] for place, content in seen.items()}
    return {place: values for place, values in found.items() if values}


def run_all(tmp_path: Path) -> Seen:
    """Collect from the Space and index that, and strangers' objects; return what was stored and indexed."""
    assert collector.handler({}, LambdaContext())["lines"] >= len(MESSAGES)
    store = open_store(environment())
    for key, body in DROPS.items():
        store.put(key, body)
    index([*store.keys("raw"), *DROPS])
    return {**stored(tmp_path), **indexed()}


def test_nothing_leaks_from_a_space_or_a_strangers_objects(
    space: Space, configured: Callable[..., None], tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    configured(GRADIO_URL=space.url)
    seen = run_all(tmp_path)
    out, err = capfd.readouterr()
    seen["logs"] = (out + err).encode()
    assert leaks(seen) == {}
    assert b"corrupt object" in seen["index dead-letters"]
    assert b"redacted:" in seen["index message"]
    logged = [json.loads(line) for line in out.splitlines()]
    hidden = [each["redacted"] for each in logged if "redacted" in each]
    assert len(hidden) == 1 + len(list(open_store(environment()).keys("raw"))) + len(DROPS)
    assert hidden[0]["AGE:drop"] > 0  # by the collector
    assert hidden[1]["AGE:drop"] == 0  # in its batch
    assert all(each["AGE:drop"] > 0 for each in hidden[2:])  # in the objects of strangers
    unmatched = [each["redaction_rules_without_a_match"] for each in logged if "redacted" in each]
    assert unmatched == [[]] * len(hidden)
    assert any(b"redacted:" in content for place, content in seen.items() if place.endswith("unpacked"))


def test_the_search_finds_what_is_not_hidden(space: Space, configured: Callable[..., None], tmp_path: Path):
    """So that finding nothing means something."""
    configured(GRADIO_URL=space.url, **dict.fromkeys(HIDING, ""))
    found = leaks(run_all(tmp_path))
    assert {"index logs", "index message"} < {*found}
    assert {value for values in found.values() for value in values} == {*PLANTED}
    assert any(place.endswith("unpacked") for place in found)


@pytest.mark.elasticsearch
def test_nothing_leaks_into_elasticsearch_whatever_it_refuses(
    space: Space,
    configured: Callable[..., None],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    elasticsearch_url: str,
):
    configured(GRADIO_URL=space.url, ELASTICSEARCH_URL=elasticsearch_url, ELASTICSEARCH_INDEX="leaks-logs")
    template = deepcopy(index_template("message", IndexNames(logs="leaks-logs")))
    properties = template["template"]["mappings"]["properties"]
    properties["input_data"]["properties"]["AGE"] = properties["http_path"] = {
        "type": "date",
        "ignore_malformed": False,
    }
    with Elasticsearch(elasticsearch_url) as client:
        client.indices.put_index_template(name="leaks-message", body=template)
    seen = run_all(tmp_path)
    seen["logs"] = "".join(capfd.readouterr()).encode()
    with Elasticsearch(elasticsearch_url) as client:
        client.indices.refresh(index="leaks-*")
        hits: list[dict[str, Any]] = client.search(index="leaks-*", size=10_000)["hits"]["hits"]
    seen["elasticsearch"] = json.dumps([dict(each) for each in hits], ensure_ascii=False).encode()
    assert leaks(seen) == {}
    assert b"Preview of field" in seen["elasticsearch"] or b"parsing_exception" in seen["elasticsearch"]


def test_nothing_leaks_from_files_on_one_machine(
    configured: Callable[..., None], tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    configured()
    (tmp_path / "drops").mkdir()
    log = tmp_path / "drops" / "api.log"
    log.write_bytes(LOG)
    for lines in (3, len(LOG)):
        assert LogsPipeline(place=str(log)).run_once(lines)["conserved"]
    seen = {**stored(tmp_path), **indexed(), "logs": "".join(capfd.readouterr()).encode()}
    assert leaks(seen) == {}
    assert seen["index logs"].count(b"redacted:") > 10


def test_a_batch_on_its_way_is_hidden_in_the_cursor(configured: Callable[..., None], tmp_path: Path):
    configured()
    (tmp_path / "drops").mkdir()
    log = tmp_path / "drops" / "api.log"
    log.write_bytes(LOG)
    collection = Collection(open_source(environment(), str(log)), open_store(environment()), CollectorOptions(4))
    next(iter(collection.batches()))  # and then the process ends
    seen = stored(tmp_path)
    assert leaks(seen) == {}
    assert any(place.endswith("its batch") and b"redacted:" in content for place, content in seen.items())


def test_nothing_leaks_from_what_a_server_says_of_a_request(
    configured: Callable[..., None], tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    (tmp_path / "store" / "drops").mkdir(parents=True)
    (tmp_path / "store" / "drops" / "strange.log").write_bytes(LOG)
    with fake_elasticsearch() as fake:
        configured(ELASTICSEARCH_URL=fake.url)
        fake.always_answer_with(lambda request, sent: failing(400, {"error": sent[0][2].decode()})(request, sent))
        with pytest.raises(PermanentError, match="refuses the request") as raised:
            indexer.handler(object_created("b", "drops/strange.log"), LambdaContext())
    assert leaks({"logs": "".join(capfd.readouterr()).encode(), "error": str(raised.value).encode()}) == {}


def test_nothing_leaks_from_what_a_space_says_of_an_error(monkeypatch: pytest.MonkeyPatch):
    from tests.integration.test_gradio_source import gradio, serving

    with serving(gradio(lambda *_: {"error": f"bad row {CONTENTS[0]} of zoe.planted@example.org"})) as url:
        for name, value in {**HIDING, "GRADIO_URL": url}.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(TransientError, match="bad row") as raised:
            open_source(environment()).check()
    assert leaks({"error": str(raised.value).encode()}) == {}
