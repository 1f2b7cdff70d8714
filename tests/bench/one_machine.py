"""What `trilog` takes for a million lines on one machine: `python -m tests.bench.one_machine [--lines 1000000]`.

Two logs of so many lines, which differ, go into one embedded index, one after the other; a page is made of the first,
and all is exported in each format. It prints a line of JSON, and fails beyond LIMITS.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.logs import lines
from tests.bench.processes import ROOT, Taken, taken

LOGS, FORMATS = ("first.log", "second.log"), ("jsonl", "csv", "parquet")
LIMITS = {
    "second_to_first": 1.1,
    "index_to_lines": 0.9,
    "megabytes": 220,
    "export_megabytes": 400,
    "page_seconds": 3.0,
    "page_megabytes": 2.0,  # of the file
}


def main() -> int:
    """Measure; return 1 beyond a limit."""
    parser = argparse.ArgumentParser(prog="one_machine", description="What one machine takes for a log.")
    parser.add_argument("--lines", type=int, default=1_000_000)
    given = parser.parse_args()
    with TemporaryDirectory(prefix="trilog-bench-") as name:
        folder = Path(name)
        size = _write(folder, given.lines)
        first = _run(folder, "--once", "--json", "--source", LOGS[0])
        page = _run(folder, "page")
        second = _run(folder, "--once", "--json", "--source", LOGS[1])
        exports = {each: _run(folder, "export", "ml-api-logs", "--output", f"logs.{each}") for each in FORMATS}
        index = (folder / "data" / "index.duckdb").stat().st_size
        page_size = (folder / "trilog.html").stat().st_size
        assert _lines(folder / "logs.jsonl") == 2 * given.lines
    found = {
        "second_to_first": round(second.cpu / first.cpu, 2),
        "index_to_lines": round(index / size, 2),
        "megabytes": round(max(first.megabytes, second.megabytes)),
        "export_megabytes": round(max(each.megabytes for each in exports.values())),
        "page_seconds": round(page.seconds, 1),
        "page_megabytes": round(page_size / 1e6, 2),
    }
    runs = {"lines": given.lines, "seconds": round(first.seconds, 1), "cpu": round(first.cpu, 1)}
    runs["export_seconds"] = {name: round(each.seconds, 1) for name, each in exports.items()}
    print(json.dumps({**runs, **found, "limits": LIMITS, "cores": os.cpu_count()}))  # noqa: T201 (its answer)
    return int(any(found[name] > limit for name, limit in LIMITS.items()))


def _write(folder: Path, count: int) -> int:
    """Write two logs, the second one what follows the first; return how many bytes they have."""
    made = (f"{line}\n" for line in lines(2 * count))
    for name in LOGS:
        with (folder / name).open("w") as file:
            file.writelines(islice(made, count))
    return sum((folder / name).stat().st_size for name in LOGS)


def _lines(file: Path) -> int:
    with file.open("rb") as opened:
        return sum(1 for _ in opened)


def _run(folder: Path, *arguments: str) -> Taken:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PIPELINE_DATA": str(folder / "data")}
    return taken([sys.executable, "-m", "functions", *arguments], environment, folder)


if __name__ == "__main__":
    sys.exit(main())
