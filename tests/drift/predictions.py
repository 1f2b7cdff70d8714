"""Predictions of a model, as lines of a log, and what it was trained on, as a table."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2025, 10, 10, 6, 0, 0)  # noqa: DTZ001 (as the lines have it)
# As a training set and an API call them; the documents' names have underscores, and ALCOHOL.
NAMES = ("GENDER", "AGE", "SMOKING", "ALCOHOL CONSUMING", "CHEST PAIN ")


def features(rows: int, seed: int, **moved: float) -> list[dict[str, Any]]:
    """Draw the inputs of predictions; some moved by so many standard deviations: `AGE=0.5`."""
    draw = np.random.default_rng(seed)
    columns = {
        "GENDER": draw.choice(["M", "F"], rows),
        "AGE": np.round(draw.normal(60 + 10 * moved.get("AGE", 0), 10, rows), 1),
        "SMOKING": (draw.random(rows) < 0.5 + moved.get("SMOKING", 0) / 2).astype(int),
        "ALCOHOL CONSUMING": draw.integers(0, 2, rows),
        "CHEST PAIN ": draw.integers(0, 2, rows),
    }
    return [{name: columns[name][row].item() for name in NAMES} for row in range(rows)]


def results(rows: int, seed: int) -> list[dict[str, Any]]:
    """Draw what the model answers."""
    probabilities = np.round(np.random.default_rng(seed + 1000).beta(2, 2, rows), 6)
    return [{"prediction": int(each > 0.5), "probability": float(each)} for each in probabilities]


def write_log(path: Path, inputs: list[Any], answers: list[Any], start: datetime = START, status: int = 200) -> None:
    """Write a prediction a second, as the API logs it."""
    with path.open("w") as file:
        for second, (given, answer) in enumerate(zip(inputs, answers, strict=True)):
            time = f"{start + timedelta(seconds=second):%Y-%m-%d %H:%M:%S}"
            call = f"[t-{second}] API Call - POST /predict - Status: {status} - Time: 15.98ms"
            sent = f"Input: {json.dumps(given)} - Result: {json.dumps(answer)}"
            file.write(f"{time} - api - INFO - {call} - {sent}\n")


def write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write a training set."""
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, [*rows[0]])
        table.writeheader()
        table.writerows(rows)
