"""What could not be read is counted, shown and found; what may be a field under another name is named."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from functions.cli import main
from functions.pipeline.coverage import Coverage
from functions.pipeline.framing import split_records
from functions.pipeline.parser import Parser, ParserOptions


def coverage(content: str) -> Coverage:
    parsing, time = Parser(ParserOptions()).open(), "2025-01-01T00:00:00.000Z"
    for record in split_records([content.encode()], "a.log", parsing.reader):
        time, _ = parsing.parse(record, time, 1, b"id", defaultdict(list))
    return parsing.coverage


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("nobody knows this", "-/-"),
        ('{"message": "no time"}', "-/object"),
        ('{"log": "nobody knows this\\n", "stream": "stdout", "time": "2025-01-20T10:30:00Z"}', "docker/-"),
        ('{"log": "{\\"message\\": \\"a\\"}\\n", "stream": "stdout", "time": "?"}', "docker/object"),
    ],
)
def test_a_record_without_a_layout_or_a_time_is_unread(line: str, where: str):
    assert coverage(line).unread == {where: 1}


@pytest.mark.parametrize(
    "line",
    [
        "2025-01-20 10:30:00 - api - INFO - read",
        '{"message": "read", "time": "2025-01-20T10:30:00Z"}',
        '{"log": "{\\"message\\": \\"a\\"}\\n", "stream": "stdout", "time": "2025-01-20T10:30:00Z"}',
    ],
)
def test_a_record_with_a_layout_and_a_time_is_read(line: str):
    assert not coverage(line).unread


def test_what_passes_the_filter_without_a_document_is_counted():
    found = coverage("2025-01-20 10:30:00 - api - INFO - [a-1] POST /predict - 500 - 1ms")
    assert found.passed_without_document == {"-/dashed": 1}


def test_an_input_with_its_result_that_does_not_pass_the_filter_is_counted():
    sent = {"time": "2025-01-20T10:30:00Z", "message": "done", "input": {"AGE": 1}, "output": {"prediction": "YES"}}
    assert coverage(json.dumps(sent)).no_predictions == {"-/object": 1}
    assert not coverage(json.dumps(sent | {"path": "/predict"})).no_predictions
    assert coverage(json.dumps(sent | {"path": "/other"})).summary()["coverage"]["no_predictions"] == {"-/object": 1}
    assert not coverage(json.dumps({name: value for name, value in sent.items() if name != "output"})).no_predictions


def test_members_that_may_be_fields_are_named():
    sent = {"time": "2025-01-20T10:30:00Z", "row_features": {"a": 1}, "scores": [1], "predict_ms": 3.5, "n": 4}
    assert coverage(json.dumps(sent)).names() == {
        "input_data": ["row_features"],
        "result": ["scores"],
        "execution_time_ms": ["predict_ms"],
    }


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")

    def command(*arguments: str) -> str:
        assert main(arguments) == 0
        return capsys.readouterr().out

    return command


def test_a_run_says_what_it_could_not_read_and_where_to_look(run: Any, tmp_path: Path):
    (tmp_path / "api.log").write_text("gibberish one\ngibberish two\n2025-01-20 10:30:00 - api - INFO - read\n")
    printed = run("--once", "--source", "api.log")
    assert "⚠ 2 of 3 records are unread" in printed
    assert "gibberish one" in printed
    assert "show --unread" in printed
    shown = run("show", "--unread")
    assert "gibberish one" in shown
    assert "read\n" not in shown
    assert json.loads(run("verify", "--json"))["unread"] == json.loads(run("reindex", "--json"))["unread"] == 2


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("gibberish\n", "in no known layout ("),
        ("INFO:     Started server process [7]\n", "their layout is known, but they tell no time ("),
        ("gibberish\nINFO:     Started server process [7]\n", "1 in no known layout, 1 without a time ("),
    ],
)
def test_a_run_says_why_records_are_unread(run: Any, tmp_path: Path, lines: str, why: str):
    (tmp_path / "api.log").write_text(lines)
    assert f"records are unread: {why}" in run("api.log")


def test_a_run_says_what_is_no_prediction_and_what_unit_a_duration_has(run: Any, tmp_path: Path):
    sent = {"time": "2025-01-20T10:30:00Z", "message": "done", "input": {"AGE": 1}, "output": {"p": 1}}
    lines = [json.dumps(sent | {"infer_seconds": 0.2}), json.dumps(sent | {"infer_time": 3})]
    (tmp_path / "api.log").write_text("\n".join(lines) + "\n")
    said = run("api.log")
    assert "2 records have an input and a result, and are no predictions" in said
    hint = said[said.index("[fields]") :].splitlines()[:2]
    assert hint[1] == 'execution_time_ms = [{ name = "infer_seconds", unit = "s" }, "infer_time"]'
    (tmp_path / "trilog.toml").write_text("\n".join(hint) + "\n")
    run("reindex")
    documents = map(json.loads, run("show", "--json").splitlines())
    assert [each["execution_time_ms"] for each in documents] == [200, 3]


def test_next_is_of_the_place_that_was_indexed(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_DATA", "other place")
    (tmp_path / "api.log").write_text("2025-01-20 10:30:00 - api - INFO - x\n")
    said = run("api.log")
    commands = said[said.index("Next:") :].splitlines()[1:]
    assert len(commands) == 2
    assert all(each.startswith("  PIPELINE_DATA='other place' ") for each in commands)


def test_next_offers_an_index_that_holds_something(run: Any, tmp_path: Path):
    (tmp_path / "api.log").write_text("2025-01-20 10:30:00 - api - INFO - x\n")
    assert "show ml-api-logs" in run("--once", "--source", "api.log")
