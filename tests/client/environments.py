"""Virtual environments for the tests, made by uv from packages that its cache has, or the index."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_UV = Path(sys.executable).parent / "uv"


def interpreter(version: str) -> str:
    """Return the path of a Python of a version; skip the test where there is none."""
    done = subprocess.run([ROOT / "infra" / "python.sh", version], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no Python {version} here: uv python install {version}, or pyenv install {version}")
    return done.stdout.strip()


def wheel(folder: Path) -> Path:
    """Build the client's wheel from a copy of its sources."""
    copy = folder / "source"
    shutil.copytree(
        ROOT / "clients" / "python", copy, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build")
    )
    _uv("build", "--wheel", "--no-build-isolation", "--python", sys.executable, "--out-dir", folder / "dist", copy)
    (built,) = (folder / "dist").glob("*.whl")
    return built


def environment(folder: Path, python: str, *packages: object) -> Path:
    """Make a virtual environment with some packages; return its interpreter."""
    _uv("venv", "--python", python, folder)
    made = folder / "bin" / "python"
    if packages:
        install(made, *packages)
    return made


def install(python: Path, *packages: object, cwd: Path | None = None) -> None:
    """Install packages into the virtual environment that an interpreter is in."""
    _uv("pip", "install", "--python", python, *packages, cwd=cwd)


def _uv(*arguments: object, cwd: Path | None = None) -> None:
    environment = {**os.environ, "UV_SYSTEM_CERTS": "true"}
    command = [_UV, *map(str, arguments), "--quiet"]
    done = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
