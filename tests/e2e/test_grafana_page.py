"""Every command of docs/grafana.md works as it is written there.

Those of Docker are read instead, for no test here needs Docker: their file, services and programs are there.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

import pytest
import yaml

from tests.pages import commands

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "grafana.md").read_text()
COMMANDS = commands("grafana")
DOCKER = [each for each in COMMANDS if each.startswith("docker ")]
CHECK = ".venv/bin/python -c 'from tests.dashboards import check_panels"
ACTIONS = {"up": ["detach", "wait"], "run": ["rm"], "ps": [], "logs": ["tail="], "exec": [], "down": []}

pytestmark = pytest.mark.slow


def test_the_commands_of_docker_name_what_there_is():
    assert {parsed(each)[1] for each in DOCKER} == ACTIONS.keys()
    for each in DOCKER:
        file, action, words = parsed(each)
        services = yaml.safe_load((ROOT / file).read_text())["services"]
        if action in {"run", "logs", "exec"}:
            assert words[0] in services
        else:
            assert not words


def parsed(command: str) -> tuple[str, str, list[str]]:
    """Take a command of Compose apart: its file, what it does, and the words after its options."""
    given, action, *rest = command.removeprefix("docker compose -f ").split()
    options = ArgumentParser()
    for option in ACTIONS[action]:
        options.add_argument(f"--{option.rstrip('=')}", **({} if "=" in option else {"action": "store_true"}))
    return given, action, options.parse_known_args(rest)[1]


def test_kafka_s_programs_are_asked_for_what_compose_sets_up():
    kafka = yaml.safe_load((ROOT / "infra" / "observability" / "compose.yml").read_text())["services"]["kafka"]
    asked = [each for each in DOCKER if " exec kafka " in each]
    programs = {shlex.split(each)[6].rpartition("/") for each in asked}
    assert {folder for folder, _, _ in programs} == {"/opt/kafka/bin"}
    assert str(kafka["healthcheck"]["test"][1]).startswith("/opt/kafka/bin/")
    assert all("--bootstrap-server localhost:9092" in each for each in asked)
    assert "HOST://localhost:9092" in kafka["environment"]["KAFKA_ADVERTISED_LISTENERS"]


def test_the_addresses_are_those_that_compose_publishes():
    services = yaml.safe_load((ROOT / "infra" / "observability" / "compose.yml").read_text())["services"]
    published = {port.split(":")[1] for each in services.values() for port in each.get("ports", ())}
    assert set(re.findall(r"^\| (?:http://)?localhost:(\d+)", PAGE, re.MULTILINE)) == published


def test_the_other_commands_work(tmp_path: Path):
    """The last one needs servers with data, as tests/integration/test_dashboards.py has them; without, it says so."""
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    for name in ("examples", "infra", "tests", "functions", "docs", "Makefile", "pyproject.toml", "requirements.txt"):
        (tmp_path / name).symlink_to(ROOT / name)
    password, make, *rest = [each for each in COMMANDS if each not in DOCKER and not each.startswith("echo ")]
    assert (rest[1][: len(CHECK)], make) == (CHECK, "make dashboards")
    for command in (f"{password} && echo ${{#GRAFANA_ADMIN_PASSWORD}}", rest[0]):
        done = shell(command, tmp_path, environment)
        assert done.returncode == 0, done.stdout + done.stderr
    refused = shell(rest[1].replace(":9090", ":9").replace(":3100", ":9"), tmp_path, environment)
    assert "Connection refused" in refused.stderr


def shell(command: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    given = ["bash", "-c", command]
    return subprocess.run(given, cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=False)


def test_make_writes_the_dashboards():
    said = subprocess.run(["make", "-n", "dashboards"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "-m infra.grafana" in said
