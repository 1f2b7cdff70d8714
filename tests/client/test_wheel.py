"""The wheel works in an environment of its own, with the oldest Python that is promised and with the newest here."""

from __future__ import annotations

import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.client.environments import environment, interpreter, wheel

ROOT = Path(__file__).parents[2]
VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
CHECK = Path(__file__).with_name("selfcheck.py")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel(tmp_path_factory.mktemp("wheel"))


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_the_wheel_works_with_python(built: Path, tmp_path: Path, version: str):
    python = environment(tmp_path / "venv", interpreter(version), built)
    done = subprocess.run([python, CHECK], cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"checked with Python {version}\n"


@pytest.mark.slow
def test_the_wheel_has_what_its_users_need_and_nothing_else(built: Path):
    with zipfile.ZipFile(built) as archive:
        names = archive.namelist()
        (metadata,) = (archive.read(name).decode() for name in names if name.endswith("/METADATA"))
    assert {name.split("/")[0].split("-")[0] for name in names} == {"trilog_client"}
    sources = {path.name for path in (ROOT / "clients/python/src/trilog_client").rglob("*.py")}
    assert {Path(name).name for name in names if name.endswith(".py")} == sources
    assert {"py.typed", "LICENSE"} <= {Path(name).name for name in names}
    assert "\nLicense-Expression: MIT\n" in metadata
    assert "\nRequires-Python: >=3.9\n" in metadata
    assert [line for line in metadata.splitlines() if line.startswith("Requires-Dist")] == [
        "Requires-Dist: psutil>=5.9"
    ]


def test_the_oldest_python_that_is_promised_is_tested():
    promised = tomllib.loads((ROOT / "clients/python/pyproject.toml").read_text())["project"]["requires-python"]
    assert promised == f">={VERSIONS[0]}"
