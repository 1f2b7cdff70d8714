"""`ml-api-top-func` from the command line, in DuckDB and in a real Elasticsearch: the same documents, and once."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from functions.pipeline.config import environment
from functions.pipeline.wiring import open_indexes

Run = Callable[..., tuple[int, str, str]]

FUNCTIONS = [
    {"function_name": f"f{number:02}", "cumulative_time": 0.5 - number / 100, "calls": 3} for number in range(12)
]
LINES = [
    f"2025-01-20 10:30:0{number} - api - INFO - "
    + json.dumps({"performance_metrics": {"transaction_id": f"t-{number}", "top_functions": FUNCTIONS[: 12 - number]}})
    for number in range(3)
]
INDEX = "ml-api-top-func"


@pytest.fixture(autouse=True)
def _switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_TOP_FUNCTIONS", "on")


def documents(trilog: Run, index: str) -> list[dict[str, Any]]:
    code, out, err = trilog("export", index)
    assert (code, err) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


def try_all(trilog: Run, index: str) -> list[dict[str, Any]]:
    """Index, index again, trace, and lose one; return the documents."""
    Path("api.log").write_text("\n".join(LINES) + "\n")
    code, out, _ = trilog("--once", "--source", "api.log", "--json")
    assert (code, json.loads(out)["indexes"][index]) == (0, {"documents": 33, "duplicates": 0, "dead_letters": 0})
    first = documents(trilog, index)
    assert [each["function"] for each in first[:12]] == [each["function_name"] for each in FUNCTIONS]
    code, out, _ = trilog("reindex", "--json")
    assert (code, json.loads(out)["indexes"][index]) == (0, {"documents": 0, "duplicates": 33, "dead_letters": 0})
    assert documents(trilog, index) == first
    code, out, _ = trilog("trace", "t-0")
    places = [out.index(f"function: f{number:02}") for number in range(12)]
    assert (code, places) == (0, sorted(places))
    assert trilog("verify")[0] == trilog("test-indexes")[0] == 0
    assert open_indexes(environment()).delete("top-func", [first[11]["_id"]]) == 1
    code, out, _ = trilog("verify")
    assert (code, f"1 documents of {index} are missing" in out) == (1, True)
    found = json.loads(trilog("verify", "--json")[1])
    assert (found["whole"], found["missing"], found["missing_documents"]) == (False, 0, 1)
    assert trilog("reindex", "--restart")[0] == trilog("verify")[0] == 0
    assert documents(trilog, index) == first
    return first


def test_in_duckdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: Run):
    monkeypatch.chdir(tmp_path)
    found = try_all(command_line, INDEX)
    assert {name: value for name, value in found[11].items() if name not in {"_id", "sequence"}} == {
        "@timestamp": "2025-01-20T10:30:00.000Z",
        "transaction_id": "t-0",
        "rank": 12,
        "function": "f11",
        "cumulative_time_ms": 390.0,
        "calls": 3,
    }
    assert found[11]["_id"].endswith("-0.11")


@pytest.mark.elasticsearch
@pytest.mark.parametrize("period", ["none", "month"])
def test_in_elasticsearch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: Run, elasticsearch_url: str, period: str
):
    monkeypatch.chdir(tmp_path)
    name = f"p{uuid.uuid4().hex[:12]}"
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
    monkeypatch.setenv("ELASTICSEARCH_INDEX", f"{name}-logs")
    monkeypatch.setenv("ELASTICSEARCH_INDEX_PERIOD", period)
    found = try_all(command_line, f"{name}-top-func")
    assert len({each["_id"] for each in found}) == len(found) == 33
