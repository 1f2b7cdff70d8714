"""`trilog retention`: what is too old goes, from the store and from the indexes; what is not, stays."""

import gzip
import json
import os
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from functions.pipeline.config import environment
from functions.pipeline.documents import DEAD_LETTERS, LOGS, Document, as_rows, id_prefix
from functions.pipeline.wiring import open_indexes, open_sink

HEAD = "2020-01-20 10:30:00,000 - api - INFO - "  # of all records: it is the batches' age that counts

Run = Callable[..., tuple[int, str, str]]


def put(days: float, text: str) -> Path:
    """Put a batch as a collector did so many days ago."""
    made = datetime.now(UTC) - timedelta(days=days)
    file = Path(f".trilog/raw/a/{made:%Y/%m/%d/%H%M%S.%f}-0123456789abcdef.log.gz")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(f"{HEAD}{text}\n".encode()))
    return file


def dropped(days: float) -> Path:
    """Drop an object as somebody else did so many days ago."""
    file = Path(f".trilog/raw/theirs/{days}.log")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{HEAD}theirs {days}\n")
    time = (datetime.now(UTC) - timedelta(days=days)).timestamp()
    os.utime(file, (time, time))
    return file


@pytest.fixture
def kept(trilog: Run, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Path], list[Path]]:
    """Index batches that are older than 30 days, and some that are not; give both."""
    monkeypatch.setenv("PIPELINE_RETENTION_DAYS", "30")
    old, young = [put(400, "Planted-Old"), put(31, "older"), dropped(40)], [put(29, "younger"), dropped(2)]
    for file in (old[0], young[0]):
        prefix = id_prefix(str(file.relative_to(".trilog")))
        mark = Path(f".trilog/progress/duckdb/{prefix}.json")
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text("{}")
    assert trilog("reindex")[0] == 0
    return old, young


def messages() -> list[str]:
    return sorted(each["message"] for each in open_indexes(environment()).read(LOGS))


def assert_kept(trilog: Run, kept: tuple[list[Path], list[Path]]) -> None:
    old, young = kept
    assert not any(each.exists() for each in old)
    assert all(each.exists() for each in young)
    assert messages() == ["theirs 2", "younger"]
    assert trilog("verify")[0] == 0


def test_what_is_too_old_goes_with_its_documents(trilog: Run, kept: tuple[list[Path], list[Path]]):
    prefix = id_prefix(str(kept[0][0].relative_to(".trilog")))
    letter = {"@timestamp": "2020-01-20T10:30:00.000Z", "store_key": "a", "reason": "no", "class": "no"}
    with open_sink(environment()) as sink:
        sink.write(
            as_rows([Document(DEAD_LETTERS, f"{prefix}-0-perfs", letter["@timestamp"], json.dumps(letter).encode())])
        )
    code, out, _ = trilog("retention", "--dry-run")
    assert (code, out.count("raw/")) == (0, 3)
    assert "3 batches are older than 30 days" in out
    assert len(messages()) == 5
    code, out, _ = trilog("retention")
    assert (code, out) == (0, "3 batches that were older than 30 days dropped, and 4 documents of theirs\n")
    assert_kept(trilog, kept)
    assert len(list(Path(".trilog/progress/duckdb").iterdir())) == 1
    assert b"Planted-Old" not in Path(".trilog/index.duckdb").read_bytes()
    assert not [*open_indexes(environment()).read(DEAD_LETTERS)]
    assert trilog("retention")[1].startswith("0 batches")


def test_whoever_is_interrupted_runs_it_again(trilog: Run, kept: tuple[list[Path], list[Path]]):
    from functions.forget.retention import Retention

    retention = Retention(environment(), 30)
    steps = retention.drop(retention.expired())
    next(steps)
    next(steps)
    steps.close()
    assert [each.exists() for each in kept[0]].count(False) == 1
    assert trilog("retention")[0] == 0
    assert_kept(trilog, kept)


@pytest.mark.parametrize("days", [None, "0", "never"])
def test_nothing_is_dropped_where_nobody_says_when(trilog: Run, monkeypatch: pytest.MonkeyPatch, days: str | None):
    old = put(4000, "old")
    if days:
        monkeypatch.setenv("PIPELINE_RETENTION_DAYS", days)
    code, _, err = trilog("retention")
    assert (code, "PIPELINE_RETENTION_DAYS" in err) == (2, True)
    assert old.exists()


@pytest.mark.elasticsearch
def test_elasticsearch_forgets_them_too(
    trilog: Run, kept: tuple[list[Path], list[Path]], elasticsearch_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
    monkeypatch.setenv("ELASTICSEARCH_INDEX", f"retention-{uuid.uuid4().hex[:8]}-logs")
    assert trilog("reindex")[0] == 0
    assert len(messages()) == 5
    assert trilog("retention")[0] == 0
    assert_kept(trilog, kept)
