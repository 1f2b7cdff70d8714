"""What `trilog` takes for a million lines on one machine: `python -m tests.bench.one_machine [--lines 1000000]`.

Two logs of so many lines, which differ, go into one embedded index, one after the other. It prints a line of JSON, and
fails beyond LIMITS.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.bench.logs import lines

ROOT = Path(__file__).parents[2]
LIMITS = {"second_to_first": 1.1, "index_to_lines": 0.9, "megabytes": 220}


class Taken(NamedTuple):
    """What a run took: seconds on the clock, seconds of CPU, and at most so many megabytes of memory."""

    seconds: float
    cpu: float
    megabytes: float


def main() -> int:
    """Measure; return 1 beyond a limit."""
    parser = argparse.ArgumentParser(prog="one_machine", description="What one machine takes for a log.")
    parser.add_argument("--lines", type=int, default=1_000_000)
    given = parser.parse_args()
    with TemporaryDirectory(prefix="trilog-bench-") as folder:
        size = _write(Path(folder), given.lines)
        first, second = (_collect(Path(folder), name, given.lines) for name in ("first.log", "second.log"))
        index = Path(folder, "data", "index.duckdb").stat().st_size
    found = {
        "second_to_first": round(second.cpu / first.cpu, 2),
        "index_to_lines": round(index / size, 2),
        "megabytes": round(max(first.megabytes, second.megabytes)),
    }
    runs = {"lines": given.lines, "seconds": round(first.seconds, 1), "cpu": round(first.cpu, 1)}
    print(json.dumps({**runs, **found, "limits": LIMITS, "cores": os.cpu_count()}))  # noqa: T201 (its answer)
    return int(any(found[name] > limit for name, limit in LIMITS.items()))


def _write(folder: Path, count: int) -> int:
    """Write two logs, the second one what follows the first; return how many bytes they have."""
    made = (f"{line}\n" for line in lines(2 * count))
    for name in ("first.log", "second.log"):
        with (folder / name).open("w") as file:
            file.writelines(islice(made, count))
    return sum((folder / name).stat().st_size for name in ("first.log", "second.log"))


def _collect(folder: Path, name: str, count: int) -> Taken:
    command = [sys.executable, "-m", "functions", "--once", "--json", "--source", name]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PIPELINE_DATA": str(folder / "data")}
    begun = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = json.loads(process.stdout.read())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert (process.returncode, said["indexed"]) == (0, count), said
    megabytes = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return Taken(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, megabytes)


if __name__ == "__main__":
    sys.exit(main())
