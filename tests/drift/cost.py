"""What a run of drift takes: time and memory, for a million predictions in the embedded index.

Run `make bench-drift`. It fails where a million predictions would take more than a minute or a gigabyte. The minute is
one of processor time: on quiet cores a run takes no longer than that, and on busy ones the clock tells of the others.
"""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from functions.pipeline.wiring import open_indexes
from tests.bench.processes import taken

TRILOG = Path(sys.executable).parent / "trilog"
NUMBERS, FLAGS = 8, 7  # features
MILLION_S, BEGIN_S = 60.0, 8.0  # seconds of processor time: for a million predictions; SciPy's import and the like
MOST_MIB = 1024
_FEATURES = ", ".join(
    (
        *(f"'N{place}': round(random() * 100 + random() * 50, 3)" for place in range(NUMBERS)),
        *(f"'F{place}': (random() < 0.5)::INT" for place in range(FLAGS)),
    )
)


def fill(folder: Path, rows: int) -> None:
    """Write predictions into an index, as indexing them would, and a training set of a tenth of the rows."""
    open_indexes({"PIPELINE_DATA": str(folder)}).setup()
    with duckdb.connect(str(folder / "index.duckdb")) as database:
        database.execute("SELECT setseed(0.5)")
        database.execute(f"""
            INSERT INTO "ml-api-message" BY NAME SELECT
                md5((range // 20000)::VARCHAR) || '-' || (range % 20000) AS _id,
                TIMESTAMP '2025-10-10' + INTERVAL (range) MILLISECOND AS "@timestamp",
                200 AS status_code,
                to_json({{{_FEATURES}}}) AS input_data,
                to_json({{'prediction': (random() < 0.5)::INT, 'probability': round(random(), 6)}}) AS result
            FROM range({rows})""")  # noqa: S608 (our own names)
        unnested = f"SELECT unnest({{{_FEATURES}}}) FROM range({max(rows // 10, 100)})"  # noqa: S608 (likewise)
        database.execute(f"COPY ({unnested}) TO '{folder}/training.csv' (HEADER)")


def main() -> int:
    """Measure, and print a line; return 1 where it took too much."""
    arguments = ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    rows = arguments.parse_args().rows
    with TemporaryDirectory(prefix="trilog-drift-") as name:
        fill(Path(name), rows)
        command = [str(TRILOG), "drift", "--reference", f"{name}/training.csv", "--json"]
        took = taken(command, {**os.environ, "PIPELINE_DATA": name})
        found = json.loads(took.printed)
    assert found["rows"]["current"] == rows
    said = f"{took.cpu:.1f} s of processor time, {took.seconds:.1f} s by the clock, {took.megabytes:.0f} MiB at most"
    sys.stdout.write(f"{rows:,} predictions of {NUMBERS + FLAGS} features, {found['rows']['reference']:,} rows of ")
    sys.stdout.write(f"reference: {said}\n")
    return int(took.cpu > BEGIN_S + MILLION_S * rows / 1e6 or took.megabytes > MOST_MIB)


if __name__ == "__main__":
    sys.exit(main())
