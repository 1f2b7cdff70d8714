"""What a run skipped is said at its end with its cure, once for each reason; where all is required, it fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = """
import pytest

@pytest.fixture
def server():
    pytest.skip("no server found.\\n Install one (apt-get install server)")

@pytest.mark.parametrize("number", range(3))
def test_with_a_server(server, number): ...

@pytest.mark.skipif(True, reason="runs on Mars")
def test_elsewhere(): ...

def test_anywhere(): ...
"""


def run(folder: Path, *options: str, **environment: str) -> tuple[int, list[str]]:
    """Run the tests above by themselves; return the exit code and the printed lines."""
    (folder / "test_some.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "tests.skips", "--rootdir", folder, *options, folder]
    variables = {name: value for name, value in os.environ.items() if name != "TRILOG_REQUIRE_ALL"}
    done = subprocess.run(
        command, cwd=ROOT, env={**variables, **environment}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("options", [[], ["-n", "2"]])
def test_each_reason_is_one_line_before_the_last(tmp_path: Path, options: list[str]):
    code, lines = run(tmp_path, "--override-ini=addopts=", *options)
    assert code == 0
    assert lines[-3:-1] == [
        "3 skipped: no server found. Install one (apt-get install server)",
        "1 skipped: runs on Mars",
    ]
    assert "1 passed, 4 skipped" in lines[-1]


def test_where_all_is_required_a_skipped_test_has_failed_with_its_reason(tmp_path: Path):
    code, lines = run(tmp_path, TRILOG_REQUIRE_ALL="1")
    assert code == 1
    assert "1 passed" in lines[-1]
    assert "skipped" not in lines[-1]
    assert "no server found. Install one (apt-get install server)" in lines
