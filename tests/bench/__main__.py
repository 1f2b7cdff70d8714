"""Measures what the indexer takes, beside what others take, and prints a table; `make bench` runs it.

A whole run with a million lines is kept in bench/results.md and, for other programs to read, bench/results.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tests.bench.elasticsearch_server import elasticsearch
from tests.bench.inputs import Inputs
from tests.bench.instructions import instructions
from tests.bench.machine import machine
from tests.bench.packages import MissingError, Runtime, unpacked
from tests.bench.processes import ROOT
from tests.bench.report import report
from tests.bench.scale import growth, stages, wire
from tests.bench.starts import cold, drops, warm
from tests.bench.throughput import ROWS, throughput

if TYPE_CHECKING:
    from collections.abc import Callable

_LINES = 1_000_000
_RESULTS = ROOT / "bench"
_ARCHITECTURE = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
_PACKAGES = ROOT / ".serverless-packages" / f"python3.13-{_ARCHITECTURE}"
_OF_PACKAGES = {"cold": cold, "warm": warm, "drops": drops}
_ALL = (*ROWS, *_OF_PACKAGES, "stages", "profile", "wire", "growth", "elasticsearch")


def main() -> None:
    """Measure what the command line asks for."""
    given = _given()
    with TemporaryDirectory(prefix="trilog-bench-") as name:
        folder = Path(name)
        results = _measured(given.rows, given.lines, Inputs(folder / "store"), lambda: unpacked(given.packages, folder))
    sys.stdout.write(report(results))
    if set(given.rows) == set(_ALL) and given.lines == _LINES:
        _keep(results)


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure what the indexer takes.")
    parser.add_argument("--rows", nargs="+", choices=_ALL, default=_ALL, help="what to measure, by default all")
    parser.add_argument("--lines", type=int, default=_LINES, help="of the input, by default a million")
    parser.add_argument("--packages", type=Path, default=_PACKAGES, help="the folder in which `make package` put them")
    return parser.parse_args()


def _measured(rows: list[str], lines: int, inputs: Inputs, unpack: Callable[[], Runtime]) -> dict[str, Any]:
    _say("writing the input")
    size = (inputs.folder / inputs.plain(lines)).stat().st_size
    results: dict[str, Any] = {"machine": machine(), "lines": lines, "bytes_per_line": round(size / lines)}
    _say("throughput")
    results |= throughput(inputs, lines, [row for row in ROWS if row in rows])
    results |= _of_packages([row for row in _OF_PACKAGES if row in rows], inputs, unpack)
    for row, measure in {
        "stages": lambda: stages(inputs, lines // 10),
        "profile": lambda: instructions(inputs),
        "wire": lambda: wire(inputs, lines // 10),
        "growth": lambda: growth(inputs, lines),
        "elasticsearch": lambda: elasticsearch(inputs, lines // 10),
    }.items():
        if row in rows:
            _say(row)
            results[row] = _tried(measure)
    return results


def _of_packages(rows: list[str], inputs: Inputs, unpack: Callable[[], Runtime]) -> dict[str, Any]:
    if not rows:
        return {}
    runtime = _tried(unpack)
    if not isinstance(runtime, Runtime):
        return dict.fromkeys(rows, runtime)
    results = {}
    for row in rows:
        _say(row)
        results[row] = _tried(lambda row=row: _OF_PACKAGES[row](inputs, runtime))
    return results


def _tried(measure: Callable[[], Any]) -> Any:
    try:
        return measure()
    except MissingError as error:
        return {"missing": str(error)}


def _keep(results: dict[str, Any]) -> None:
    _RESULTS.mkdir(exist_ok=True)
    (_RESULTS / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    (_RESULTS / "results.md").write_text(report(results))
    _say(f"kept in {_RESULTS.relative_to(ROOT)}")


def _say(what: str) -> None:
    sys.stderr.write(f"bench: {what}\n")


if __name__ == "__main__":
    main()
