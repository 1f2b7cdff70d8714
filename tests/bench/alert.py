"""What `trilog alert` takes for three days of requests in the embedded index: `python -m tests.bench.alert`."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.processes import ROOT, taken


def write_log(path: Path, count: int) -> None:
    """Write two lines for each request, the last one just now."""
    now, step = datetime.now(UTC), timedelta(days=3) / count
    with path.open("w") as log:
        for number in range(count):
            time = now - (count - number) * step
            stamp = f"{time:%Y-%m-%d %H:%M:%S},{time.microsecond // 1000:03}"
            log.write(f"{stamp} - api - INFO - [t-{number}] API Call - POST /predict - Status: 200 - Time: 15.98ms\n")
            served = f"{time:%d/%b/%Y:%H:%M:%S} +0000"
            log.write(f'127.0.0.1 - - [{served}] "POST /predict HTTP/1.1" 200 40 "-" "curl/8.0"\n')


def main() -> None:
    """Index a log, and evaluate the alerts on it; print what that took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=500_000)
    given = parser.parse_args()
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    with TemporaryDirectory() as folder:
        write_log(Path(folder, "api.log"), given.requests)
        for command in (["--once", "--source", "api.log"], ["alert"]):
            run = [sys.executable, "-m", "functions", *command]
            took = taken(run, environment, Path(folder))
    print(f"{2 * given.requests:,} lines: {took.cpu:.1f} s of processor time, {took.megabytes:.0f} MiB")  # noqa: T201


if __name__ == "__main__":
    main()
