"""Every command of docs/forget.md works as it is written there, one after the other."""

import json
import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.pages import blocks, commands, shell

ROOT = Path(__file__).parents[2]
ID = "3f2c9a4e-1d7b-77"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def try_page(folder: Path, **variables: str) -> None:
    (log,) = blocks("forget", "log")
    (folder / "api.log").write_text(log)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "TZ": "UTC", **variables}
    said = {}
    for command in commands("forget"):
        if command.startswith("export "):
            name, value = command.removeprefix("export ").split("=")
            environment[name] = value
            continue
        typed = re.sub(r"^trilog ", f"{shlex.quote(sys.executable)} -m functions ", command)
        said[command.removeprefix("trilog ")] = shell(typed, folder, environment)
    assert "2 records in 1 batches" in said[f"forget --transaction {ID} --dry-run"]
    assert "✓ removed; searched all again, and found nothing" in said[f"forget --transaction {ID} --yes"]
    assert "4 records = 4 in the log index" in said["verify"]
    assert ID not in said["show"]
    assert said["show"].count(" forgotten") == 2
    done = json.loads(said["forget --where input_data.AGE=33 --yes --json"])
    assert (done["records"], done["complete"]) == (1, True)
    assert said["retention --dry-run"].startswith("0 batches are older than 365 days")
    assert said["retention"].startswith("0 batches")
    assert len([*(folder / ".trilog" / "receipts").glob("*.json")]) == 2


def test_the_commands_work_one_after_the_other(tmp_path: Path):
    try_page(tmp_path)


@pytest.mark.elasticsearch
def test_the_commands_work_with_elasticsearch(tmp_path: Path, elasticsearch_url: str):
    try_page(tmp_path, ELASTICSEARCH_URL=elasticsearch_url, ELASTICSEARCH_INDEX="forget-page-logs")
