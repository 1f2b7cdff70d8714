"""The conditions of alerts without Prometheus are those of its rules: promtool says so, of requests drawn at random."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from random import Random

import pytest
import yaml

from functions.alerts.api import api_alerts
from functions.alerts.requests import Counts
from functions.alerts.rules import MINUTE, P95_WINDOW
from functions.alerts.rules import RULES as KNOWN
from functions.metrics.request import SECONDS
from tests.prometheus import promtool

RULES = Path(__file__).parents[2] / "infra" / "prometheus" / "rules" / "api.yml"
CLASSES, DURATIONS = "job_service_class:api_requests:new", "job_service_le:api_request_duration_seconds:new"
P95 = "job_service:api_request_duration_seconds:p95_5m"
API = {each.name for each in KNOWN.values() if each.team == "api"}
SERVICES = 40
NOW = datetime(1970, 1, 4, 1, tzinfo=UTC)  # promtool's clock begins in 1970
MINUTES = int(NOW.timestamp()) // MINUTE

pytestmark = pytest.mark.slow

Drawn = dict[int, Counter[tuple[int, float]]]
"""By how many minutes ago: how many requests had a status, and took so many seconds."""


def drawn(draw: Random) -> Drawn:
    """Draw a service's requests: some are slow, some fail, in parts of four days or now."""
    requests: Drawn = {}
    for part in range(draw.randint(1, 8)):
        begin = part and draw.choice([0, 1, 2, 10, 40, 100, 200, 500, 2000, 4000])
        bad, status, slow = (
            draw.choice([0, 0.02, 0.05, 0.08, 0.4]),
            draw.choice([404, 404, 500, 503]),
            draw.random() < 0.5,
        )
        for minute in range(begin, begin + draw.choice([1, 3, 5, 30, 120])):
            for _ in range(draw.choice([1, 4, 20])):
                wrong = draw.random() < bad
                told = (
                    (200, draw.choice([2.5, 7.0, 60.0]))
                    if wrong and slow
                    else (status if wrong else 200, draw.random())
                )
                requests.setdefault(minute, Counter())[told] += 1
    return requests


def series(service: str, requests: Drawn) -> list[dict[str, str]]:
    """Write the requests as what the rules record as new, a value a minute."""
    numbers: dict[tuple[str, str], list[int]] = {}

    def add(name: str, label: str, minute: int, count: int) -> None:
        numbers.setdefault((name, label), [0] * (MINUTES + 1))[MINUTES - minute] += count

    for minute, told in requests.items():
        for (status, seconds), count in told.items():
            for first in (2, 4, 5):
                add(CLASSES, f'class="{first}xx"', minute, count if status // 100 == first else 0)
            for bound in (*map(str, SECONDS), "+Inf"):
                add(DURATIONS, f'le="{bound}"', minute, count if seconds <= float(bound) else 0)
            for slo, bad in (("availability", status >= 500), ("latency", seconds > 2)):
                add("job_service_slo:api_requests:new", f'slo="{slo}"', minute, count)
                add("job_service_slo:api_bad_requests:new", f'slo="{slo}"', minute, count if bad else 0)
    return [
        {"series": f'{name}{{job="j", service="{service}", {label}}}', "values": shortened(values)}
        for (name, label), values in numbers.items()
    ]


def shortened(values: list[int]) -> str:
    """Write values as promtool reads them; noughts before the last minutes are no samples, which take no time."""
    lately = len(values) - 10
    told = (value if value or place >= lately else None for place, value in enumerate(values))
    runs = ((value, len([*same])) for value, same in groupby(told))
    return " ".join(f"_x{length}" if value is None else f"{value}x{length - 1}" for value, length in runs)


def rules(folder: Path) -> Path:
    """Write the rules without those that say what is new: that is given here."""
    shipped = yaml.safe_load(RULES.read_text())
    for group in shipped["groups"]:
        group["rules"] = [each for each in group["rules"] if not each.get("record", "").endswith((":known", ":new"))]
    path = folder / "rules.yml"
    path.write_text(yaml.safe_dump(shipped))
    return path


def counted(requests: Drawn) -> Counts:
    """Count the same, each half a minute before the end of its minute."""
    counts = Counts()
    for minute, told in requests.items():
        for (status, seconds), count in told.items():
            for _ in range(count):
                counts.count((minute + 0.5) * MINUTE, status)
                counts.time((minute + 0.5) * MINUTE, seconds)
    return counts


def fired(services: dict[str, Counts]) -> dict[str, float]:
    """Return which alerts fire, as series of ALERTS."""
    found = (sorted((*each.labels, ("alertname", each.rule.name))) for each in api_alerts(services, NOW, "logs"))
    return {"{" + ", ".join(f'{name}="{value}"' for name, value in labels) + "}": 1 for labels in found}


def test_what_fires_is_what_prometheus_says_fires(tmp_path: Path):
    requests = {f"s{seed}": drawn(Random(seed)) for seed in range(SERVICES)}  # noqa: S311 (requests)
    services = {service: counted(each) for service, each in requests.items()}
    alerts = fired(services)
    assert {re.findall('alertname="(.*?)"', each)[0] for each in alerts} == API
    slow = {
        f'{{job="j", service="{service}"}}': round(1000 * p95)
        for service, counts in services.items()
        if (p95 := counts.p95(P95_WINDOW)) is not None
    }
    expected = {"count by (alertname, service, slo, class) (ALERTS)": alerts, f"round(1000 * {P95})": slow}
    test = {
        "interval": "1m",
        "input_series": [each for service, told in requests.items() for each in series(service, told)],
        "promql_expr_test": [
            {
                "expr": expression,
                "eval_time": f"{MINUTES}m",
                "exp_samples": [{"labels": labels, "value": value} for labels, value in samples.items()],
            }
            for expression, samples in expected.items()
        ],
    }
    content = {"rule_files": [str(rules(tmp_path))], "evaluation_interval": "30m", "tests": [test]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(content, width=10**9))
    done = promtool("test", "rules", tmp_path / "test.yml")
    assert done.returncode == 0, (done.stdout + done.stderr)[:4000]
