"""`trilog sql`: plain names, three ways to print, and nothing of the machine but the index."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAD = "2025-01-20 10:30:00 - api - INFO - "
LINES = (
    HEAD + '[abc-123] POST /predict - 200 - 45ms - {"AGE": 65} - {"prediction": "YES"}',
    HEAD + '{"performance_metrics": {"transaction_id": "abc-123", "cpu_time_ms": 18.2}}',
    HEAD.replace("INFO", "ERROR") + "broken",
)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _log(folder: Path, trilog: Run) -> None:
    (folder / "api.log").write_text("\n".join(LINES) + "\n")
    assert trilog("api.log")[0] == 0


def test_tables_have_plain_names(trilog: Run):
    names = [json.loads(line)["name"] for line in trilog("sql", "SHOW TABLES", "--json")[1].splitlines()]
    plain = {"logs", "predictions", "performance", "dead_letters", "ingestion_runs", "model_executions"}
    assert plain <= set(names)
    for name in plain:
        assert trilog("sql", f"FROM {name}")[0] == 0


def test_rows_are_printed_as_a_table_as_json_and_as_csv(trilog: Run):
    query = 'SELECT transaction_id, status_code, input_data, "@timestamp" AS at FROM predictions'
    assert "abc-123" in trilog("sql", query)[1]
    assert json.loads(trilog("sql", "--json", query)[1]) == {
        "transaction_id": "abc-123",
        "status_code": 200,
        "input_data": {"AGE": 65},
        "at": "2025-01-20T10:30:00Z",
    }
    said = trilog("sql", "--format", "csv", query)[1]
    assert said.splitlines()[1].startswith('abc-123,200,"{""AGE"":65}",')
    assert "no rows" in trilog("sql", "SELECT 1 WHERE false")[1]


VALUES = {  # in DuckDB: in JSON
    "true": True,
    "170141183460469231731687303715884105727::HUGEINT": 2**127 - 1,
    "18446744073709551615::UBIGINT": 2**64 - 1,
    "0.5": 0.5,
    "12345678901234567890.123456789": "12345678901234567890.123456789",
    "'nan'::DOUBLE": None,
    "'10:00:00+02'::TIMETZ": "10:00:00+02:00",
    "TIME '10:00:00.5'": "10:00:00.500000",
    "TIMESTAMP '2025-01-20 10:30:00'": "2025-01-20T10:30:00Z",
    "'2025-01-20 10:30:00+02'::TIMESTAMPTZ": "2025-01-20T08:30:00Z",
    "'infinity'::TIMESTAMPTZ": "9999-12-31T23:59:59.999999Z",
    "DATE '290309-12-22 (BC)'": "290309-12-22 (BC)",
    "INTERVAL '1 day 2 hours'": "1 day, 2:00:00",
    "MAP {DATE '2025-01-01': 2}": {"2025-01-01": 2},
    "MAP {[1]: 2}": {"key": [[1]], "value": [2]},
    "{'a': [1.5, 2.5]}": {"a": [1.5, 2.5]},
    "['inf'::DOUBLE]": [None],
    "row(1, 'a')": [1, "a"],
    "array_value(1, 2)": [1, 2],
    r"'\xAA'::BLOB": r"\xaa",
    "'101'::BIT": "101",
    "'8c8b3d42-0f5a-4f3e-9b56-0d0c7a6e1b11'::UUID": "8c8b3d42-0f5a-4f3e-9b56-0d0c7a6e1b11",
    "'a'::ENUM ('a', 'b')": "a",
    "union_value(num := 2)": 2,
    "99999999999999999999::BIGNUM": "99999999999999999999",
    """'{"a": 1}'::JSON""": {"a": 1},
    "NULL::JSON": None,
    "NULL": None,
}


def test_every_type_is_printed(trilog: Run):
    query = f"SELECT {', '.join(f'{each} AS v{place}' for place, each in enumerate(VALUES))}"
    assert [*json.loads(trilog("sql", "--json", query)[1]).values()] == [*VALUES.values()]
    assert trilog("sql", "--format", "csv", query)[1].splitlines()[1].startswith(f"true,{2**127 - 1},{2**64 - 1},0.5,")
    for each in VALUES:
        assert trilog("sql", f"SELECT {each}")[0] == 0, each


def test_columns_of_one_name_are_all_there(trilog: Run):
    query = """SELECT 1 AS a, 'x' AS a, 3 AS a_1, '{"b": 4}'::JSON AS a"""
    assert trilog("sql", "--json", query)[1] == '{"a":1,"a_2":"x","a_1":3,"a_3":{"b": 4}}\n'
    assert trilog("sql", "--format", "csv", query)[1].startswith("a,a,a_1,a\n1,x,3,")


def test_times_of_documents_compare_with_now_whatever_the_zone(trilog: Run, monkeypatch: pytest.MonkeyPatch):
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    Path("now.log").write_text(f"{now} - api - INFO - just now\n")
    assert trilog("now.log")[0] == 0
    query = (
        """SELECT message FROM logs WHERE "@timestamp" BETWEEN now() - INTERVAL 1 HOUR AND now() + INTERVAL 1 HOUR"""
    )
    for zone in ("Asia/Tokyo", "America/New_York"):
        monkeypatch.setenv("TZ", zone)
        assert "just now" in trilog("sql", query)[1]


def test_the_examples_in_its_help_work(trilog: Run):
    examples = [line.strip() for line in trilog("sql", "--help")[1].splitlines() if line.startswith("  trilog sql ")]
    assert len(examples) == 3
    for each in examples:
        code, out, err = trilog("sql", each.removeprefix("trilog sql ").strip('"'))
        assert (code, err) == (0, ""), each
        assert out.strip()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM 'other.csv'",
        "SELECT * FROM glob('/etc/*')",
        "COPY logs TO 'stolen.csv'",
        "EXPORT DATABASE 'stolen'",
        "ATTACH 'other.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "RESET memory_limit",
        "SET temp_directory = '/tmp'",
        'DROP TABLE "ml-api-logs"',
        'DELETE FROM "ml-api-logs"',
        "INSERT INTO logs SELECT * FROM logs",
        "CREATE TABLE x AS SELECT 1",
        "SELEC 1",
        "SELECT none FROM logs",
    ],
)
def test_a_query_reads_the_index_and_nothing_else(trilog: Run, folder: Path, query: str):
    (folder / "other.csv").write_text("a\n1\n")
    before = {each.name for each in folder.iterdir()}
    code, out, err = trilog("sql", query)
    assert (code, out) == (2, "")
    assert err.startswith("✗ ")
    assert {each.name for each in folder.iterdir()} == before
    assert "3" in trilog("sql", "SELECT count(*) AS n FROM logs")[1]


def test_a_query_has_little_memory(trilog: Run):
    code, _, err = trilog("sql", "SELECT list(i) FROM range(200000000) t(i)")
    assert code == 4
    assert "takes more memory" in err


def test_no_index_and_elasticsearch_are_told(trilog: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_DATA", "elsewhere")
    code, _, err = trilog("sql", "SELECT 1")
    assert (code, "trilog FILE" in err) == (2, True)
    monkeypatch.setenv("ELASTICSEARCH_URL", "http://127.0.0.1:9")
    code, _, err = trilog("sql", "SELECT 1")
    assert (code, "SQL is for the embedded index" in err) == (2, True)


def shell(folder: Path, *arguments: str) -> tuple[subprocess.Popen[bytes], int]:
    mine, its = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    command = [sys.executable, "-m", "functions", *arguments]
    process = subprocess.Popen(command, cwd=folder, env=environment, stdin=its, stdout=its, stderr=its, close_fds=True)
    os.close(its)
    return process, mine


def until(terminal: int, text: str, seconds: float = 60) -> str:
    """Read what a terminal shows until a text is there."""
    said, ends = b"", time.monotonic() + seconds
    while text.encode() not in said and time.monotonic() < ends:
        if select.select([terminal], [], [], 0.2)[0]:
            said += os.read(terminal, 4096)
    assert text.encode() in said, said
    return said.decode()


def test_a_shell_answers_until_ctrl_d(folder: Path):
    process, terminal = shell(folder, "sql")
    until(terminal, "trilog> ")
    os.write(terminal, b"SELECT count(*)\n")
    until(terminal, "...> ")
    os.write(terminal, b"AS records FROM logs;\n")
    assert "records" in until(terminal, "trilog> ")
    os.write(terminal, b"SELEC;\n")
    assert "Parser Error" in until(terminal, "trilog> ")
    os.write(terminal, b"\x04")
    assert process.wait(30) == 0
    os.close(terminal)


def test_queries_may_be_piped_in(folder: Path):
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "functions", "sql", "--json"]
    for typed, code, said in (("SELECT 1 AS a;\nSELECT 2 AS b", 0, '{"a":1}\n{"b":2}\n'), ("SELEC;", 2, "")):
        done = subprocess.run(
            command, cwd=folder, env=environment, input=typed, capture_output=True, text=True, check=False, timeout=60
        )
        assert (done.returncode, done.stdout) == (code, said)


def test_ctrl_c_ends_a_query(folder: Path):
    query = "SELECT count(*) FROM range(1000000000000) AS numbers(n) WHERE n % 7 = 3"
    command = ["timeout", "--foreground", "--preserve-status", "-s", "INT", "5"]
    command += [sys.executable, "-m", "functions", "sql", query]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "interrupted\n")
