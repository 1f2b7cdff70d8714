"""Write a training set, the log of an API and what turned out to be true.

The log has two days of predictions; on the second, patients are older, and the model is wrong more often.

    python examples/drift/sample.py

It writes training.csv, api.log and outcomes.csv into the working directory.
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
RIGHT = {0.0: 0.9, 0.5: 0.75}  # the share of predictions that come true, by those


def drawn(draw: random.Random, moved: float = 0.0) -> dict[str, object]:
    """Draw a patient."""
    age = round(draw.gauss(62 + 8 * moved, 8))
    return {"GENDER": draw.choice("MF"), "AGE": age, **{name: draw.randint(0, 1) for name in FLAGS}}


def main() -> None:
    """Write the files."""
    draw, truth = random.Random(7), random.Random(8)  # noqa: S311 (no secrets)
    outcomes = ["transaction_id,outcome\n"]
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
                right = truth.random() < RIGHT[moved]
                outcomes.append(f"{day:%d}-{second},{round(probability) if right else 1 - round(probability)}\n")
                told = f"{call} - Input: {json.dumps(patient)} - Result: {json.dumps(answer)}"
                file.write(f"{day + timedelta(seconds=second):%Y-%m-%d %H:%M:%S} - api - INFO - {told}\n")
    Path("outcomes.csv").write_text("".join(outcomes), encoding="utf-8")


if __name__ == "__main__":
    main()
