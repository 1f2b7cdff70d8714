"""`trilog export --target`: what turned out to be true, beside each document."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.bench.processes import taken
from tests.drift.cost import fill
from tests.drift.predictions import features, results, write_log

Run = Callable[..., tuple[int, str, str]]
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: Run) -> Path:
    """Three predictions, t-0 to t-2, in the embedded index; of the last two, an outcome is known."""
    monkeypatch.chdir(tmp_path)
    for name in ("GRADIO_URL", "ELASTICSEARCH_HOST", "ELASTICSEARCH_URL", "PIPELINE_DATA", "PIPELINE_STORE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C")
    write_log(tmp_path / "api.log", features(3, 1), results(3, 1))
    assert command_line("--once", "--source", "api.log", "--json")[0] == 0
    (tmp_path / "outcomes.csv").write_text("outcome,transaction_id\n1,t-2\n0,t-1\n1,nobody\n")
    return tmp_path


def test_each_format_has_the_target_beside_the_document(command_line, folder):
    for name in ("p.jsonl", "p.csv", "p.parquet"):
        code, out, err = command_line("export", "message", "--output", name, "--target", "outcomes.csv")
        assert (code, out) == (0, f"3 documents written to {name}\n2 of 3 documents have a target\n"), err
    documents = [json.loads(line) for line in (folder / "p.jsonl").read_text().splitlines()]
    assert [(each["transaction_id"], each["target"]) for each in documents] == [("t-0", None), ("t-1", 0), ("t-2", 1)]
    assert all("input_data" in each for each in documents)
    rows = [*csv.DictReader((folder / "p.csv").read_text().splitlines())]
    assert [(each["transaction_id"], each["target"]) for each in rows] == [("t-0", ""), ("t-1", "0"), ("t-2", "1")]
    found = duckdb.read_parquet(str(folder / "p.parquet")).project("transaction_id, target")
    assert found.fetchall() == [("t-0", None), ("t-1", 0), ("t-2", 1)]
    assert found.types[1] == "BIGINT"  # though the first one is null


def test_without_a_file_the_documents_are_all_that_goes_to_the_standard_output(command_line):
    code, out, err = command_line("export", "message", "--target", "outcomes.csv")
    assert (code, err) == (0, "2 of 3 documents have a target\n")
    assert [json.loads(line)["target"] for line in out.splitlines()] == [None, 0, 1]


def test_several_columns_keep_their_names_and_one_can_be_chosen(command_line):
    duckdb.sql("SELECT 't-1' AS transaction_id, 'yes' AS outcome, 2.5 AS cost").write_parquet("o.parquet")
    documents = command_line("export", "message", "--target", "o.parquet")[1].splitlines()
    assert [(each["outcome"], each["cost"]) for each in map(json.loads, documents)] == [
        (None, None),
        ("yes", 2.5),
        (None, None),
    ]
    chosen = command_line("export", "message", "--target", "o.parquet", "--target-column", "cost")[1].splitlines()
    assert [json.loads(line)["target"] for line in chosen] == [None, 2.5, None]
    assert "outcome" not in chosen[1]


def test_ids_are_compared_as_text(command_line, folder):
    inputs = features(2, 1)
    for place, given in enumerate(("007", "7")):
        line = f"2025-10-10 06:00:0{place} - api - INFO - [{given}] API Call - POST /predict - Status: 200 - Time: 1ms"
        (folder / f"{given}.log").write_text(f"{line} - Input: {json.dumps(inputs[place])} - Result: {{}}\n")
        assert command_line("--once", "--source", f"{given}.log", "--json")[0] == 0
    (folder / "zeros.csv").write_text("transaction_id,outcome\n007,a\n7,b\n")
    duckdb.sql("SELECT 7 AS transaction_id, 'b' AS outcome").write_parquet("whole.parquet")
    for name, expected in (("zeros.csv", {"007": "a", "7": "b"}), ("whole.parquet", {"7": "b"})):
        documents = [json.loads(line) for line in command_line("export", "message", "--target", name)[1].splitlines()]
        assert {each["transaction_id"]: each["target"] for each in documents if each["target"]} == expected


def test_another_field_may_be_the_id(command_line, folder):
    documents = [json.loads(line) for line in command_line("export", "message")[1].splitlines()]
    (folder / "ids.csv").write_text(f"_id,outcome\n{documents[1]['_id']},9\n")
    found = command_line("export", "message", "--target", "ids.csv", "--on", "_id")[1].splitlines()
    assert [json.loads(line)["target"] for line in found] == [None, 9, None]


WRONG = {
    "none.csv cannot be read: ": ("none.csv", None),
    "o.txt is neither .csv nor .parquet. Write the target as one of these": ("o.txt", ""),
    "o.parquet cannot be read: ": ("o.parquet", "no parquet"),
    "o.csv has no column transaction_id, but id, outcome. Name one of these": ("o.csv", "id,outcome\n1,2\n"),
    "o.csv has no column besides transaction_id. Add one with the target": ("o.csv", "transaction_id\nt-1\n"),
    "o.csv has no column b, but transaction_id, a. Name one of these": (
        *("o.csv", "transaction_id,a\nt-1,1\n"),
        *("--target-column", "b"),
    ),
    "o.csv: the transaction_id t-1 comes 2 times. Keep one row for each": (
        *("o.csv", "transaction_id,a\nt-1,1\nt-1,2\n"),
    ),
    "o.csv: the documents have a field result of their own. Rename it, or name one column: --target-column": (
        *("o.csv", "transaction_id,a,result\nt-1,1,2\n"),
    ),
    "message has no field id to join the target on. Name one that it has: --on FIELD": (
        *("o.csv", "id,a\n1,2\n"),
        *("--on", "id"),
    ),
}


@pytest.mark.parametrize("said", WRONG)
def test_a_file_that_cannot_be_joined_is_told(command_line, folder, said):
    name, content, *options = WRONG[said]
    if content is not None:
        (folder / name).write_text(content)
    code, out, err = command_line("export", "message", "--output", "p.csv", "--target", name, *options)
    assert (code, out) == (2, "")
    assert said in err
    assert not (folder / "p.csv").exists()


def test_a_column_without_a_file_is_told(command_line):
    code, _, err = command_line("export", "message", "--on", "_id")
    assert code == 2
    assert "Name its file: --target FILE" in err


def test_memory_is_bounded_however_many_rows_there_are(tmp_path):
    """Half a million targets have 100 MB of ids; 50,000 documents pass by them."""
    fill(tmp_path / "data", 50_000)
    rows = "SELECT md5((range // 20000)::VARCHAR) || '-' || (range % 20000) AS _id, repeat('x', 200) AS outcome"
    duckdb.sql(f"{rows} FROM range(500_000)").write_parquet(str(tmp_path / "o.parquet"))
    command = [sys.executable, "-m", "functions", "export", "message", "--output", "p.jsonl"]
    command += ["--target", str(tmp_path / "o.parquet"), "--on", "_id"]
    environment = {"PIPELINE_DATA": str(tmp_path / "data"), "PYTHONPATH": str(Path(__file__).parents[2])}
    took = taken(command, environment, tmp_path)
    assert took.printed.splitlines()[1] == "50000 of 50000 documents have a target"
    assert took.megabytes < 600
