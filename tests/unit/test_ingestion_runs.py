"""Runs of ingestions: rows in the spellings that people really have, and what does not fit."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from examples.ingestion.rows import rows
from functions.pipeline.framing import split_records
from functions.pipeline.kinds.ingestion_run import IngestionOptions
from functions.pipeline.parser import Parser, ParserOptions, Parsing

ROOT = Path(__file__).parents[2]
ROW = {
    "No_Sequence": "2025-09-05-16-45",
    "Entreprise": "boreal",
    "Zone": "1-Raw",
    "Source": "zohoprojects",
    "Objet_Id": 1995,
    "Objet": "projects",
    "Transformation": "Zoho_API_get_data",
    "Etat": "SUCCESS",
    "Debut": "05-09-2025 16:45:26.191702",
    "Fin": "05-09-2025 16:45:27.089917",
    "Duree secondes": 0.898215,
    "Description": "Tout roule, pas de stress!",
    "cpu_time (sec)": "0.09",
    "memory_used (bytes)": 5517312,
}
ENRICHED = {  # as the users' document shows it
    "@timestamp": "2025-09-15T10:30:00.000Z",
    "@version": "1",
    "event": {"dataset": "ingestion-logs", "kind": "event", "outcome": "success"},
    "source": {"name": "PowerBI", "type": "api"},
    "objet": {"id": 1224, "name": "workspaces", "transformation": "PowerBI_API_get_data"},
    "etat": "SUCCESS",
    "performance": {
        "duree_secondes": 1.154133,
        "cpu_time_sec": 0.11,
        "memory_used_bytes": 5849088,
        "memory_used_mb": 5.58,
    },
    "labels": {"etat": "SUCCESS", "source": "PowerBI", "zone": "1-Raw", "entreprise": "boreal"},
    "metrics": {"is_failed": 0, "is_success": 1, "high_memory_usage": 0, "high_cpu_usage": 0},
}
Read = tuple[list[dict[str, Any]], list[dict[str, Any]], Parsing]


def read(content: str, parser: Parser | None = None, name: str = "raw/logs.log.gz") -> Read:
    """Return the runs, the log documents, and what parsed them."""
    parsing = (parser or Parser(ParserOptions())).open()
    made: dict[str, list[Any]] = {"ingestion_run": [], "logs": [], "message": []}
    time = "2025-01-01T00:00:00.000Z"
    for number, record in enumerate(split_records([content.encode()], name, parsing.reader)):
        time, _ = parsing.parse(record, time, number, b"id", made)
    runs, logs = ([json.loads(body) for _, _, body in made[kind]] for kind in ("ingestion_run", "logs"))
    return runs, logs, parsing


def run(**changed: object) -> dict[str, Any]:
    """Return the document of the row with other members; None leaves one out."""
    row = {name: value for name, value in {**ROW, **changed}.items() if value is not None}
    ((document,), _, _) = read(json.dumps(row))
    return document


def test_the_enriched_structure_stays_as_it_is():
    ((document,), (log,), parsing) = read(json.dumps(ENRICHED))
    assert document == {**ENRICHED, "sequence": 0}
    assert log["@timestamp"] == "2025-09-15T10:30:00.000Z"
    assert not parsing.coverage.unread


def test_a_run_that_is_read_again_gives_the_same_document():
    (first,), _, _ = read(json.dumps(ROW))
    (second,), _, _ = read(json.dumps(first))
    assert second == first


def test_metrics_and_labels_of_a_document_are_made_of_its_figures():
    wrong = {**ENRICHED, "etat": "FAILED", "metrics": {"is_failed": 0, "is_success": 1}, "description": "timeout"}
    ((document,), _, _) = read(json.dumps(wrong))
    assert document["metrics"]["is_failed"] == 1
    assert document["event"]["outcome"] == "failure"
    assert document["labels"]["etat"] == "FAILED"
    assert document["error"] == {"message": "timeout"}


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("zohoprojects", "Zoho"),
        ("zohobooks", "Zoho"),
        ("Zoho Books", "Zoho"),
        ("PowerBI", "PowerBI"),
        ("power_bi", "PowerBI"),
        ("efficy", "Efficy"),
        ("sharepoint_graph", "SharePoint"),
        ("EasyProjects", "EasyProjects"),
        ("Easy Project", "EasyProjects"),
    ],
)
def test_the_five_sources_are_known_by_their_spellings(sent: str, name: str):
    found = run(Source=sent, Transformation=None)
    assert found["source"] == {"name": name, "type": "api"} | ({"original": sent} if sent != name else {})
    assert found["labels"]["source"] == name


def test_another_source_is_as_it_is():
    assert run(Source="Odoo", Transformation="Odoo_copy")["source"] == {"name": "Odoo"}
    assert run(Source="Odoo", Transformation="Odoo_API_get")["source"] == {"name": "Odoo", "type": "api"}


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ("0,898215", 0.898215),
        ("1 234,5", 1234.5),
        ("1\u202f234,5", 1234.5),
        ("12", 12),
        (" 0.5 ", 0.5),
        ("1e-2", 0.01),
        (0, 0),
    ],
)
def test_numbers_may_be_text_as_people_write_them(sent: object, seconds: float):
    assert run(**{"Duree secondes": sent})["performance"]["duree_secondes"] == seconds


@pytest.mark.parametrize(
    ("sent", "time"),
    [
        ("05-09-2025 16:45:26.191702", "2025-09-05T16:45:26.191702Z"),
        ("05/09/2025 16:45", "2025-09-05T16:45:00.000Z"),  # as Excel shows it in French
        ("5/9/2025 16:45:26", "2025-09-05T16:45:26.000Z"),
        ("05.09.2025 16:45:26", "2025-09-05T16:45:26.000Z"),
        ("2025-09-05 16:45:26", "2025-09-05T16:45:26.000Z"),
        ("2025-09-05T16:45:26+02:00", "2025-09-05T14:45:26.000Z"),
        (1757090726, "2025-09-05T16:45:26.000Z"),
    ],
)
def test_the_time_of_a_run_is_when_it_began_day_first(sent: object, time: str):
    found = run(Debut=sent)
    assert found["@timestamp"] == found["event"]["start"] == time


def test_the_day_comes_first_even_where_other_dates_of_the_log_begin_with_the_month():
    other = json.dumps({"timestamp": "12/25/2025 10:00:00", "message": "Christmas"})
    ((document,), _, _) = read(f"{other}\n{json.dumps(ROW)}", Parser(ParserOptions(day_first="no")))
    assert document["@timestamp"] == "2025-09-05T16:45:26.191702Z"


def test_times_are_in_the_configured_zone():
    from zoneinfo import ZoneInfo

    ((document,), (log,), _) = read(json.dumps(ROW), Parser(ParserOptions(timezone=ZoneInfo("America/Montreal"))))
    assert document["@timestamp"] == log["@timestamp"] == "2025-09-05T20:45:26.191702Z"
    assert document["event"]["end"] == "2025-09-05T20:45:27.089917Z"


def test_names_may_have_accents_and_other_capitals():
    renamed = {
        {"Debut": "Début", "Duree secondes": "DUREE_SECONDES", "Etat": "État", "No_Sequence": "no sequence"}.get(
            name, name
        ): value
        for name, value in ROW.items()
    }
    ((document,), _, _) = read(json.dumps(renamed, ensure_ascii=False))
    assert document == run() | {"sequence": 0}


BAD = {
    "no source": ({"Source": None}, "source", {}),
    "a date that does not exist": ({"Debut": "31-02-2025 10:00:00"}, "event.start", "31-02-2025 10:00:00"),
    "no date": ({"Debut": "hier"}, "event.start", "hier"),
    "a negative duration": ({"Duree secondes": -1.5}, "performance.duree_secondes", -1.5),
    "no number": ({"cpu_time (sec)": "n/a"}, "performance.cpu_time_sec", "n/a"),
    "two commas": ({"cpu_time (sec)": "1,234,5"}, "performance.cpu_time_sec", "1,234,5"),
    "part of a byte": ({"memory_used (bytes)": 1.5}, "performance.memory_used_bytes", 1.5),
    "an object": ({"memory_used (bytes)": {"a": 1}}, "performance.memory_used_bytes", {"a": 1}),
    "a state that is unknown": ({"Etat": "RUNNING"}, "metrics.is_failed", {}),
    "a state that is no word": ({"Etat": 3}, "etat", 3),
    "no state": ({"Etat": None}, "etat", {}),
}


@pytest.mark.parametrize(("changed", "absent", "misfit"), BAD.values(), ids=BAD)
def test_a_bad_row_is_indexed_without_a_wrong_figure_and_counted(changed: dict[str, Any], absent: str, misfit: object):
    row = {name: value for name, value in {**ROW, **changed}.items() if value is not None}
    ((document,), (log,), parsing) = read(json.dumps(row))
    outer, _, inner = absent.partition(".")
    assert inner not in document.get(outer, {}) if inner else outer not in document
    assert document.get("misfit", {}) == ({absent: misfit} if misfit != {} else {})
    assert log["unread"] is True
    assert log["raw_log"] == json.dumps(row)
    assert parsing.coverage.unread == {"-/object": 1}


def test_metrics_that_depend_on_what_is_unknown_are_left_out():
    assert run(Etat="RUNNING")["metrics"] == {"high_memory_usage": 0, "high_cpu_usage": 0}
    assert run(Etat="RUNNING")["event"]["outcome"] == "unknown"
    assert run(Etat="RUNNING")["etat"] == "RUNNING"
    assert "high_cpu_usage" not in run(**{"cpu_time (sec)": "n/a"})["metrics"]
    assert "high_memory_usage" not in run(**{"memory_used (bytes)": "-"})["metrics"]


def test_a_row_without_a_readable_time_has_that_of_the_row_before_it():
    bad = {**ROW, "Debut": "31-02-2025 10:00:00"}
    (_, second), _, _ = read(f"{json.dumps(ROW)}\n{json.dumps(bad)}")
    assert second["@timestamp"] == "2025-09-05T16:45:26.191702Z"
    assert "start" not in second["event"]


@pytest.mark.parametrize(("megabytes", "high"), [(150, 0), (150.1, 1)])
def test_much_memory_is_more_than_the_threshold(megabytes: float, high: int):
    assert run(**{"memory_used (bytes)": int(megabytes * 2**20)})["metrics"]["high_memory_usage"] == high


@pytest.mark.parametrize(("seconds", "high"), [("60", 0), ("60,01", 1)])
def test_much_processor_time_is_more_than_the_threshold(seconds: str, high: int):
    assert run(**{"cpu_time (sec)": seconds})["metrics"]["high_cpu_usage"] == high


def test_thresholds_are_configured():
    options = IngestionOptions(high_memory_mb=5.0, high_cpu_seconds=0.01)
    ((document,), _, _) = read(json.dumps(ROW), Parser(ParserOptions(), None, {"ingestion_run": options}))
    assert document["metrics"] == {"is_failed": 0, "is_success": 1, "high_memory_usage": 1, "high_cpu_usage": 1}


def test_of_members_that_are_there_twice_the_last_counts():
    sent = json.dumps(ROW).replace('"Etat": "SUCCESS"', '"Etat": "SUCCESS", "Etat": "FAILED"')
    ((document,), (log,), _) = read(sent)
    assert document["etat"] == "FAILED"
    assert log["raw_log"] == sent


def test_nan_is_nothing():
    ((document,), _, parsing) = read(json.dumps(ROW | {"cpu_time (sec)": float("nan")}))
    assert "cpu_time_sec" not in document["performance"]
    assert not parsing.coverage.unread


def test_other_members_are_kept():
    assert run(Serveur="etl-1")["data"] == {"Serveur": "etl-1"}


@pytest.mark.parametrize(
    "other",
    [
        {"etat": "ok", "debut": "2025-01-20", "fin": "2025-01-21", "message": "a contract"},
        {"Source": "a", "Objet": "b", "Description": "c"},
        {"etat": "SUCCESS", "event": {"dataset": "nginx"}},
    ],
)
def test_what_is_no_run_is_none(other: dict[str, Any]):
    runs, logs, _ = read(json.dumps(other))
    assert (runs, len(logs)) == ([], 1)


@pytest.mark.parametrize("envelope", ['{"log": %s, "stream": "stdout", "time": "2025-09-06T00:00:00Z"}'])
def test_a_run_in_an_envelope_has_its_own_time(envelope: str):
    ((document,), _, _) = read(envelope % json.dumps(json.dumps(ROW) + "\n"))
    assert document["@timestamp"] == "2025-09-05T16:45:26.191702Z"


ROWS = list(rows(72, 1))
FILES = {
    "array": json.dumps(ROWS),
    "pretty array": json.dumps(ROWS, indent=2),
    "records": json.dumps({"Records": ROWS}),
    "pretty records": json.dumps({"Records": ROWS}, indent=4),
    "lines": "\n".join(map(json.dumps, ROWS)),
    "pretty lines": "\n".join(json.dumps(each, indent=2) for each in ROWS),
}


@pytest.mark.parametrize("name", ["logs.json", "raw/logs.log.gz"])
@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_every_form_of_file_gives_all_runs(content: str, name: str):
    found, logs, parsing = read(content, name=name)
    assert [each["event"]["start"] for each in found] == sorted(each["event"]["start"] for each in found)
    assert (len(found), len(logs)) == (72, 72)
    assert sum(each["metrics"]["is_failed"] for each in found) == 1
    assert not parsing.coverage.unread


def test_the_generator_gives_the_same_rows_for_the_same_seed():
    assert list(rows(72, 1)) == ROWS
    assert list(rows(72, 1, seed=13)) != ROWS
    assert len({each["Source"] for each in ROWS}) == 6
    with pytest.raises(ValueError, match="larger"):
        list(rows(1, 2))


def test_the_generator_is_a_command():
    command = [sys.executable, "-m", "examples.ingestion.rows", "--runs", "3", "--failed", "3", "--lines"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert [json.loads(line)["Etat"] for line in printed.splitlines()] == ["FAILED"] * 3
    wrong = subprocess.run([*command, "--failed", "4"], cwd=ROOT, check=False, capture_output=True, text=True)
    assert "--failed is from 0 to --runs" in wrong.stderr


def test_recent_rows_are_over_now():
    command = [sys.executable, "-m", "examples.ingestion.rows", "--recent", "--lines", "--runs", "40"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    ends = [datetime.strptime(json.loads(line)["Fin"] + "Z", "%d-%m-%Y %H:%M:%S.%f%z") for line in printed.splitlines()]
    assert timedelta(0) < datetime.now(UTC) - max(ends) < timedelta(minutes=15)
    assert len(ends) == 40
