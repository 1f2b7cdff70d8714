"""The scores of drift are Evidently's own: compared with what Evidently 0.7 said of the same samples.

`tests/drift/evidently_scores.py` wrote that down; where Evidently is installed (`make install-evidently`), it is asked
again.
"""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from functions.drift import scores

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "drift"
EVIDENTLY = ROOT / ".tools" / "evidently" / "bin" / "python"
CASES = json.loads((FOLDER / "evidently-scores.json").read_text())
SCORES = [(case, method) for case in CASES for method in case["scores"]]


def score(case, method):
    if case["kind"] == "categorical":
        counts = [counted(case[side]) for side in ("reference", "current")]
        shares = scores.shares_of_categories(*counts)
    else:
        samples = [np.array([x for x in case[side] if x is not None], float) for side in ("reference", "current")]
        if method == "ks":
            return scores.kolmogorov_smirnov(*samples)[1]
        if method == "wasserstein":
            return scores.wasserstein(*samples)
        shares = scores.shares_of_numbers(*samples)
    return scores.psi(*shares) if method == "psi" else scores.jensen_shannon(*shares)


def counted(values):
    names = [str(each) for each in values if each is not None]
    return {name: names.count(name) for name in names}


@pytest.mark.parametrize(("case", "method"), SCORES, ids=lambda each: each["name"] if isinstance(each, dict) else each)
def test_a_score_is_evidentlys(case, method):
    assert score(case, method) == pytest.approx(case["scores"][method], rel=1e-6, abs=1e-6)


def test_there_are_cases_of_every_method():
    assert {method for _, method in SCORES} == {"psi", "ks", "wasserstein", "jensenshannon"}
    assert len(SCORES) == 50


@pytest.mark.slow
@pytest.mark.skipif(not EVIDENTLY.exists(), reason="no Evidently here. To install it: make install-evidently")
def test_evidently_still_says_the_same():
    script = FOLDER / "evidently_scores.py"
    said = subprocess.run([EVIDENTLY, script], capture_output=True, check=True).stdout
    found = {case["name"] + case["kind"]: case["scores"] for case in json.loads(said)}
    assert found == {case["name"] + case["kind"]: pytest.approx(case["scores"], rel=1e-9) for case in CASES}
