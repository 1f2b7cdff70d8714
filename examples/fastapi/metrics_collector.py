"""The metrics of a FastAPI application, by the names and labels that Trilog's rules and dashboards ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Histogram
from prometheus_fastapi_instrumentator import Instrumentator

if TYPE_CHECKING:
    from fastapi import FastAPI
    from prometheus_fastapi_instrumentator.metrics import Info

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30)  # 2 s is the service level: a bound, to be exact
REQUESTS = Counter("api_requests", "Requests.", ("service", "method", "route", "status"))
DURATIONS = Histogram(
    "api_request_duration_seconds", "How long requests took.", ("service", "method", "route"), buckets=BUCKETS
)
METHODS = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"))


def add_metrics(app: FastAPI, service: str) -> None:
    """Count an application's requests, and show the counts at `/metrics`.

    The route is the template (`/models/{name}`); a path that has none is `other`, so nobody can make many of them.
    """

    def count(info: Info) -> None:
        route = "other" if info.modified_handler == "none" else info.modified_handler
        method = info.method if info.method in METHODS else "other"
        REQUESTS.labels(service, method, route, info.modified_status).inc()
        DURATIONS.labels(service, method, route).observe(info.modified_duration)

    instrumentator = Instrumentator(should_group_status_codes=False, excluded_handlers=["/metrics"])
    instrumentator.add(count).instrument(app).expose(app, include_in_schema=False)
