"""Make Evidently's page of two samples: a script for a Python that has Evidently, and nothing of Trilog.

Its argument is a folder with `reference.csv`, `current.csv` and `found.json`, what `trilog drift` found; `page.html` is
written there. Evidently shows a score and a verdict of each feature: it is given ours, by a test that asks nothing.
"""

# mypy: ignore-errors
from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.legacy.calculations.stattests.registry import StatTest, register_stattest
from evidently.legacy.core import ColumnType
from evidently.metrics import ValueDrift

_NAMES = {
    "psi": "PSI",
    "jensenshannon": "Jensen-Shannon distance",
    "wasserstein": "Wasserstein distance (normed)",
    "ks": "K-S p_value",
}


def main(folder: Path) -> None:
    """Write the page."""
    found = json.loads((folder / "found.json").read_text())
    features = found["features"]
    frames = [pd.read_csv(folder / f"{name}.csv", dtype=str) for name in ("reference", "current")]
    numeric = [name for name in features if features[name]["type"] == "numeric"]
    for frame in frames:
        frame[numeric] = frame[numeric].apply(pd.to_numeric, errors="coerce")
    definition = DataDefinition(numerical_columns=numeric, categorical_columns=[*features.keys() - {*numeric}])
    reference, current = (Dataset.from_pandas(each, data_definition=definition) for each in frames)
    report = Report([_metric(name, each) for name, each in features.items()])
    page = report.run(current, reference).get_html_str(as_iframe=False)
    (folder / "page.html").write_text(page.replace("<body>", f"<body>{found['section']}", 1), encoding="utf-8")


def _metric(name: str, feature: dict) -> ValueDrift:
    test = StatTest(
        name=f"trilog {name}",
        display_name=_NAMES[feature["method"]],
        allowed_feature_types=[ColumnType.Numerical, ColumnType.Categorical],
    )
    register_stattest(test, partial(_told, (feature["score"], feature["drift"])))
    return ValueDrift(column=name, method=test.name, threshold=feature["threshold"])


def _told(verdict: tuple[float, bool], *_samples: object) -> tuple[float, bool]:
    return verdict


if __name__ == "__main__":
    main(Path(sys.argv[1]))
