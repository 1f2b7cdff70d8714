"""What the dashboards ask is answered, and truly, by a real Prometheus and a real Loki after the example's runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from examples.ingestion.rows import rows
from tests.dashboards import Target, ask, check_panels, expanded, files_of, read, runs, targets
from tests.loki import Loki, start_loki
from tests.prometheus import start_prometheus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
RUNS, FAILED = 340, 12  # twenty sequences: five hours
BACK = timedelta(hours=5, minutes=30)  # from when the tests begin, not from when they were collected
FILE = files_of("ingestion")[0]
ENGLISH = read(FILE)
ASKED = list(targets(ENGLISH))

pytestmark = pytest.mark.slow


class Sources(NamedTuple):
    """The servers, the documents of the runs that they were told of, and what tells Loki of them once more."""

    prometheus: str
    loki: str
    documents: list[dict[str, Any]]
    server: Loki
    ship: Callable[[], None]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    """Count the example's runs, all at once, while Prometheus scrapes; and send them to Loki."""
    folder = tmp_path_factory.mktemp("sources")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PIPELINE_DATA": str(folder / "data"), "LC_ALL": "C.UTF-8"}
    start = datetime.now(UTC).replace(tzinfo=None, microsecond=0) - BACK
    (folder / "logs.json").write_text(json.dumps([*rows(RUNS, FAILED, start=start)]))
    with (
        exporter(environment) as target,
        start_prometheus(METRICS_ADDRESS=target, SCRAPE_INTERVAL="1s") as prometheus,
        start_loki(tenants=False) as loki,
    ):
        wait_for(prometheus.address, "up", 1)
        trilog = partial(typed, folder, environment | {"LOKI_URL": loki.address})
        trilog("--once", "--source", "logs.json")
        trilog("export", "ingestion-logs", "--output", "runs.jsonl")
        documents = [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]
        ship = partial(trilog, "loki", "--once")
        ship()
        wait_for(prometheus.address, "sum(ingestion_runs_total)", RUNS)
        time.sleep(2)  # for points of a range, two scrapes
        yield Sources(prometheus.address, loki.address, documents, loki, ship)


def typed(folder: Path, environment: dict[str, str], *arguments: str) -> None:
    """Run a command of trilog. Loki is told anew: where that was before is forgotten."""
    (folder / "data" / "loki.sqlite").unlink(missing_ok=True)
    given = [sys.executable, "-m", "functions", *arguments]
    subprocess.run(given, env=environment, check=True, capture_output=True, cwd=folder)


class exporter:  # noqa: N801 (a context manager)
    """Runs `trilog metrics`; gives its host and port."""

    def __init__(self, environment: dict[str, str]) -> None:
        command = [sys.executable, "-m", "functions", "metrics", "--port", "0"]
        environment = {**environment, "METRICS_INTERVAL": "0.2"}
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().split("//")[1].split("/")[0]

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=20)


def instant(url: str, expr: str, kind: str = "prometheus") -> list[dict[str, Any]]:
    target = Target("", "A", kind, expr, "", instant=True, columns=[], lines=0)
    found = ask(url, target, expr, 0, time.time())
    assert not isinstance(found, str), found
    return found


def wait_for(prometheus: str, expr: str, value: float) -> None:
    ends = time.monotonic() + 60
    while [float(each["value"][1]) for each in instant(prometheus, expr)] != [value]:
        assert time.monotonic() < ends, instant(prometheus, expr)
        time.sleep(0.2)


def asked(panel: str, ref_id: str = "A") -> Target:
    [found] = [each for each in ASKED if (each.panel, each.ref_id) == (panel, ref_id)]
    return found


def answers(sources: Sources, panel: str, ref_id: str = "A", **other: str) -> list[dict[str, Any]]:
    """Return what a panel shows."""
    target = asked(panel, ref_id)
    expr = target.expr
    for name, value in other.items():
        expr = expr.replace(f"${name}", value)
    found = ask(getattr(sources, target.kind), target, expanded(expr, ENGLISH), 86400, time.time())
    assert not isinstance(found, str), found
    return found


def number(sources: Sources, panel: str, ref_id: str = "A", **other: str) -> float:
    [found] = answers(sources, panel, ref_id, **other)
    return float(found["value"][1])


def by(labels: tuple[str, ...], found: list[dict[str, Any]]) -> dict[tuple[str, ...], float]:
    return {tuple(each["metric"][name] for name in labels): float(each["value"][1]) for each in found}


def test_every_expression_of_every_panel_answers(sources: Sources):
    assert check_panels(sources.prometheus, sources.loki) == []


def test_a_panel_without_an_answer_is_found(sources: Sources):
    wrong = check_panels(sources.prometheus, sources.loki, ends=time.time() - 86400 * 30)  # nothing had begun yet
    assert len(wrong) == 6
    for panel in ("Maximum memory", "Runs", "Last 5 failures"):
        assert f"{FILE.name}, {panel} A: no answer: {expanded(asked(panel).expr, ENGLISH)}" in wrong


def test_runs_that_are_counted_at_once_are_counted(sources: Sources):
    assert number(sources, "Runs by state", "A") == RUNS - FAILED
    assert number(sources, "Runs by state", "B") == FAILED
    assert number(sources, "Failure rate") == pytest.approx(FAILED / RUNS)


def test_the_bars_of_the_timeline_add_up(sources: Sources):
    sums = {
        each["metric"]["etat"]: sum(float(n) for _, n in each["values"])
        for each in answers(sources, "Timeline of runs")
    }
    assert sums == {"SUCCESS": RUNS - FAILED, "FAILED": FAILED}


def test_the_throughput_is_for_five_minutes(sources: Sources):
    """A bar of the test is 900 s wide."""
    found = answers(sources, "Throughput: runs per 5 min, by source")
    assert sum(float(value) for each in found for _, value in each["values"]) == pytest.approx(RUNS / 3)


def test_a_filter_leaves_the_others_out(sources: Sources):
    zoho = [each for each in sources.documents if each["source"]["name"] == "Zoho" and each["objet"]["name"] == "tasks"]
    succeeded = sum(each["etat"] == "SUCCESS" for each in zoho)
    assert number(sources, "Runs by state", "A", source="Zoho", objet="tasks") == succeeded > 0
    assert number(sources, "Runs by state", "A", zone="elsewhere") == 0
    memory = max(each["performance"]["memory_used_bytes"] for each in zoho)
    assert number(sources, "Maximum memory", source="Zoho", objet="tasks") == memory


def test_the_last_runs_and_the_time_to_recovery_are_those_of_the_rows(sources: Sources):
    last, recovered = judged(sources.documents)
    assert number(sources, "Last run of each object", "A") == list(last.values()).count("SUCCESS")
    assert number(sources, "Last run of each object", "B") == list(last.values()).count("FAILED")
    each = {where: sum(times) / len(times) for where, times in recovered.items()}
    found = by(("source", "objet"), answers(sources, "MTTR by source and object"))
    assert found == pytest.approx(each)
    times = [time for times in recovered.values() for time in times]
    assert number(sources, "MTTR") == pytest.approx(sum(times) / len(times))


def judged(documents: list[dict[str, Any]]) -> tuple[dict[Any, str], dict[Any, list[float]]]:
    """Return each object's last state, and its times from a failure after a success to the next success."""
    runs: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for each in documents:
        runs[each["source"]["name"], each["objet"]["name"]].append(each)
    recovered: dict[tuple[str, str], list[float]] = defaultdict(list)
    for where, own in runs.items():
        own.sort(key=lambda run: run["@timestamp"])
        first = own[0]["@timestamp"] if own[0]["etat"] == "FAILED" else ""
        for before, run in pairwise(own):
            if run["etat"] == "FAILED" and before["etat"] == "SUCCESS":
                first = run["@timestamp"]
            if run["etat"] == "SUCCESS" and before["etat"] == "FAILED":
                recovered[where].append((instant_of(run["event"]["end"]) - instant_of(first)).total_seconds())
    return {where: own[-1]["etat"] for where, own in runs.items()}, dict(recovered)


def instant_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_what_is_fresh_is_told_by_the_last_run(sources: Sources):
    last: dict[tuple[str, ...], float] = {}
    for each in sources.documents:
        where, at = (each["source"]["name"],), instant_of(each["@timestamp"]).timestamp()
        last[where] = max(at, last.get(where, at))
    ages = by(("source",), answers(sources, "Time since the last run, by source"))
    assert ages == pytest.approx({where: time.time() - at for where, at in last.items()}, abs=10)
    assert number(sources, "Freshness (SLO)", freshness="75") == 1
    assert number(sources, "Freshness (SLO)", freshness="1") == 0


def test_quantiles_are_in_the_right_bucket(sources: Sources):
    durations = sorted(each["performance"]["duree_secondes"] for each in sources.documents)
    p95 = durations[int(len(durations) * 0.95)]
    assert number(sources, "Duration (p95)") == pytest.approx(p95, rel=1)
    objects = {(each["source"]["name"], each["objet"]["name"]) for each in sources.documents}
    for ref_id in "ABC":
        found = by(("source", "objet"), answers(sources, "Duration by source and object", ref_id))
        assert found.keys() == objects


def shown(sources: Sources, panel: str) -> list[dict[str, str]]:
    """Return the rows of a table of log lines: equal ones are one, as the panel's steps say."""
    columns = asked(panel).columns
    found = runs(answers(sources, panel))
    return [dict(row) for row in dict.fromkeys(tuple((name, run.get(name, "")) for name in columns) for run in found)]


def test_the_tables_show_the_runs_themselves(sources: Sources):
    newest = sorted(sources.documents, key=lambda run: run["@timestamp"], reverse=True)
    rows = shown(sources, "Runs")
    assert [row["debut"] for row in rows] == [run["event"]["start"] for run in newest]
    assert rows[0]["duree_secondes"] == str(newest[0]["performance"]["duree_secondes"])
    failed = [run for run in newest if run["etat"] == "FAILED"]
    assert [row["description"] for row in shown(sources, "Last 5 failures")[:5]] == [
        run["description"] for run in failed[:5]
    ]


def test_entries_that_are_there_twice_change_nothing(sources: Sources):
    """Loki drops an entry that it has, but only until it has written the chunk."""
    before = [shown(sources, panel) for panel in ("Runs", "Last 5 failures")], number(sources, "Maximum memory")
    sources.server.flush()
    time.sleep(1)
    sources.ship()
    [counted] = instant(sources.loki, 'sum(count_over_time({job="ingestion-logs"}[1d]))', "loki")
    assert int(counted["value"][1]) > RUNS  # which is why no panel counts entries
    rows = [shown(sources, panel) for panel in ("Runs", "Last 5 failures")]
    assert rows == before[0]
    assert number(sources, "Maximum memory") == before[1]
