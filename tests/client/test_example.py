"""The anomaly page works in a real Streamlit without a browser, and what it did arrives."""

from __future__ import annotations

import ast
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.client.environments import environment, install, wheel
from tests.client.server import TOKEN

if TYPE_CHECKING:
    from tests.client.server import Ingest

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "anomaly"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install what the example's README does."""
    folder = tmp_path_factory.mktemp("streamlit")
    made = environment(folder / "venv", sys.executable)
    install(made, "--require-hashes", "--no-deps", "-r", EXAMPLE / "requirements.lock")
    install(made, "--no-deps", wheel(folder))
    return made


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_a_person_does_on_the_page_is_sent(python: Path, server: Ingest, tmp_path: Path):
    variables = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TRILOG_URL": server.url, "TRILOG_TOKEN": TOKEN}
    command = [python, HERE / "page.py", EXAMPLE / "app.py"]
    done = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    opened, detected, measured, lost, failed, broken = map(json.loads, done.stdout.splitlines())
    assert opened == lost == failed == {"metrics": [], "errors": []}
    assert detected == measured == {"metrics": detected["metrics"], "errors": []}
    (found,) = detected["metrics"]
    assert 5 <= int(found) <= 30
    assert "h12" in broken["errors"][0]
    records = server.records()
    statuses = ["completed", "started", "completed", "failed", "started", "failed"]
    assert [record["status"] for record in records] == statuses
    assert {(record["event"], record["model_name"]) for record in records} == {("model_execution", "IsolationForest")}
    assert records[2]["details"] == {"anomalies_count": int(found)}
    assert records[2]["memory_usage"] > 50
    assert records[2]["cpu_usage"] > 0
    assert "h12" in records[3]["error_message"]
    assert "h12" in records[5]["error_message"]


@pytest.mark.slow
def test_a_real_server_shows_the_page(python: Path, tmp_path: Path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    flags = ("--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}")
    command = [python.with_name("streamlit"), "run", EXAMPLE / "app.py", *flags, "--browser.gatherUsageStats=false"]
    with subprocess.Popen(command, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)}, cwd=tmp_path) as process:
        try:
            assert answered(f"http://127.0.0.1:{port}/_stcore/health") == "ok"
        finally:
            process.terminate()


def answered(url: str) -> str:
    """Ask a server that is starting."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(httpx.TransportError):
            return httpx.get(url, timeout=10, trust_env=False).text
        time.sleep(0.2)
    return "no answer"


def test_the_page_has_the_code_of_its_document():
    """So has it the import, in place of the function that the document writes itself."""
    page = (EXAMPLE / "app.py").read_text("utf-8")
    code = (HERE / "show_anomalie_detection.txt").read_text("utf-8")
    assert code in page
    used = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    assert "send_log_to_elastic" in used
    assert "from trilog_client import model_execution, send_log_to_elastic" in page


def test_the_commands_of_its_readme_are_what_is_tested():
    commands = [line.strip() for line in (EXAMPLE / "README.md").read_text().splitlines() if line.startswith("    ")]
    assert commands == [
        "pip install --require-hashes --no-deps -r examples/anomaly/requirements.lock",
        "pip install --no-deps ./clients/python",
        "streamlit run examples/anomaly/app.py",
    ]
