"""The make commands do what the README says of them."""

import os
import re
import subprocess
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]


def make(target: str, **variables: str) -> str:
    """Run a target as a user would, with no configuration but the given one."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "JAVA_HOME") if name in os.environ}
    done = subprocess.run(
        ["make", target],
        cwd=ROOT,
        env={**kept, "LC_ALL": "C.UTF-8", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_make_run_shows_the_main_job(tmp_path: Path):
    out = make("run", PIPELINE_DATA=str(tmp_path / "data"))
    collected = int(re.search(r"(\d+) lines collected", out)[1])
    assert collected > 80
    assert f"{collected} records read = {collected} new + 0 duplicates + 0 dead letters" in out
    assert f"Batches: file://{tmp_path}/data/raw" in out
    assert "trilog show ml-api-message" in out


def test_the_seeds_targets_work(tmp_path: Path):
    log = tmp_path / "api.log"
    log.write_text("2025-01-20 10:30:00 - api - INFO - x\n")
    data = str(tmp_path / "data")
    assert "✓ sink" in make_failing("pipeline-check", PIPELINE_DATA=data, GRADIO_URL="http://127.0.0.1:9")
    assert "No source" in make_failing("pipeline-once", PIPELINE_DATA=data)
    make_failing("pipeline-clear-indexes", PIPELINE_DATA=data)


def make_failing(target: str, **variables: str) -> str:
    """Run a target that ends with an error; return all that it printed."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME")}
    done = subprocess.run(
        ["make", target],
        cwd=ROOT,
        env={**kept, "LC_ALL": "C.UTF-8", **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    return done.stdout


def test_setting_up_again_does_no_work_twice():
    make("install-dev")
    begun = time.monotonic()
    assert "Installing" not in make("install-dev")
    assert time.monotonic() - begun < 5


def test_make_lists_its_commands():
    out = make("help")
    assert "make run" in out
    assert "make pipeline-once" in out


@pytest.mark.elasticsearch
@pytest.mark.usefixtures("elasticsearch_url")  # skips where there is no JDK
def test_elasticsearch_comes_up_and_goes_down():
    try:
        out = make("pipeline-elasticsearch-up")
        assert httpx.get("http://127.0.0.1:9200").json()["version"]["number"].startswith("9.")
        assert "9200" in out
    finally:
        make("pipeline-elasticsearch-down")
    with pytest.raises(httpx.ConnectError):
        httpx.get("http://127.0.0.1:9200")
