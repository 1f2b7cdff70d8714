"""What the panels about an API ask Prometheus.

A service's numbers are what infra/prometheus/rules/api.yml records of it every 15 s: what is new since the time before.
Those of routes are the counters' own: their totals less what they were before, as infra/grafana/expressions.py has it.
Where an application was started anew, its routes' totals fell: they count from then on.
"""

from __future__ import annotations

from infra.grafana.expressions import added

_OF_SERVICE = 'job=~"$job", service=~"$service"'
_OF_ROUTE = f'{_OF_SERVICE}, route=~"$route"'
REQUESTS = f"job_service_class:api_requests:new{{{_OF_SERVICE}}}"
_EVERY = 15  # seconds: so often the rules record what is new
BURNED = {window: f"job_service_slo:api_bad_requests:ratio{window}" for window in ("5m", "1h", "6h", "1d", "3d")}
_ALLOWED = 0.01  # of the requests: what the objective leaves for errors


def requests(window: str) -> str:
    """Return how many requests there were."""
    return f"sum(sum_over_time({REQUESTS}[{window}]))"


def requests_per_second(labels: str, window: str) -> str:
    """Return how many requests there are a second, by some labels of the service's."""
    return f"sum by ({labels}) (avg_over_time({REQUESTS}[{window}])) / {_EVERY}"


def kept(slo: str, window: str, labels: str = "") -> str:
    """Return the share of requests that keep an objective, 0 to 1, in all or by some labels."""
    bad, every = (
        _summed(f'job_service_slo:api_{kind}:new{{{_OF_SERVICE}, slo="{slo}"}}', window, labels)
        for kind in ("bad_requests", "requests")
    )
    return f"1 - {bad} / ({every} > 0)"


def budget_left(slo: str, window: str) -> str:
    """Return which share of the errors that the objective allows was not made, 1 at most; below 0 it is missed."""
    return f"1 - (1 - ({kept(slo, window)})) / {_ALLOWED}"


def burn_rate(slo: str, window: str) -> str:
    """Return how many times as fast as the objective allows errors are made by the service that makes most of them."""
    return f'max({BURNED[window]}{{{_OF_SERVICE}, slo="{slo}"}}) / {_ALLOWED}'


def error_rate(status_class: str, window: str, labels: str = "") -> str:
    """Return the share of requests that have a class of statuses, such as 5xx, in all or by some labels."""
    every = _summed(REQUESTS, window, labels)
    errors = _summed(REQUESTS.replace("{", f'{{class="{status_class}", '), window, labels)
    return f"({errors} or {every} * 0) / ({every} > 0)"


def response_time(share: float, window: str, labels: str = "") -> str:
    """Return a quantile of a service's response times, in all or by some labels; nothing where there were none."""
    buckets = f"sum_over_time(job_service_le:api_request_duration_seconds:new{{{_OF_SERVICE}}}[{window}])"
    return f"histogram_quantile({share}, sum by ({', '.join(filter(None, ['le', labels]))}) ({buckets})) >= 0"


def mean_response_time(window: str) -> str:
    """Return the mean of response times; nothing where there were none."""
    seconds, count = (
        f"sum(clamp_min({added(f'api_request_duration_seconds_{part}{{{_OF_ROUTE}}}', window)}, 0))"
        for part in ("sum", "count")
    )
    return f"{seconds} / ({count} > 0)"


def response_time_by_route(share: float, window: str) -> str:
    """Return a quantile of the response times of each route."""
    buckets = f"clamp_min({added(f'api_request_duration_seconds_bucket{{{_OF_ROUTE}}}', window)}, 0)"
    return f"histogram_quantile({share}, sum by (le, method, route) ({buckets})) >= 0"


def requests_by_route(labels: str, window: str, statuses: str = "...") -> str:
    """Return how many requests of routes there were, by some labels; those whose status a pattern matches."""
    series = f'api_requests_total{{{_OF_ROUTE}, status=~"{statuses}"}}'
    return f"sum by ({labels}) (clamp_min({added(series, window)}, 0)) > 0"


def _summed(series: str, window: str, labels: str) -> str:
    return f"sum{f' by ({labels})' if labels else ''} (sum_over_time({series}[{window}]))"
