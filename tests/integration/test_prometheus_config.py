"""Prometheus' configurations: what promtool says of them, and that they scrape, evaluate and notify what there is."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.prometheus import promtool

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "infra" / "prometheus"
CONFIGURATION = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
JOBS = {"ingestion-consumer", "api", "node"}

pytestmark = pytest.mark.slow


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What is beside the configuration, in a folder that may be changed."""
    for name in ("rules", "targets"):
        shutil.copytree(PROMETHEUS / name, tmp_path / name)
    shutil.copy(PROMETHEUS / "prometheus.yml", tmp_path)
    return tmp_path / "prometheus.yml"


def test_promtool_takes_the_configuration_and_all_rules(copy: Path):
    done = promtool("check", "config", copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"SUCCESS: \d+ rules found", done.stdout)) == len(RULES)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("scrape_interval: 15s", "scrape_interval: often"), ("job_name: api", "job_name: node"), ("targets:", "target:")],
)
def test_promtool_refuses_what_cannot_work(right: str, wrong: str, copy: Path):
    text = copy.read_text()
    assert right in text
    copy.write_text(text.replace(right, wrong, 1))
    assert promtool("check", "config", copy).returncode != 0


def test_the_example_s_targets_are_taken(copy: Path):
    folder = copy.parent / "targets" / "api"
    folder.mkdir(exist_ok=True)
    shutil.copy(ROOT / "examples" / "fastapi" / "targets.yml", folder)
    done = promtool("check", "config", copy)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "targets.yml").write_text("- target: [127.0.0.1:8080]\n")
    assert promtool("check", "config", copy).returncode != 0


def test_everything_is_evaluated_and_scraped_at_the_intervals_that_the_rules_count_with():
    assert {*CONFIGURATION["global"].values()} == {"15s"}
    groups = [group for file in RULES for group in yaml.safe_load(file.read_text())["groups"]]
    counted = [each for each in groups if "offset 15s" in str(each)]
    assert counted
    assert {each["interval"] for each in counted} == {"15s"}


def test_the_jobs_are_those_that_rules_and_dashboards_name():
    jobs = {each["job_name"]: each for each in CONFIGURATION["scrape_configs"]}
    assert jobs.keys() == JOBS
    boards = [ROOT / "infra" / "grafana" / name for name in ("api_expressions.py", "system.py")]  # that ask for jobs
    named = {name for file in [*RULES, *boards] for name in _jobs(file.read_text())}
    assert named == JOBS


def _jobs(text: str) -> set[str]:
    """Find the jobs that expressions name, but for those that they pass on."""
    found: list[Any] = re.findall(r'job!?=~?"([a-z|-]+)"', text)
    return {name for each in found for name in each.split("|")}
