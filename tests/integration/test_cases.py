"""Log forms that programs really write give the right documents, the same in DuckDB and in a real Elasticsearch.

A case in `tests/cases/real-logs.json` has

- `id`, and `why` it is there;
- `name`, `way` and `env`: the file is given by `--source`; or dropped into the store at `name`, and indexed by
  `reindex`; with these variables set;
- its content: text, or bytes in base64;
- what the log index, predictions, performance metrics and dead letters must then hold (`logs`, `message`, `perfs`,
  `dead`): lists of partial documents in order. A member that is null must be absent, and the text under `_lacks`
  must not occur; an index whose list is null is not looked at.
"""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from functions.pipeline.kinds import kinds
from tests.integration.conftest import Run

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "cases" / "real-logs.json").read_bytes())
EXPECTED = {"logs": "logs", "message": "message", "perfs": "perfs", "dead": "dead-letters"}
EACH = pytest.mark.parametrize("case", CASES, ids=[each["id"] for each in CASES])


def content(case: dict[str, Any]) -> bytes:
    return base64.b64decode(case["content_base64"]) if "content_base64" in case else case["content"].encode()


@pytest.fixture
def index(command_line: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Index a case as it asks for."""

    def run(case: dict[str, Any]) -> None:
        monkeypatch.chdir(tmp_path)
        for name, value in case["env"].items():
            monkeypatch.setenv(name, value)
        dropped = case["way"] == "drop"
        file = tmp_path / ".trilog" / case["name"] if dropped else tmp_path / case["name"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content(case))
        run_well(command_line, *(("reindex",) if dropped else ("--once", "--source", case["name"])))

    return run


def run_well(command_line: Run, *arguments: str) -> str:
    code, out, err = command_line(*arguments)
    assert code == 0, (arguments, out, err)
    return out


def exported(command_line: Run) -> dict[str, list[dict[str, Any]]]:
    """Export every index; its documents in order."""
    exports = {kind: run_well(command_line, "export", kind, "--format", "jsonl") for kind in kinds()}
    return {kind: [json.loads(line) for line in text.split("\n")[:-1]] for kind, text in exports.items()}


def holds(found: Any, expected: Any) -> bool:
    """Say whether a value has all that is expected of it; numbers at 1e-9."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return all(holds(found.get(name), value) for name, value in expected.items())
    if isinstance(expected, list) and isinstance(found, list):
        return len(found) == len(expected) and all(map(holds, found, expected))
    if isinstance(expected, int | float) and isinstance(found, int | float):
        return isinstance(found, bool) is isinstance(expected, bool) and abs(found - expected) < 1e-9
    return found == expected


def differences(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> list[object]:
    """Return what is not as expected."""
    if len(found) != len(expected):
        return [f"{len(expected)} documents expected", *found]
    return [difference for pair in zip(found, expected, strict=True) for difference in of_document(*pair)]


def of_document(found: dict[str, Any], expected: dict[str, Any]) -> list[object]:
    named = {name: value for name, value in expected.items() if name != "_lacks"}
    wrong: list[object] = [
        (name, found.get(name), value) for name, value in named.items() if not has(found, name, value)
    ]
    lacks = expected.get("_lacks")
    return [*wrong, f"has {lacks}"] if lacks and lacks in json.dumps(found, ensure_ascii=False) else wrong


def has(found: dict[str, Any], name: str, value: Any) -> bool:
    return name not in found if value is None else name in found and holds(found[name], value)


def compare(found: dict[str, list[dict[str, Any]]], case: dict[str, Any]) -> None:
    named = {kind: case[name] for name, kind in EXPECTED.items() if case.get(name) is not None}
    wrong = {kind: differences(found[kind], expected) for kind, expected in named.items()}
    assert not any(wrong.values()), wrong


@EACH
def test_a_case_gives_its_documents(case: dict[str, Any], index, command_line: Run):
    index(case)
    compare(exported(command_line), case)
    run_well(command_line, "verify")


@pytest.mark.elasticsearch
@EACH
def test_both_sinks_hold_the_documents_of_a_case(
    case: dict[str, Any], index, command_line: Run, elasticsearch_url: str, monkeypatch: pytest.MonkeyPatch
):
    index(case)
    embedded = exported(command_line)
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_url)
    monkeypatch.setenv("ELASTICSEARCH_INDEX", f"case-{case['id']}-logs")
    run_well(command_line, "reindex")
    served = exported(command_line)
    compare(served, case)
    assert served == embedded
    run_well(command_line, "verify")


def test_what_differs_is_said():
    assert not differences([{"a": 1.0, "b": {"c": 1, "d": 2}}], [{"a": 1, "b": {"c": 1}, "e": None, "_lacks": "x"}])
    for expected in ({"a": 2}, {"a": True}, {"a": None}, {"e": 1}, {"b": {"c": 2}}, {"_lacks": "d"}):
        assert differences([{"a": 1.0, "b": {"c": 1, "d": 2}}], [expected])
    assert differences([], [{}])
