"""Write a training set and the log of an API: two days of predictions, with older patients on the second.

    python examples/drift/sample.py

It writes training.csv and api.log into the working directory.
"""

import csv
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

FLAGS = ("SMOKING", "YELLOW FINGERS", "CHRONIC DISEASE", "ALCOHOL CONSUMING", "CHEST PAIN")
DAYS = {
    datetime(2025, 10, 10, tzinfo=UTC): 0.0,
    datetime(2025, 10, 11, tzinfo=UTC): 0.5,
}  # deviations that AGE moves by


def drawn(draw: random.Random, moved: float = 0.0) -> dict[str, object]:
    """Draw a patient."""
    age = round(draw.gauss(62 + 8 * moved, 8))
    return {"GENDER": draw.choice("MF"), "AGE": age, **{name: draw.randint(0, 1) for name in FLAGS}}


def main() -> None:
    """Write both files."""
    draw = random.Random(7)  # noqa: S311 (no secret)
    with Path("training.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, ["GENDER", "AGE", *FLAGS])
        table.writeheader()
        table.writerows(drawn(draw) for _ in range(1000))
    with Path("api.log").open("w", encoding="utf-8") as file:
        for day, moved in DAYS.items():
            for second in range(500):
                patient, probability = drawn(draw, moved), round(draw.betavariate(2, 2), 4)
                answer = {"prediction": round(probability), "probability": probability}
                call = f"[{day:%d}-{second}] API Call - POST /predict - Status: 200 - Time: 15.98ms"
                told = f"{call} - Input: {json.dumps(patient)} - Result: {json.dumps(answer)}"
                file.write(f"{day + timedelta(seconds=second):%Y-%m-%d %H:%M:%S} - api - INFO - {told}\n")


if __name__ == "__main__":
    main()
