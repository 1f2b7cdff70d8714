"""`trilog try-layout`, and what docs/layouts.md says of it: every command and every file there is tried."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from functions.local import LogsPipeline
from functions.pipeline.errors import ConfigError
from functions.pipeline.layouts.patterns import Layout
from functions.pipeline.levels import Scale

PAGE = (Path(__file__).parents[2] / "docs" / "layouts.md").read_text()
LOG = re.findall(r"^```\n(#7 .*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0]
TOML = "\n".join(re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
COMMANDS = re.findall(r"^(?:cat .*\| )?\.venv/.*?(?=  +#|$)", PAGE, re.MULTILINE)
NO_TIME = "nobody knows this\n"
NOBODY = "http://127.0.0.1:9"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the page's reader, with nothing configured but what is in it."""
    monkeypatch.chdir(tmp_path)
    for name in ("PIPELINE_CONFIG", "PIPELINE_CONFIG_CONTENT", "LANGUAGE", "PIPELINE_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C")
    (tmp_path / "scoring.log").write_text(LOG)
    (tmp_path / "trilog.toml").write_text(TOML)
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    return tmp_path


def test_the_commands_of_the_page_work(folder: Path):
    assert len(COMMANDS) == 6
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    for command in COMMANDS:
        given = ["sh", "-c", command]
        done = subprocess.run(given, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        assert done.stdout, command


def test_the_page_names_all_keys_of_a_layout_and_all_scales():
    named = set(
        re.findall(r"`\[?\[?(?:layout\.)?(\w+)\]?\]?`", PAGE[PAGE.index("| key |") : PAGE.index("Samples are")])
    )
    assert named >= {("sample" if name == "samples" else name) for name in Layout._fields} - {"program", "not_this"}
    assert named >= set(get_args(Scale))


def test_the_file_of_the_page_reads_its_log(command_line: Run):
    code, out, _ = command_line("try-layout", "--json", "scoring.log")
    slow, answer, failed = map(json.loads, out.splitlines())
    assert code == 0
    labels = {"service": "scoring", "environment": "prod"}
    assert slow == {
        "envelope": "-",
        "layout": "scorer",
        "@timestamp": "2025-01-20T10:30:00.000Z",
        "level": "WARNING",
        "logger": "scorer",
        "message": "slow answer",
        "raw_log": LOG.splitlines()[0],
        "data": {"number": "7"},
        "labels": labels,
    }
    fields = {"transaction_id": "3f2c", "execution_time_ms": 250, "input_data": {"AGE": 65}}
    assert answer.items() >= fields.items()
    assert answer["result"] == {"prediction": "YES"}
    read = {"@timestamp": "2025-01-20T10:30:02.000Z", "level": "ERROR", "message": "model not found", "labels": labels}
    assert failed.items() >= read.items()


def test_a_table_shows_what_is_read_and_what_is_not(command_line: Run, folder: Path):
    (folder / "scoring.log").write_text(LOG + NO_TIME)
    code, out, err = command_line("try-layout", "scoring.log")
    assert (code, err) == (0, "")
    assert re.search(r"scorer +2025-01-20 10:30:00 +WARNING +scorer +.*slow answer", out)
    assert re.search(r"unread +.*nobody knows this", out)
    assert out.endswith("3 of 4 records are read\n  -/scorer: 2\n  -/object: 1\n  -/-: 1 (unread)\n")


def test_so_many_records_are_shown_and_a_thousand_by_default(command_line: Run, folder: Path):
    (folder / "long.log").write_text(NO_TIME * 3000)
    assert len(command_line("try-layout", "--json", "-n", "2", "long.log")[1].splitlines()) == 2
    assert "0 of 1000 records are read" in command_line("try-layout", "long.log")[1]


def test_nothing_is_written(command_line: Run, folder: Path):
    before = sorted(folder.iterdir())
    assert command_line("try-layout", "scoring.log")[0] == 0
    assert sorted(folder.iterdir()) == before


def test_what_is_hidden_in_a_run_is_hidden(command_line: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_REDACT_FIELDS", "AGE:hash")
    monkeypatch.setenv("PIPELINE_REDACT_KEY", "a" * 16)
    out = command_line("try-layout", "--json", "scoring.log")[1]
    assert "AGE" in out
    assert "65" not in out


def test_what_an_envelope_says_is_hidden_too(command_line: Run, folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_REDACT_FIELDS", "owner:drop")
    labels = {"kubernetes": {"labels": {"owner": "jane@example.org"}, "pod_name": "scorer"}}
    (folder / "pods.log").write_text(json.dumps({"log": NO_TIME, "stream": "stdout", **labels}) + "\n")
    out = command_line("try-layout", "--json", "pods.log")[1]
    assert "scorer" in out
    assert "jane" not in out


def test_an_empty_file_has_no_records(command_line: Run, folder: Path):
    (folder / "empty.log").touch()
    assert command_line("try-layout", "empty.log") == (0, "0 of 0 records are read\n", "")


def test_a_file_that_is_not_there_is_named(command_line: Run):
    code, _, err = command_line("try-layout", "nowhere.log")
    assert (code, err.split(":")[0]) == (4, "✗ nowhere.log cannot be read")


def test_a_mistake_in_the_file_is_told_with_its_line(command_line: Run, folder: Path):
    (folder / "trilog.toml").write_text("[fields]\ntook = 'x'\n")
    for command in (["try-layout", "scoring.log"], ["--once", "--source", "scoring.log"], ["reindex"]):
        code, _, err = command_line(*command)
        assert code == 2, command
        assert err.startswith("✗ trilog.toml, line 2: [fields] took: expected a field that Trilog knows")
    assert not list(folder.glob(".trilog/raw/*"))
    with pytest.raises(ConfigError, match="line 2"):
        LogsPipeline({}, NOBODY).run()  # which a source that reads no layouts would not have noticed
    code, out, _ = command_line("check", "--source", "scoring.log")
    assert code == 1
    assert "✗ trilog.toml, line 2" in out


def test_check_names_the_file_if_there_is_one(command_line: Run, folder: Path):
    assert "✓ configuration: trilog.toml (layouts: 1)" in command_line("check", "--source", "scoring.log")[1]
    (folder / "trilog.toml").unlink()
    assert "configuration" not in command_line("check", "--source", "scoring.log")[1]


def test_a_run_reads_as_was_tried():
    counts = LogsPipeline({}, "scoring.log").run_once()
    assert (counts["indexed"], counts["unread"]) == (3, 0)
