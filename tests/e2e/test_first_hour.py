"""The ten tasks of docs/first-hour.md, typed one after the other."""

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pages import DOCS, commands, shell

ROOT = Path(__file__).parents[2]
PAGE = (DOCS / "first-hour.md").read_text("utf-8")
# Run where the name says instead of here.
ELSEWHERE = {"pip install .": "tests/e2e/test_wheel.py, as a wheel into an empty environment"}
LOG = """INFO:     Started server process [7]
{"timestamp": "2025-01-20T10:30:00Z", "level": "INFO", "message": "model loaded", "data": {"model": {"name": "m1"}}}
2025-01-20 10:30:01 - api - INFO - [3f2c9a4e-1d7b] POST /predict - 200 - 45ms - {"AGE": 65} - {"prediction": "YES"}
2025-01-20 10:30:02 - api - INFO - [5e8d0b1c-77aa] POST /predict - 200 - 2450ms - {"AGE": 41} - {"prediction": "NO"}
INFO:     127.0.0.1:40000 - "POST /predict HTTP/1.1" 200 OK
{"timestamp": "2025-01-20T10:30:03Z", "level": "ERROR", "message": "database is away"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "api.log").write_text(LOG)
    return tmp_path


def environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}


def typed(command: str) -> str:
    return re.sub(r"(^|= ?\S+ )trilog ", rf"\1{shlex.quote(sys.executable)} -m functions ", command)


def followed(command: str, folder: Path) -> str:
    """Type a command that runs until somebody stops it; stop it once it has shown what was there."""
    given = shlex.split(typed(command))
    with subprocess.Popen(given, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        with (folder / "api.log").open("a") as log:
            log.write('{"timestamp": "2025-01-20T10:30:04Z", "level": "INFO", "message": "seen live"}\n')
        said = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        said += process.stdout.read()
    assert process.returncode == 0
    return said


def test_each_task_takes_one_command_or_two():
    tasks = re.split(r"^## \d+\. ", PAGE, flags=re.MULTILINE)[1:]
    assert len(tasks) == 10
    for task in tasks:
        lines = [
            line
            for block in re.findall(r"^```sh\n(.*?)^```$", task, re.MULTILINE | re.DOTALL)
            for line in block.splitlines()
        ]
        assert 1 <= len(lines) <= 2, task


def test_the_commands_of_the_page_work(folder: Path):
    said = {}
    for command in commands("first-hour"):
        if command in ELSEWHERE:
            continue
        if "--follow" in command:
            said[command] = followed(command, folder)
        else:
            said[command] = shell(typed(command), folder, environment())
    answers = [*said.values()]
    assert "6 records read" in answers[0]
    assert "database is away" in answers[1]
    assert "model loaded" not in answers[1]
    assert "5e8d0b1c-77aa" in answers[2]
    assert "3f2c9a4e" not in answers[2]
    assert "2.33 s" in answers[3]
    assert "seen live" in answers[4]
    assert "AGE" in answers[5]
    assert (folder / "predictions.parquet").stat().st_size > 500
    assert (folder / "predictions.csv").read_text().splitlines()[0].endswith("input_data.AGE,result.prediction")
    hidden = shell(
        f"{sys.executable} -m functions export message", folder, {**environment(), "PIPELINE_DATA": "without-age"}
    )
    assert '"prediction":"YES"' in hidden
    assert '"AGE":null' in hidden
    assert "█" in answers[-2]
    assert "trilog.html" in answers[-1]


def test_its_exit_codes_are_those_of_the_help(folder: Path):
    printed = shell(typed("trilog --help"), folder, environment())
    codes = re.findall(r"^\| (\d) \| ([^|]*?)(?:, a path that leads nowhere among them)? \|$", PAGE, re.MULTILINE)
    assert len(codes) == 7
    for code, meaning in codes:
        assert f"  {code}  {meaning}" in printed
