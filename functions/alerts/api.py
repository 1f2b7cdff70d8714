"""The alerts on APIs: the conditions of `infra/prometheus/rules/api.yml` on counted requests."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from functions.alerts.alert import Alert, percentage
from functions.alerts.rules import (
    AVAILABILITY,
    AVAILABLE,
    AVAILABLE_WINDOW,
    BUDGET,
    CLASS_WINDOW,
    ERRORS_4XX,
    ERRORS_5XX,
    FAST,
    FAST_BURN,
    LEAST_BAD,
    OVER_4XX,
    OVER_5XX,
    P95_OVER,
    P95_WINDOW,
    RESPONSE_TIME,
    SLOW,
    SLOW_BURN,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from functions.alerts.alert import Labels
    from functions.alerts.requests import Counts
    from functions.alerts.rules import Burn, Rule

_OBJECTIVES = ("availability", "latency")
_RECORDS = timedelta(minutes=15)  # before the alert: those that its command shows


def api_alerts(services: Mapping[str, Counts], now: datetime, index: str) -> Iterator[Alert]:
    """Yield the alerts that fire.

    Args:
        services: the requests of each.
        now: the end of what was counted.
        index: the name of the log index.
    """
    since = f"--since {now - _RECORDS:%Y-%m-%dT%H:%MZ}"
    for service, counts in services.items():
        for rule, labels, number in _firing(counts):
            value = f"{number:.1f} s" if rule is RESPONSE_TIME else percentage(number)
            command = f"trilog show {index} {_bad(rule, labels)} {since}"
            yield Alert(rule, (("service", service), *labels), value, rule.threshold, command, number)


def _bad(rule: Rule, labels: Labels) -> str:
    """Return the options of `show` that choose the requests that an alert is of."""
    if rule is RESPONSE_TIME or ("slo", "latency") in labels:
        return f"--slower-than {P95_OVER:g}s"
    return "--status 4xx" if rule is ERRORS_4XX else "--status 5xx"


def _firing(counts: Counts) -> Iterator[tuple[Rule, tuple[tuple[str, str], ...], float]]:
    """Yield what fires, with the labels besides the service that it has in Prometheus, too."""
    for rule, labels, number in (
        (RESPONSE_TIME, (), _slow(counts)),
        (ERRORS_5XX, (("class", "5xx"),), _failed(counts, 5, OVER_5XX)),
        (ERRORS_4XX, (("class", "4xx"),), _failed(counts, 4, OVER_4XX)),
        (AVAILABILITY, (("slo", "availability"),), _unavailable(counts)),
    ):
        if number is not None:
            yield rule, labels, number
    for rule, burns in ((FAST_BURN, FAST), (SLOW_BURN, SLOW)):
        for slo in _OBJECTIVES:
            number = _burnt(counts, slo, burns)
            if number is not None:
                yield rule, (("slo", slo),), number


def _slow(counts: Counts) -> float | None:
    """Return how long 95 % of the answers take at most, in seconds, where that is too long."""
    p95, (bad, _) = counts.p95(P95_WINDOW), counts.objective("latency", P95_WINDOW)
    return p95 if p95 is not None and p95 > P95_OVER and bad >= LEAST_BAD else None


def _failed(counts: Counts, first_digit: int, over: float) -> float | None:
    """Return the share of statuses that begin so, where it is over a threshold."""
    bad, requests = counts.of_class(first_digit, CLASS_WINDOW), counts.requests(CLASS_WINDOW)
    return bad / requests if bad >= LEAST_BAD and bad / requests > over else None


def _unavailable(counts: Counts) -> float | None:
    bad, requests = counts.objective("availability", AVAILABLE_WINDOW)
    return 1 - bad / requests if bad >= LEAST_BAD and 1 - bad / requests < AVAILABLE else None


def _burnt(counts: Counts, slo: str, burns: tuple[Burn, ...]) -> float | None:
    """Return the share of bad requests within the first long window of which the budget is spent too fast."""
    for burn in burns:
        (bad, requests), (lately, all_lately) = (counts.objective(slo, each) for each in (burn.long, burn.short))
        over = burn.rate * BUDGET
        if bad >= LEAST_BAD and bad / requests > over and all_lately and lately / all_lately > over:
            return bad / requests
    return None
