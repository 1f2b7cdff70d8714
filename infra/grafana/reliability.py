"""The second section: what failed, how long it took to recover, and whether data is fresh."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.grafana.expressions import LAST_RUN, failure_rate, failure_rate_by, time_to_recovery
from infra.grafana.limits import FAILURE_RATE, FRESHNESS
from infra.grafana.panels import GREEN, RED, Asked, Look, alert_list, bar_gauge, lines, stat

if TYPE_CHECKING:
    from collections.abc import Callable


def reliability(text: Callable[[str], str]) -> list[Any]:
    """Return the panels of the section; `text` translates what they say."""
    return [_rates(text), _alerts(text), *_recovery(text), *_freshness(text)]


def _rates(text: Callable[[str], str]) -> Any:  # noqa: ANN401 (a builder of Grafana's)
    panel = lines(
        text("Failure rate, in all and by source"),
        text("Of the runs counted in the window that ends at each point. The limit is 2 %."),
        [
            Asked(failure_rate("$window"), text("All sources")),
            Asked(failure_rate_by("source", "$window"), "{{source}}"),
        ],
        Look("percentunit", FAILURE_RATE),
    )
    return panel.span(16).height(8)


def _alerts(text: Callable[[str], str]) -> Any:  # noqa: ANN401 (a builder of Grafana's)
    about = text("The rules about ingestion that fire, or are about to.")
    return alert_list(text("Alerts"), about, "Ingestion").span(8).height(8)


def _recovery(text: Callable[[str], str]) -> list[Any]:
    about = text(
        "From the start of a run that failed to the end of the next one that succeeded of the same source and object, "
        "on average of what recovered in the chosen period."
    )
    whole = stat(text("MTTR"), about, [Asked(time_to_recovery("$__range"))], Look("s"))
    asked = Asked(time_to_recovery("$__range", "source, objet"), "{{source}} {{objet}}")
    each = bar_gauge(text("MTTR by source and object"), about, asked, Look("s"))
    return [whole.span(4).height(7), each.span(8).height(7)]


def _freshness(text: Callable[[str], str]) -> list[Any]:
    age = f"time() - max by (source) ({LAST_RUN})"
    share = stat(
        text("Freshness (SLO)"),
        text("The share of sources whose last run is no older than the chosen freshness. All should be."),
        [Asked(f"avg(({age}) <= bool 60 * $freshness)")],
        Look("percentunit", 1.0, 0, below=RED, above=GREEN),
    )
    each = bar_gauge(
        text("Time since the last run, by source"),
        text("Red from 75 minutes on, when the alert fires."),
        Asked(age, "{{source}}"),
        Look("s", FRESHNESS * 60.0),
    )
    return [share.span(4).height(7), each.span(8).height(7)]
