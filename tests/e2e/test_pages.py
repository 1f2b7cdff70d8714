"""Every command of the pages on executions and runs works as it is written there, one after the other."""

import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.pages import blocks, commands, shell

ROOT = Path(__file__).parents[2]
PAGES = ("ingestion-runs", "model-executions")


def type_all(page: str, folder: Path, **variables: str) -> dict[str, str]:
    """Type the commands of a page; return what each printed."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **variables}
    for program in blocks(page, "python"):
        (folder / "application.py").write_text(program)
    said = {}
    for command in commands(page):
        typed = re.sub(r"^trilog ", "python -m functions ", command)
        said[command] = shell(typed.replace("python ", f"{shlex.quote(sys.executable)} ", 1), folder, environment)
    return said


def try_runs(folder: Path, **variables: str) -> None:
    said = type_all("ingestion-runs", folder, **variables)
    assert "72 records read" in said["trilog --once --source logs.json"]
    assert "PowerBI" in said["trilog show ingestion-logs -n 5"] or "Zoho" in said["trilog show ingestion-logs -n 5"]
    assert len((folder / "runs.jsonl").read_text().splitlines()) == 72
    assert "no match among" in said["trilog show --unread"]


def try_executions(folder: Path, **variables: str) -> None:
    said = type_all("model-executions", folder, **variables)
    assert said["trilog show ml-model-executions"].count("IsolationForest") == 2
    assert said["trilog show ml-model-executions --status completed"].count("IsolationForest") == 1
    assert "no match among" in said["trilog show ml-model-executions --status lost"]
    assert "details.anomalies_count" in (folder / "executions.csv").read_text()


TRY = {"ingestion-runs": try_runs, "model-executions": try_executions}


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_the_page_work(page: str, tmp_path: Path):
    TRY[page](tmp_path)


@pytest.mark.elasticsearch
@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_the_page_work_with_elasticsearch(page: str, tmp_path: Path, elasticsearch_url: str):
    TRY[page](tmp_path, ELASTICSEARCH_URL=elasticsearch_url)
