"""Writes a training set of made-up patients as CSV: `python -m examples.load.training_set --rows 1000`."""

from __future__ import annotations

import argparse
import csv
import sys
from random import Random

from examples.load.patients import patient


def main() -> None:
    """Write the rows, the same for the same seed."""
    parser = argparse.ArgumentParser(description="Write a training set of made-up patients as CSV.")
    parser.add_argument("--rows", type=int, default=1000, help="how many (default: 1000)")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random (default: 1)")
    given = parser.parse_args()
    random = Random(given.seed)  # noqa: S311 (no secret)
    rows = (patient(random) for _ in range(given.rows))
    writer = csv.DictWriter(sys.stdout, patient(Random(0)))  # noqa: S311 (likewise)
    writer.writeheader()
    writer.writerows(rows)


if __name__ == "__main__":
    main()
