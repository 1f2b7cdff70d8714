"""The benchmark measures what it says: its input, its sums, and what it calls met."""

from __future__ import annotations

import gzip
import itertools
import json
from typing import TYPE_CHECKING

import pytest

from tests.bench.inputs import Inputs
from tests.bench.logs import json_entry, lines
from tests.bench.processes import ROOT
from tests.bench.relay import at_work
from tests.bench.targets import targets

if TYPE_CHECKING:
    from pathlib import Path


def test_of_the_lines_two_fifths_are_predictions_and_two_fifths_metrics():
    made = list(lines(20_000))
    assert sum("POST /predict - 200 - " in line for line in made) == pytest.approx(8_000, rel=0.03)
    assert sum("performance_metrics" in line for line in made) == pytest.approx(8_000, rel=0.03)
    assert sum(len(line.encode()) + 1 for line in made) / len(made) == pytest.approx(315, abs=2)


def test_a_shorter_log_is_the_beginning_of_a_longer_one():
    assert list(lines(100)) == list(itertools.islice(lines(1_000), 100))


def test_a_json_entry_holds_what_the_line_holds():
    (line,) = lines(1)
    entry = json.loads(json_entry(line))
    assert f"{entry['timestamp']} - api - {entry['level']} - {entry['message']}" == line


def test_a_repeated_log_has_each_line_so_many_times(tmp_path: Path):
    inputs = Inputs(tmp_path)
    content = gzip.decompress((tmp_path / inputs.repeated(10, 3)).read_bytes())
    assert content == (tmp_path / inputs.plain(10)).read_bytes() * 3


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ([], 0),
        ([(1, 2), (4, 6)], 3),
        ([(1, 5), (2, 3)], 4),  # two connections: one request within another's time
        ([(2, 4), (1, 3)], 3),
    ],
)
def test_a_server_is_at_work_while_any_request_waits_for_it(spans: list[tuple[float, float]], seconds: float):
    assert at_work(spans) == seconds


@pytest.mark.parametrize(("cpu_s", "met"), [(5.0, "yes"), (6.0, "no, but below 0.7 × B"), (7.1, "no")])  # noqa: RUF001
def test_a_target_is_met_by_its_ratio_to_the_baseline_of_the_same_run(cpu_s: float, met: str):
    baseline = {"records": 1_000_000, "cpu_s": 10.0, "wall_s": 10.0, "peak_mb": 50}
    (cpu, *_) = targets({"baseline": baseline, "gz": {**baseline, "cpu_s": cpu_s}})
    assert (cpu.ratio, cpu.met) == (f"{cpu_s / 10:.2f} × B", met)  # noqa: RUF001


def test_the_readme_quotes_the_results_that_are_kept():
    kept = json.loads((ROOT / "bench" / "results.json").read_text())
    text = " ".join((ROOT / "README.md").read_text().split())
    gz, baseline, cold = kept["gz"], kept["baseline"], kept["cold"]
    assert f"for {gz['cpu_s'] / baseline['cpu_s']:.2f} \N{MULTIPLICATION SIGN} the CPU time" in text
    assert f"at {baseline['wall_s'] / gz['wall_s']:.2f} \N{MULTIPLICATION SIGN} its lines a second" in text
    assert f"{gz['peak_mb']:.0f} MB, {kept['growth'][-1]['peak_mb']:.0f} MB with ten million lines" in text
    start = cold["indexer"]["cpu_ms"] / cold["client"]["cpu_ms"]
    assert f"{start:.2f} \N{MULTIPLICATION SIGN} what importing the official client" in text
    assert f"of one line {kept['warm']['median_wall_ms']:.1f} ms" in text
