"""What several integration tests run."""

from collections.abc import Callable

import pytest

from functions.cli import main

Run = Callable[..., tuple[int, str, str]]


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
