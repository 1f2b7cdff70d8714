"""What an export of the embedded index takes: `python -m tests.bench.export [--lines 300000]`.

A log of so many lines is indexed, and its log index exported in each format; JSON lines also document by document, as
for any other sink, which has to give the same bytes. It prints a line of JSON, and fails beyond LIMITS. Seconds are of
CPU, for a machine that does other things as well.
"""

from __future__ import annotations

import argparse
import filecmp
import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.logs import lines
from tests.bench.processes import ROOT, Taken, taken

FORMATS = ("jsonl", "csv", "parquet")
LIMITS = {"cpu_of_a_million": 20, "megabytes": 400}
_ONE_BY_ONE = """
import sys
from functions.cli.export_file import write
from functions.pipeline.wiring import open_indexes
with open("one-by-one.jsonl", "wb") as output:
    write(open_indexes({"PIPELINE_DATA": "data"}).read("logs"), "logs", "jsonl", output)
"""


def main() -> int:
    """Measure; return 1 beyond a limit."""
    parser = argparse.ArgumentParser(prog="export", description="What an export of the embedded index takes.")
    parser.add_argument("--lines", type=int, default=300_000)
    given = parser.parse_args()
    with TemporaryDirectory(prefix="trilog-bench-") as name:
        folder = Path(name)
        with (folder / "a.log").open("w") as file:
            file.writelines(f"{line}\n" for line in lines(given.lines))
        _run(folder, "-m", "functions", "a.log", "--json")
        exports = {each: _run(folder, "-m", "functions", "export", "logs", "-o", f"logs.{each}") for each in FORMATS}
        before = _run(folder, "-c", _ONE_BY_ONE)
        assert filecmp.cmp(folder / "logs.jsonl", folder / "one-by-one.jsonl", shallow=False)
    found = {
        "cpu_of_a_million": round(max(each.cpu for each in exports.values()) * 1e6 / given.lines, 1),
        "megabytes": round(max(each.megabytes for each in exports.values())),
    }
    cpu = {name: round(each.cpu, 1) for name, each in ({**exports, "jsonl, one by one": before}).items()}
    print(json.dumps({"lines": given.lines, "cpu": cpu, **found, "limits": LIMITS, "cores": os.cpu_count()}))  # noqa: T201 (its answer)
    return int(any(found[name] > limit for name, limit in LIMITS.items()))


def _run(folder: Path, *arguments: str) -> Taken:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PIPELINE_DATA": "data"}
    return taken([sys.executable, *arguments], environment, folder)


if __name__ == "__main__":
    sys.exit(main())
