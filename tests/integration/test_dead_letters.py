"""Dead letters by the command line: listed, shown, and replayed into the embedded index and into Elasticsearch."""

from __future__ import annotations

import gzip
import json
import re
from copy import deepcopy
from typing import TYPE_CHECKING

import boto3
import pytest
from elasticsearch import Elasticsearch

from functions.indexer.dead_letters import dead_letter
from functions.pipeline.documents import Document, Rejection, as_rows
from functions.pipeline.names import IndexNames
from functions.pipeline.sinks.duckdb.sink import DuckdbSink
from functions.pipeline.sinks.elasticsearch.expected import index_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]

GOOD = '2025-01-20 10:30:00 - api - INFO - [t-1] POST /predict - 200 - 4ms - {"AGE": 1} - {"prediction": 1}\n'
BAD = GOOD.replace('"AGE": 1', '"AGE": 1000').replace("t-1", "t-2")  # where an age is a byte
ID = re.compile(r"[0-9a-f]{12}-\S+")


@pytest.fixture
def trilog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: Run) -> Run:
    """Run a command line in a folder of its own; give its exit code, what it printed, and its errors."""
    monkeypatch.chdir(tmp_path)
    for name in ("ELASTICSEARCH_HOST", "ELASTICSEARCH_URL", "PIPELINE_DATA", "PIPELINE_STORE", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C")
    return command_line


def keep(tmp_path: Path, *rejections: tuple[str, str], raw: bytes = b"raw") -> None:
    """Put dead letters into the embedded index, of records with these ids, refused for these reasons."""
    with DuckdbSink(tmp_path / ".trilog" / "index.duckdb", IndexNames()) as sink:
        for identity, reason in rejections:
            document = Document("message", identity, "2025-01-20T10:30:00.000Z", b'{"input_data":{"AGE":1}}')
            sink.write(as_rows([dead_letter(Rejection(document, 400, reason), raw, "raw/a.log")]))


def test_without_dead_letters_there_is_nothing_to_do(trilog: Run):
    assert trilog("dead-letters", "list") == (0, "no dead letters\n", "")
    assert trilog("dead-letters", "list", "--json") == (0, "", "")
    assert trilog("dead-letters", "replay", "--all") == (0, "0 dead letters replayed, 0 still refused\n", "")
    assert trilog("dead-letters", "show", "0") == (1, "no dead letter 0\n", "")
    assert trilog("dead-letters", "replay", "0", "1") == (1, "no dead letter 0, 1\n", "")


@pytest.mark.parametrize("arguments", [(), ("0", "--all"), ("--dry-run",)])
def test_a_replay_has_to_say_of_what(trilog: Run, arguments: tuple[str, ...]):
    code, _, said = trilog("dead-letters", "replay", *arguments)
    assert (code, "dead-letters replay --all" in said) == (2, True)


def test_the_list_ends_with_what_failed_last(trilog: Run, tmp_path: Path):
    letters = [(f"{number:032x}-{number}", f"parsing: no {number} " + "x" * 300) for number in (3, 1, 2)]
    keep(tmp_path, *letters)
    code, out, _ = trilog("dead-letters", "list", "-n", "2")
    assert code == 0
    assert ID.findall(out)[:2] == ["000000000000-1-message", "000000000000-2-message"]
    assert re.search(r"parsing: no 2 x+…", out)
    assert "2 of 3 dead letters" in out
    assert all(word in out for word in ("failed_at", "mapping", "message", "raw/a.log"))
    listed = [json.loads(line) for line in trilog("dead-letters", "list", "--json")[1].splitlines()]
    assert [(each["_id"].removesuffix("-message"), each["reason"]) for each in listed] == letters


def test_the_list_fits_a_narrow_terminal(trilog: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    keep(tmp_path, (f"{1:032x}-{2**24}", "parsing: no " + "x" * 300))
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    monkeypatch.setenv("COLUMNS", "80")
    table = re.sub(r"\x1b\[[0-9;]*m", "", trilog("dead-letters", "list")[1].partition("dead letters")[0])
    assert max(map(len, table.splitlines())) <= 80
    assert re.search(r"000000000000-16777216-message .* mapping +parsing: n\S*…", table)


def test_what_is_shown_is_all_and_commands_no_terminal(trilog: Run, tmp_path: Path):
    keep(tmp_path, (f"{7:032x}-70", "parsing: no"), (f"{8:032x}-70", "other"), raw=b"one\x1b[2J\ntwo \xc2\x9b")
    for identity in (f"{7:032x}-70-message", "000000000000-70-message"):
        code, out, _ = trilog("dead-letters", "show", identity)
        assert (code, f"{7:032x}-70-message" in out, "\x1b" in out, "\x9b" in out) == (0, True, False, False)
        for line in ("reason          parsing: no", "class           mapping", "position        70", "  two \ufffd"):
            assert line in out.splitlines()
        assert f"then run: trilog dead-letters replay {7:032x}-70-message" in out
        assert '      "AGE": 1' in out.splitlines()


def test_an_object_that_was_cut_off_is_replayed_when_it_is_whole(trilog: Run, tmp_path: Path):
    whole = gzip.compress((GOOD * 5000).encode(), 0)
    batch = tmp_path / ".trilog" / "raw" / "dropped.log.gz"
    batch.parent.mkdir(parents=True)
    batch.write_bytes(whole[:-20_000])
    trilog("reindex")
    (letter,) = (json.loads(line) for line in trilog("dead-letters", "list", "--json")[1].splitlines())
    assert (letter["class"], letter["store_key"]) == ("corrupt object", "raw/dropped.log.gz")
    code, out, _ = trilog("dead-letters", "replay", letter["_id"])
    assert (code, out.count("raw/dropped.log.gz")) == (1, 1)
    assert out.endswith("0 dead letters replayed, 1 still refused\n")
    batch.write_bytes(whole)
    code, out, _ = trilog("dead-letters", "replay", letter["_id"], "--dry-run")
    assert (code, ": 5000 records\n" in out) == (0, True)
    assert trilog("dead-letters", "replay", letter["_id"])[:2] == (0, "1 dead letters replayed, 0 still refused\n")
    assert trilog("dead-letters", "list")[1] == "no dead letters\n"
    assert len(trilog("export", "logs")[1].splitlines()) == 5000


@pytest.mark.usefixtures("aws")
def test_an_object_in_a_bucket_is_found_by_its_store_key(trilog: Run, monkeypatch: pytest.MonkeyPatch):
    s3, whole = boto3.client("s3", region_name="us-east-1"), gzip.compress(GOOD.encode())
    s3.create_bucket(Bucket="dead-batches")
    s3.put_object(Bucket="dead-batches", Key="raw/a b.log.gz", Body=whole[:-4])
    monkeypatch.setenv("PIPELINE_STORE", "s3://dead-batches")
    trilog("reindex")
    (letter,) = (json.loads(line) for line in trilog("dead-letters", "list", "--json")[1].splitlines())
    assert letter["store_key"] == "dead-batches/raw/a b.log.gz"
    s3.put_object(Bucket="dead-batches", Key="raw/a b.log.gz", Body=whole)
    assert trilog("dead-letters", "replay", "--all")[0] == 0
    assert (count(trilog, "logs"), count(trilog, "dead-letters")) == (1, 0)
    s3.close()


@pytest.fixture
def client(elasticsearch_url: str) -> Iterator[Elasticsearch]:
    with Elasticsearch(elasticsearch_url) as opened:
        yield opened


def map_age(client: Elasticsearch, base: str, kind: str) -> None:
    """Make the template of predictions map an age to a type of its owner's choice."""
    template = deepcopy(index_template("message", IndexNames(logs=f"{base}-logs")))
    template["template"]["mappings"]["properties"]["input_data"]["properties"]["AGE"] = {
        "type": kind,
        "ignore_malformed": False,
    }
    client.indices.put_index_template(name=f"{base}-message", body=template)


@pytest.fixture
def refused(
    trilog: Run, tmp_path: Path, client: Elasticsearch, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> str:
    """Index into Elasticsearch a prediction that its mapping takes, and one that it does not; name the indexes."""
    base = "dead-" + str(abs(hash(request.node.name)))
    map_age(client, base, "byte")
    monkeypatch.setenv("ELASTICSEARCH_URL", request.getfixturevalue("elasticsearch_url"))
    monkeypatch.setenv("ELASTICSEARCH_INDEX", f"{base}-logs")
    (tmp_path / "api.log").write_text(GOOD + BAD)
    assert trilog("--once", "--source", "api.log")[0] == 0
    return base


def take_anything(client: Elasticsearch, base: str) -> None:
    """Make the index of predictions anew, with a mapping that takes any age."""
    map_age(client, base, "long")
    client.indices.delete(index=f"{base}-message")


def count(trilog: Run, kind: str) -> int:
    return len(trilog("export", kind)[1].splitlines())


@pytest.mark.elasticsearch
def test_a_prediction_is_in_once_the_mapping_takes_it(trilog: Run, refused: str, client: Elasticsearch):
    listed = trilog("dead-letters", "list")[1]
    assert all(word in listed for word in ("1 of 1 dead letters", "mapping", "message", "document_parsing"))
    (identity,) = set(ID.findall(listed))

    code, out, _ = trilog("dead-letters", "replay", identity)
    assert (code, out.splitlines()[-1]) == (1, "0 dead letters replayed, 1 still refused")
    assert out.startswith(f"✗ {identity}: document_parsing_exception")
    assert (count(trilog, "message"), count(trilog, "dead-letters")) == (1, 1)

    take_anything(client, refused)
    assert trilog("dead-letters", "replay", "--all")[:2] == (0, "1 dead letters replayed, 0 still refused\n")
    (document,) = (json.loads(line) for line in trilog("export", "message")[1].splitlines())
    assert document["input_data"] == {"AGE": 1000}
    assert (count(trilog, "logs"), count(trilog, "dead-letters")) == (2, 0)


@pytest.mark.elasticsearch
@pytest.mark.usefixtures("refused")
def test_a_dry_run_shows_what_would_change_and_changes_nothing(trilog: Run, tmp_path: Path):
    code, out, _ = trilog("dead-letters", "replay", "--all", "--dry-run")
    assert (code, ": the same document" in out) == (0, True)
    (batch,) = (tmp_path / ".trilog" / "raw").rglob("*.gz")
    batch.write_bytes(gzip.compress((GOOD + BAD.replace("1000", "74")).encode()))
    code, out, _ = trilog("dead-letters", "replay", "--all", "--dry-run")
    difference = [line for line in out.splitlines() if line[:1] in "+-" and line[1:2] == " "]
    assert (code, difference) == (0, ['-    "AGE": 1000', '+    "AGE": 74'])
    assert re.search(r"^--- [0-9a-f]{12}-\d+-message as refused$", out, re.MULTILINE)
    assert (count(trilog, "message"), count(trilog, "dead-letters")) == (1, 1)
    assert trilog("dead-letters", "replay", "--all")[::2] == (0, "")
    assert (count(trilog, "message"), count(trilog, "dead-letters")) == (2, 0)


@pytest.mark.elasticsearch
def test_a_dead_letter_is_deleted_in_whichever_periods_index_it_is(
    trilog: Run, refused: str, client: Elasticsearch, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ELASTICSEARCH_INDEX_PERIOD", "day")
    take_anything(client, refused)
    assert trilog("dead-letters", "replay", "--all")[::2] == (0, "")
    assert (count(trilog, "message"), count(trilog, "dead-letters")) == (1, 0)
    assert list(client.indices.get(index=f"{refused}-message*")) == [f"{refused}-message-2025.01.20"]
