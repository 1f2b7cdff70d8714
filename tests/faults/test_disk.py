"""The disk: full, under the store and under the embedded index."""

from __future__ import annotations

import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.faults.pipeline import joined
from tests.faults.processes import started

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.pipeline import Case

RUN = "from functions.cli import main; raise SystemExit(main(['--once', '--json', '--source', 'api.log']))"
# Mounts a small disk, which only this process and its children see; what is on it at the end is copied to its place.
ON_A_SMALL_DISK = """
import os, shutil, subprocess, sys
script = '''
mount -t tmpfs -o size=100k none "$2" && cd . || exit 9
"$1" -c "$3"; echo "$?"
mount -o remount,size=50m "$2"
"$1" -c "$3"; echo "$?"
cp -a "$2" kept
'''
small = sys.argv[1]
subprocess.run(["unshare", "-rm", "sh", "-c", script, "sh", sys.executable, small, sys.argv[2]], check=True)
shutil.rmtree(small)
os.rename("kept", small)
"""
LIMITED = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({{0}}, {{0}})); {RUN}"


@pytest.fixture
def log(case: Case, folder: Path) -> None:
    """A log to collect; noise keeps its batches from being small."""
    noise = random.Random(3000)  # noqa: S311 (no secret)
    lines = (case.planted.line(said=noise.randbytes(20).hex()) for _ in range(3000))
    (folder / "api.log").write_bytes(joined(lines))


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    with started(arguments, folder, PYTHONDONTWRITEBYTECODE="1") as process:  # nor could Python write that whole
        _, error = process.communicate(timeout=60)
    return process.returncode, error


@pytest.mark.fault("files that cannot grow over 10 kB, over 100 kB", "the run says so; the next one goes on", within=60)
@pytest.mark.parametrize("limit", [10_000, 100_000])
@pytest.mark.usefixtures("log")
def test_a_run_that_cannot_write_is_finished_by_the_next(case: Case, folder: Path, limit: int):
    code, error = run(folder, "-c", LIMITED.format(limit))
    assert code in (3, 4), error
    assert error.startswith("✗ ")
    assert run(folder, "-c", RUN) == (0, "")
    case.judge()


@pytest.mark.fault("a full disk, the store's and the index's", "the run says so; the next one goes on", within=60)
@pytest.mark.parametrize("small", ["store", "data"])
@pytest.mark.usefixtures("log")
def test_a_run_on_a_full_disk_is_finished_when_there_is_room(case: Case, folder: Path, small: str):
    if not shutil.which("unshare") or subprocess.run(["unshare", "-rm", "true"], check=False).returncode:
        pytest.skip("no small disk can be mounted: that needs Linux, and a user who may have namespaces (unshare -rm)")
    (folder / small).mkdir(exist_ok=True)
    with started(("-c", ON_A_SMALL_DISK, small, RUN), folder, PYTHONDONTWRITEBYTECODE="1") as process:
        out, error = process.communicate(timeout=60)
    assert process.returncode == 0, out + error
    codes = [int(line) for line in out.splitlines() if line.isdecimal()]
    assert codes in ([3, 0], [4, 0]), error
    assert "✗ " in error
    case.judge()
