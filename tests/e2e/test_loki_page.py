"""Every command of docs/loki.md works as it is written there; the Loki is the tests' own."""

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

from tests.loki import HOME, Loki, start_loki
from tests.pages import blocks, commands, shell

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "loki.md").read_text("utf-8")
COMMANDS = commands("loki")
MAKE = [each for each in COMMANDS if each.startswith("make ")]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[Loki]:
    """A Loki as `make loki-up` starts it."""
    with start_loki(tenants=False) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as the reader has it."""
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    for each in ("infra", "examples"):
        (tmp_path / each).symlink_to(ROOT / each)
    (tmp_path / ".tools").mkdir()
    (tmp_path / ".tools" / "loki").symlink_to(HOME)
    return tmp_path


def found(answer: str) -> list[dict[str, Any]]:
    said = json.loads(answer)
    assert said["status"] == "success"
    return said["data"]["result"]


def test_the_readers_commands_work_one_after_the_other(server: Loki, folder: Path):
    variables = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LC_ALL": "C.UTF-8"}
    printed: dict[str, str] = {}
    for line in COMMANDS:
        command = line.replace("http://localhost:3100", server.address)
        command = command.replace("status .tools/loki", f"status .tools/loki {server.port}")
        if line in MAKE:
            continue
        if line.startswith("export "):
            name, _, value = command.removeprefix("export ").partition("=")
            variables[name] = value
            continue
        if "--interval" in line:  # runs until somebody stops it
            command = f"timeout --foreground --preserve-status -s INT 5 {command}"
        printed[line] = shell(command, folder, variables)
    assert printed["infra/loki/server/loki.sh status .tools/loki"] == f"Loki 3.7.8 answers at {server.address}\n"
    assert f"Runs go to {server.address}" in printed[".venv/bin/trilog loki --interval 10"]
    assert "72 runs pushed to Loki" in printed[".venv/bin/trilog loki --once"]  # the second time, anew
    lines, failed, counts, letters = (found(out) for line, out in printed.items() if line.startswith("curl"))
    assert sum(len(each["values"]) for each in lines) == 72
    assert sum(len(each["values"]) for each in failed) == 1
    assert sum(int(each["value"][1]) for each in counts) == 72
    assert letters == []


def test_the_page_counts_as_the_other_tests_do():
    [query] = "".join(blocks("loki", "logql")).splitlines()
    [asked] = [line for line in COMMANDS if "count_over_time" in line]
    assert query.replace("$__range", "30d") in asked


def test_the_page_shows_the_configuration_of_the_server():
    [shown] = blocks("loki", "yaml")
    settings = [line.split(" #")[0].strip() for line in shown.splitlines() if not line.endswith(":")]
    own = (ROOT / "infra" / "loki" / "server" / "loki.yml").read_text()
    assert len(settings) > 4
    assert [each for each in settings if f"\n  {each}\n" not in re.sub(r" +#.*", "", own)] == []


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_runs_the_script_that_the_tests_use():
    for each in ("make loki-up", "make loki-down"):
        said = subprocess.run([*each.split(), "-n"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        assert "infra/loki/server/loki.sh" in said
    assert MAKE == ["make loki-up"]


def test_the_page_names_the_variables_as_they_are():
    example = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"`(LOKI_[A-Z_]+)`", PAGE))
    assert len(named) == 5
    assert all(f"# {each}=" in example for each in named)
