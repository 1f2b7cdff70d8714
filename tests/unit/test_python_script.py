"""infra/python.sh finds an interpreter wherever it lies, and has uv fetch one only when asked to."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "infra" / "python.sh"
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
NONE = "2.99"  # there is none, and there will be none


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder for the PATH, with what the script itself needs and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "dirname", "id", "grep"):
        (folder / name).symlink_to(shutil.which(name))
    return folder


def find(programs: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": str(programs), "HOME": str(programs.parent), **environment}
    return subprocess.run(
        [programs / "bash", SCRIPT, *arguments], env=variables, capture_output=True, text=True, check=False
    )


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{shutil.which('bash')}\n{text}\n")
    path.chmod(0o755)


def test_an_interpreter_of_pyenv_is_found_though_its_shim_fails(programs: Path, tmp_path: Path):
    program(programs / f"python{HERE}", "exit 127")
    python = tmp_path / "pyenv" / "versions" / f"{HERE}.99" / "bin" / "python3"
    python.parent.mkdir(parents=True)
    python.symlink_to(os.path.realpath(sys.executable))
    done = find(programs, NONE, HERE, PYENV_ROOT=str(tmp_path / "pyenv"))
    assert (done.returncode, done.stdout) == (0, f"{python}\n")


def test_one_beside_the_python_in_use_is_found_whatever_home_says(programs: Path):
    (programs / "python3").symlink_to(os.path.realpath(sys.executable))
    done = find(programs, HERE)
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    answer = subprocess.run([done.stdout.strip(), "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == f"{HERE}\n"


def test_without_one_the_cure_is_named(programs: Path):
    done = find(programs, NONE)
    assert (done.returncode, done.stdout) == (3, "")
    assert f"no Python {NONE} found. Install one (uv python install {NONE}" in done.stderr


UV = f"""
[ "$1 $2" = "python install" ] || exit 1
folder=$HOME/.local/share/uv/python/cpython-{NONE}.1-here/bin
{shutil.which("mkdir")} -p "$folder"
printf '#!/bin/sh\\necho "%s"\\n' "$folder/python3" > "$folder/python3"
{shutil.which("chmod")} +x "$folder/python3"
"""


def test_uv_fetches_one_only_when_asked_to(programs: Path, tmp_path: Path):
    program(programs / "uv", UV)
    assert find(programs, NONE).returncode == 3
    done = find(programs, "--install", NONE)
    assert done.returncode == 0
    assert done.stdout == f"{tmp_path}/.local/share/uv/python/cpython-{NONE}.1-here/bin/python3\n"
    assert find(programs, NONE).stdout == done.stdout


def test_nothing_is_fetched_where_uv_cannot(programs: Path):
    program(programs / "uv", "exit 1")
    assert find(programs, "--install", NONE).returncode == 3
