# ruff: noqa: INP001 (a folder of scripts, not a package)
"""Compiles a package for the runtime's version of Python: a Lambda's folder is read-only, so it cannot do so itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LAMBDA = "/var/task"  # where a package lies in Lambda; tracebacks say so


def compile_all(folder: Path, python: str) -> None:
    """Compile every module in a folder; with a warning only if no interpreter of that version ("3.13") is found.

    The bytecode is never compared with its source again ("unchecked"): neither changes in a package.
    """
    interpreter = next(interpreters(python), None)
    if interpreter is None:
        sys.stderr.write(
            f"WARNING: no Python {python} found, so the package has no bytecode: every cold start compiles it again. "
            f"Install one (uv python install {python}), and package again\n"
        )
        return
    places = ["-s", str(folder), "-p", _LAMBDA]
    options = ["-q", "-j", "1", "--invalidation-mode", "unchecked-hash", *places]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}  # the same order of sets each time: the same bytes
    subprocess.run([interpreter, "-I", "-m", "compileall", *options, str(folder)], check=True, env=environment)  # noqa: S603 (ours)


def interpreters(python: str) -> Iterator[str]:
    """Yield the interpreters of a version that answer; a pyenv shim may exist and not work."""
    candidates: list[str | None] = [sys.executable, shutil.which(f"python{python}"), _found_by_uv(python)]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates += sorted(map(str, pyenv.glob(f"versions/{python}.*/bin/python")))
    return (each for each in candidates if each and _version(each) == python)


def _found_by_uv(python: str) -> str | None:
    uv = shutil.which("uv")
    return _output([uv, "python", "find", python]) if uv else None


def _version(interpreter: str) -> str:
    return _output([interpreter, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])


def _output(command: list[str]) -> str:
    """Return what a command prints; "" if it fails."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 (ours)
    return done.stdout.strip() if done.returncode == 0 else ""
