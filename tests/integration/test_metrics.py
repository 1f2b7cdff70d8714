"""The metrics projection: what runs of ingestion add up to, whatever happens to the process that counts."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).parents[2]
Run = Callable[..., tuple[int, str, str]]
Numbers = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for each test, with nothing configured."""
    monkeypatch.chdir(tmp_path)
    for name in ("PIPELINE_DATA", "PIPELINE_STORE", "METRICS_PORT", "METRICS_HOST", "LANGUAGE", "PIPELINE_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C")
    return tmp_path


def row(number: int = 0, **different: object) -> dict[str, Any]:
    """A row as it is in logs.json."""
    begun = f"05-09-2025 16:{number // 60 % 60:02}:{number % 60:02}.000000"
    usual = {
        "Source": "zohobooks",
        "Objet": "invoices",
        "Objet_Id": 7,
        "Zone": "1-Raw",
        "Entreprise": "acme",
        "Etat": "SUCCESS",
        "Debut": begun,
        "Duree secondes": 0.9,
        "cpu_time (sec)": "0.09",
        "memory_used (bytes)": 5517312,
        "Description": "Tout roule, pas de stress!",
    }
    return {name: value for name, value in (usual | different).items() if value is not None}


def collected(trilog: Run, rows: list[dict[str, Any]], name: str = "runs.log") -> None:
    """Append rows to a log, and collect it."""
    with Path(name).open("a") as file:
        file.writelines(f"{json.dumps(each)}\n" for each in rows)
    code, _, err = trilog("--once", "--source", name)
    assert code == 0, err


def numbers(text: str) -> Numbers:
    """Read what is scraped, without what the exporter tells of itself."""
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    own = [each for each in found if each.name.startswith("ingestion_")]
    return {(each.name, tuple(sorted(each.labels.items()))): each.value for each in own}


def counted(trilog: Run) -> Numbers:
    """Count what is new, and return the numbers."""
    code, out, err = trilog("metrics", "--once")
    assert code == 0, err
    return numbers(out)


def number(found: Numbers, name: str, **labels: str) -> float:
    """Return the sum of a metric's samples that have the labels."""
    return sum(value for (each, own), value in found.items() if each == name and labels.items() <= dict(own).items())


def test_a_run_adds_to_its_counters_and_histograms(command_line: Run):
    failed = row(5, Etat="FAILED", Source="PowerBI", **{"Duree secondes": "60,5", "memory_used (bytes)": "157286400"})
    collected(command_line, [row(1), row(2), failed])
    found = counted(command_line)
    labels = {"source": "Zoho", "etat": "SUCCESS", "objet": "invoices", "entreprise": "acme", "zone": "1-Raw"}
    assert number(found, "ingestion_runs_total", **labels) == 2
    assert number(found, "ingestion_failures_total", source="PowerBI", objet="invoices") == 1
    assert number(found, "ingestion_failures_total", source="Zoho") == 0
    assert number(found, "ingestion_duration_seconds_bucket", source="PowerBI", le="60.0") == 0
    assert number(found, "ingestion_duration_seconds_bucket", source="PowerBI", le="120.0") == 1
    assert number(found, "ingestion_memory_usage_bytes_bucket", source="PowerBI", le="1.572864e+08") == 1
    assert number(found, "ingestion_cpu_usage_seconds_sum", source="Zoho") == pytest.approx(0.18)
    assert number(found, "ingestion_duration_seconds_count", source="Zoho") == 2
    assert number(found, "ingestion_last_run_timestamp", source="Zoho") == 1757088002


def test_each_batch_is_counted_once(command_line: Run):
    collected(command_line, [row(each) for each in range(10)])
    first = counted(command_line)
    assert counted(command_line) == first
    assert command_line("reindex")[0] == 0
    assert counted(command_line) == first
    collected(command_line, [row(11)])
    assert number(counted(command_line), "ingestion_runs_total") == 11


def test_what_is_no_number_adds_to_no_histogram(command_line: Run):
    wrong = {"Duree secondes": -1, "cpu_time (sec)": "n/a", "memory_used (bytes)": "much"}
    collected(command_line, [row(1, **wrong), row(2, Source=None), row(3, Etat="STRANGE"), row(4, Etat="?", **wrong)])
    found = counted(command_line)
    assert number(found, "ingestion_runs_total") == 4
    assert number(found, "ingestion_runs_total", source="unknown") == 1
    assert number(found, "ingestion_runs_total", etat="unknown") == 2
    assert number(found, "ingestion_failures_total") == 0
    for name in ("duration_seconds", "cpu_usage_seconds", "memory_usage_bytes"):
        assert number(found, f"ingestion_{name}_count") == 2


def run_at(minute: int, state: str, **different: object) -> dict[str, Any]:
    """A row of a run that took 30 seconds."""
    fin = f"05-09-2025 16:{minute:02}:30.000000"
    return row(Debut=fin.replace(":30.", ":00."), Fin=fin, Etat=state, **different)


def test_the_time_to_recovery_is_from_a_failure_to_the_next_success(command_line: Run):
    runs = [(0, "SUCCESS"), (10, "FAILED"), (20, "FAILED"), (30, "SUCCESS"), (35, "STRANGE"), (40, "FAILED")]
    other = [run_at(minute, "FAILED", Objet="expenses") for minute in (1, 2)]
    collected(command_line, [*(run_at(*each) for each in runs), *other, run_at(45, "SUCCESS"), run_at(50, "FAILED")])
    found = counted(command_line)
    invoices = {"source": "Zoho", "objet": "invoices"}
    assert number(found, "ingestion_recovery_seconds_count", **invoices) == 2
    assert number(found, "ingestion_recovery_seconds_sum", **invoices) == (20 * 60 + 30) + (5 * 60 + 30)
    assert number(found, "ingestion_failing_since_timestamp", **invoices) == 1757091000  # 16:50
    assert number(found, "ingestion_recovery_seconds_count", objet="expenses") == 0
    assert number(found, "ingestion_failing_since_timestamp", objet="expenses") == 1757088060  # 16:01


def test_a_clock_that_is_wrong_makes_no_time_to_recovery_negative(command_line: Run):
    early = run_at(20, "SUCCESS") | {"Fin": "05-09-2025 09:00:00.000000"}
    collected(command_line, [run_at(10, "FAILED"), early])
    assert number(counted(command_line), "ingestion_recovery_seconds_sum") == 10 * 60


def test_what_fails_in_one_batch_recovers_in_another(command_line: Run, folder: Path):
    collected(command_line, [run_at(1, "FAILED")])
    assert number(counted(command_line), "ingestion_failing_since_timestamp") == 1757088060
    collected(command_line, [run_at(0, "SUCCESS")])  # began before the one that failed
    assert number(counted(command_line), "ingestion_failing_since_timestamp") == 1757088060
    collected(command_line, [run_at(3, "SUCCESS")])
    found = counted(command_line)
    assert number(found, "ingestion_failing_since_timestamp") == 0
    assert number(found, "ingestion_recovery_seconds_sum") == 2 * 60 + 30
    (folder / ".trilog" / "metrics.sqlite").unlink()
    assert counted(command_line) == found


def test_batches_are_counted_in_the_order_of_their_times(command_line: Run, folder: Path):
    raw = folder / ".trilog" / "raw"
    raw.mkdir(parents=True)
    for minute in range(20):  # a store lists them by their names, or as the disk has them
        batch = raw / f"{19 - minute:02}.log"
        batch.write_text(json.dumps(run_at(minute, "SUCCESS" if minute % 2 else "FAILED")))
        os.utime(batch, (time.time() - 1000 + minute, time.time() - 1000 + minute))
    found = counted(command_line)
    assert number(found, "ingestion_recovery_seconds_count") == 10
    assert number(found, "ingestion_recovery_seconds_sum") == 10 * 90
    assert number(found, "ingestion_failing_since_timestamp") == 0


def test_a_label_has_so_many_values_and_the_rest_together(command_line: Run):
    collected(command_line, [row(each, Source=f"source {each}", Objet="x" * 300) for each in range(150)])
    found = counted(command_line)
    assert number(found, "ingestion_runs_total") == 150
    assert number(found, "ingestion_runs_total", source="other") == 50
    assert number(found, "ingestion_runs_total", objet="x" * 200) == 150
    assert len({dict(labels)["source"] for name, labels in found if name == "ingestion_runs_total"}) == 101
    assert command_line("metrics", "--once")[0] == 0
    collected(command_line, [row(200, Source="source 149"), row(201, Source="source 0")])
    again = counted(command_line)
    assert number(again, "ingestion_runs_total", source="other") == 51
    assert number(again, "ingestion_runs_total", source="source 0") == 2


def exporter(*arguments: str) -> subprocess.Popen[str]:
    """Start `trilog metrics` in a process of its own."""
    command = [sys.executable, "-m", "functions", "metrics", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "METRICS_INTERVAL": "0.1"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def exported() -> Iterator[str]:
    """Run an exporter; give its address."""
    with exporter("--port", "0") as process:
        assert process.stdout
        yield process.stdout.readline().split()[3].rstrip(".")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def scraped(address: str) -> Numbers:
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 (our own address)
        assert answer.headers["Content-Type"].startswith("text/plain")
        return numbers(answer.read().decode())


def test_the_exporter_goes_on_counting(command_line: Run, exported: str):
    assert scraped(exported) == {}
    collected(command_line, [row(1), row(2)])
    deadline = time.monotonic() + 20
    while number(scraped(exported), "ingestion_runs_total") != 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_document_s_own_command_shows_the_metrics(command_line: Run, exported: str):
    collected(command_line, [row(1)])
    deadline = time.monotonic() + 20
    while "ingestion_runs_total{" not in (out := subprocess.check_output(["curl", "-s", exported], text=True)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "# TYPE ingestion_duration_seconds histogram" in out
    assert "trilog_build_info{version=" in out


def test_an_exporter_that_is_killed_counts_each_batch_once(command_line: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_BATCH_SIZE", "5")
    rows = [row(each, Etat="FAILED" if each % 7 == 0 else "SUCCESS") for each in range(600)]
    collected(command_line, rows)
    draw = random.Random(7)  # noqa: S311 (moments to kill at)
    for _ in range(20):
        process = exporter("--port", "0")
        time.sleep(draw.uniform(0.25, 0.8))
        process.kill()
        process.communicate()
    found = counted(command_line)
    assert number(found, "ingestion_runs_total") == 600
    assert number(found, "ingestion_failures_total") == len(range(0, 600, 7))
    assert number(found, "ingestion_duration_seconds_count") == 600


def test_numbers_that_are_made_anew_are_not_shown_before_all_of_them_are_there(
    command_line: Run, monkeypatch: pytest.MonkeyPatch, folder: Path
):
    """Or Prometheus would take what it has seen long ago for new runs, and new failures."""
    monkeypatch.setenv("PIPELINE_BATCH_SIZE", "1")
    collected(command_line, [row(each, Etat="FAILED") for each in range(300)])
    assert number(counted(command_line), "ingestion_failures_total") == 300
    (folder / ".trilog" / "metrics.sqlite").unlink()
    shown, ends = [], time.monotonic() + 30
    with exporter("--port", "0") as process:
        assert process.stdout
        address = process.stdout.readline().split()[3].rstrip(".")
        while number(found := scraped(address), "ingestion_failures_total") != 300:
            shown.append(found)
            assert time.monotonic() < ends
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert len(shown) > 5
    assert all(found == {} for found in shown)


def test_one_process_counts_at_once(command_line: Run, exported: str):
    code, _, err = command_line("metrics", "--once")
    assert code == 2
    assert "is in use. End the other trilog metrics" in err
    assert scraped(exported) == {}


def test_a_ledger_is_one_store_s(command_line: Run, monkeypatch: pytest.MonkeyPatch, folder: Path):
    assert command_line("metrics", "--once")[0] == 0
    monkeypatch.setenv("PIPELINE_STORE", f"file://{folder}/another")
    code, _, err = command_line("metrics", "--once")
    assert code == 2
    assert "is about file://" in err


def test_a_damaged_ledger_is_made_anew_once_it_is_deleted(command_line: Run, folder: Path):
    collected(command_line, [row(1)])
    first = counted(command_line)
    ledger = folder / ".trilog" / "metrics.sqlite"
    sqlite3.connect(ledger).execute("PRAGMA journal_mode = DELETE").connection.close()
    ledger.write_bytes(b"no database" * 1000)
    code, _, err = command_line("metrics", "--once")
    assert code == 4
    assert "is damaged" in err
    assert "Delete it" in err
    ledger.unlink()
    assert counted(command_line) == first


def test_a_port_that_is_taken_is_named(command_line: Run, exported: str, monkeypatch: pytest.MonkeyPatch):
    port = exported.rpartition(":")[2].partition("/")[0]
    monkeypatch.setenv("PIPELINE_DATA", "elsewhere")
    code, _, err = command_line("metrics", "--port", port)
    assert code == 2
    assert f"Port {port} of 127.0.0.1 cannot be listened on" in err
