"""The dashboard of the drift of models: its variables and its three sections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.grafana.dashboard import Board, chosen, data_source
from infra.grafana.limits import DRIFTED
from infra.grafana.panels import Asked, Look, alert_list, bar_gauge, lines, stat

if TYPE_CHECKING:
    from collections.abc import Callable

_OF = 'model=~"$model"'
_SCORE = f"model_drift_score{{{_OF}}}"
# A p-value, which is the worse the smaller it is, has no place among distances.
_TIMES = f'model_drift_score{{{_OF}, method!="ks"}} / on (model, feature, method) model_drift_threshold{{{_OF}}}'
_AGE = f"time() - max by (model) (model_drift_last_run_timestamp_seconds{{{_OF}}})"


def _variables(text: Callable[[str], str]) -> list[Any]:
    models = "label_values(model_drift_last_run_timestamp_seconds, model)"
    return [data_source("prometheus", "Prometheus"), chosen("model", text("Model"), models)]


def _sections(text: Callable[[str], str]) -> list[tuple[str, list[Any]]]:
    return [
        (text("1. Overview: the last run of each model"), [*_figures(text), *_verdicts(text)]),
        (text("2. Features"), _features(text)),
        (text("3. Runs"), _runs(text)),
    ]


def _figures(text: Callable[[str], str]) -> list[Any]:
    of_runs = text("Of the last run of each model that is chosen.")
    figures = [
        (text("Models with drift"), f"sum(model_drift_detected{{{_OF}}})", Look(limit=1.0, decimals=0)),
        (text("Features that drifted"), f"sum(model_drift_feature_detected{{{_OF}}})", Look(limit=1.0, decimals=0)),
        (text("Largest share of features"), f"max(model_drift_share{{{_OF}}})", Look("percentunit", DRIFTED, 1)),
        (text("Time since the last run"), f"max({_AGE})", Look("s")),
    ]
    return [stat(title, of_runs, [Asked(expr)], look).span(6).height(4) for title, expr, look in figures]


def _verdicts(text: Callable[[str], str]) -> list[Any]:
    share = Asked(f"max by (model) (model_drift_share{{{_OF}}})", "{{model}}")
    alerts = text("Rules on drift that fire, or are about to.")
    panels = [
        lines(text("Share of features that drifted"), text("By model."), [share], Look("percentunit", DRIFTED)),
        alert_list(text("Alerts"), alerts, "Derive"),
    ]
    return [panel.span(12).height(8) for panel in panels]


def _features(text: Callable[[str], str]) -> list[Any]:
    named, by = "{{model}} {{feature}}", "by (model, feature)"
    distances = text(
        "By Wasserstein, Jensen-Shannon or PSI; a feature has drifted where chance does not explain it, too."
    )
    scores = Asked(f"sort_desc(max by (model, feature, method) ({_SCORE}))", "{{model}} {{feature}} ({{method}})")
    relative = Asked(f"max {by} ({_TIMES})", named)
    drifted = Asked(f"max {by} (model_drift_feature_detected{{{_OF}}})", named)
    thresholds = Asked(
        f"max by (model, feature, method) (model_drift_threshold{{{_OF}}})", "{{model}} {{feature}} ({{method}})"
    )
    panels = [
        bar_gauge(text("Scores, by feature"), text("Of the last run; of ks, the p-value."), scores, Look(decimals=3)),
        lines(text("Scores, in thresholds"), distances, [relative], Look(limit=1.0)),
        lines(text("Drifted: 1, or 0"), text("By feature, as the run decided."), [drifted], Look(limit=1.0)),
        bar_gauge(text("Thresholds, by feature"), text("As configured."), thresholds, Look(decimals=3)),
    ]
    return [panel.span(12).height(10) for panel in panels]


def _runs(text: Callable[[str], str]) -> list[Any]:
    rows = Asked(f"max by (model, window) (model_drift_rows{{{_OF}}})", "{{model}} {{window}}")
    due = f"max by (model) (model_drift_schedule_seconds{{{_OF}}})"
    ages = [Asked(_AGE, "{{model}}"), Asked(due, f"{{{{model}}}} {text('due')}")]
    about = text("Without a schedule in the configuration, no run is due.")
    return [
        lines(text("Rows compared"), text("Of the reference and of the predictions."), [rows], Look())
        .span(12)
        .height(8),
        lines(text("Time since the last run, by model"), about, ages, Look("s")).span(12).height(8),
    ]


DRIFT = Board(
    "model-drift",
    "Drift of models",
    "How far what models are given and answer has moved from what they were trained on, as trilog drift finds it.",
    "7d",
    _variables,
    _sections,
)
