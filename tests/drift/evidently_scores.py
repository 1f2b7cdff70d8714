"""Write what Evidently says of some samples: run by the Python of an environment that has Evidently 0.7.

.tools/evidently/bin/python tests/drift/evidently_scores.py > tests/drift/evidently-scores.json
"""

import json
import sys

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import ValueDrift

NUMERIC = ("psi", "ks", "wasserstein", "jensenshannon")
CATEGORICAL = ("psi", "jensenshannon")


def numeric_samples() -> dict:
    draw = np.random.default_rng(20251010)
    gaps = [None, float("inf"), float("nan")]
    return {
        "normal": (draw.normal(size=400), draw.normal(0.5, size=300)),
        "the same": (draw.normal(size=300), draw.normal(size=300)),
        "skewed": (draw.lognormal(size=250), draw.lognormal(0.3, size=350)),
        "apart": (draw.normal(size=120), draw.normal(40, size=110)),
        "ages": (draw.integers(20, 90, 300), draw.integers(30, 95, 200)),
        "few values": (draw.integers(0, 8, 200), draw.integers(0, 9, 150)),
        "zero and one": (draw.integers(0, 2, 200), draw.binomial(1, 0.7, 150)),
        "hardly varying": (1 + draw.normal(0, 1e-5, 150), 1 + draw.normal(0, 2e-5, 150)),
        "with gaps": ([*draw.normal(size=150), *gaps], [*gaps, *draw.normal(1, size=140), *gaps]),
        "constant there": (np.full(150, 3.0), draw.normal(3, size=120)),
    }


def categorical_samples() -> dict:
    draw = np.random.default_rng(7)
    return {
        "words": (draw.choice([*"abc"], 300, p=[0.5, 0.3, 0.2]), draw.choice([*"abc"], 200, p=[0.3, 0.3, 0.4])),
        "an unseen one": (draw.choice([*"ab"], 300), draw.choice([*"abz"], 200)),
        "one is gone": (draw.choice([*"abcdef"], 300), draw.choice([*"abcde"], 200)),
        "rare ones": (draw.zipf(2, 500) % 60, draw.zipf(1.8, 400) % 60),
        "with gaps": ([*draw.choice([*"ab"], 150), None, None], [None, *draw.choice([*"ab"], 130)]),
    }


def scores(reference, current, methods, kind) -> dict[str, float]:
    frames = [pd.DataFrame({"x": pd.Series(each)}) for each in (reference, current)]
    definition = DataDefinition(**{f"{kind}_columns": ["x"]})
    first, second = (Dataset.from_pandas(each, data_definition=definition) for each in frames)
    report = Report([ValueDrift(column="x", method=method) for method in methods])
    found = report.run(second, first).dict()["metrics"]
    return {method: float(each["value"]) for method, each in zip(methods, found, strict=True)}


def plain(sample) -> list:
    """Give a sample as JSON has it: null for what is no finite number."""
    values = [each.item() if isinstance(each, np.generic) else each for each in sample]
    return [None if isinstance(each, float) and not np.isfinite(each) else each for each in values]


def main() -> None:
    every = [("numerical", NUMERIC, numeric_samples()), ("categorical", CATEGORICAL, categorical_samples())]
    cases = [
        {
            "name": name,
            "kind": kind,
            "reference": plain(reference),
            "current": plain(current),
            "scores": scores(reference, current, methods, kind),
        }
        for kind, methods, samples in every
        for name, (reference, current) in samples.items()
    ]
    json.dump(cases, sys.stdout)


if __name__ == "__main__":
    main()
