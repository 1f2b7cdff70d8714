"""`trilog init` and `trilog doctor`: from nothing to a run, and what is wrong on the way."""

import gzip
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.test_sql import until

ROOT = Path(__file__).parents[2]
LINE = "2025-01-20 10:30:00 - api - INFO - one\n"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("GRADIO_URL", "PIPELINE_SOURCE", "REDIS_HOST", "KAFKA_BOOTSTRAP_SERVERS", "ELASTICSEARCH_HOST"):
        monkeypatch.delenv(name, raising=False)
    for name in ("ELASTICSEARCH_URL", "PIPELINE_DATA", "PIPELINE_STORE", "HF_TOKEN", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C")
    (tmp_path / "api.log").write_text(LINE * 3)
    return tmp_path


def test_init_writes_what_a_run_needs(trilog: Run, folder: Path):
    code, out, err = trilog("init", "--source", "api.log*")
    assert (code, err) == (0, "")
    assert "✓ source: 1 file" in out
    assert (folder / ".env").read_text() == "PIPELINE_SOURCE='api.log*'\n"
    assert (folder / ".env").stat().st_mode & 0o077 == 0
    assert "3 records read" in trilog("--once")[1]


def test_init_writes_nothing_that_does_not_work(trilog: Run, folder: Path):
    for place in ("none.log", "http://127.0.0.1:9"):
        code, out, _ = trilog("init", "--source", place)
        assert (code, "Nothing written" in out, (folder / ".env").exists()) == (1, True, False)
    assert trilog("init")[0] == 2  # nobody there to ask
    assert trilog("init", "--source", "-")[0] == 2


def test_init_writes_over_nothing_unasked(trilog: Run, folder: Path):
    (folder / ".env").write_text("# mine\nPIPELINE_SOURCE=other.log\nPIPELINE_LANG=en\n")
    code, _, err = trilog("init", "--source", "api.log")
    assert (code, "init --yes" in err) == (2, True)
    assert "other.log" in (folder / ".env").read_text()
    assert trilog("init", "--source", "api.log", "--yes")[0] == 0
    assert (folder / ".env").read_text() == "# mine\nPIPELINE_LANG=en\nPIPELINE_SOURCE=api.log\n"
    assert trilog("init", "--source", "api.log")[0] == 0  # the same again is no change


def test_init_takes_a_bucket(trilog: Run, folder: Path):
    store = folder / "batches"
    code, out, _ = trilog("init", "--bucket", f"file://{store}", "--source", "api.log")
    assert code == 0, out
    assert f"PIPELINE_STORE=file://{store}" in (folder / ".env").read_text()
    assert trilog("--once")[0] == 0
    assert list(store.glob("raw/**/*.gz"))


def test_init_asks(folder: Path):
    (folder / ".env").write_text("PIPELINE_SOURCE=other.log\n")
    mine, its = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    command = [sys.executable, "-m", "functions", "init"]
    process = subprocess.Popen(command, cwd=folder, env=environment, stdin=its, stdout=its, stderr=its)
    until(mine, "Where are your logs?")
    os.write(mine, b"api.log\n")
    until(mine, "Write over it? [y/N]")
    os.write(mine, b"y\n")
    until(mine, "--once")
    assert process.wait(30) == 0
    assert (folder / ".env").read_text() == "PIPELINE_SOURCE=api.log\n"
    os.close(its)
    os.close(mine)


def test_doctor_tells_what_there_is(trilog: Run, folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / "mixed.log").write_text("what is this\n" + LINE * 2)
    monkeypatch.setenv("HF_TOKEN", "hunter2")
    monkeypatch.setenv("PIPELINE_LANG", "en")
    code, out, _ = trilog("doctor", "--source", "api.log")
    assert code == 0, out
    for text in (
        "trilog: 0.1.0",
        "HF_TOKEN=***",
        "GB free",
        "✓ clock: ",
        "of its first 3 records 3 have a time, 3 a level",
    ):
        assert text in out
    assert "hunter2" not in out
    found = json.loads(trilog("doctor", "--json", "--source", "api.log", "--source", "mixed.log")[1])
    assert [each["records"] for each in found["sources"]] == [3, 3]
    assert [each["times"] for each in found["sources"]] == [3, 2]
    assert found["configuration"]["HF_TOKEN"] == "***"  # noqa: S105 (hidden)
    assert trilog("--once", "--source", "api.log", "--json")[0] == 0  # whose lines are all still there
    assert "3 rows" not in trilog("show")[1]
    assert len(trilog("export", "logs")[1].splitlines()) == 3


def test_doctor_says_what_is_wrong(trilog: Run, monkeypatch: pytest.MonkeyPatch):
    code, out, _ = trilog("doctor", "--source", "none.log")
    assert (code, "✗ " in out, "no such file" in out) == (1, True, True)
    code, out, _ = trilog("doctor")
    assert (code, "No source" in out) == (1, True)
    monkeypatch.setenv("ELASTICSEARCH_URL", "http://user:hunter2@127.0.0.1:9")
    assert "hunter2" not in "".join(map(str, trilog("doctor", "--source", "api.log")))


def test_doctor_has_a_cross_for_all_that_is_wrong_and_for_nothing_else(trilog: Run, folder: Path):
    (folder / "odd.log").write_text("no known layout\n" * 3)
    code, out, _ = trilog("doctor", "--source", "odd.log")
    assert (code, "✗" in out, "⚠ " in out) == (0, False, True)
    (folder / "bad.log.gz").write_bytes(gzip.compress(LINE.encode() * 1000)[:40])
    os.utime(folder / "bad.log.gz", (0, 0))  # nobody is still writing it
    for place in ("bad.log.gz", "none.log"):
        code, out, _ = trilog("doctor", "--source", place)
        assert (code, "✗" in out) == (1, True), place
    assert "-0.0" not in out


def test_doctor_speaks_french(trilog: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_LANG", "fr")
    monkeypatch.setenv("LANGUAGE", "fr")  # so that what is set there goes away with the test
    out = trilog("doctor", "--source", "api.log")[1]
    assert re.search(r"✓ source\s: ", out)
    assert re.search(r"Disque : [0-9\u202f]+,[0-9] Go", out)
    assert re.search(r"python\s: 3", out)
