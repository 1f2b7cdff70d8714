"""Every command of docs/traces.md works as it is written there; the Jaeger is the tests' own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.jaeger import HOME, Jaeger, start_jaeger
from tests.pages import commands, shell

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "traces.md").read_text("utf-8")
COMMANDS = commands("traces")
MAKE = [each for each in COMMANDS if each.startswith("make ")]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[Jaeger]:
    """A Jaeger as `make jaeger-up` starts it."""
    with start_jaeger() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as the reader has it."""
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    for each in ("infra", "examples"):
        (tmp_path / each).symlink_to(ROOT / each)
    (tmp_path / ".tools").mkdir()
    (tmp_path / ".tools" / "jaeger").symlink_to(HOME)
    return tmp_path


def transactions(answer: str) -> list[Any]:
    """Return the transactions of the traces that an answer has, by their spans."""
    spans = [span for trace in json.loads(answer)["data"] for span in trace["spans"]]
    return [tag["value"] for span in spans for tag in span["tags"] if tag["key"] == "transaction_id"]


def test_the_readers_commands_work_one_after_the_other(server: Jaeger, folder: Path):
    variables = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LC_ALL": "C.UTF-8"}
    variables["JAEGER_URL"] = server.address
    printed: dict[str, str] = {}
    for line in COMMANDS:
        command = line.replace("http://localhost:16686", server.address).replace(
            "http://localhost:4318", server.endpoint
        )
        command = command.replace("status .tools/jaeger", f"status .tools/jaeger {server.port}")
        if line in MAKE:
            continue
        if line.startswith("export "):
            name, _, value = command.removeprefix("export ").partition("=")
            variables[name] = value
            continue
        if "--interval" in line:  # runs until somebody stops it
            command = f"timeout --foreground --preserve-status -s INT 5 {command}"
        printed[line] = shell(command, folder, variables)
    assert f"answers at {server.address}" in printed["infra/jaeger/server/jaeger.sh status .tools/jaeger"]
    assert f"Traces go to {server.endpoint}/v1/traces" in printed[".venv/bin/trilog traces --interval 10"]
    assert "6 spans sent" in printed[".venv/bin/trilog traces --once"]  # the second time, anew
    link = printed[".venv/bin/trilog trace 9d1c-77 --open"].strip()
    assert server.get(f"/api/traces/{link.rpartition('/')[2]}")[0]["spans"]
    assert "/predict" in printed[".venv/bin/trilog trace 4bf92f3577b34da6a3ce929d0e0e4736"]
    by_id, slow, failed, letters = (transactions(out) for line, out in printed.items() if line.startswith("curl"))
    assert by_id == ["9d1c-77"] * 4
    assert slow == failed == ["9d1c-78"]
    assert letters == []


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_runs_the_script_that_the_tests_use():
    for each in ("make jaeger-up", "make jaeger-down"):
        said = subprocess.run([*each.split(), "-n"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        assert "infra/jaeger/server/jaeger.sh" in said
    assert MAKE == ["make jaeger-up"]


def test_the_page_names_the_variables_as_they_are():
    example = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"`((?:OTEL|JAEGER)_[A-Z_]+)`", PAGE))
    assert len(named) == 6
    assert all(f"# {each}=" in example for each in named)
