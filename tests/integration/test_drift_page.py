"""docs/drift.md: its commands, one after the other, its configuration, and its tables."""

import json
import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from functions.drift.comparison import METHODS
from functions.drift.config import MEASURES
from functions.drift.quality import QualityResult
from functions.drift.verdict import Result
from tests.pages import blocks, commands, shell

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "drift.md").read_text("utf-8")

pytestmark = pytest.mark.slow


def test_the_commands_work_one_after_the_other(tmp_path: Path):
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    said = []
    for command in commands("drift"):
        typed = re.sub(r"^trilog ", "python -m functions ", command)
        said.append(shell(typed.replace("python ", f"{shlex.quote(sys.executable)} ", 1), tmp_path, variables))
    _, _, before, after, told, traced, batches, quality, exported = said
    assert before.endswith("✓ no drift\nexit code 0\n")
    assert after.endswith("✗ drift, in 14% of the features\nexit code 5\n")
    found = json.loads(told.removesuffix("exit code 5\n"))
    assert [name for name, each in found["features"].items() if each["drift"]] == ["AGE"]
    assert "raw/api.log-" in traced
    assert {**json.loads(batches.removesuffix("exit code 5\n")), "config": 0, "time": 0} == {
        **found,
        "config": 0,
        "time": 0,
    }
    assert re.search(r"accuracy +0\.\d+ +0\.\d+ +-0\.1\d+ +0\.05 +worse", quality)
    assert quality.endswith("✗ quality is worse than its limits allow\nexit code 5\n")
    assert exported == "1000 documents written to predictions.parquet\n1000 of 1000 documents have a target\n"


def test_the_configuration_of_the_page_is_the_examples():
    example = (ROOT / "examples" / "drift" / "config_drift.yaml").read_text()
    assert blocks("drift", "yaml") == [example.split("\n", 1)[1]]


def test_the_page_names_every_measure_and_what_may_become_of_it():
    section = re.search(r"^## Quality\n.*?^## ", PAGE, re.MULTILINE | re.DOTALL)[0]
    results = re.search(r"^\| `result` .*?\n\n", section, re.MULTILINE | re.DOTALL)[0]
    assert re.findall(r"^\| `([a-z_]+)` \| ", results, re.MULTILINE)[1:] == [*QualityResult]
    assert all(f"`{measure}`" in section for measure in MEASURES)


def test_the_page_names_every_result_and_every_method_with_its_threshold():
    section = PAGE.partition("## What becomes of a feature")[2]
    results = re.search(r"^\| `result` .*?\n\n", section, re.MULTILINE | re.DOTALL)[0]
    assert {*re.findall(r"^\| `([a-z_]+)` \| ", results, re.MULTILINE)} - {"result"} == {each.value for each in Result}
    methods = dict(re.findall(r"^\| `(\w+)` \| [^|]*\| [^|]*\| [^|]*?([\d.]+) \|", PAGE, re.MULTILINE))
    assert {name: float(threshold) for name, threshold in methods.items()} == {
        name: each.threshold for name, each in METHODS.items()
    }
