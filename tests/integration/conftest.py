"""What several integration tests run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from functions.cli import main

Run = Callable[..., tuple[int, str, str]]

_CONFIGURATION = (
    *("GRADIO_URL", "HF_TOKEN", "PIPELINE_SOURCE", "PIPELINE_DATA", "PIPELINE_LANG", "LANGUAGE"),
    *("ELASTICSEARCH_HOST", "ELASTICSEARCH_URL"),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for each test, and no configuration but what the test sets."""
    monkeypatch.chdir(tmp_path)
    for name in _CONFIGURATION:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C")
    return tmp_path


@pytest.fixture
def command_line(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command line; give its exit code, what it printed, and its errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(arguments)
        except SystemExit as left:  # argparse's way
            code = int(left.code or 0)
        printed = capfd.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def trilog(folder: Path, command_line: Run) -> Run:  # noqa: ARG001 (where it runs)
    """Run a command line in a folder of its own; give its exit code, what it printed, and its errors."""
    return command_line
