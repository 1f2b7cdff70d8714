"""`--continuous` and `--follow` on files: they react to changes, are idle otherwise, and show what comes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from functions.pipeline.watching import Watch

ROOT = Path(__file__).parents[2]
LINE = "2025-01-20 10:30:00 - api - {level} - {text}\n"
SOON = 10.0  # seconds; a change is noticed within one where nothing else runs, and a look would take LONG
LONG = "60"  # seconds between two looks, so that only a change is the reason


@contextmanager
def running(folder: Path, *arguments: str, variables: dict[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "functions", *arguments, "--interval", LONG]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **(variables or {})}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        if process.poll() is None:
            process.send_signal(signal.SIGINT)


def add(folder: Path, text: str, level: str = "INFO") -> float:
    with (folder / "api.log").open("a") as file:
        file.write(LINE.format(level=level, text=text))
    return time.monotonic()


def test_records_are_shown_as_they_come(tmp_path: Path):
    add(tmp_path, "first")
    with running(tmp_path, "--follow", "api.log") as process:
        assert process.stdout.readline() == "10:30:00.000 INFO     first\n"
        time.sleep(0.5)
        for number in range(3):
            written = add(tmp_path, f"late {number}", "ERROR")
            assert process.stdout.readline() == f"10:30:00.000 ERROR    late {number}\n"
            assert time.monotonic() - written < SOON
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert process.returncode == 0
    assert "0 lines collected, " not in rest
    assert "4 lines collected in " in rest


def test_a_continuous_run_says_what_came_and_nothing_else(tmp_path: Path):
    add(tmp_path, "first")
    with running(tmp_path, "--continuous", "--source", "api.log") as process:
        assert "1 lines collected, 1 records indexed" in process.stdout.readline()
        time.sleep(0.5)
        add(tmp_path, "second")
        assert "1 lines collected, 1 records indexed" in process.stdout.readline()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        assert not any("0 lines collected, " in line for line in process.stdout)


def test_documents_may_be_followed_as_json(tmp_path: Path):
    add(tmp_path, "first")
    with running(tmp_path, "--follow", "--json", "--source", "*.log") as process:
        assert json.loads(process.stdout.readline())["message"] == "first"
        (tmp_path / "new.log").write_text(LINE.format(level="INFO", text="in a new file"))
        assert json.loads(process.stdout.readline())["message"] == "in a new file"


def test_an_idle_run_costs_next_to_nothing(tmp_path: Path):
    add(tmp_path, "first")
    with running(tmp_path, "--continuous", "--source", "api.log") as process:
        process.stdout.readline()
        time.sleep(1)
        before = cpu(process.pid)
        time.sleep(3)
        assert cpu(process.pid) - before < 0.15


def cpu(pid: int) -> float:
    if not Path(f"/proc/{pid}/stat").exists():
        pytest.skip("needs /proc")
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("library", [True, False])
def test_a_wait_ends_by_a_change_by_its_time_and_when_all_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, library: bool
):
    if not library:
        monkeypatch.setitem(sys.modules, "watchfiles", None)
    stopping = Event()
    watch = Watch([str(tmp_path / "*.log")], stopping)
    begun = time.monotonic()
    watch.wait(1)
    assert 0.9 < time.monotonic() - begun < 1 + SOON
    (tmp_path / "other.txt").write_text("not watched")
    add(tmp_path, "one")
    begun = time.monotonic()
    watch.wait(60)
    assert time.monotonic() - begun < SOON
    stopping.set()
    watch.wait(60)
    assert time.monotonic() - begun < 2 * SOON
