"""The dashboard of an API's performance: its variables and its four sections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.grafana.api_expressions import (
    BURNED,
    budget_left,
    burn_rate,
    error_rate,
    kept,
    mean_response_time,
    requests,
    requests_by_route,
    requests_per_second,
    response_time,
    response_time_by_route,
)
from infra.grafana.dashboard import Board, chosen, data_source, window
from infra.grafana.limits import CLIENT_ERRORS, FAST_BURN, OBJECTIVE, RESPONSE, SERVER_ERRORS
from infra.grafana.panels import GREEN, RED, Asked, Look, alert_list, bar_gauge, lines, stat

if TYPE_CHECKING:
    from collections.abc import Callable

_RANGE, _WINDOW = "$__range", "$window"
_SHARES = (0.5, 0.95, 0.99)
_SLOS = ("availability", "latency")
_AT_LEAST = {"below": RED, "above": GREEN}


def _variables(text: Callable[[str], str]) -> list[Any]:
    service = 'label_values(api_requests_total{job=~"$job"}, service)'
    route = 'label_values(api_requests_total{job=~"$job", service=~"$service"}, route)'
    return [
        data_source("prometheus", "Prometheus"),
        chosen("job", text("Measured by"), "label_values(api_requests_total, job)"),
        chosen("service", text("Service"), service),
        chosen("route", text("Route"), route),
        window(text("Window"), "5m"),
    ]


def _sections(text: Callable[[str], str]) -> list[tuple[str, list[Any]]]:
    return [
        (text("1. Overview: the service level"), [*_figures(text), *_traffic(text)]),
        (text("2. Response time"), _response_times(text)),
        (text("3. Errors"), _errors(text)),
        (text("4. Objectives and error budget"), _budget(text)),
    ]


def _figures(text: Callable[[str], str]) -> list[Any]:
    of_range = text("Of the requests that were counted in the chosen period.")
    share = "percentunit"
    good = Look(share, OBJECTIVE, 2, **_AT_LEAST)
    figures = [
        (text("Requests"), requests(_RANGE), Look(decimals=0)),
        (text("Availability"), kept("availability", _RANGE), good),
        (text("Within 2 s"), kept("latency", _RANGE), good),
        (text("Response time (p95)"), response_time(0.95, _RANGE), Look("s", RESPONSE, 2)),
        (text("Errors 5xx"), error_rate("5xx", _RANGE), Look(share, SERVER_ERRORS, 2)),
        (text("Errors 4xx"), error_rate("4xx", _RANGE), Look(share, CLIENT_ERRORS, 2)),
    ]
    return [stat(title, of_range, [Asked(expr)], look).span(4).height(4) for title, expr, look in figures]


def _traffic(text: Callable[[str], str]) -> list[Any]:
    about = text("By class of status. A batch of a log is counted at once, when it is read.")
    asked = [Asked(requests_per_second("class", _WINDOW), "{{class}}")]
    alerts = text("The rules about the API that fire, or are about to.")
    return [
        lines(text("Requests per second"), about, asked, Look("reqps")).span(16).height(8),
        alert_list(text("Alerts"), alerts, "Api").span(8).height(8),
    ]


def _response_times(text: Callable[[str], str]) -> list[Any]:
    about = text("Of the requests counted in the window that ends at each point. The service level is 2 s.")
    look = Look("s", RESPONSE)
    every = [Asked(response_time(share, _WINDOW), f"p{share * 100:.0f}") for share in _SHARES]
    of_service = [Asked(response_time(0.95, _WINDOW, "service"), "{{service}}")]
    slowest = Asked(f"topk(10, {response_time_by_route(0.95, _RANGE)})", "{{method}} {{route}}")
    busiest = Asked(f"topk(10, {requests_by_route('method, route', _RANGE)})", "{{method}} {{route}}")
    ten = text("The ten routes whose requests take longest, in the chosen period.")
    most = text("The ten routes with most requests, in the chosen period.")
    mean = Asked(mean_response_time(_WINDOW), text("Mean"))
    return [
        lines(text("Response time (mean, p50, p95, p99)"), about, [mean, *every], look).span(12).height(8),
        lines(text("Response time by service (p95)"), about, of_service, look).span(12).height(8),
        bar_gauge(text("Response time by route (p95)"), ten, slowest, look).span(12).height(9),
        bar_gauge(text("Requests by route"), most, busiest, Look(decimals=0)).span(12).height(9),
    ]


def _errors(text: Callable[[str], str]) -> list[Any]:
    about = text("Of the requests counted in the window that ends at each point.")
    panels = [
        lines(title, about, [Asked(error_rate(status, _WINDOW, "service"), "{{service}}")], Look("percentunit", limit))
        for title, status, limit in (
            (text("Errors 5xx by service"), "5xx", SERVER_ERRORS),
            (text("Errors 4xx by service"), "4xx", CLIENT_ERRORS),
        )
    ]
    failed = Asked(f"topk(15, {requests_by_route('route, status', _RANGE, '[45]..')})", "{{status}} {{route}}")
    most = text("What was answered with 4xx and 5xx most, in the chosen period.")
    by_route = bar_gauge(text("Errors by route"), most, failed, Look(decimals=0)).span(24).height(9)
    return [*(panel.span(12).height(8) for panel in panels), by_route]


def _budget(text: Callable[[str], str]) -> list[Any]:
    names = dict(zip(_SLOS, (text("Availability"), text("Within 2 s")), strict=True))
    by_service = dict(zip(_SLOS, (text("Availability by service"), text("Within 2 s, by service")), strict=True))
    hour = text("Of an hour, by service. The objective is 99 %.")
    week = text(
        "Of the errors that the objective allows (1 %), those that were not made within 7 days; below 0 it is missed."
    )
    rates = text(
        "How many times as fast as the objective allows errors are made, by the worst service. An alert: 14.4 in 1 h."
    )
    share = Look("percentunit", OBJECTIVE, **_AT_LEAST)
    left = [Asked(budget_left(slo, "7d"), names[slo]) for slo in _SLOS]
    burning = [
        lines(
            f"{text('Error budget')} : {names[slo]}",
            rates,
            [Asked(burn_rate(slo, each), each) for each in BURNED],
            Look(limit=FAST_BURN),
        )
        for slo in _SLOS
    ]
    return [
        stat(text("Error budget left (7 days)"), week, left, Look("percentunit", 0.0, 1, **_AT_LEAST))
        .span(8)
        .height(8),
        *(
            lines(by_service[slo], hour, [Asked(kept(slo, "1h", "service"), "{{service}}")], share).span(8).height(8)
            for slo in _SLOS
        ),
        *(panel.span(12).height(8) for panel in burning),
    ]


API = Board(
    "api-performance",
    "API performance",
    "An API's requests: response time, errors, availability, and what is left of its error budget.",
    "6h",
    _variables,
    _sections,
)
