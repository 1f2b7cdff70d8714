"""What docs/extending.md adds to a copy of the project works there, and nothing else is edited."""

import csv
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from infra.aws.imports import Follower

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "extending.md").read_text("utf-8")
FILES = dict(re.findall(r"^`(functions/[^`]+)`:\n\n```\w*\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
CHECKS, COMMANDS = (block.splitlines() for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
LINE = "<2025-01-20 10:30:00.123> gpu-1 INFO epoch 3 of run-7: loss=0.12 accuracy=0.93"
EPOCHS = [  # by a plain file; carried by the agent; and that inverted
    {"@timestamp": "2025-01-20T10:30:00.123Z", "epoch": 3},
    {"@timestamp": "2025-01-20T10:30:01.123Z", "epoch": 4},
    {"@timestamp": "2025-01-20T10:30:02.123Z", "epoch": 5},
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, and the files of the page."""
    made = tmp_path_factory.mktemp("project")
    for folder in ("functions", "tests", "docs"):
        shutil.copytree(ROOT / folder, made / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "pyproject.toml", made / "pyproject.toml")
    for name, content in FILES.items():
        file = made / name
        assert not file.exists(), "a new file"
        file.parent.mkdir(exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with logs of the imaginary program, in all three forms."""
    lines = [LINE.replace(":00.", f":0{number}.").replace("epoch 3", f"epoch {number + 3}") for number in range(3)]
    sent = [json.dumps({"trainer_agent": "2.1", "node": "gpu-1", "line": line}).encode() + b"\n" for line in lines]
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "plain.log").write_text(f"{lines[0]}\n")
    (logs / "agent.log").write_bytes(sent[1])
    (logs / "inverted.log").write_bytes(b"\xf0INV" + bytes(255 - byte for byte in sent[2]))
    return tmp_path


def run(copy: Path, folder: Path, command: str, **variables: str) -> str:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(copy), "LC_ALL": "C.UTF-8", **variables}
    typed = command.replace("trilog", "python -m functions").replace("python", shlex.quote(sys.executable))
    given = ["sh", "-c", typed]
    done = subprocess.run(given, cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def try_all(copy: Path, folder: Path, **variables: str) -> None:
    """Type what the page says, and look at what comes of it."""
    said = {command: run(copy, folder, command, **variables) for command in COMMANDS}
    index = "ml-api-training"
    assert index in said["trilog setup"]
    for command in ("trilog --once --source 'logs/*'", "trilog reindex"):
        assert re.search(rf"{index} +\W +3 ", said[command]), said[command]
    assert "0.93" in said["trilog show ml-api-training"]
    assert said["trilog trace run-7"].count("0.93") == len(EPOCHS), "of the new index, of whose documents the logs are"
    with (folder / "epochs.csv").open(newline="") as file:
        assert [row["accuracy"] for row in csv.DictReader(file)] == ["0.93"] * len(EPOCHS)
    exported = [json.loads(line) for line in run(copy, folder, f"trilog export {index}", **variables).splitlines()]
    assert [{name: each[name] for name in EPOCHS[0]} for each in exported] == EPOCHS
    logs = [json.loads(line) for line in run(copy, folder, "trilog export logs", **variables).splitlines()]
    assert [(each["level"], each["data"], "unread" in each) for each in logs] == [
        ("INFO", {"host": "gpu-1"}, False)
    ] * 3
    assert [each.get("labels") for each in logs] == [None, {"node": "gpu-1"}, {"node": "gpu-1"}]


def test_the_page_has_one_of_each():
    assert {Path(name).parts[2] for name in FILES} == {"layouts", "kinds", "envelopes", "codecs"}


def test_the_copy_is_what_runs(copy: Path, folder: Path):
    assert (
        run(copy, folder, 'python -c "import functions; print(functions.__path__[0])"').strip() == f"{copy}/functions"
    )


def test_the_functions_get_what_the_page_adds(copy: Path):
    needed = Follower(copy, set(packages_distributions())).needed("functions.indexer.handler").files
    assert {copy / name for name in FILES if name.endswith(".py")} <= set(needed)


def test_the_samples_of_the_page_are_tested(copy: Path):
    tested, listed = (run(copy, copy, command) for command in CHECKS)
    assert re.search(r"\d+ passed", tested)
    assert not listed
    collected = run(copy, copy, f"{CHECKS[0]} --collect-only")
    for name in ("training", "trainer-", "trainer-agent"):
        assert name in collected
    page = (copy / "docs" / "formats.md").read_text("utf-8")
    assert all(f"### {name}\n" in page for name in ("trainer", "trainer-agent", "training"))
    assert "**inverted**" in page


def test_the_documents_are_in_duckdb(copy: Path, folder: Path):
    try_all(copy, folder)


@pytest.mark.elasticsearch
def test_the_documents_are_in_elasticsearch(copy: Path, folder: Path, elasticsearch_url: str):
    try_all(copy, folder, ELASTICSEARCH_URL=elasticsearch_url)
