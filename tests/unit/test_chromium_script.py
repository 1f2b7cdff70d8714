"""infra/chromium.sh finds a Chromium, and installs one only when asked to, as root."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "infra" / "chromium.sh"

pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="looks into /Applications of macOS")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder for the PATH: what the script itself needs, and an apt-get that says that it was called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "dirname"):
        (folder / name).symlink_to(shutil.which(name))
    program(folder / "id", "echo 1000")
    program(folder / "apt-get", f"echo called >> {tmp_path}/apt-get")
    return folder


def program(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{shutil.which('bash')}\n{text}\n")
    path.chmod(0o755)
    return path


def find(programs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": str(programs), "HOME": str(programs.parent)}
    return subprocess.run(
        [programs / "bash", SCRIPT, *arguments], env=variables, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_one_on_the_path_is_found(programs: Path, name: str):
    there = program(programs / name)
    done = find(programs, "--install")
    assert (done.returncode, done.stdout) == (0, f"{there}\n")


@pytest.mark.parametrize("name", ["Google Chrome", "Chromium"])
def test_one_is_found_where_macos_keeps_it(programs: Path, tmp_path: Path, name: str):
    there = program(tmp_path / "Applications" / f"{name}.app" / "Contents" / "MacOS" / name)
    assert find(programs).stdout == f"{there}\n"


@pytest.mark.parametrize("arguments", [[], ["--install"]])
def test_without_one_the_cure_is_named_and_nobody_but_root_installs(programs: Path, tmp_path: Path, arguments: list):
    done = find(programs, *arguments)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.count("\n") == 1
    assert f"no Chromium found. Install one: sudo {SCRIPT} --install (Debian)" in done.stderr
    assert not (tmp_path / "apt-get").exists()


def test_root_installs_only_when_asked_to(programs: Path, tmp_path: Path):
    program(programs / "id", "echo 0")
    assert find(programs).returncode == 3
    assert not (tmp_path / "apt-get").exists()
