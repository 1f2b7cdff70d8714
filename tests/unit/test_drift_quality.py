"""How well a model predicts: by scikit-learn's measures, with what was said of the same predictions.

`tests/drift/sklearn_quality.py` wrote that down; where scikit-learn is installed, with Evidently (`make
install-evidently`), it is asked again.
"""

import json
import subprocess
from pathlib import Path

import pytest

from functions.drift import quality
from functions.drift.config import DriftConfig, FeatureRule, TargetRule
from functions.drift.labelled import Labelled
from functions.drift.target import TargetFile, load_target
from functions.drift.windows import database, load_predictions
from functions.pipeline.errors import ConfigError

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "drift"
PYTHON = ROOT / ".tools" / "evidently" / "bin" / "python"
CASES = json.loads((FOLDER / "sklearn-quality.json").read_text())
CONFIG = DriftConfig(target=TargetRule("outcomes.csv"))


def documents(predictions, probabilities=None):
    for place, prediction in enumerate(predictions):
        result = {"prediction": prediction}
        if probabilities:
            result["probability"] = probabilities[place]
        yield {"_id": f"x-{place}", "transaction_id": f"t-{place}", "input_data": {"AGE": 1}, "result": result}


def compared(tmp_path, sides, config=CONFIG):
    """Compare two windows, each of targets (None: not known), predictions and probabilities."""
    with database() as connection:
        windows = []
        for name, (truth, *given) in zip(("reference", "current"), sides, strict=True):
            rows = [f"t-{place},{each}" for place, each in enumerate(truth) if each is not None]
            path = tmp_path / f"{name}.csv"
            path.write_text("\n".join(("transaction_id,outcome", *rows, "")))
            connection.execute("DROP TABLE IF EXISTS target")
            load_target(connection, "target", TargetFile(path, name))
            windows.append(Labelled(load_predictions(connection, name, documents(*given), None, "transaction_id")))
        return quality.compare(*windows, config)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_measure_is_scikit_learns(tmp_path, case):
    side = case["truth"], case["prediction"], case["probability"]
    found = compared(tmp_path, (side, side))
    assert {name: each.current for name, each in found.changes.items()} == pytest.approx(case["measures"], rel=1e-9)
    assert {each.change for each in found.changes.values()} == {0}
    assert (found.rows, found.result) == ((400, 400), "measured")


@pytest.mark.slow
@pytest.mark.skipif(not PYTHON.exists(), reason="no scikit-learn here. To install it: make install-evidently")
def test_scikit_learn_still_says_the_same():
    said = subprocess.run([PYTHON, FOLDER / "sklearn_quality.py"], capture_output=True, check=True).stdout
    assert json.loads(said) == CASES


HALF, RIGHT = [0, 1] * 100, [1, 1] * 100


def test_what_got_worse_by_more_than_its_limit_is_named(tmp_path):
    config = CONFIG._replace(quality={"accuracy": 0.4, "recall": 0.1, "mae": 1.0})
    found = compared(tmp_path, ((RIGHT, RIGHT), (HALF, RIGHT)), config)
    results = {name: each.result for name, each in found.changes.items()}
    assert results["accuracy"] == "worse"
    assert found.changes["accuracy"].change == -0.5
    assert results["recall"] == "within_limit"
    assert results["mae"] == "not_measured"
    assert found.result == "worse"
    assert compared(tmp_path, ((RIGHT, RIGHT), (HALF, RIGHT))).result == "measured"
    assert compared(tmp_path, ((HALF, RIGHT), (RIGHT, RIGHT)), config).result == "measured"  # better is not worse


def test_an_error_that_grows_is_worse(tmp_path):
    truth = [each / 3 for each in range(200)]
    moved = [each + 2 for each in truth]
    config = CONFIG._replace(quality={"mae": 1.9, "rmse": 2.1})
    found = compared(tmp_path, ((truth, truth), (truth, moved)), config)
    assert {name: each.result for name, each in found.changes.items()} == {
        "mae": "worse",
        "rmse": "within_limit",
        "r2": "measured",
    }


def test_too_few_rows_with_a_target_are_named(tmp_path):
    few = [1] * 99 + [None] * 101
    found = compared(tmp_path, ((HALF, HALF), (few, HALF)), CONFIG._replace(quality={"accuracy": 0.1}))
    assert (found.rows, found.result) == ((200, 99), "too_few_rows")
    assert {each.result for each in found.changes.values()} == {"too_few_rows"}
    assert (found.changes["accuracy"].reference, found.changes["accuracy"].current) == (1, None)
    none = [None] * 200
    found = compared(tmp_path, ((none, HALF), (none, HALF)))
    assert (found.changes, found.rows, found.result) == ({}, (0, 0), "too_few_rows")


def test_words_and_digits_are_the_same_classes(tmp_path):
    words = ["NO", "YES"] * 100
    assert compared(tmp_path, ((words, HALF), (HALF, HALF))).changes["f1"].reference == 1
    other = CONFIG._replace(features={"prediction": FeatureRule(values={"sick": "1", "well": "0"})})
    sick = ["well", "sick"] * 100
    assert compared(tmp_path, ((sick, HALF), (sick, HALF)), other).changes["f1"].reference == 1
    assert compared(tmp_path, ((["0.0", "1.0"] * 100, HALF), (HALF, HALF))).changes["f1"].reference == 1


def test_the_positive_class_may_be_named(tmp_path):
    truth, prediction = ["fraud", "ok", "ok", "ok"] * 50, ["fraud", "fraud", "ok", "ok"] * 50
    both = ((truth, prediction, [0.9, 0.8, 0.1, 0.2] * 50),) * 2
    usual = compared(tmp_path, both).changes
    assert (usual["precision"].current, usual["recall"].current) == (1, pytest.approx(2 / 3))
    assert usual["roc_auc"].current == 0
    named = compared(tmp_path, both, CONFIG._replace(target=TargetRule("o.csv", positive="fraud"))).changes
    assert (named["precision"].current, named["recall"].current, named["roc_auc"].current) == (0.5, 1, 1)


def test_a_measure_that_is_not_defined_is_none(tmp_path):
    found = compared(tmp_path, (([0] * 200, [0] * 200), (HALF, [0] * 200))).changes
    assert (found["precision"].reference, found["precision"].result) == (None, "not_measured")
    assert quality.regression(*[quality.np.ones(3)] * 2)["r2"] is None


def test_the_kind_may_be_said(tmp_path):
    counts = [each % 5 for each in range(200)]
    as_is = compared(tmp_path, ((counts, counts),) * 2)
    assert [*as_is.changes] == ["accuracy"]
    said = CONFIG._replace(target=TargetRule("o.csv", kind="regression"))
    assert [*compared(tmp_path, ((counts, counts),) * 2, said).changes] == ["mae", "rmse", "r2"]


def test_a_document_of_many_rows_has_no_target(tmp_path):
    (tmp_path / "o.csv").write_text("transaction_id,outcome\nt,1\n")
    many = {"_id": "x-0", "transaction_id": "t", "input_data": [{}, {}], "result": [{"prediction": 1}] * 2}
    with database() as connection:
        load_target(connection, "target", TargetFile(tmp_path / "o.csv", "o.csv"))
        window = Labelled(load_predictions(connection, "current", [many], None, "transaction_id"))
        assert window.rows == 0


def test_an_id_that_comes_twice_is_told(tmp_path):
    (tmp_path / "o.csv").write_text("transaction_id,outcome\nt,1\nt,1\n")
    with database() as connection, pytest.raises(ConfigError, match=r"o\.csv: the transaction_id t comes 2 times"):
        load_target(connection, "target", TargetFile(tmp_path / "o.csv", "o.csv"))
