"""The package: a wheel of it, in an environment with nothing else, reads a file in any folder."""

import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from functions.pipeline.extras import EXTRAS, not_installed

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
UV = Path(sys.executable).with_name("uv")
LINES = """2025-01-20 10:30:00 - api - INFO - [abc-123] POST /predict - 200 - 45ms - {"AGE": 65} - {"prediction": "YES"}
INFO:     127.0.0.1:40000 - "POST /predict HTTP/1.1" 200 OK
"""
SECONDS = 90  # on a busy machine: to install what it needs and to read a file; most of it is the network's


def uv(*arguments: object, folder: Path) -> None:
    environment = {**os.environ, "UV_SYSTEM_CERTS": "true"}  # as pip does
    subprocess.run([UV, *map(str, arguments)], cwd=folder, env=environment, check=True, capture_output=True, text=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, of the sources alone."""
    folder = tmp_path_factory.mktemp("sources")
    shutil.copytree(ROOT / "functions", folder / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    uv("build", "--wheel", "--python", sys.executable, folder=folder)
    (made,) = (folder / "dist").glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel, without an extra, into an environment of its own; give its folder."""
    folder = tmp_path_factory.mktemp("installed")
    uv("venv", "--python", sys.executable, "venv", folder=folder)
    begun = time.monotonic()
    uv("pip", "install", "--python", "venv/bin/python", wheel, folder=folder)
    assert time.monotonic() - begun < SECONDS
    return folder


def run(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [installed / "venv/bin/trilog", *arguments]
    environment = {"HOME": str(folder), "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS
    )


def test_a_file_is_read_in_any_folder(installed: Path, tmp_path: Path):
    (tmp_path / "api.log").write_text(LINES)
    done = run(installed, tmp_path, "api.log")
    assert done.returncode == 0, done.stderr
    assert "2 records read = 2 new" in done.stdout
    assert "AGE=65" in run(installed, tmp_path, "show", "ml-api-message").stdout
    assert run(installed, tmp_path, "export", "message", "--output", "p.csv").returncode == 0
    assert run(installed, tmp_path, "check", "--source", "api.log").returncode == 0
    assert run(installed, tmp_path, "completion", "bash").returncode == 0
    assert run(installed, tmp_path, "page").returncode == 0
    assert "Chart.js" in (tmp_path / "trilog.html").read_text()


def test_it_speaks_french_where_it_is_installed(installed: Path, tmp_path: Path):
    (tmp_path / ".env").write_text("PIPELINE_LANG=fr\n")
    assert "Rien" in run(installed, tmp_path, "--limit", "1").stderr


@pytest.mark.parametrize(
    ("arguments", "variables", "extra"),
    [
        (("--once", "--source", "https://127.0.0.1:9"), "", "gradio"),
        (("--once", "--source", "hf://owner/space"), "", "gradio"),
        (("--once", "--source", "redis://127.0.0.1:9/0?key=a"), "", "redis"),
        (("--continuous", "--source", "kafka://127.0.0.1:9/a"), "", "kafka"),
        (("setup",), "ELASTICSEARCH_URL=http://127.0.0.1:9", "elasticsearch"),
        (("metrics", "--once"), "", "metrics"),
        (("traces", "--once"), "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9", "traces"),
        (("drift", "--reference", "a.csv"), "", "drift"),
        (("queue-dead-letters", "list"), "PIPELINE_DEAD_LETTER_QUEUE=https://sqs.eu-west-3.amazonaws.com/1/a", "aws"),
    ],
    ids=lambda each: each if isinstance(each, str) and "=" not in each else "",
)
def test_what_is_not_installed_is_named_with_its_extra(
    installed: Path, tmp_path: Path, arguments: tuple[str, ...], variables: str, extra: str
):
    (tmp_path / ".env").write_text(variables)
    (tmp_path / "api.log").write_text(LINES)
    run(installed, tmp_path, "api.log")
    done = run(installed, tmp_path, *arguments)
    assert (done.returncode, f"pip install 'trilog[{extra}]'" in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr


def test_the_extras_are_those_that_messages_name():
    named = {re.search(r"\[(\w+)\]", str(not_installed(module)))[1] for module in (*EXTRAS, "opentelemetry.sdk")}
    assert named <= PROJECT["optional-dependencies"].keys()


def test_what_the_package_needs_is_what_is_tested():
    pinned = {}
    for name in ("requirements.txt", "requirements-dev.lock"):
        text = (ROOT / name).read_text().replace("\\\n", " ")
        for line in text.splitlines():
            if found := re.match(r"([\w-]+)(?:\[\w+\])?==([\w.]+)", line):
                pinned[canonicalize_name(found[1])] = found[2]
    needed = [
        *PROJECT["dependencies"],
        *(each for extra in PROJECT["optional-dependencies"].values() for each in extra),
    ]
    for each in map(Requirement, needed):
        assert each.name == "trilog" or str(each.specifier) == f"=={pinned[canonicalize_name(each.name)]}", each
    everything = {canonicalize_name(Requirement(each).name) for each in needed}
    top = (canonicalize_name(line.split("==")[0]) for line in (ROOT / "requirements.txt").read_text().splitlines())
    assert {each for each in top if not each.startswith("#")} <= everything
