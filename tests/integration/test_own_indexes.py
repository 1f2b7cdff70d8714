"""Executions and runs, which have indexes of their own, with every command: in DuckDB and in a real Elasticsearch."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from elasticsearch import Elasticsearch

from examples.ingestion.rows import rows
from functions.cli import main
from tests.integration.conftest import Run

SINKS = ["duckdb", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)]
EXECUTION = {"event": "model_execution", "model_name": "IsolationForest", "application_name": "Anomalies"}
EVENTS: list[dict[str, Any]] = [
    {"timestamp": "2025-01-20T10:30:00", "execution_id": "e-1", "status": "started"},
    {"timestamp": "2025-01-20T10:30:01", "execution_id": "e-2", "status": "started"},
    {"timestamp": "2025-01-20T10:30:02", "execution_id": "e-1", "status": "completed", "details": {"anomalies": 3}},
    {"timestamp": "2025-01-20T10:30:03", "execution_id": "e-3", "status": "started", "request_id": "r-3"},
    {"timestamp": "2025-01-20T10:30:04", "execution_id": "e-3", "status": "failed", "error_message": "no model"},
    {"timestamp": "2025-01-20T10:30:05", "status": "completed", "details": {"anomalies": "n/a"}},
]


@pytest.fixture(params=SINKS)
def names(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: Run
) -> dict[str, str]:
    """A folder, and a sink in which executions and runs are; give the names of their indexes."""
    monkeypatch.chdir(tmp_path)
    names = {"executions": "ml-model-executions", "runs": "ingestion-logs"}
    if request.param == "elasticsearch":
        stage = f"own{uuid4().hex[:8]}"
        monkeypatch.setenv("ELASTICSEARCH_URL", request.getfixturevalue("elasticsearch_url"))
        monkeypatch.setenv("ELASTICSEARCH_INDEX", f"{stage}-logs")
        names = {kind: f"{stage}-{name}" for kind, name in names.items()}
    bad = {**next(rows(1, 0)), "cpu_time (sec)": "n/a"}
    Path("logs.json").write_text(json.dumps([*rows(72, 1), bad], indent=2))
    Path("executions.log").write_text("".join(f"{json.dumps(EXECUTION | each)}\n" for each in EVENTS))
    code, out, err = command_line("--once", "--source", "logs.json", "--source", "executions.log", "--json")
    assert code == 0, err
    counts = json.loads(out)
    assert {names["executions"], names["runs"]} <= counts["indexes"].keys()
    assert (counts["records"], counts["unread"], counts["conserved"]) == (79, 1, True)
    return names


def exported(run: Run, index: str) -> list[dict[str, Any]]:
    _, out, _ = run("export", index)
    return [json.loads(line) for line in out.splitlines()]


def test_the_documents_are_exported(names: dict[str, str], command_line: Run):
    runs, executions = exported(command_line, names["runs"]), exported(command_line, "ml-model-executions")
    assert len(runs) == 73
    assert sum(each["metrics"]["is_failed"] for each in runs) == 1
    assert [each["misfit"] for each in runs if "misfit" in each] == [{"performance.cpu_time_sec": "n/a"}]
    assert [each.get("details") for each in executions] == [
        None,
        None,
        {"anomalies": 3},
        None,
        None,
        {"anomalies": "n/a"},
    ]
    command_line("export", names["runs"], "--output", "runs.csv")
    assert "performance.duree_secondes" in Path("runs.csv").read_text().splitlines()[0]


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize(
    ("status", "shown", "hidden"),
    [
        ("lost", ["e-2"], ["e-1", "e-3"]),
        ("started", ["e-1", "e-2", "e-3"], ["completed"]),
        ("completed", ["e-1"], ["e-2", "e-3"]),
        ("failed", ["e-3", "no model"], ["e-1", "e-2"]),
    ],
)
def test_executions_are_shown_by_their_status(command_line: Run, status: str, shown: list[str], hidden: list[str]):
    code, out, _ = command_line("show", "ml-model-executions", "--status", status)
    assert code == 0
    assert all(each in out for each in shown)
    assert not any(each in out for each in hidden)


def test_only_executions_have_a_status(names: dict[str, str], command_line: Run):
    code, _, err = command_line("show", names["runs"], "--status", "lost")
    assert code == 2
    assert f"{names['runs']} has nothing for --status lost. It is for: " in err


@pytest.mark.usefixtures("names")
def test_a_trace_shows_the_start_and_the_end(command_line: Run):
    code, out, _ = command_line("trace", "e-1")
    assert code == 0
    assert (out.count("status: started"), out.count("status: completed")) == (1, 1)
    assert out.count("logs ") == 0  # what the records say is in the documents that were made of them
    _, raw, _ = command_line("trace", "e-1", "--raw")
    assert raw.count("logs ") == 2
    assert "e-2" not in out


@pytest.mark.usefixtures("names")
def test_a_trace_takes_an_execution_as_well_as_its_transaction(command_line: Run):
    _, by_execution, _ = command_line("trace", "e-3")
    assert "status: started" in by_execution
    assert "status: failed" in by_execution
    code, by_transaction, _ = command_line("trace", "r-3")
    assert code == 0
    assert "status: started" in by_transaction


def test_runs_are_shown(names: dict[str, str], command_line: Run):
    _, out, _ = command_line("show", names["runs"], "-n", "100")
    assert "FAILED" in out
    assert "Zoho" in out
    _, out, _ = command_line("show", "--unread")
    assert out.count("2025-09-05 16:45:00") == 1


def test_what_is_there_can_be_checked_and_built_again(names: dict[str, str], command_line: Run):
    assert command_line("test-indexes")[0] == 0
    assert command_line("verify")[0] == 0
    before = exported(command_line, names["runs"]), exported(command_line, names["executions"])
    assert command_line("clear-indexes", "--yes")[0] == 0
    assert exported(command_line, names["runs"]) == []
    code, out, _ = command_line("reindex")
    assert code == 0
    assert names["runs"] in out
    assert (exported(command_line, names["runs"]), exported(command_line, names["executions"])) == before


def test_thresholds_apply_when_batches_are_indexed_again(
    names: dict[str, str], command_line: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("INGESTION_HIGH_MEMORY_MB", "0.5")
    command_line("reindex")
    assert all(each["metrics"]["high_memory_usage"] for each in exported(command_line, names["runs"]))


def test_a_report_does_not_list_indexes_of_which_there_was_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: Run
):
    monkeypatch.chdir(tmp_path)
    Path("api.log").write_text("2025-01-20 10:30:00 - api - INFO - Started\n")
    _, out, _ = command_line("--once", "--source", "api.log")
    assert "ml-api-perfs" in out
    assert "ml-model-executions" not in out
    assert "ingestion-logs" not in out


def test_an_index_is_called_as_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: Run):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODEL_EXECUTIONS_INDEX", "logs_votre_projet")
    Path("a.log").write_text(json.dumps(EXECUTION | EVENTS[0]))
    _, out, _ = command_line("--once", "--source", "a.log", "--json")
    assert json.loads(out)["indexes"]["logs_votre_projet"]["documents"] == 1
    for name in ("logs_votre_projet", "ml-model-executions"):
        assert "e-1" in command_line("show", name)[1]


@pytest.mark.parametrize("name", ["ml-api-perfs", "ml-api", "ingestion-logs", "ingestion"])
def test_two_kinds_are_never_in_one_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: Run, name: str
):
    """Nor has an index two kinds' templates: in Elasticsearch, these are for all names that begin with theirs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODEL_EXECUTIONS_INDEX", name)
    code, _, err = command_line("show")
    assert code == 2
    assert f"MODEL_EXECUTIONS_INDEX: {name} is the name of another kind's index, or begins it" in err


@pytest.mark.elasticsearch
def test_elasticsearch_answers_by_the_configured_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elasticsearch_url: str
):
    """As an index, and as the alias of the indexes of all periods; numbers in details can be summed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
    name = f"logs_{uuid4().hex[:8]}"
    Path("a.log").write_text("".join(f"{json.dumps(EXECUTION | each)}\n" for each in EVENTS))
    with Elasticsearch(elasticsearch_url) as client:
        for number, period in enumerate(("none", "month")):
            monkeypatch.setenv("ELASTICSEARCH_INDEX", f"{name}{number}_all-logs")
            monkeypatch.setenv("ELASTICSEARCH_INDEX_PERIOD", period)
            monkeypatch.setenv("MODEL_EXECUTIONS_INDEX", f"{name}{number}")
            monkeypatch.setenv("PIPELINE_DATA", str(number))
            assert main(["--once", "--source", "a.log"]) == 0
            client.indices.refresh(index=f"{name}{number}")
            total = {"sum": {"sum": {"field": "details.anomalies"}}}
            found = client.search(index=f"{name}{number}", aggs=total, query={"exists": {"field": "timestamp"}})
            assert (found["hits"]["total"]["value"], found["aggregations"]["sum"]["value"]) == (6, 3.0)
        assert client.indices.exists_alias(name=f"{name}1")


ROWS = list(rows(72, 1))
FORMS = {
    "an array": json.dumps(ROWS),
    "a pretty array": json.dumps(ROWS, indent=4),
    "records": json.dumps({"Records": ROWS}),
    "pretty records": json.dumps({"Records": ROWS}, indent=4),  # longer than a batch, and deep inside
    "lines": "\n".join(map(json.dumps, ROWS)),
}


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS)
def test_every_form_of_file_may_be_collected_or_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: Run, content: str
):
    monkeypatch.chdir(tmp_path)
    Path("logs.json").write_text(content)
    _, collected, _ = command_line("--once", "--source", "logs.json", "--json")
    monkeypatch.setenv("PIPELINE_DATA", "other")
    drop = Path("other/drops/logs.json")
    drop.parent.mkdir(parents=True)
    drop.write_text(content)
    _, dropped, _ = command_line("reindex", "--prefix", "drops", "--json")
    for counts in map(json.loads, (collected, dropped)):
        assert counts["indexes"]["ingestion-logs"]["documents"] == counts["records"] == 72
        assert counts["unread"] == 0
