"""An API that measures itself, and whose log is read: rules, dashboards and alerts say what was asked of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
import yaml

from tests.dashboards import ask, check_panels, expanded, files_of, read, targets
from tests.node_exporter import start_node_exporter
from tests.prometheus import Prometheus, start_prometheus
from tests.scoring import EXAMPLE, installed, predicted, start_scoring, status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
JOBS = {"api", "ingestion-consumer"}  # the application's own metrics, and those of its log
GOOD, SLOW, FAILED, REFUSED, ELSEWHERE = 60, 8, 12, 9, 3
EVERY = GOOD + SLOW + FAILED + REFUSED + ELSEWHERE
ENGLISH = read(files_of("api_performance")[0])

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


class Servers(NamedTuple):
    """A Prometheus that scrapes all, and what counts an API's log anew."""

    prometheus: Prometheus
    api: str
    collect: Callable[[], None]


def collected(folder: Path) -> None:
    """Read what is new in the API's log."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "functions", "--once", "--source", "scoring"]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)


@contextmanager
def exporter(folder: Path) -> Iterator[str]:
    """Run `trilog metrics`; yield its host and port."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "METRICS_INTERVAL": "0.5", "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "functions", "metrics", "--port", "0"]
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield process.stdout.readline().split("//")[1].split("/")[0]
        process.terminate()
        process.communicate(timeout=20)


def target(folder: Path, job: str, address: str, **labels: str) -> None:
    (folder / job).mkdir(parents=True)
    (folder / job / "one.yml").write_text(yaml.safe_dump([{"targets": [address], "labels": labels}]))


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Ask the example for much, while Prometheus scrapes all of them."""
    folder = tmp_path_factory.mktemp("api")
    python = installed(folder)
    with (
        start_scoring(python, folder / "scoring") as api,
        start_node_exporter() as node,
        exporter(folder) as metrics,
    ):
        target(folder / "targets", "api", api, service="scoring")
        target(folder / "targets", "node", node)
        variables = {"METRICS_ADDRESS": metrics, "SCRAPE_INTERVAL": "2s", "TARGETS": str(folder / "targets")}
        with start_prometheus(**variables) as prometheus:
            until(lambda: jobs(prometheus, "job_instance:api_target_up:known") == JOBS)
            time.sleep(16)  # an evaluation after which what is counted is new
            asked(api)
            collected(folder)
            until(lambda: totals(prometheus) == dict.fromkeys(JOBS, float(EVERY)))
            yield Servers(prometheus, api, partial(collected, folder))


def asked(api: str) -> None:
    """Ask for predictions, some of them slow, failing or refused, and for what is not there."""
    plan = [partial(predicted, api)] * (GOOD - 5) + [partial(predicted, api, "?fail=true")] * FAILED
    plan += [partial(predicted, api, patient={"AGE": -1})] * REFUSED + [partial(predicted, api, "?seconds=2.2")] * SLOW
    plan += [partial(status, f"http://{api}/models/model-{name}") for name in "abcde"]
    plan += [partial(status, f"http://{api}/{name}.php") for name in ("wp-login", "xmlrpc", "shell")]
    with ThreadPoolExecutor(8) as pool:
        statuses = [each.result() for each in [pool.submit(call) for call in plan]]
    counted = [statuses.count(each) for each in (200, 500, 422, 404)]
    assert counted == [GOOD + SLOW, FAILED, REFUSED, ELSEWHERE]


def until(expected: Callable[[], bool], seconds: float = 120) -> None:
    ends = time.monotonic() + seconds
    while not expected():
        assert time.monotonic() < ends
        time.sleep(0.5)


def jobs(prometheus: Prometheus, expression: str) -> set[str]:
    return {each["metric"]["job"] for each in prometheus.query(expression)}


def totals(prometheus: Prometheus) -> dict[str, float]:
    found = prometheus.query("sum by (job) (sum_over_time(job_service_class:api_requests:new[1h]))")
    return {each["metric"]["job"]: float(each["value"][1]) for each in found}


def number(servers: Servers, panel: str, job: str) -> float:
    """Return what a panel shows of one of the two."""
    [found] = [each for each in targets(ENGLISH) if each.panel == panel]
    expr = expanded(found.expr.replace("$job", job).replace("$__range", "1h"), ENGLISH)
    answers = ask(servers.prometheus.address, found, expr, 3600, time.time())
    assert not isinstance(answers, str), answers
    [answer] = answers
    return float(answer["value"][1])


@pytest.mark.parametrize("job", sorted(JOBS))
def test_both_say_what_was_asked(servers: Servers, job: str):
    shown = partial(number, servers, job=job)
    assert shown("Requests") == EVERY
    assert shown("Availability") == pytest.approx(1 - FAILED / EVERY)
    assert shown("Errors 5xx") == pytest.approx(FAILED / EVERY)
    assert shown("Errors 4xx") == pytest.approx((REFUSED + ELSEWHERE) / EVERY)
    assert 2 < shown("Response time (p95)") <= 5


def test_the_share_within_2_s_is_of_the_requests_whose_time_is_known(servers: Servers):
    """The log has no time of those that failed: the application's own line is missing, and uvicorn's tells none."""
    assert number(servers, "Within 2 s", "api") == pytest.approx(1 - SLOW / EVERY)
    assert number(servers, "Within 2 s", "ingestion-consumer") == pytest.approx(1 - SLOW / (EVERY - FAILED))


def test_routes_are_alike(servers: Servers):
    """A path that varies is `{id}` for the log, and called as the application calls it for itself."""
    found = servers.prometheus.query('sum by (job, route) (api_requests_total{route!~"/metrics|/health"})')
    routes = {(each["metric"]["job"], each["metric"]["route"]): float(each["value"][1]) for each in found}
    assert {job: routes[job, "/predict"] for job in JOBS} == dict.fromkeys(JOBS, EVERY - 5 - ELSEWHERE)
    assert {job: routes[job, "other"] for job in JOBS} == dict.fromkeys(JOBS, ELSEWHERE)
    assert routes["api", "/models/{name}"] == 5
    assert routes["ingestion-consumer", "/models/model-a"] == 1


@pytest.mark.parametrize("name", ["api_performance", "system_metrics"])
def test_every_expression_of_every_panel_answers(servers: Servers, name: str):
    assert check_panels(servers.prometheus.address, name=name, seconds=960) == []


def test_a_panel_without_an_answer_is_found():
    with start_prometheus() as empty:
        wrong = check_panels(empty.address, name="api_performance", seconds=3600)
    assert len(wrong) == 2 * len([*targets(ENGLISH)])


def test_the_alerts_are_of_what_was_asked(servers: Servers):
    names = {"ApiTempsReponseEleve", "ApiErreurs5xx", "ApiDisponibiliteFaible"}
    until(lambda: {(name, job) for name in names for job in JOBS} <= firing(servers.prometheus))
    assert not {name for name, _ in firing(servers.prometheus)} & {"ApiErreurs4xx", "ApiInjoignable"}
    [found] = [
        each["annotations"]
        for each in servers.prometheus._get("alerts")["alerts"]  # noqa: SLF001 (its annotations)
        if (each["labels"]["alertname"], each["labels"]["job"]) == ("ApiErreurs5xx", "api")
    ]
    assert found["dashboard"] == "/d/trilog-api-performance-fr?var-service=scoring"
    assert re.fullmatch(r"trilog export ml-api-logs --since \d{4}-\d\d-\d\dT\d\d:\d\dZ", found["command"])


def firing(prometheus: Prometheus) -> set[tuple[str, str]]:
    return {(each["alertname"], each.get("job", "")) for each in prometheus.firing()}


def test_the_commands_of_the_example_s_readme_are_what_is_tested():
    commands = [line.strip() for line in (EXAMPLE / "README.md").read_text().splitlines() if line.startswith("    ")]
    assert commands == [
        "pip install --require-hashes --no-deps -r examples/fastapi/requirements.lock",
        "uvicorn app:app --app-dir examples/fastapi --port 8080",
    ]
    [scraped] = yaml.safe_load((EXAMPLE / "targets.yml").read_text())
    assert scraped == {"targets": ["127.0.0.1:8080"], "labels": {"service": "scoring"}}
