"""The pipeline on one machine, by its command line and its library, on log files and the embedded index."""

import csv
import gzip
import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from functions.local import LogsPipeline

HEAD = "2025-01-20 10:30:00 - api - INFO - "
PREDICTION = (
    HEAD
    + '[abc-123] POST /predict - 200 - 45ms - {"AGE": 65, "CHEST PAIN": 1} - {"prediction": "YES", "probability": 0.85}'
)
METRICS = (
    '2025-01-20 10:30:01 - api - INFO - {"performance_metrics": {"transaction_id": "abc-123", "cpu_time_ms": 18.2}}'
)
OTHER = "2025-01-20 10:29:50 - api - INFO - API démarrée avec succès"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _log(folder: Path) -> None:
    (folder / "api.log").write_text(f"{OTHER}\n{PREDICTION}\n{METRICS}\n")


NOTHING_UNREAD = {
    "unread": {},
    "untimed": 0,
    "passed_without_document": {},
    "no_predictions": {},
    "examples": [],
    "ambiguous_times": 0,
    "control_messages": 0,
    "candidates": [],
}


def once(trilog: Run, *arguments: str) -> dict[str, Any]:
    code, out, err = trilog("--once", "--source", "api.log", "--json", *arguments)
    assert code == 0, err
    counts: dict[str, Any] = json.loads(out)
    return counts


def exported(trilog: Run, index: str) -> list[dict[str, Any]]:
    """Export an index; without what differs from run to run."""
    documents = [json.loads(line) for line in trilog("export", index)[1].splitlines()]
    return [{name: value for name, value in document.items() if name != "sequence"} for document in documents]


def test_a_run_counts_what_it_did(trilog: Run):
    counts = once(trilog)
    assert counts.pop("seconds") < 60
    assert counts == {
        "collected": 3,
        "filtered": 2,
        "indexed": 3,
        "recovered": 0,
        "gaps": 0,
        "batches": 1,
        "records": 3,
        "indexes": {
            "ml-api-logs": {"documents": 3, "duplicates": 0, "dead_letters": 0},
            "ml-api-message": {"documents": 1, "duplicates": 0, "dead_letters": 0},
            "ml-api-perfs": {"documents": 1, "duplicates": 0, "dead_letters": 0},
            "ml-api-top-func": {"documents": 0, "duplicates": 0, "dead_letters": 0},
        },
        "dead_objects": 0,
        "conserved": True,
        "unread": 0,
        "passed_without_document": 0,
        "coverage": NOTHING_UNREAD,
        "redacted": {},
        "redaction_rules_without_a_match": [],
    }


def test_the_documents_are_those_of_the_seeds(trilog: Run):
    once(trilog)
    logs, message, perfs = (exported(trilog, f"ml-api-{kind}") for kind in ("logs", "message", "perfs"))
    assert [document["message"] for document in logs] == [
        line.split(" - ", 3)[3] for line in (OTHER, PREDICTION, METRICS)
    ]
    assert message == [
        {
            "_id": logs[1]["_id"],
            "@timestamp": "2025-01-20T10:30:00.000Z",
            "transaction_id": "abc-123",
            "http_method": "POST",
            "http_path": "/predict",
            "status_code": 200,
            "execution_time_ms": 45,
            "input_data": {"AGE": 65, "CHEST_PAIN": 1},
            "result": {"prediction": "YES", "probability": 0.85},
        }
    ]
    assert perfs == [
        {
            "_id": logs[2]["_id"],
            "@timestamp": "2025-01-20T10:30:01.000Z",
            "transaction_id": "abc-123",
            "cpu_time_ms": 18.2,
        }
    ]


def test_a_second_run_takes_only_what_is_new(trilog: Run, folder: Path):
    assert once(trilog)["collected"] == 3
    assert once(trilog)["collected"] == 0
    with (folder / "api.log").open("a") as log:
        log.write(OTHER + "\n")
    counts = once(trilog)
    assert (counts["collected"], counts["indexes"]["ml-api-logs"]) == (
        1,
        {"documents": 1, "duplicates": 0, "dead_letters": 0},
    )
    assert len(exported(trilog, "logs")) == 4


def test_a_rotated_file_is_not_read_again(trilog: Run, folder: Path):
    (folder / "api.log").write_text(OTHER + "\n" + (PREDICTION + "\n") * 20)
    assert trilog("--once", "--source", "api.log*", "--json")[0] == 0
    (folder / "api.log.1.gz").write_bytes(gzip.compress((folder / "api.log").read_bytes()))
    (folder / "api.log").write_text(METRICS + "\n")
    assert json.loads(trilog("--once", "--source", "api.log*", "--json")[1])["collected"] == 1
    assert len(exported(trilog, "logs")) == 22


def test_the_limit_leaves_the_rest_for_the_next_run(trilog: Run):
    assert [once(trilog, "--limit", "2")["collected"] for _ in range(3)] == [2, 1, 0]


def test_batches_have_at_most_so_many_lines(trilog: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_BATCH_SIZE", "2")
    assert once(trilog)["batches"] == 2


def test_the_data_folder_can_be_moved(trilog: Run, folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_DATA", "elsewhere")
    once(trilog)
    assert {each.name for each in (folder / "elsewhere").iterdir()} >= {"raw", "cursors", "index.duckdb"}
    assert not (folder / ".trilog").exists()


def test_the_report_says_what_happened_and_what_to_do_next(trilog: Run):
    code, out, _ = trilog("--once", "--source", "api.log")
    assert code == 0
    for text in (
        "3 lines collected in ",
        "(batches: 1)",
        "ml-api-message",
        "3 records read = 3 new",
        "trilog trace abc-123",
    ):
        assert text in out


def test_a_run_says_what_each_redaction_rule_hid_and_which_had_no_match(trilog: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_REDACT_FIELDS", "AGE:drop, incme:drop")
    monkeypatch.setenv("PIPELINE_REDACT_PATTERNS", "email:drop")
    counts = once(trilog)
    assert counts["redacted"] == {"AGE:drop": 1, "incme:drop": 0, "email:drop": 0}
    assert counts["redaction_rules_without_a_match"] == ["incme:drop", "email:drop"]
    nothing_new = once(trilog)
    assert nothing_new["redaction_rules_without_a_match"] == []
    again = json.loads(trilog("reindex", "--json")[1])
    assert again["redacted"] == dict.fromkeys(counts["redacted"], 0)
    assert again["redaction_rules_without_a_match"] == ["incme:drop", "email:drop"]
    code, out, _ = trilog("reindex")
    assert code == 0
    assert "matched nothing. Check their spelling: incme:drop, email:drop" in out


def test_a_report_names_rules_only_where_lines_were_read(trilog: Run, folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_REDACT_FIELDS", "AGE:drop, incme:drop")
    code, out, _ = trilog("--once", "--source", "api.log")
    assert code == 0
    assert "AGE:drop 1, incme:drop 0" in out
    assert "Check their spelling: incme:drop\n" in out
    assert "edaction rule" not in trilog("--once", "--source", "api.log")[1]
    with (folder / "api.log").open("a") as log:
        log.write(f"{PREDICTION}\n{{'incme': 4}}\n")
    assert "matched nothing" not in trilog("--once", "--source", "api.log")[1]


def test_a_table_shows_the_last_documents(trilog: Run):
    assert "no documents yet" in trilog("show")[1]
    once(trilog)
    out = trilog("show", "-n", "2")[1]
    assert "performance_metrics" in out
    assert "démarrée" not in out
    assert "AGE=65" in trilog("show", "ml-api-message")[1]


def test_a_transaction_is_traced_through_the_indexes(trilog: Run):
    once(trilog)
    code, out, _ = trilog("trace", "abc-123")
    assert code == 0
    assert out.index("POST /predict") < out.index("cpu_time_ms: 18.2")
    assert trilog("trace", "nobody")[0] == 1


def test_an_export_is_a_table_too(trilog: Run, folder: Path):
    once(trilog)
    assert trilog("export", "ml-api-message", "--output", "p.csv")[0] == 0
    (row,) = csv.DictReader(io.StringIO((folder / "p.csv").read_text()))
    assert (row["@timestamp"], row["input_data.CHEST_PAIN"], row["result.probability"]) == (
        "2025-01-20T10:30:00.000000Z",
        "1",
        "0.85",
    )
    assert trilog("export", "ml-api-message", "--output", "p.parquet")[0] == 0
    with duckdb.connect() as database:
        found = database.read_parquet(str(folder / "p.parquet")).project('"input_data.AGE", status_code').fetchall()
    assert found == [(65, 200)]


@pytest.mark.parametrize("name", ["none.jsonl", "none.csv", "none.parquet"])
def test_an_empty_export_is_a_valid_file(trilog: Run, folder: Path, name: str):
    once(trilog)
    assert trilog("export", "message", "--since", "2026-01-01", "--output", name)[0] == 0
    with duckdb.connect() as database:
        assert name == "none.jsonl" or database.execute(f"FROM '{folder}/{name}'").fetchall() == []


def test_an_export_may_be_of_some_time(trilog: Run):
    once(trilog)
    times = ("--since", "2025-01-20T10:30:00Z", "--until", "2025-01-20T10:30:01Z")
    (document,) = map(json.loads, trilog("export", "logs", *times)[1].splitlines())
    assert document["transaction_id"] == "abc-123"


def test_the_indexes_can_be_made_compared_and_cleared(trilog: Run):
    assert trilog("test-indexes")[0] == 1
    assert "ml-api-logs" in trilog("setup")[1]
    assert "nothing to create" in trilog("setup")[1]
    assert trilog("test-indexes")[0] == 0
    once(trilog)
    assert trilog("clear-indexes")[0] == 2  # nobody there to ask
    assert "ml-api-logs: 3 documents deleted" in trilog("clear-indexes", "--yes")[1]
    assert exported(trilog, "logs") == []


def test_cleared_indexes_are_built_again_from_the_batches(trilog: Run):
    once(trilog)
    before = exported(trilog, "logs"), exported(trilog, "message"), exported(trilog, "perfs")
    trilog("clear-indexes", "--yes")
    code, out, _ = trilog("reindex")
    assert (code, "3 records read = 3 new" in out) == (0, True)
    assert (exported(trilog, "logs"), exported(trilog, "message"), exported(trilog, "perfs")) == before


def test_records_of_the_same_second_stay_in_order(trilog: Run, folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / "api.log").write_text("".join(f"{HEAD}n{number}\n" for number in range(50)))
    monkeypatch.setenv("PIPELINE_BATCH_SIZE", "7")
    once(trilog)
    assert [document["message"] for document in exported(trilog, "logs")] == [f"n{number}" for number in range(50)]
    assert [line.split()[-1] for line in trilog("show", "-n", "3")[1].splitlines() if "INFO" in line] == [
        "n47",
        "n48",
        "n49",
    ]


def test_a_failed_export_leaves_the_file_as_it_was(trilog: Run, folder: Path):
    once(trilog)
    (folder / "kept.csv").write_text("kept")
    (folder / ".trilog" / "index.duckdb").write_bytes(b"damaged")
    assert trilog("export", "logs", "--output", "kept.csv")[0] == 4
    assert (folder / "kept.csv").read_text() == "kept"
    assert trilog("export", "logs", "--output", "none/x.csv")[0] == 2


def test_columns_that_differ_in_capitals_only_are_both_exported(trilog: Run, folder: Path):
    (folder / "api.log").write_text('{"message": "x", "data": {"A": 1, "a": 2}}\n')
    once(trilog)
    assert trilog("export", "logs", "--output", "x.csv")[0] == 0
    (row,) = csv.DictReader(io.StringIO((folder / "x.csv").read_text()))
    assert (row["data.A"], row["data.a'"]) == ("1", "2")


def test_what_would_command_a_terminal_is_not_printed(trilog: Run, folder: Path):
    (folder / "api.log").write_text(f"{HEAD}[a-1] plain \x1b[2J\x07 text\n")
    once(trilog)
    for out in (trilog("show")[1], trilog("trace", "a-1")[1]):
        assert "plain" in out
        assert "\x1b" not in out


def test_a_damaged_cursor_is_named(trilog: Run, folder: Path):
    once(trilog)
    (cursor,) = (folder / ".trilog" / "cursors").glob("*.json")
    for content in ("{", "[]", '{"scheme": 1, "batch": {"key": 1}}', '{"scheme": 1, "time": 3}'):
        cursor.write_text(content)
        code, _, err = trilog("--once", "--source", "api.log")
        assert (code, cursor.name in err) == (4, True), content


def test_a_check_names_what_is_missing(trilog: Run):
    for arguments in (("check", "--source", "api.log"), ("--source", "api.log", "check")):
        code, out, _ = trilog(*arguments)
        assert (code, out.count("✓")) == (0, 4)
    code, out, _ = trilog("check", "--gradio-url", "http://127.0.0.1:9")
    assert code == 1
    assert "✗ Cannot reach the Gradio API. URL: http://127.0.0.1:9" in out


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("--limit", "1"), 2, "Nothing to do"),
        (("--once",), 2, "No source. Set GRADIO_URL"),
        (("--once", "--limit", "0"), 2, "a whole number, 1 to 1,000,000,000"),
        (("show", "nothing"), 2, "no such index"),
        (("export", "message", "--format", "parquet"), 2, "--output FILE"),
        (("--once", "--source", "none.log"), 2, "none.log: no such file"),
        (("--once", "--source", "http://127.0.0.1:9"), 3, "Cannot reach the Gradio API"),
    ],
)
def test_an_error_says_what_to_do_and_has_its_exit_code(trilog: Run, arguments: tuple[str, ...], code: int, text: str):
    found = trilog(*arguments)
    assert found[0] == code
    assert text in found[2]
    assert "Traceback" not in found[2]


def test_every_bad_variable_is_named_at_once(trilog: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_BATCH_SIZE", "many")
    monkeypatch.setenv("ELASTICSEARCH_PORT", "0")
    monkeypatch.setenv("PIPELINE_TIMEZONE", "Mars/Olympus")
    code, _, err = trilog("--once", "--source", "api.log")
    assert code == 2
    assert all(name in err for name in ("PIPELINE_BATCH_SIZE", "ELASTICSEARCH_PORT", "PIPELINE_TIMEZONE"))


def test_a_file_named_env_is_read(trilog: Run, folder: Path):
    (folder / ".env").write_text("PIPELINE_DATA=elsewhere\n")
    once(trilog)
    assert (folder / "elsewhere" / "index.duckdb").exists()


def test_the_library_is_used_as_the_seeds_use_it(folder: Path):
    pipeline = LogsPipeline({}, place=str(folder / "api.log"))
    assert pipeline.check_prerequisites()
    counts = pipeline.run_once(limit=2)
    assert (counts["collected"], counts["filtered"], counts["indexed"]) == (2, 1, 2)
    assert not LogsPipeline({}, place="none.log").check_prerequisites()


def test_a_continuous_run_goes_on_until_it_is_told_to_stop(folder: Path):
    turns = []

    def advance(run: object) -> None:
        turns.append(run)
        if len(turns) == 2:
            pipeline.stopping.set()
        with (folder / "api.log").open("a") as log:
            log.write(OTHER + "\n")

    pipeline = LogsPipeline({}, place=str(folder / "api.log"), progress=advance)
    assert pipeline.run_continuous(poll_interval=0.01)["collected"] == 4


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "functions", *arguments]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "LC_ALL": "C"}
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_finishes_the_batch_prints_totals_and_is_no_error(folder: Path, number: signal.Signals):
    with start(folder, "--continuous", "--interval", "0.2", "--source", "api.log") as process:
        first = process.stdout.readline()
        time.sleep(0.5)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert "3 lines collected" in first
    assert "3 lines collected in " in out
    assert (process.returncode, err) == (0, "")


def test_a_continuous_run_survives_what_passes(folder: Path):
    with start(folder, "--continuous", "--interval", "0.1", "--gradio-url", "http://127.0.0.1:9") as process:
        assert "Trying again" in process.stderr.readline()
        assert "Trying again" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert "0 lines collected" in out
    assert process.returncode == 0


def test_two_runs_at_once_lose_and_double_nothing(folder: Path, trilog: Run):
    (folder / "api.log").write_text("".join(f"{HEAD}{number}\n" for number in range(2000)))
    (folder / ".env").write_text("PIPELINE_BATCH_SIZE=100\n")
    arguments = ("--once", "--source", "api.log", "--json")
    running = [start(folder, *arguments) for _ in range(2)]
    counts = [json.loads(process.communicate(timeout=100)[0]) for process in running]
    assert sum(each["collected"] for each in counts) == 2000
    assert all(each["conserved"] for each in counts)
    found = [document["message"] for document in exported(trilog, "logs")]
    assert sorted(found, key=int) == [str(number) for number in range(2000)]


def test_a_killed_run_is_finished_by_the_next(folder: Path, trilog: Run):
    (folder / "api.log").write_text("".join(f"{HEAD}{number}\n" for number in range(3000)))
    (folder / ".env").write_text("PIPELINE_BATCH_SIZE=100\n")
    for pause in (1.0, 1.2, 1.4):
        with start(folder, "--once", "--source", "api.log") as process:
            time.sleep(pause)
            process.kill()
    assert once(trilog)["conserved"]
    assert sorted(int(document["message"]) for document in exported(trilog, "logs")) == list(range(3000))
