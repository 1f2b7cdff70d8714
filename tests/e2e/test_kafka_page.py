"""Every command of docs/kafka.md works as it is written there; the broker is the tests' own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kafka import HOME, Kafka
from tests.pages import commands, shell

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "kafka.md").read_text()
COMMANDS = commands("kafka")
MAKE = [each for each in COMMANDS if each.startswith("make ")]
BENCH = ".venv/bin/python -m tests.bench.kafka"

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as the reader has it, with runs to send."""
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    (tmp_path / "infra").symlink_to(ROOT / "infra")
    (tmp_path / ".tools").mkdir()
    (tmp_path / ".tools" / "kafka").symlink_to(HOME)
    sources = ("zohobooks", "PowerBI", "Efficy", "sharepoint_graph", "EasyProjects")
    runs = [
        {"Source": sources[number % 5], "Etat": "SUCCESS", "Debut": f"05-09-2025 16:{number % 60:02}:26.191702"}
        for number in range(50)
    ]
    (tmp_path / "logs.json").write_text(json.dumps(runs, indent=2))
    return tmp_path


def test_the_readers_commands_work_one_after_the_other(kafka: Kafka, folder: Path):
    topic = kafka.topic(3)
    variables = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LC_ALL": "C.UTF-8"}
    printed: dict[str, str] = {}
    for line in COMMANDS:
        command = line.replace("localhost:9092", kafka.address).replace("ingestion-logs", topic)
        command = command.replace("status .tools/kafka", f"status .tools/kafka {kafka.port}")
        if line in MAKE or line == BENCH:
            continue
        if line.startswith("export "):
            name, _, value = command.removeprefix("export ").partition("=")
            variables[name] = value
            continue
        if "--continuous" in line:  # runs until somebody stops it
            command = f"timeout --foreground --preserve-status -s INT 5 {command}"
        printed[line] = shell(command, folder, variables, 60)
    assert "Kafka 4.1.1 answers" in printed["infra/kafka/server/kafka.sh status .tools/kafka"]
    assert "50 rows read, 50 delivered" in printed[".venv/bin/trilog produce logs.json"]
    assert "100 messages held (partitions: 3)" in printed[".venv/bin/trilog check"]
    assert "100 lines collected" in printed[".venv/bin/trilog --once"]
    [groups] = [out for line, out in printed.items() if "kafka-consumer-groups" in line]
    rows = [each.split() for each in groups.splitlines() if topic in each]
    assert sum(int(row[3]) for row in rows) == 100
    assert {row[5] for row in rows} == {"0"}  # the lag


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_runs_the_script_that_the_tests_use():
    for each in MAKE:
        said = subprocess.run([*each.split(), "-n"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        assert "infra/kafka/server/kafka.sh" in said
    assert MAKE == ["make kafka-up", "make kafka-down"]


def test_a_topic_is_read_fast_enough():
    assert BENCH in COMMANDS
    module = BENCH.split()[1:]
    done = subprocess.run([sys.executable, *module], cwd=ROOT, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    assert found["messages"] == 300_000
    assert found["per_second"] > found["least"] / 3  # other tests run beside it


def test_the_page_names_the_variables_as_they_are():
    example = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"`((?:KAFKA|SIMULATE|LOGS)_[A-Z_]+)`", PAGE))
    assert len(named) > 10
    assert all(f"# {each}=" in example for each in named)
