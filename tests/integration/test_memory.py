"""A file goes through in one run, in memory that does not grow with it."""

import json
import random
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MEASURED = (
    "import sys; from functions.cli import main; from tests.bench.measured.figures import peak_memory;"
    "code = main(sys.argv[1:]); print(round(peak_memory())); raise SystemExit(code)"
)


def write_log(path: Path, count: int) -> None:
    """Write a log as an ML API does: predictions, performance metrics, and other lines."""
    chance = random.Random(count)  # noqa: S311 (no secret)
    with path.open("w") as log:
        for number in range(count):
            head = f"2025-01-20 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02} - api - INFO - "
            call = f"{chance.getrandbits(48):012x}-{number}"
            features = json.dumps(
                {"AGE": chance.randint(20, 90), "SMOKING": 1, "ANXIETY": 0, "FATIGUE": 1, "WHEEZING": 0}
            )
            metrics = {"transaction_id": call, "cpu_time_ms": chance.random(), "function_calls": chance.randint(1, 999)}
            log.write(
                head
                + chance.choice(
                    [
                        f'[{call}] POST /predict - 200 - 5ms - {features} - {{"prediction": "YES", "p": 0.5}}',
                        json.dumps({"performance_metrics": metrics}),
                        f"[{call}] GET /health - 200 - 1ms",
                    ]
                )
                + "\n"
            )


def run(folder: Path, count: int) -> int:
    """Run the pipeline on a log of so many lines; return the most memory that it used, in MB."""
    write_log(folder / "api.log", count)
    command = [sys.executable, "-c", MEASURED, "--once", "--source", "api.log", "--json"]
    environment = {"PYTHONPATH": str(ROOT), "PIPELINE_DATA": str(folder / f"data-{count}")}
    done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
    counts, memory = done.stdout.splitlines()
    assert json.loads(counts)["indexes"]["ml-api-logs"] == {"documents": count, "duplicates": 0, "dead_letters": 0}
    return int(memory)


def test_100_000_lines_go_through_in_memory_that_does_not_grow_with_them(tmp_path: Path):
    small, large = run(tmp_path, 20_000), run(tmp_path, 100_000)
    assert large < small + 100
    assert large < 300
