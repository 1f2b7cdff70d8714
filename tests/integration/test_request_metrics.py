"""The metrics of an API's requests: each request once, whatever its log and the process that counts go through."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from random import Random
from urllib.error import HTTPError

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.scripts import free_port

ROOT = Path(__file__).parents[2]
APP = ROOT / "tests" / "programs" / "apps" / "web_requests.py"
Run = Callable[..., tuple[int, str, str]]
Requests = Counter[tuple[str, ...]]
LABELS = ("service", "method", "route", "status")
SLOW = 2.5  # seconds, of a request in the tests' log


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for each test, with nothing configured."""
    monkeypatch.chdir(tmp_path)
    for name in ("PIPELINE_DATA", "PIPELINE_STORE", "METRICS_PORT", "METRICS_HOST", "LANGUAGE", "PIPELINE_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C")
    return tmp_path


def collected(trilog: Run, lines: list[str], name: str = "api.log") -> None:
    """Append lines to a log, and collect it."""
    with Path(name).open("a") as file:
        file.writelines(f"{each}\n" for each in lines)
    code, _, err = trilog("--once", "--source", name)
    assert code == 0, err


def samples(trilog: Run) -> list[tuple[str, dict[str, str], float]]:
    """Count what is new, and return what is scraped of requests."""
    code, out, err = trilog("metrics", "--once")
    assert code == 0, err
    found = [sample for family in text_string_to_metric_families(out) for sample in family.samples]
    return [(each.name, each.labels, each.value) for each in found if each.name.startswith("api_")]


def requests(trilog: Run) -> Requests:
    """Count what is new, and return the requests by their labels."""
    found = samples(trilog)
    return Counter(
        {tuple(own[name] for name in LABELS): int(value) for each, own, value in found if each == "api_requests_total"}
    )


def total(found: list[tuple[str, dict[str, str], float]], name: str, **labels: str) -> float:
    return sum(value for each, own, value in found if each == name and labels.items() <= own.items())


# --- A real log


@contextmanager
def api(log: Path, order: str) -> Iterator[str]:
    """Run the service, its output in a file; yield its address."""
    port = free_port()
    command = [sys.executable, APP, str(port), order]
    with log.open("w") as file, subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT) as process:
        address, ends = f"http://127.0.0.1:{port}", time.monotonic() + 30
        while not answers(f"{address}/health"):
            assert time.monotonic() < ends
            time.sleep(0.1)
        yield address
        process.terminate()
        process.wait(20)


def answers(url: str) -> bool:
    try:
        return asked("GET", url) == 200
    except OSError:
        return False


def asked(method: str, url: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=30) as answer:  # noqa: S310
            return answer.status
    except HTTPError as error:
        return error.code


def asked_much(address: str) -> Requests:
    """Ask at once for all kinds of things; return what was answered, by the labels that it is counted under."""
    draw = Random(7)  # noqa: S311 (what is asked for)
    plan = [("POST", "/predict?v=2", "/predict")] * 120 + [("GET", "/fail", "/fail")] * 20
    plan += [("GET", f"/users/{draw.randrange(1000)}", "/users/{id}") for _ in range(100)]
    plan += [("GET", f"/{draw.randrange(10**6):x}.php", "other") for _ in range(20)] + [
        ("GET", "/health", "/health")
    ] * 30
    plan += [("POST", f"/predict?seconds={SLOW}", "/predict")] * 3
    draw.shuffle(plan)
    plan.insert(0, ("GET", "/users/1", "/users/{id}"))  # a route is known once something is found there
    with ThreadPoolExecutor(8) as pool:
        statuses = pool.map(lambda each: asked(each[0], address + each[1]), plan)
    return Counter(
        ("api.log", method, route, str(status)) for (method, _, route), status in zip(plan, statuses, strict=True)
    )


@pytest.mark.slow
@pytest.mark.parametrize("order", ["before", "after"])
def test_a_real_log_gives_each_request_once(
    command_line: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, order: str
):
    """The application's own line and uvicorn's for most of them; batches end between these two."""
    with api(folder / "whole.log", order) as address:
        before = asked_much(address)
    lines = (folder / "whole.log").read_text().splitlines()
    health = sum('"GET /health' in line for line in lines)  # with those that waited for the service
    truth = before + Counter({("api.log", "GET", "/health", "200"): health - 30})
    own, access = (sum(bool(re.search(each, line)) for line in lines) for each in ("API Call", r'" \d{3} '))
    assert own > 200
    assert access == sum(truth.values()) > own
    monkeypatch.setenv("PIPELINE_BATCH_SIZE", "7")
    rest = iter(lines)
    while part := list(islice(rest, 101)):
        collected(command_line, part)
        requests(command_line)
    assert requests(command_line) == truth
    found = samples(command_line)
    assert total(found, "api_request_duration_seconds_count") == own
    counts = [total(found, "api_request_duration_seconds_bucket", route="/predict", le=le) for le in ("2.0", "+Inf")]
    assert counts[1] - counts[0] == 3
    assert command_line("reindex")[0] == 0
    assert samples(command_line) == found
    (folder / ".trilog" / "metrics.sqlite").unlink()
    assert sorted(samples(command_line), key=str) == sorted(found, key=str)


# --- Lines as other programs write them


def uvicorn(path: str = "/predict", status: int = 200) -> str:
    return f'INFO:     127.0.0.1:34604 - "POST {path} HTTP/1.1" {status} OK'


def own(path: str = "/predict", status: int = 200, time: str = "15.98ms") -> str:
    return f"2025-11-18 16:55:02 - api - INFO - [abc-1] API Call - POST {path} - Status: {status} - Time: {time}"


@pytest.mark.parametrize(
    ("line", "labels"),
    [
        (own(), ("api.log", "POST", "/predict", "200")),
        (
            "2025-11-18 16:55:02 - api - INFO - [a-1] GET /users/7 - 200 - 45ms",
            ("api.log", "GET", "/users/{id}", "200"),
        ),
        ('10.0.0.7 - - [20/Jan/2025:10:30:00 +0100] "get /x HTTP/2.0" 503 40 "-" "curl/8.0" rt=0.015', None),
        (
            '10.0.0.7 - - [20/Jan/2025:10:30:00 +0100] "GET /x HTTP/2.0" 503 40 "-" "curl/8.0" rt=0.015',
            ("api.log", "GET", "/x", "503"),
        ),
        (
            '10.0.0.7 - - [20/Jan/2025:10:30:00 +0100] "PROPFIND /x HTTP/1.1" 405 40',
            ("api.log", "other", "/x", "405"),
        ),
        (
            (
                '{"time":"2025-11-18T16:55:02Z","level":"info","msg":"request","service":"scoring","method":"GET",'
                '"path":"/p?token=1","status":500,"duration_ms":4}'
            ),
            ("scoring", "GET", "/p", "500"),
        ),
        (
            (
                '{"@timestamp":"2025-11-18T16:55:02Z","message":"m","service":{"name":"scoring"},"url":{"path":"/p"},'
                '"http":{"request":{"method":"POST"},"response":{"status_code":200}},"event":{"duration":2500000000}}'
            ),
            ("scoring", "POST", "/p", "200"),
        ),
        (
            (
                '{"insertId":"1","logName":"projects/p/logs/a","resource":{"type":"cloud_run_revision","labels":'
                '{"service_name":"run"}},"timestamp":"2025-01-20T10:30:00.123456Z","textPayload":'
                f"{json.dumps(uvicorn())}}}"
            ),
            ("run", "POST", "/predict", "200"),
        ),
        (
            (
                '{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"otel"}}]},'
                '"scopeLogs":[{"logRecords":[{"timeUnixNano":"1737369000123456789","body":{"stringValue":'
                f"{json.dumps(uvicorn())}}}}}]}}]}}]}}"
            ),
            ("otel", "POST", "/predict", "200"),
        ),
        ('{"level":"info","msg":"request","path":"/p","status":200}', ("api.log", "unknown", "/p", "200")),
        ("2025-11-18 16:55:02 - api - INFO - GET /predict began", None),  # no status
        ('{"level":"info","msg":"job","status":200}', None),  # no path
        ('{"level":"info","msg":"job","path":"/p","status":3}', None),  # a status of something else
        ('10.0.0.7 - - [20/Jan/2025:10:30:00 +0100] "\\x16\\x03\\x01" 400 157 "-" "-"', None),
        ('2025-11-18 16:55:02 - httpx - INFO - HTTP Request: POST https://a.example/v1 "HTTP/1.1 200 OK"', None),
    ],
)
def test_a_line_is_counted_as_what_it_says(command_line: Run, line: str, labels: tuple[str, ...] | None):
    collected(command_line, [line])
    assert requests(command_line) == (Counter([labels]) if labels else Counter())


def test_the_service_level_is_a_bound(command_line: Run):
    collected(command_line, [own(time=each) for each in ("2s", "2000.0ms", "2000.1ms", "-5ms", "0ms")])
    found = samples(command_line)
    assert total(found, "api_requests_total") == 5
    assert total(found, "api_request_duration_seconds_count") == 4
    assert total(found, "api_request_duration_seconds_bucket", le="2.0") == 3
    assert total(found, "api_request_duration_seconds_sum") == pytest.approx(6.0001)


def test_a_file_of_somebody_else_s_is_a_log_of_its_own(command_line: Run, folder: Path):
    raw = folder / ".trilog" / "raw" / "drops"
    raw.mkdir(parents=True)
    (raw / "1.log").write_text(uvicorn())
    (raw / "2.log").write_text(own())
    assert requests(command_line) == Counter({("drops", "POST", "/predict", "200"): 2})


def test_a_scanner_makes_no_routes(command_line: Run):
    hostile = [uvicorn(f"/{'a' * 7000}{number}") for number in range(20)]
    hostile += [uvicorn(f"/wp-{chr(97 + number % 26)}{number}.php", 404) for number in range(300)]
    collected(command_line, [*hostile, uvicorn(), uvicorn(status=404)])
    assert requests(command_line) == Counter(
        {
            ("api.log", "POST", "other", "404"): 300,
            ("api.log", "POST", "other", "200"): 20,
            ("api.log", "POST", "/predict", "200"): 1,
            ("api.log", "POST", "/predict", "404"): 1,
        }
    )


def test_there_are_so_many_routes_and_the_rest_together(command_line: Run):
    names = [f"/page-{chr(97 + number % 26)}{chr(97 + number // 26)}" for number in range(250)]
    collected(command_line, list(map(uvicorn, names)))
    found = requests(command_line)
    assert len(found) == 201
    assert found["api.log", "POST", "other", "200"] == 50
    collected(command_line, [uvicorn(names[0]), uvicorn(names[249])])
    again = requests(command_line)
    assert again["api.log", "POST", names[0], "200"] == 2
    assert again["api.log", "POST", "other", "200"] == 51


def test_numbers_of_an_earlier_version_are_counted_anew(command_line: Run, folder: Path):
    collected(command_line, [own(), uvicorn(status=500)])
    found = samples(command_line)
    ledger = folder / ".trilog" / "metrics.sqlite"
    with sqlite3.connect(ledger) as database:
        database.execute("DELETE FROM numbers")
        database.execute("DROP TABLE states")
        database.execute("PRAGMA user_version = 0")
    database.close()
    assert samples(command_line) == found


def test_an_exporter_that_is_killed_counts_each_request_once(command_line: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_BATCH_SIZE", "5")
    collected(command_line, [line for _ in range(300) for line in (own(), uvicorn(), uvicorn("/health"))])
    draw = Random(7)  # noqa: S311 (moments to kill at)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "METRICS_INTERVAL": "0.1"}
    for _ in range(10):
        command = [sys.executable, "-m", "functions", "metrics", "--port", "0"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
            time.sleep(draw.uniform(0.25, 0.8))
            process.kill()
    found = samples(command_line)
    assert total(found, "api_requests_total", route="/predict") == 300
    assert total(found, "api_requests_total", route="/health") == 300
    assert total(found, "api_request_duration_seconds_count") == 300
