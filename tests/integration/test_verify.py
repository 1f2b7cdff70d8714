"""`trilog verify`: what is in the log index, what is a dead letter, and what is nowhere, batch by batch."""

import gzip
import json
import re
import uuid
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from functions.indexer import verify as verifying
from functions.local import LogsPipeline
from functions.pipeline.config import environment
from functions.pipeline.documents import DEAD_LETTERS, LOGS, Document, as_rows
from functions.pipeline.names import IndexNames
from functions.pipeline.sinks import Indexes
from functions.pipeline.sinks.duckdb.indexes import DuckdbIndexes
from functions.pipeline.wiring import open_indexes, open_sink

HEAD = "2025-01-20 10:30:00 - api - INFO - "
LINES = [f"{HEAD}line {number}" for number in range(10)]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def trilog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: Run) -> Run:
    """Run a command line in a folder of its own, where a log was indexed in three batches."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PIPELINE_BATCH_SIZE", "4")

    (tmp_path / "api.log").write_text("\n".join(LINES) + "\n")
    assert command_line("--once", "--source", "api.log")[0] == 0
    return command_line


def indexes() -> Indexes:
    return open_indexes(environment())


def ids(*numbers: int) -> list[str]:
    """Return the ids of the records of some lines."""
    found = {document["message"]: document["_id"] for document in indexes().read(LOGS)}
    return [found[f"line {number}"] for number in numbers]


def verified(trilog: Run, *arguments: str) -> dict[str, Any]:
    code, out, err = trilog("verify", "--json", *arguments)
    found: dict[str, Any] = json.loads(out)
    assert (code, err) == (0 if found["whole"] else 1, "")
    return found


def put(key: str, body: bytes) -> None:
    """Drop an object into the store, as anybody may."""
    file = Path(".trilog") / key
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)


def batches() -> list[str]:
    return sorted(str(path.relative_to(".trilog")) for path in Path(".trilog/raw").rglob("*.log.gz"))


def test_after_a_run_every_batch_is_whole(trilog: Run):
    code, out, err = trilog("verify")
    assert (code, re.sub(r"\d+ of \d+ batches done\n", "", err)) == (0, "")  # a slow machine says how far it is
    assert "✓ 3 batches: 10 records = 10 in the log index + 0 dead letters + 0 missing" in out


def test_a_batch_that_is_not_whole_is_named_with_the_first_record_that_is_missing(trilog: Run):
    assert indexes().delete(LOGS, ids(5, 6, 9)) == 3
    code, out, _ = trilog("verify")
    _, second, third = batches()
    assert code == 1
    assert f"✗ {second}: 2 of 4 records are missing, the first at position {len(LINES[0]) + 1}" in out
    assert f"✗ {third}: 1 of 2 records are missing" in out
    assert "✗ 3 batches: 10 records = 7 in the log index + 0 dead letters + 3 missing" in out
    assert [each["key"] for each in verified(trilog)["not_whole"]] == [second, third]


def test_what_is_missing_is_there_after_indexing_again(trilog: Run):
    indexes().clear()
    assert verified(trilog)["missing"] == 10
    assert trilog("reindex")[0] == 0
    assert verified(trilog)["whole"]


def test_a_dead_letter_stands_for_its_record(trilog: Run):
    (refused,) = ids(6)
    letter = Document(DEAD_LETTERS, f"{refused}-{LOGS}", "2025-01-20T10:30:00.000Z", b'{"reason":"no"}')
    with open_sink(environment()) as sink:
        sink.write(as_rows([letter]))
    indexes().delete(LOGS, [refused])
    found = verified(trilog)
    assert (found["whole"], found["indexed"], found["dead_letters"], found["missing"]) == (True, 9, 1, 0)


def test_a_dead_letter_for_another_index_does_not(trilog: Run):
    (refused,) = ids(6)
    with open_sink(environment()) as sink:
        sink.write(
            as_rows([Document(DEAD_LETTERS, f"{refused}-message", "2025-01-20T10:30:00.000Z", b'{"reason":"no"}')])
        )
    indexes().delete(LOGS, [refused])
    assert verified(trilog)["missing"] == 1


def test_a_batch_that_cannot_be_read_to_its_end_is_not_whole_until_there_is_a_dead_letter_for_it(trilog: Run):
    body = gzip.compress("\n".join(LINES * 1000).encode())
    put("raw/drops/cut.log.gz", body[: len(body) // 2])
    found = verified(trilog)
    (damaged,) = found["not_whole"]
    assert (damaged["key"], damaged["records"] > 0, found["dead_objects"]) == ("raw/drops/cut.log.gz", True, 0)
    assert "raw/drops/cut.log.gz" in damaged["reason"]
    assert "raw/drops/cut.log.gz" in trilog("verify")[1]
    code, out, _ = trilog("reindex")
    assert (code, "✗ 1 batches cannot be read, or not to their end" in out, "dead-letters list" in out) == (
        0,
        True,
        True,
    )
    found = verified(trilog)
    assert (found["whole"], found["dead_objects"], found["missing"]) == (True, 1, 0)
    assert "1 batches that cannot be read, or not to their end, are dead letters" in trilog("verify")[1]


def test_what_others_dropped_elsewhere_is_found_by_its_folder(trilog: Run):
    put("theirs/new/a.log", b"one\ntwo\n")
    put("theirs-too/b.log", b"three\n")
    assert verified(trilog)["batches"] == 3
    found = verified(trilog, "--prefix", "theirs")
    assert (found["batches"], found["records"], found["missing"]) == (1, 2, 2)
    code, out, _ = trilog("verify", "--prefix", "theirs/")
    assert (code, out.endswith("trilog reindex --prefix=theirs\n")) == (1, True)
    code, out, _ = trilog("reindex", "--prefix", "theirs/")
    assert (code, re.search(r"Batches: file://.*/\.trilog/theirs\n", out) is not None) == (0, True)
    assert verified(trilog, "--prefix", "theirs")["whole"]


def test_what_runs_remember_is_no_batch(trilog: Run):
    put("reindex/0123456789abcdef.json", b"{}")
    assert list(Path(".trilog/cursors").iterdir())
    for folder in ("cursors", "reindex", "nobody"):
        code, _, err = trilog("verify", "--prefix", folder)
        assert (code, f"/{folder}: there is nothing. Name a folder in which objects are dropped" in err) == (2, True)
    code, _, err = trilog("verify", "--prefix", "/")
    assert (code, "the name of a folder, such as raw" in err) == (2, True)


def test_since_counts_a_batch_by_the_time_in_its_key(trilog: Run):
    put("raw/a/2025/01/20/103000.000000-0123456789abcdef.log.gz", gzip.compress(b"old\n"))
    put("raw/a/2025/01/20/103000.000001-0123456789abcdef.log.gz", gzip.compress(b"new\n"))
    assert verified(trilog)["batches"] == 5
    assert verified(trilog, "--since", "2025-01-20T10:30:00.000001Z")["batches"] == 4
    assert verified(trilog, "--since", "2025-01-21")["batches"] == 3
    assert verified(trilog, "--since", "2099-01-01") == {
        "batches": 0,
        "records": 0,
        "indexed": 0,
        "dead_letters": 0,
        "missing": 0,
        "missing_documents": 0,
        "dead_objects": 0,
        "unread": 0,
        "passed_without_document": 0,
        "coverage": {
            "unread": {},
            "untimed": 0,
            "passed_without_document": {},
            "no_predictions": {},
            "examples": [],
            "ambiguous_times": 0,
            "control_messages": 0,
            "candidates": [],
        },
        "whole": True,
        "not_whole": [],
    }


@pytest.mark.parametrize("page", [1, 3, 4, 5, 10])
def test_ids_are_looked_for_page_by_page(trilog: Run, page: int, monkeypatch: pytest.MonkeyPatch):
    put("raw/drops/empty.log", b"")
    indexes().delete(LOGS, ids(0, 3, 8, 9))
    expected = verified(trilog)
    monkeypatch.setattr(verifying, "PAGE", page)
    assert verified(trilog) == expected
    assert [each["missing"] for each in expected["not_whole"]] == [2, 2]


def test_no_more_than_a_page_is_looked_for_at_once(trilog: Run, monkeypatch: pytest.MonkeyPatch):  # noqa: ARG001
    asked: list[int] = []

    class Recording(DuckdbIndexes):
        def missing(self, kind: str, ids: Collection[str]) -> set[str]:
            asked.append(len(ids))
            return super().missing(kind, ids)

    monkeypatch.setattr("functions.local.open_indexes", lambda _: Recording(Path(".trilog/index.duckdb"), IndexNames()))
    monkeypatch.setattr(verifying, "PAGE", 3)
    assert LogsPipeline(environment()).verify().records == 10
    assert asked == [3, 3, 3, 1]


def test_the_progress_counts_batches(trilog: Run):  # noqa: ARG001 (the batches are its)
    seen: list[tuple[int, int]] = []
    LogsPipeline(environment()).verify(progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.elasticsearch
@pytest.mark.parametrize("period", ["none", "month"])
def test_elasticsearch_is_asked_in_all_periods(
    trilog: Run, elasticsearch_url: str, period: str, monkeypatch: pytest.MonkeyPatch
):
    name = f"v{uuid.uuid4().hex[:12]}-logs"
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
    monkeypatch.setenv("ELASTICSEARCH_INDEX", name)
    monkeypatch.setenv("ELASTICSEARCH_INDEX_PERIOD", period)
    put("raw/drops/later.log", b"2025-02-20 10:30:00 - api - INFO - line 10\n")
    assert verified(trilog)["missing"] == 11
    assert trilog("reindex")[0] == 0
    assert verified(trilog)["whole"]
    with Elasticsearch(elasticsearch_url) as client:
        for document in ids(2, 10):
            (found,) = client.search(index=f"{name}*", query={"ids": {"values": [document]}})["hits"]["hits"]
            client.delete(index=found["_index"], id=document)
    found = verified(trilog)
    assert (found["indexed"], found["missing"], len(found["not_whole"])) == (9, 2, 2)


@pytest.mark.elasticsearch
def test_more_ids_than_one_search_may_find_are_looked_for(elasticsearch_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
    monkeypatch.setenv("ELASTICSEARCH_INDEX", f"v{uuid.uuid4().hex[:12]}-logs")
    made = [f"0123456789abcdef0123456789abcdef-{number}" for number in range(25_000)]
    with open_sink(environment()) as sink:
        sink.write(as_rows(Document(LOGS, each, "2025-01-20T10:30:00.000Z", b'{"message":"m"}') for each in made[::2]))
    assert indexes().missing(LOGS, made) == set(made[1::2])
    assert indexes().missing(DEAD_LETTERS, made[:3]) == set(made[:3])
    assert indexes().missing(LOGS, []) == set()
