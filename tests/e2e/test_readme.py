"""Every command that the README shows works as it is written there."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.space import Space, start_space

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
SHELL = [
    line.split(" #")[0].strip()
    for block in BLOCKS
    for line in block.splitlines()
    if line.startswith(("make ", ".venv/", "export "))
]
PYTHON = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
# Run where the name says instead of here: they install, run all tests, start a server on a fixed port, or need AWS.
ELSEWHERE = {
    "make run": "tests/e2e/test_make.py",
    "make install-dev": "tests/e2e/test_make.py",
    "make test": "this very run",
    "make pipeline-elasticsearch-up": "tests/e2e/test_make.py",
    "make pipeline-elasticsearch-down": "tests/e2e/test_make.py",
    "make package STAGE=dev": "tests/unit/test_package.py",
    "make deploy STAGE=local": "tests/e2e/test_localstack.py",
    "make localstack-up": "tests/e2e/test_localstack.py, by what it calls",
    "make localstack-down": "tests/e2e/test_localstack.py, by what it calls",
    "make e2e": "tests/e2e/test_localstack.py",
    ".venv/bin/trilog queue-dead-letters list": "tests/integration/test_queue_dead_letters.py",
    ".venv/bin/trilog queue-dead-letters redrive": "tests/integration/test_queue_dead_letters.py",
}
TRILOG = [each for each in SHELL if each.startswith(".venv/bin/trilog") and each not in ELSEWHERE]


@pytest.fixture(scope="module")
def space() -> Iterator[Space]:
    with start_space() as running:
        running.predict(12)
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the README's reader has it: the program in .venv, and some logs."""
    made = tmp_path_factory.mktemp("reader")
    (made / ".venv").symlink_to(Path(sys.executable).parents[1])
    (made / "logs").mkdir()
    (made / "logs" / "api.log.1").write_text("2025-01-20 10:30:00 - api - INFO - rotated\n")
    prediction = '[3f2c9a4e-1d7b] POST /predict - 200 - 45ms - {"AGE": 65} - {"prediction": 1}'
    (made / "logs" / "api.log").write_text(f"2025-01-20 10:30:00 - api - INFO - {prediction}\n")
    return made


def environment(space: Space) -> dict[str, str]:
    """Set what the README's `export` lines set, with this test's own server."""
    return {"PATH": os.environ["PATH"], "GRADIO_URL": space.url, "LC_ALL": "C.UTF-8"}


def shell(command: str, folder: Path, variables: dict[str, str]) -> str:
    given = ["sh", "-c", command]
    done = subprocess.run(given, cwd=folder, env=variables, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def test_the_readme_shows_commands_and_each_of_them_is_run():
    assert len(SHELL) > 15
    assert set(ELSEWHERE) <= set(SHELL)
    assert all(each.startswith(".venv/bin/trilog") for each in SHELL if not each.startswith(("make", "export")))


def test_the_readers_commands_work_one_after_the_other(space: Space, folder: Path):
    """With the embedded index: the section on Elasticsearch is a test of its own."""
    here = README[: README.index("## Use Elasticsearch")] + README[README.index("## Start over") :]
    for command in (each for each in TRILOG if each in here):
        if "--continuous" in command:  # runs until somebody stops it
            shell(f"timeout --foreground --preserve-status -s INT 5 {command}", folder, environment(space))
            continue
        shell(command, folder, environment(space))
    assert (folder / "predictions.csv").stat().st_size > 1000
    assert (folder / "perfs.parquet").exists()


@pytest.mark.elasticsearch
def test_the_readers_commands_work_with_elasticsearch(space: Space, folder: Path, elasticsearch_url: str):
    section = README[README.index("## Use Elasticsearch") : README.index("## Start over")]
    variables = {**environment(space), "ELASTICSEARCH_HOST": elasticsearch_url, "ELASTICSEARCH_INDEX": "readme-logs"}
    variables["PIPELINE_DATA"] = "with-elasticsearch"
    for command in (each for each in TRILOG if each in section):
        shell(command, folder, variables)
    assert "prediction" in shell(".venv/bin/trilog show readme-message", folder, variables)


@pytest.mark.parametrize("program", PYTHON)
def test_the_programs_in_the_readme_run(space: Space, tmp_path: Path, program: str):
    variables = {**environment(space), "PYTHONPATH": str(ROOT)}
    (tmp_path / "program.py").write_text(program)
    printed = shell(f"{sys.executable} program.py", tmp_path, variables)
    assert int(printed.split()[0]) > 12


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_every_make_command_in_the_readme_exists():
    targets = {each.split()[1] for each in SHELL if each.startswith("make ")}
    assert targets
    for target in targets:
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)


def test_every_folder_in_the_readme_exists():
    named = re.findall(r"^\| `([a-z/_.]+)`", README, re.MULTILINE)
    assert len(named) > 8
    assert all((ROOT / each).exists() for each in named if each != ".trilog")  # made by a run


def test_the_exit_codes_in_the_readme_are_those_of_the_help(folder: Path, space: Space):
    printed = shell(".venv/bin/trilog --help", folder, environment(space))
    for code, meaning in re.findall(r"^\| (\d) \| (.*) \|$", README, re.MULTILINE):
        assert f"  {code}  {meaning}" in printed
