"""`trilog reindex`: any part of the indexes is built again from the batches, and an interrupted one goes on."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from functions.local import LogsPipeline
from functions.pipeline.config import environment
from functions.pipeline.documents import LOGS
from functions.pipeline.errors import ConfigError
from functions.pipeline.wiring import open_indexes

ROOT = Path(__file__).parents[2]
HEAD = "2025-01-20 10:30:00 - api - INFO - "

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def trilog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: Run) -> Run:
    """Run a command line in a folder of its own; give its exit code, what it printed, and its errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")
    return command_line


@pytest.fixture
def batches(trilog: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Index a log in batches of one line each; return how many."""
    (tmp_path / "api.log").write_text("".join(f"{HEAD}line {number}\n" for number in range(6)))
    monkeypatch.setenv("PIPELINE_BATCH_SIZE", "1")
    assert trilog("--once", "--source", "api.log")[0] == 0
    return 6


def drop(made: str, text: str, source: str = "a") -> None:
    """Put a batch into the store as a collector would have at that time."""
    file = Path(f".trilog/raw/{source}/{made}-0123456789abcdef.log")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{HEAD}{text}\n")
    if made[:4].isdigit():
        subprocess.run(["gzip", file], check=True)


def reindexed(trilog: Run, *arguments: str) -> dict[str, Any]:
    code, out, err = trilog("reindex", "--json", *arguments)
    assert (code, err) == (0, "")
    counts: dict[str, Any] = json.loads(out)
    return counts


def messages() -> list[str]:
    return sorted(document["message"] for document in open_indexes(environment()).read(LOGS))


def interrupt(after: int) -> None:
    """Begin to index again, and stop as Ctrl+C does when so many batches are done."""

    def advance(done: int, _: int) -> None:
        if done == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        LogsPipeline(environment()).reindex(progress=advance)


# --- Which batches


def test_batches_are_chosen_by_the_time_in_their_keys(trilog: Run):
    drop("2025/01/20/103000.000000", "first")
    drop("2025/01/20/103000.000001", "second", source="b")
    drop("2025/01/21/000000.000000", "third")
    reindexed(trilog, "--since", "2025-01-20T10:30:00.000001Z", "--until", "2025-01-21")
    assert messages() == ["second"]
    reindexed(trilog, "--since", "2025-01-21")
    assert messages() == ["second", "third"]
    reindexed(trilog)
    assert messages() == ["first", "second", "third"]


def test_what_somebody_else_dropped_is_chosen_by_when_it_was_written(trilog: Run):
    drop("uploaded", "theirs")
    os.utime(".trilog/raw/a/uploaded-0123456789abcdef.log", (1_700_000_000, 1_700_000_000))  # 2023-11-14T22:13:20Z
    assert reindexed(trilog, "--since", "2023-11-14T22:13:21Z")["batches"] == 0
    assert reindexed(trilog, "--until", "2023-11-14T22:13:20Z")["batches"] == 0
    assert reindexed(trilog, "--since", "2023-11-14T22:13:20Z", "--until", "2023-11-14T22:13:21Z")["batches"] == 1


def test_the_library_takes_the_same_times_and_says_when_one_is_none(trilog: Run):  # noqa: ARG001 (a folder)
    drop("2025/01/20/103000.000000", "first")
    assert LogsPipeline({}).reindex(since="2025-01-20").batches == 1
    with pytest.raises(ConfigError, match="'soon' is not a time"):
        LogsPipeline({}).reindex(since="soon")


# --- Again, and on


def test_doing_it_again_changes_nothing(trilog: Run, batches: int):
    before = messages()
    for _ in range(2):
        counts = reindexed(trilog)
        assert (counts["batches"], counts["resumed"], counts["conserved"]) == (batches, 0, True)
        assert counts["indexes"]["ml-api-logs"] == {"documents": 0, "duplicates": batches, "dead_letters": 0}
    assert messages() == before


@pytest.mark.usefixtures("batches")
def test_an_interrupted_one_goes_on_where_it_was_and_the_one_after_that_begins_anew(trilog: Run):
    interrupt(4)
    assert [reindexed(trilog)["resumed"] for _ in range(2)] == [4, 0]
    interrupt(2)
    code, out, _ = trilog("reindex")
    assert code == 0
    assert re.search(r"batches indexed again in .* s: 4\n", out)
    assert "2 others were done before it was interrupted" in out


@pytest.mark.usefixtures("batches")
def test_what_was_asked_for_otherwise_or_configured_otherwise_begins_of_itself(
    trilog: Run, monkeypatch: pytest.MonkeyPatch
):
    interrupt(4)
    assert reindexed(trilog, "--since", "2025-01-01")["resumed"] == 0
    monkeypatch.setenv("PIPELINE_FILTER_PATTERN", "line")
    assert reindexed(trilog)["resumed"] == 0
    monkeypatch.delenv("PIPELINE_FILTER_PATTERN")
    assert reindexed(trilog)["resumed"] == 4


@pytest.mark.usefixtures("batches")
def test_another_content_of_ones_own_file_begins_of_itself(trilog: Run, tmp_path: Path):
    file = tmp_path / "trilog.toml"
    file.write_text("[constants]\nservice = 'a'")
    interrupt(4)
    file.write_text("[constants]\nservice = 'b'")
    assert reindexed(trilog)["resumed"] == 0
    file.write_text("[constants]\nservice = 'a'")
    assert reindexed(trilog)["resumed"] == 4


@pytest.mark.usefixtures("batches")
def test_one_that_redacts_by_a_pattern_goes_on_in_another_process(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_REDACT_PATTERNS", "email:hash")
    monkeypatch.setenv("PIPELINE_REDACT_KEY", "a" * 16)
    interrupt(4)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    found = subprocess.run([sys.executable, "-m", "functions", "reindex", "--json"], check=True, capture_output=True)
    assert json.loads(found.stdout)["resumed"] == 4
    assert len(list(Path(".trilog/reindex").iterdir())) == 1


@pytest.mark.usefixtures("batches")
def test_another_redaction_key_begins_of_itself_and_another_password_goes_on(
    trilog: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PIPELINE_REDACT_FIELDS", "patient:hash")
    monkeypatch.setenv("PIPELINE_REDACT_KEY", "a" * 16)
    interrupt(4)
    monkeypatch.setenv("PIPELINE_REDACT_KEY", "b" * 16)
    assert reindexed(trilog)["resumed"] == 0
    monkeypatch.setenv("PIPELINE_REDACT_KEY", "a" * 16)
    monkeypatch.setenv("HF_TOKEN", "hf_another")
    assert reindexed(trilog)["resumed"] == 4


@pytest.mark.usefixtures("batches")
def test_it_can_be_told_to_begin_anew(trilog: Run):
    interrupt(4)
    assert [reindexed(trilog, *given)["resumed"] for given in (["--restart"], [])] == [0, 0]


def test_what_was_cleared_in_the_meantime_is_built_again(trilog: Run, batches: int):
    interrupt(4)
    trilog("clear-indexes", "--yes")
    assert reindexed(trilog)["resumed"] == 0
    assert len(messages()) == batches


def test_an_empty_batch_does_not_hide_that_the_indexes_were_cleared(trilog: Run, batches: int):
    file = Path(".trilog/raw/a/2025/01/20/103000.000000-0123456789abcdef.log.gz")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"")
    interrupt(1)
    trilog("clear-indexes", "--yes")
    assert (reindexed(trilog)["batches"], len(messages())) == (batches + 1, batches)


@pytest.mark.usefixtures("batches")
def test_batches_that_came_in_the_meantime_are_indexed_too(trilog: Run):
    interrupt(4)
    drop("uploaded", "later", source="0")  # a key before all the others, written after them
    assert reindexed(trilog)["batches"] == 3
    assert "later" in messages()


def test_a_killed_one_goes_on_where_it_was(trilog: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "api.log").write_text("".join(f"{HEAD}line {number}\n" for number in range(4000)))
    monkeypatch.setenv("PIPELINE_BATCH_SIZE", "10")
    assert trilog("--once", "--source", "api.log")[0] == 0
    before = messages()
    command = [sys.executable, "-m", "functions", "reindex"]
    variables = {"PYTHONPATH": str(ROOT), "LC_ALL": "C"}
    # What it says of its progress on a slow machine would be taken for what the next command says.
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=tmp_path, env=variables, **quiet) as process:
        until = time.monotonic() + 60
        while not any(each.stat().st_size for each in Path(".trilog/reindex").glob("*.json")):
            assert process.poll() is None, "it was done before it could be killed"
            assert time.monotonic() < until
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    monkeypatch.delenv("PIPELINE_BATCH_SIZE")
    counts = reindexed(trilog)
    assert counts["resumed"] > 0
    assert counts["resumed"] + counts["batches"] == 400
    assert messages() == before
    assert trilog("verify")[0] == 0


# --- Into another period


def test_the_embedded_index_has_no_periods(trilog: Run):
    code, _, err = trilog("reindex", "--into", "month")
    assert (code, "Leave out --into" in err) == (2, True)
    assert trilog("reindex", "--into", "week")[0] == 2


@pytest.mark.elasticsearch
def test_the_indexes_are_divided_anew(trilog: Run, elasticsearch_url: str, monkeypatch: pytest.MonkeyPatch):
    name = f"r{uuid.uuid4().hex[:12]}-logs"
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
    monkeypatch.setenv("ELASTICSEARCH_INDEX", name)
    drop("2025/01/20/103000.000000", "first")
    Path(".trilog/raw/a/later.log").write_text(f"{HEAD}second\n".replace("2025-01", "2025-02"))
    reindexed(trilog)

    code, _, err = trilog("reindex", "--into", "month")
    assert (code, f"{name} is not an index by this period (month)" in err) == (4, True)
    assert "trilog clear-indexes" in err
    assert messages() == ["first", "second"]

    trilog("clear-indexes", "--yes")
    code, out, err = trilog("reindex", "--into", "month")
    assert (code, "2 records read = 2 new" in out) == (0, True), err
    assert f"index template {name}" in err
    assert "Set ELASTICSEARCH_INDEX_PERIOD=month" in err
    with Elasticsearch(elasticsearch_url) as client:
        assert set(client.indices.get(index=f"{name}*")) == {f"{name}-2025.01", f"{name}-2025.02"}
        assert set(client.indices.get_alias(name=name)) == {f"{name}-2025.01", f"{name}-2025.02"}
    assert messages() == ["first", "second"]

    monkeypatch.setenv("ELASTICSEARCH_INDEX_PERIOD", "month")
    assert trilog("test-indexes")[0] == 0
    code, _, err = trilog("reindex", "--into", "month")
    assert (code, "index template" in err) == (0, False)
    assert messages() == ["first", "second"]

    trilog("clear-indexes", "--yes")
    assert trilog("reindex", "--into", "none")[0] == 0
    monkeypatch.setenv("ELASTICSEARCH_INDEX_PERIOD", "none")
    assert trilog("test-indexes")[0] == 0
    with Elasticsearch(elasticsearch_url) as client:
        assert set(client.indices.get(index=f"{name}*")) == {name}
