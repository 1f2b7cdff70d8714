"""Write what scikit-learn says of some predictions: run by the Python of `make install-evidently`, which has it.

.tools/evidently/bin/python tests/drift/sklearn_quality.py > tests/drift/sklearn-quality.json
"""

import json
import sys

import numpy as np
from sklearn import metrics


def classified(draw, classes, share, rows=400):
    """Draw targets and predictions, which are right with a probability, and a probability for each."""
    truth = draw.choice(classes, rows, p=None if len(classes) > 2 else [0.7, 0.3])
    prediction = np.where(draw.random(rows) < share, truth, draw.choice(classes, rows))
    probability = np.round(np.clip(draw.normal(0.5, 0.2, rows) + 0.2 * (truth == classes[-1]), 0, 1), 2)
    return truth, prediction, probability  # of two decimals, so that there are ties


def binary(truth, prediction, probability, positive):
    return {
        "accuracy": metrics.accuracy_score(truth, prediction),
        "precision": metrics.precision_score(truth, prediction, pos_label=positive),
        "recall": metrics.recall_score(truth, prediction, pos_label=positive),
        "f1": metrics.f1_score(truth, prediction, pos_label=positive),
        "roc_auc": metrics.roc_auc_score(truth == positive, probability),
    }


def main() -> None:
    draw = np.random.default_rng(20251010)
    cases = []
    for name, classes in (("digits", ["0", "1"]), ("words", ["benign", "malignant"]), ("three", ["a", "b", "c"])):
        for share in (0.95, 0.6):
            truth, prediction, probability = classified(draw, np.array(classes), share)
            two = len(classes) == 2
            told = binary(truth, prediction, probability, classes[-1]) if two else {
                "accuracy": metrics.accuracy_score(truth, prediction)
            }  # fmt: skip
            cases.append({"name": f"{name}, {share}", "measures": told} | plain(truth, prediction, probability))
    for name, spread in (("near", 0.5), ("far", 40.0)):
        truth = draw.normal(100, 15, 400)
        prediction = truth + draw.normal(1, spread, 400)
        told = {
            "mae": metrics.mean_absolute_error(truth, prediction),
            "rmse": metrics.root_mean_squared_error(truth, prediction),
            "r2": metrics.r2_score(truth, prediction),
        }
        cases.append({"name": name, "measures": told} | plain(truth, prediction, None))
    json.dump(cases, sys.stdout)


def plain(truth, prediction, probability) -> dict:
    lists = {"truth": truth, "prediction": prediction, "probability": probability}
    return {name: None if each is None else each.tolist() for name, each in lists.items()}


if __name__ == "__main__":
    main()
