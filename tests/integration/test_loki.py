"""The Loki projection and a real Loki: what arrives there, once, whatever happens to either."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from examples.ingestion.rows import rows
from functions.indexer import handler as indexer
from functions.pipeline.backoff import Backoff
from functions.pipeline.errors import TransientError
from functions.pipeline.sinks.loki.entries import RUN
from functions.pipeline.sinks.loki.options import LokiOptions
from functions.pipeline.sinks.loki.sink import LokiSink
from tests.fakes import LambdaContext
from tests.loki import RUNS, Loki, start_loki
from tests.notifications import object_created

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Run = Callable[..., tuple[int, str, str]]

ROOT = Path(__file__).parents[2]
EACH_ONCE = f"count by (source, etat) (sum by (source, etat, id) (count_over_time({RUNS}[120d])))"  # docs/loki.md
AS_THEY_ARE = f"sum(count_over_time({RUNS}[120d]))"
SECRET = "pl4nted-s3cret"  # noqa: S105 (planted)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for each test, with nothing configured."""
    monkeypatch.chdir(tmp_path)
    for name in ("PIPELINE_DATA", "PIPELINE_STORE", "LOKI_URL", "LOKI_TENANT", "LANGUAGE", "PIPELINE_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C")
    return tmp_path


def configure(monkeypatch: pytest.MonkeyPatch, loki: Loki) -> None:
    monkeypatch.setenv("LOKI_URL", loki.address)
    monkeypatch.setenv("LOKI_TENANT", loki.tenant)


@pytest.fixture
def ours(loki: Loki, monkeypatch: pytest.MonkeyPatch) -> Loki:
    """An empty Loki that is configured."""
    configure(monkeypatch, loki)
    return loki


@pytest.fixture(scope="module")
def strict_loki() -> Iterator[Loki]:
    """A Loki as it is by default: it refuses what is old, behind or large; and it takes little at once."""
    flags = (
        "-validation.reject-old-samples=true",
        "-validation.reject-old-samples.max-age=1w",
        "-ingester.max-chunk-age=2h",
        "-ingester.query-store-max-look-back-period=24h",
        "-distributor.max-line-size=1KB",
        "-distributor.ingestion-rate-limit-mb=0.1",
        "-distributor.ingestion-burst-size-mb=0.2",
    )
    with start_loki(*flags) as running:
        yield running


def collected(trilog: Run, runs: list[dict[str, Any]], name: str = "runs.log") -> None:
    """Append rows to a log, and collect it."""
    with Path(name).open("a") as file:
        file.writelines(f"{json.dumps(each)}\n" for each in runs)
    code, _, err = trilog("--once", "--source", name)
    assert code == 0, err


def pushed(trilog: Run) -> str:
    """Push what is new; return what was said."""
    code, out, err = trilog("loki", "--once")
    assert code == 0, err
    return out + err


def documents(trilog: Run, index: str = "ingestion-logs") -> list[dict[str, Any]]:
    code, out, err = trilog("export", index)
    assert code == 0, err
    return [json.loads(line) for line in out.splitlines()]


def by_source_and_state(loki: Loki) -> Counter[tuple[str, str]]:
    """Count runs as docs/loki.md does."""
    found = loki.numbers(EACH_ONCE)
    return Counter({(dict(labels)["source"], dict(labels)["etat"]): int(count) for labels, count in found.items()})


def counted(runs: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    return Counter((each["source"]["name"], each["etat"]) for each in runs)


def forget() -> None:
    """Forget which batches are in Loki."""
    Path(".trilog/loki.sqlite").unlink()


# --- What arrives


def test_every_run_answers_the_document_s_query(command_line: Run, ours: Loki, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_BATCH_SIZE", "1000")
    collected(command_line, list(rows(10_000, 137)))
    assert "10000 runs pushed to Loki (batches: 10)" in pushed(command_line)
    found, expected = ours.lines(), {each["_id"]: each for each in documents(command_line)}
    assert len(found) == len(expected) == 10_000
    assert by_source_and_state(ours) == counted(list(expected.values()))
    assert Counter((each["source"], each["etat"]) for each in found) == counted(list(expected.values()))
    for each in found:
        run = expected[each["id"]]
        assert each["line"] == run["description"]
        assert (each["objet"], each["entreprise"]) == (run["objet"]["name"], run["labels"]["entreprise"])
        assert float(each["duree_secondes"]) == run["performance"]["duree_secondes"]
        moment = datetime.fromisoformat(run["@timestamp"]) - datetime(1970, 1, 1, tzinfo=UTC)
        assert int(each["time"]) // 1000 == moment // timedelta(microseconds=1)


def test_there_are_four_labels_and_the_rest_is_metadata(command_line: Run, ours: Loki):
    collected(command_line, list(rows(30, 3)))
    pushed(command_line)
    during = {"start": "2025-09-05T00:00:00Z", "end": "2025-09-06T00:00:00Z"}
    assert ours.get("/loki/api/v1/labels", **during) == ["etat", "job", "source", "zone"]
    [projects] = ours.lines(f'{RUNS} | objet="projects" | objet_id="1200" | no_sequence="2025-09-05-16-45"')
    assert (projects["source"], projects["zone"], projects["entreprise"]) == ("Zoho", "1-Raw", "boreal")


def test_each_batch_is_pushed_once(command_line: Run, ours: Loki):
    collected(command_line, list(rows(20, 1)))
    assert "20 runs" in pushed(command_line)
    assert "0 runs pushed to Loki (batches: 0)" in pushed(command_line)
    collected(command_line, list(rows(3, 0, start=datetime(2025, 10, 1))))  # noqa: DTZ001 (rows name no zone)
    assert "3 runs" in pushed(command_line)
    assert len(ours.lines()) == 23


def test_loki_and_the_metrics_have_equal_counts(command_line: Run, ours: Loki):
    strange = [
        row("05-09-2025 16:45:26", Source=None),
        row("05-09-2025 16:45:27", Etat="STRANGE"),
        row("n/a", Etat="", Source="sharepoint"),
        row("05-09-2025 16:45:29", **{"Duree secondes": -1, "cpu_time (sec)": "n/a"}),
    ]
    collected(command_line, [*rows(200, 9), *strange])
    pushed(command_line)
    code, out, err = command_line("metrics", "--once")
    assert code == 0, err
    runs = [
        sample
        for family in text_string_to_metric_families(out)
        for sample in family.samples
        if sample.name == "ingestion_runs_total"
    ]
    counts: Counter[tuple[str, str]] = Counter()
    for each in runs:
        counts[each.labels["source"], each.labels["etat"]] += int(each.value)
    assert counts["unknown", "SUCCESS"] == 1
    assert counts["Efficy", "unknown"] == 1
    assert sum(counts.values()) == 204
    assert by_source_and_state(ours) == counts


# --- What is pushed again


def test_after_a_flush_and_a_rebuild_each_run_counts_once(command_line: Run, ours: Loki):
    collected(command_line, list(rows(500, 20)))
    pushed(command_line)
    once = by_source_and_state(ours)
    ours.flush()
    forget()
    assert "500 runs" in pushed(command_line)
    assert sum(once.values()) == 500
    assert by_source_and_state(ours) == once
    assert {each["id"] for each in ours.lines()} == {each["_id"] for each in documents(command_line)}


def test_a_rebuild_of_much_leaves_doubles_that_only_the_ids_tell(command_line: Run, ours: Loki):
    """Loki looks for an entry that it has in the newest 256 KB of its stream only."""
    many = [each | {"Source": "PowerBI", "Etat": "SUCCESS"} for each in rows(6000, 0)]
    collected(command_line, many)
    pushed(command_line)
    assert ours.numbers(AS_THEY_ARE) == {(): 6000}
    forget()
    pushed(command_line)
    assert ours.numbers(AS_THEY_ARE)[()] > 6000
    assert by_source_and_state(ours) == {("PowerBI", "SUCCESS"): 6000}


def push(loki: Loki, *values: tuple[int, str, dict[str, str]]) -> None:
    stream = {"stream": {"job": "ingestion-logs"}, "values": [(str(each), *rest) for each, *rest in values]}
    headers = {"Content-Type": "application/json", "X-Scope-OrgID": loki.tenant}
    body = json.dumps({"streams": [stream]}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{loki.address}/loki/api/v1/push", body, headers), timeout=10)  # noqa: S310


def test_entries_that_differ_in_their_metadata_alone_are_both_kept(loki: Loki):
    moment = 1757090726191702000
    push(loki, (moment, "a", {"id": "1"}), (moment, "a", {"id": "2"}), (moment, "a", {"id": "1"}))
    assert sorted(each["id"] for each in loki.lines()) == ["1", "2"]
    push(loki, (moment, "a", {"id": "1"}))
    assert sorted(each["id"] for each in loki.lines()) == ["1", "2"]
    loki.flush()
    push(loki, (moment, "a", {"id": "2"}))
    assert sorted(each["id"] for each in loki.lines()) == ["1", "2"]
    push(loki, (moment, "a", {"id": "3"}))  # while the others are in another chunk
    assert sorted(each["id"] for each in loki.lines()) == ["1", "2", "3"]
    assert loki.numbers(f"count(sum by (id) (count_over_time({RUNS}[120d])))") == {(): 3}


# --- What is refused


def now(**before: float) -> str:
    return f"{datetime.now(UTC) - timedelta(**before):%d-%m-%Y %H:%M:%S.%f}"


def row(begun: str, **different: object) -> dict[str, Any]:
    return {"Source": "Efficy", "Objet": "companies", "Objet_Id": 7, "Etat": "SUCCESS", "Debut": begun, **different}


def recent(loki: Loki, query: str = RUNS) -> list[dict[str, str]]:
    moments = (datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(hours=1))
    return loki.lines(query, *(f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in moments))


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (row("05-09-2025 16:45:26"), "has timestamp too old"),
        (row(now(hours=-3)), "has timestamp too new"),
        (row(now(hours=5)), "entry too far behind"),
        (row(now(), Description="x" * 2000), "max entry size '1024' bytes exceeded"),
        (row("05-09-9999 16:45:26"), "its time is before 1677 or after 2262"),
    ],
)
def test_of_a_push_that_is_refused_in_part_the_rest_is_taken(
    command_line: Run, strict_loki: Loki, monkeypatch: pytest.MonkeyPatch, refused: dict[str, Any], reason: str
):
    loki = strict_loki.empty()
    configure(monkeypatch, loki)
    good = [row(now(minutes=5 - number / 10), Description=f"good {number}") for number in range(20)]
    collected(command_line, good[:1], "first.log")  # so that the stream has a newest entry
    pushed(command_line)
    collected(command_line, [*good[1:10], refused, {**refused, "Objet": "another"}, *good[10:]])
    said = pushed(command_line)
    assert "19 runs pushed to Loki (batches: 1)" in said
    assert "2 dead letters" in said
    assert sorted(each["line"] for each in recent(loki)) == sorted(each["Description"] for each in good)
    letters = recent(loki, '{job="trilog-dead-letters"}')
    assert len(letters) == 2
    assert all(reason in each["line"] for each in letters)
    assert {each["target"] for each in letters} == {RUN}
    assert "0 runs pushed to Loki (batches: 0)" in pushed(command_line)  # they are not tried for ever


def test_a_loki_that_refuses_all_of_them_is_told_once_and_says_why(
    command_line: Run, strict_loki: Loki, monkeypatch: pytest.MonkeyPatch
):
    loki = strict_loki.empty()
    configure(monkeypatch, loki)
    collected(command_line, list(rows(50, 2)))
    said = pushed(command_line)
    assert "0 runs pushed to Loki" in said
    assert "50 dead letters" in said
    assert "has timestamp too old" in said
    assert len(recent(loki, '{job="trilog-dead-letters"}')) == 50


def entries(count: int) -> list[tuple[bytes, str, bytes]]:
    moment = datetime.now(UTC)
    return [
        (
            f"a-{number}".encode(),
            f"{moment:%Y-%m-%dT%H:%M:%S}.{number:06}Z",
            orjson.dumps({"etat": "SUCCESS", "description": "x" * 900}),
        )
        for number in range(count)
    ]


def test_a_loki_that_limits_the_rate_gets_everything_in_the_end(strict_loki: Loki):
    loki = strict_loki.empty()
    with LokiSink(LokiOptions(url=loki.address, tenant=loki.tenant)) as sink:
        for part in range(5):
            sink.write(iter([(RUN, entries(600)[part * 120 : part * 120 + 120])]))  # 110 KB, of 200 at once
    assert len({each["id"] for each in recent(loki)}) == 600


def test_what_is_over_the_rate_for_ever_is_handed_back(strict_loki: Loki):
    loki = strict_loki.empty()
    options = LokiOptions(url=loki.address, tenant=loki.tenant)
    with (
        LokiSink(options, Backoff(total=0.5)) as sink,
        pytest.raises(TransientError, match="429, ingestion rate limit exceeded"),
    ):
        sink.write(iter([(RUN, entries(600))]))


# --- Processes that are killed, and servers that are away


def projecting(*arguments: str) -> subprocess.Popen[str]:
    """Start `trilog loki` in a process of its own."""
    command = [sys.executable, "-m", "functions", "loki", "--interval", "0.1", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    return out + err


def test_a_process_that_is_killed_again_and_again_loses_and_doubles_nothing(
    command_line: Run, ours: Loki, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PIPELINE_BATCH_SIZE", "10")
    collected(command_line, list(rows(2000, 50)))
    draw = random.Random(7)  # noqa: S311 (moments to kill at)
    kills = 0
    while kills < 20 or not ours.lines():  # later each time, for machines that start it slowly
        process = projecting()
        time.sleep(draw.uniform(0.25, 0.8) + 0.02 * kills)
        process.kill()
        process.communicate()
        kills += 1
    pushed(command_line)
    assert by_source_and_state(ours) == counted(documents(command_line))
    assert len(ours.lines()) == 2000


def wait_for(found: Callable[[], bool], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < ends
        time.sleep(0.2)


def test_a_loki_that_is_killed_and_away_under_load_loses_nothing(command_line: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_BATCH_SIZE", "20")
    with start_loki() as loki:
        configure(monkeypatch, loki)
        process = projecting()
        for part in range(4):
            more = rows(500, 10, seed=part, start=datetime(2025, 9, 5 + part, 8))  # noqa: DTZ001 (rows name no zone)
            collected(command_line, list(more))
            if part == 1:
                loki.kill()
        # Meanwhile the other projections go on.
        code, out, _ = command_line("metrics", "--once")
        assert code == 0
        assert (
            sum(float(line.split()[-1]) for line in out.splitlines() if line.startswith("ingestion_runs_total{"))
            == 2000
        )
        loki.start()
        expected = counted(documents(command_line))
        wait_for(lambda: by_source_and_state(loki) == expected)
        said = ended(process)
        assert "Cannot connect to Loki" in said
        assert len(loki.lines()) == 2000


def test_a_loki_that_is_away_is_said_and_waited_for(command_line: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LOKI_URL", "http://127.0.0.1:1")
    monkeypatch.setattr("functions.cli.pushes._PATIENCE", 0.2)
    collected(command_line, list(rows(3, 0)))
    code, _, err = command_line("loki", "--once")
    assert code == 3
    assert "Cannot connect to Loki. Host: 127.0.0.1:1" in err


def test_one_process_pushes_at_once(command_line: Run, ours: Loki):  # noqa: ARG001 (is configured)
    process = projecting()
    assert process.stdout
    process.stdout.readline()
    code, _, err = command_line("loki", "--once")
    ended(process)
    assert code == 2
    assert "loki.sqlite is in use. End the other trilog loki" in err


def test_the_list_of_batches_is_one_loki_s(command_line: Run, ours: Loki, monkeypatch: pytest.MonkeyPatch):
    pushed(command_line)
    monkeypatch.setenv("LOKI_TENANT", "another")
    code, _, err = command_line("loki", "--once")
    assert code == 2
    assert f"in {ours.address} ({ours.tenant}), not about" in err


def test_without_a_loki_the_variable_is_named(command_line: Run):
    code, _, err = command_line("loki", "--once")
    assert code == 2
    assert "Set LOKI_URL" in err


# --- Secrets


def test_what_redaction_hides_never_arrives(command_line: Run, ours: Loki, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_REDACT_PATTERNS", f"/({SECRET})/:drop")
    failed = [each | {"Description": f"401 with token {SECRET}"} for each in rows(5, 5)]
    collected(command_line, failed)
    pushed(command_line)
    found = ours.lines()
    assert len(found) == 5
    assert SECRET not in json.dumps(found)


def test_credentials_and_lines_are_in_no_message(command_line: Run, strict_loki: Loki, monkeypatch: pytest.MonkeyPatch):
    configure(monkeypatch, strict_loki.empty())
    monkeypatch.setenv("LOKI_USERNAME", "ada")
    monkeypatch.setenv("LOKI_PASSWORD", SECRET)
    collected(command_line, [row(now(), Description=SECRET * 100), row("05-09-2025 16:45:26", Description=SECRET)])
    said = pushed(command_line)
    assert "2 dead letters" in said
    assert SECRET not in said
    monkeypatch.delenv("LOKI_TENANT")  # so it asks for one
    monkeypatch.setenv("PIPELINE_DATA", "another")
    collected(command_line, [row(now())], "other.log")
    code, out, err = command_line("loki", "--once")
    assert code == 4
    assert "401, no org id" in err
    assert SECRET not in out + err


# --- As a function


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[Callable[[], dict[str, Any]]]:
    """The indexer as AWS runs it for Loki, of a store in a folder."""
    monkeypatch.setenv("PIPELINE_SINK", "loki")
    monkeypatch.setenv("PIPELINE_STORE", f"file://{folder}/.trilog")
    indexer.indexer.cache_clear()

    def invoke() -> dict[str, Any]:
        keys = [str(each.relative_to(folder / ".trilog")) for each in sorted(folder.glob(".trilog/raw/**/*.gz"))]
        records = [
            {"messageId": key, "eventSource": "aws:sqs", "body": json.dumps(object_created("batches", key))}
            for key in keys
        ]
        return indexer.handler({"Records": records}, LambdaContext())

    yield invoke
    indexer.indexer().close()
    indexer.indexer.cache_clear()


def test_the_indexer_function_writes_to_loki_when_it_is_told_to(
    command_line: Run, ours: Loki, folder: Path, request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str]
):
    collected(command_line, list(rows(40, 4)))
    expected = counted(documents(command_line))
    size = (folder / ".trilog" / "index.duckdb").stat().st_mtime_ns
    invoke = request.getfixturevalue("deployed")
    assert invoke() == {"batchItemFailures": []}
    assert invoke() == {"batchItemFailures": []}  # a redelivery
    assert by_source_and_state(ours) == expected
    assert len(ours.lines()) == 40
    assert (folder / ".trilog" / "index.duckdb").stat().st_mtime_ns == size
    assert '"conserved":true' in capfd.readouterr().out.replace(" ", "")


def test_its_messages_come_again_when_loki_is_away(
    command_line: Run, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
):
    collected(command_line, list(rows(4, 1)))
    monkeypatch.setenv("LOKI_URL", "http://127.0.0.1:1")
    monkeypatch.setattr("functions.pipeline.wiring.open_loki.__defaults__", (0.2,))
    [failure] = request.getfixturevalue("deployed")()["batchItemFailures"]
    assert failure["itemIdentifier"].startswith("raw/")
