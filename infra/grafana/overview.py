"""The first section: how the ingestion does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.grafana.expressions import (
    FAILED,
    FAILING_SINCE,
    RUNS,
    SUCCEEDED,
    counted,
    counted_by,
    failure_rate,
    greatest,
    quantile,
)
from infra.grafana.limits import DURATION, FAILURE_RATE, MEMORY
from infra.grafana.panels import GREEN, RED, Asked, Look, bar_gauge, setting, stacked_bars, stat

if TYPE_CHECKING:
    from collections.abc import Callable

RANGE = "$__range"


def overview(text: Callable[[str], str]) -> list[Any]:
    """Return the panels of the section; `text` translates what they say."""
    return [*_statuses(text), *_figures(text), _timeline(text), _slowest(text)]


def _statuses(text: Callable[[str], str]) -> list[Any]:
    good, bad = text("Successes"), text("Failures")
    runs = stat(
        text("Runs by state"),
        text("Runs that were counted in the chosen period."),
        [Asked(counted(SUCCEEDED, RANGE), good), Asked(counted(FAILED, RANGE), bad)],
        Look(decimals=0),
    )
    last = stat(
        text("Last run of each object"),
        text("How many objects' last run succeeded, and how many failed."),
        [
            Asked(f"count({FAILING_SINCE} == 0) or vector(0)", good),
            Asked(f"count({FAILING_SINCE} > 0) or vector(0)", bad),
        ],
        Look(decimals=0),
    )
    return [_red_from_one(panel, bad).span(6).height(4) for panel in (runs, last)]


def _red_from_one(panel: Any, name: str) -> Any:  # noqa: ANN401 (a builder of Grafana's)
    steps = [{"color": GREEN, "value": None}, {"color": RED, "value": 1}]
    return panel.override_by_name(name, [setting("thresholds", {"mode": "absolute", "steps": steps})])


def _figures(text: Callable[[str], str]) -> list[Any]:
    rate = stat(
        text("Failure rate"),
        text("Of the runs that were counted in the chosen period. The limit is 2 %."),
        [Asked(failure_rate(RANGE))],
        Look("percentunit", FAILURE_RATE, 1),
    )
    duration = stat(
        text("Duration (p95)"),
        text("95 % of the runs took no longer; estimated from the histogram's buckets. The limit is 60 s."),
        [Asked(quantile(0.95, "ingestion_duration_seconds", RANGE))],
        Look("s", DURATION, 1),
    )
    memory = stat(
        text("Maximum memory"),
        text("The most that a run took which began in the chosen period. The limit is 150 MB (of 1,048,576 bytes)."),
        [Asked(greatest("memory_used_bytes"))],
        Look("bytes", MEMORY, 1),
        loki=True,
    )
    return [panel.span(4).height(4) for panel in (rate, duration, memory)]


def _timeline(text: Callable[[str], str]) -> Any:  # noqa: ANN401 (a builder of Grafana's)
    panel = stacked_bars(
        text("Timeline of runs"),
        text("Runs by state, when they were counted."),
        [Asked(counted_by("etat", RUNS, "$__interval"), "{{etat}}")],
        "1m",
    )
    for etat, colour in (("SUCCESS", GREEN), ("FAILED", RED)):
        panel.override_by_name(etat, [setting("color", {"mode": "fixed", "fixedColor": colour})])
    return panel.span(14).height(8)


def _slowest(text: Callable[[str], str]) -> Any:  # noqa: ANN401 (a builder of Grafana's)
    slowest = f"topk(10, {quantile(0.95, 'ingestion_duration_seconds', RANGE, 'source')})"
    about = text("The ten sources whose runs take longest, in the chosen period.")
    panel = bar_gauge(
        text("Slowest sources (p95 of the duration)"), about, Asked(slowest, "{{source}}"), Look("s", DURATION, 1)
    )
    return panel.span(10).height(8)
