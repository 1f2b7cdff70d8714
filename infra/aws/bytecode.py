# ruff: noqa: INP001 (a folder of scripts, not a package)
"""Compiles a package for the runtime's version of Python: a Lambda's folder is read-only, so it cannot do so itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_FINDER = Path(__file__).parents[1] / "python.sh"
_LAMBDA = "/var/task"  # where a package lies in Lambda; tracebacks say so


def compile_all(folder: Path, python: str) -> None:
    """Compile every module in a folder; with a warning only if no interpreter of that version ("3.13") is found.

    The bytecode is never compared with its source again ("unchecked"): neither changes in a package.
    """
    interpreter = find_interpreter(python)
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


def find_interpreter(python: str) -> str | None:
    """Return the path of an interpreter of a version ("3.13"), wherever this machine has one; None without one."""
    done = subprocess.run([_FINDER, python], check=False, capture_output=True, text=True)  # noqa: S603 (ours)
    return done.stdout.strip() if done.returncode == 0 else None
