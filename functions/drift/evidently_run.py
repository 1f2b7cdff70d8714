"""Evidently's page, made in a process of its own by a Python that has Evidently: that takes 6 s and 300 MB to import.

The verdict is not Evidently's: it shows the distributions, and of each feature the score and the verdict that it is
told.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import orjson

from functions.drift.options import DriftOptions
from functions.drift.page import section
from functions.pipeline.config import load
from functions.pipeline.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.drift.windows import Table

_SCRIPT = Path(__file__).with_name("evidently_page.py")
_MOST_ROWS = 10_000  # of a window, that the page shows
_PATIENCE_S = 300.0
_NOTE = f"<p class='trilog'>Below: how the values are distributed, in at most {_MOST_ROWS:,} rows of each side.</p>"


def evidently_page(
    environment: Mapping[str, str], found: dict[str, Any], reference: Table, current: Table
) -> str | None:
    """Return the page; None where there is no Evidently, or nothing that was compared.

    Raises:
        ConfigError: there is one, and it fails.
    """
    (options,) = load(environment, DriftOptions)
    python = options.evidently_python or (sys.executable if find_spec("evidently") else None)
    compared = [name for name, each in found["features"].items() if each["score"] is not None]
    if python is None or not compared:
        return None
    with TemporaryDirectory(prefix="trilog-drift-") as folder:
        for table in (reference, current):
            table.write_sample(Path(folder, f"{table.name}.csv"), compared, _MOST_ROWS)
        told = {
            **found,
            "features": {name: found["features"][name] for name in compared},
            "section": section(found) + _NOTE,
        }
        Path(folder, "found.json").write_bytes(orjson.dumps(told))
        _make(python, folder, environment)
        return Path(folder, "page.html").read_text(encoding="utf-8")


def _make(python: str, folder: str, environment: Mapping[str, str]) -> None:
    command = [python, "-P", "-W", "ignore", str(_SCRIPT), folder]  # -P: our modules are not to be found there
    told = {**environment, "DO_NOT_TRACK": "1"}
    try:
        subprocess.run(command, capture_output=True, check=True, env=told, timeout=_PATIENCE_S)  # noqa: S603 (the user's Python)
    except subprocess.CalledProcessError as error:
        cause = error.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise ConfigError(
            "Evidently made no page: {cause}. See that {python} has Evidently 0.7: make install-evidently",
            cause=cause,
            python=python,
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(
            "DRIFT_EVIDENTLY_PYTHON: {python} cannot be run: {cause}. Name the Python of make install-evidently",
            python=python,
            cause=type(error).__name__,
        ) from error
