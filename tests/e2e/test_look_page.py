"""Every command of docs/look.md works as it is written there, one after the other, and says what is written there."""

import json
import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.pages import blocks, commands, shell

ROOT = Path(__file__).parents[2]
COMMANDS = commands("look")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # thirty commands


def type_all(folder: Path, **variables: str) -> dict[str, str]:
    """Type the commands of the page; return what each printed."""
    (log,) = blocks("look", "log")
    (folder / "api.log").write_text(log)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "TZ": "UTC", **variables}
    said = {}
    for command in COMMANDS:
        typed = re.sub(r"^trilog ", f"{shlex.quote(sys.executable)} -m functions ", command)
        typed = typed.replace("ml-api-message", variables.get("ELASTICSEARCH_INDEX", "ml-api-logs")[:-4] + "message")
        if "--follow" in command or "serve" in command:  # it goes on until somebody stops it
            typed = f"timeout --foreground --preserve-status -s INT 12 {typed}"
        said[command.removeprefix("trilog ")] = shell(typed, folder, environment)
    return said


def try_page(folder: Path, **variables: str) -> dict[str, str]:
    said = type_all(folder, **variables)
    assert said["show"].count(" 2025-01-20") == 6
    assert said["show --level warning"].count(" 2025-01-20") == 2
    assert said["show ml-api-message -n 5 --reverse"].index("9d1c-78") < said[
        "show ml-api-message -n 5 --reverse"
    ].index("9d1c-77")
    for command, found in (
        ("show --match 'DISK'", "disk is 91% full"),
        (r"show --regex '9\d% (full|used)'", "disk is 91% full"),
        ("show --where 'input_data.AGE>70' --where input_data.GENDER=F", "9d1c-78"),
        ("show --status 5xx --path '/users/*'", "4fe0-01"),
        ("show --slower-than 2s --fields @timestamp,http_path,execution_time_ms", "2500"),
    ):
        assert said[command].count(" 2025-01-20") == 1, command
        assert found in said[command]
    assert len(said["show --transaction 9d1c-77 --json"].splitlines()) == 2
    assert said["show --since 2025-01-20T10:30 --until 2025-01-20T10:31"].count(" 2025-01-20") == 4
    assert "no match among the 6 documents" in said["show --since 1h --level error"]
    assert said["show --follow --level warning"].splitlines()[0].startswith("2025-01-20 10:30:02")
    for text in ("-logs ", "WARNING", "/users/7", "YES"):
        assert text in said["stats"]
    (women, men) = (json.loads(line) for line in said[COMMANDS[-7].removeprefix("trilog ")].splitlines())
    assert (women["key"], men["key"]) == ("F", "M")
    assert "trilog.html" in said["page"]
    assert "http://127.0.0.1:8083" in said["serve page"]
    assert "2025-01-20T10:31" in (folder / "trilog.html").read_text()
    assert '"first":"2025-01-20T10:30:00.100Z"' in (folder / "last-hour.html").read_text()
    assert "+30 ms" in said["trace 9d1c-77"]
    assert "POST /users/7" in said["trace 4f"]
    assert [json.loads(line)["offset_ms"] for line in said["trace 9d1c-77 --json"].splitlines()] == [0, 0, 30, 30]
    return said


def test_the_commands_work_one_after_the_other(tmp_path: Path):
    said = try_page(tmp_path)
    (shown,) = blocks("look", "text")
    printed = said["stats --by path --since 2025-01-20"]
    assert [line.rstrip() for line in printed.splitlines() if line.strip()] == shown.splitlines()


@pytest.mark.elasticsearch
def test_the_commands_work_with_elasticsearch(tmp_path: Path, elasticsearch_url: str):
    try_page(tmp_path, ELASTICSEARCH_URL=elasticsearch_url, ELASTICSEARCH_INDEX="look-page-logs")
