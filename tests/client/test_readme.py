"""What clients/python/README.md shows works as it is written there, and its figures are those of the code."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.client.environments import environment, install, interpreter
from trilog_client import Limits
from trilog_client.documents import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.client.server import Ingest

    Run = Callable[..., tuple[str, str]]

ROOT = Path(__file__).parents[2]
README = (ROOT / "clients/python/README.md").read_text("utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = [
    line for block in re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL) for line in block.splitlines()
]
USED = "\nimport asyncio\nassert detect([1, 4]) == [4]\nassert asyncio.run(predict(5)) is True\n"


def test_a_log_is_sent(server: Ingest, run: Run):
    run(PROGRAMS[0])
    (record,) = server.records()
    assert (record["model_name"], record["status"]) == ("IsolationForest", "completed")


def test_executions_are_measured(server: Ingest, run: Run):
    run(PROGRAMS[1] + USED)
    records = server.records()
    assert [record["status"] for record in records] == ["started", "completed"] * 2
    assert records[1]["details"] == {"anomalies_count": 1}
    assert records[3]["details"] == {"region": "north", "value": 5}
    fields = re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)
    assert set(fields[: fields.index("error_message")]) <= set(records[1])


def test_what_logging_has_is_sent(server: Ingest, run: Run):
    run(PROGRAMS[2])
    (record,) = server.records()
    assert (record["message"], record["basket"], record["application_name"]) == ("3 items", "b-17", "shop")


def test_a_program_may_configure_it(run: Run, tmp_path: Path):
    written = tmp_path / "app.ndjson"
    run(PROGRAMS[3].replace("/tmp/app.ndjson", str(written)) + PROGRAMS[0])  # noqa: S108 - the README's
    assert json.loads(written.read_text())["status"] == "completed"


def test_each_program_is_run():
    assert len(PROGRAMS) == 4


@pytest.mark.slow
def test_the_command_installs_it(tmp_path: Path):
    (command,) = COMMANDS
    assert command.startswith("pip install ./")
    shutil.copytree(ROOT / "clients", tmp_path / "clients", ignore=shutil.ignore_patterns("__pycache__"))
    python = environment(tmp_path / "venv", interpreter("3.13"))
    install(python, command.removeprefix("pip install "), cwd=tmp_path)
    done = subprocess.run([python, "-c", PROGRAMS[0]], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["status"] == "completed"


def test_its_figures_are_those_of_the_code():
    limits = Limits()
    for shown in (
        f"up to {limits.longest_pause:.0f} s,",
        f"more than {limits.queue_records:,} records or {limits.queue_bytes // 1024**2} MB wait",
        f"longer than {MAX_BYTES // 1024**2} MB",
        f"within {limits.exit_timeout:.0f} seconds",
        f"The folder has {limits.spool_bytes // 1024**2} MB at most",
    ):
        assert shown in README
