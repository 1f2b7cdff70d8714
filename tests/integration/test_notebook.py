"""notebooks/explore_drift.ipynb: run from its first cell to its last, on what the pipeline makes of a week."""

import base64
import json
import os
import re
import struct
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from tests.drift.predictions import START, features, results, write_log, write_table

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "explore_drift.ipynb"
EXECUTE = ROOT / ".tools" / "notebooks" / "bin" / "jupyter-execute"
MOVED = (0, 0, 0.05, 0.3, 0.6, 0.8)  # deviations of AGE, day by day
RIGHT = (0.92, 0.91, 0.93, 0.88, 0.8, 0.74)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]  # a week of runs, then the notebook


def test_it_is_stored_without_what_it_printed():
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    assert not any(each.get("outputs") or each.get("execution_count") for each in cells)


@pytest.fixture
def week(tmp_path, command_line, monkeypatch):
    """Days of predictions, a report of each, and an export with what came true."""
    monkeypatch.chdir(tmp_path)
    for name in ("GRADIO_URL", "ELASTICSEARCH_HOST", "ELASTICSEARCH_URL", "PIPELINE_DATA", "PIPELINE_STORE"):
        monkeypatch.delenv(name, raising=False)
    trained = [given | answer for given, answer in zip(features(1000, 1), results(1000, 1), strict=True)]
    write_table(tmp_path / "training.csv", trained)
    outcomes = ["transaction_id,outcome"]
    for day, (moved, share) in enumerate(zip(MOVED, RIGHT, strict=True)):
        path, answers = tmp_path / f"{day}.log", results(300, 20 + day)
        write_log(path, features(300, 40 + day, AGE=moved), answers, start=START + timedelta(days=day))
        path.write_text(path.read_text().replace("[t-", f"[{day}-"))
        for place, answer in enumerate(answers):
            right = place % 100 < share * 100
            outcomes.append(f"{day}-{place},{answer['prediction'] if right else 1 - answer['prediction']}")
    (tmp_path / "outcomes.csv").write_text("\n".join((*outcomes, "")))
    assert command_line("--once", "--source", "*.log", "--json")[0] == 0
    (tmp_path / "drift.yaml").write_text("reference: training.csv\ntarget: outcomes.csv\n")
    for day in range(len(MOVED)):
        since, until = (f"{START + timedelta(days=day + more):%Y-%m-%d}" for more in (0, 1))
        code, _, err = command_line("drift", "--config", "drift.yaml", "--since", since, "--until", until)
        assert code == (5 if MOVED[day] >= 0.3 else 0), err
    return tmp_path


def executed(folder: Path) -> list[dict]:
    """Run the notebook on a folder; return its cells of code."""
    given = [EXECUTE, f"--output={folder}/explored.ipynb", "--timeout=180", NOTEBOOK]
    environment = {**os.environ, "DRIFT_FOLDER": str(folder), "MPLCONFIGDIR": str(folder), "HOME": str(folder)}
    done = subprocess.run(given, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    cells = json.loads((folder / "explored.ipynb").read_text("utf-8"))["cells"]
    return [each for each in cells if each["cell_type"] == "code"]


def pictures(cells: list[dict]) -> list[bytes]:
    outputs = [output.get("data", {}) for cell in cells for output in cell["outputs"]]
    return [base64.b64decode(each["image/png"]) for each in outputs if "image/png" in each]


def text(cells: list[dict]) -> str:
    return "".join("".join(output.get("text", "")) for cell in cells for output in cell["outputs"])


@pytest.mark.skipif(not EXECUTE.exists(), reason="no notebooks here. To install what they need: make install-notebooks")
def test_it_runs_and_draws(week, command_line):
    export = ("export", "ml-api-message", "--output", "predictions.parquet")
    assert command_line(*export, "--target", "outcomes.csv")[0] == 0
    cells = executed(week)
    drawn = pictures(cells)
    assert len(drawn) == 3
    for place, each in enumerate(drawn):
        (week / f"{place}.png").write_bytes(each)
        wide, high = struct.unpack(">II", each[16:24])
        assert wide > 600
        assert high > 250
        assert len(each) > 15_000  # an empty frame of that size has 4,000
    said = text(cells)
    assert "1,000 rows of the reference; 1,800 predictions,\n300 of them of 2025-10-15; 6 reports" in said
    assert re.search(r"Behind the score of AGE, \d\.\d{3}: rows 300, batches 1\n", said)
    assert "accuracy" in "".join(cells[-3]["outputs"][-1]["data"]["text/plain"])
    assert "trilog trace --drift 2025-10-15\ntrilog trace 5-" in said
    farthest = cells[-2]["outputs"][-1]["data"]["text/plain"]
    assert "raw/" in "".join(farthest)


@pytest.mark.skipif(not EXECUTE.exists(), reason="no notebooks here. To install what they need: make install-notebooks")
def test_without_a_target_it_says_so(week, command_line):
    assert command_line("export", "ml-api-message", "--output", "predictions.parquet")[0] == 0
    cells = executed(week)
    assert len(pictures(cells)) == 2
    assert "No prediction has a target: export them with --target FILE" in text(cells)
