"""The dashboard of ingestion runs: its variables, and its five sections one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana_foundation_sdk.builders.dashboard import (
    CustomVariable,
    Dashboard,
    DashboardLink,
    DatasourceVariable,
    IntervalVariable,
    QueryVariable,
    Row,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from infra.grafana.limits import FRESHNESS
from infra.grafana.overview import overview
from infra.grafana.panels import PROMETHEUS
from infra.grafana.performance import performance
from infra.grafana.reliability import reliability
from infra.grafana.runs import details, errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from grafana_foundation_sdk.models.dashboard import Dashboard as Made

_TAGS = ["trilog", "ingestion"]
_WINDOWS = ("5m", "15m", "30m", "1h", "6h", "12h", "1d")
_MINUTES = (15, 30, 60, FRESHNESS, 120, 1440)


def dashboard(language: str, text: Callable[[str], str]) -> Made:
    """Return the dashboard in a language; `text` translates what it says from English."""
    builder = Dashboard(text("Ingestion runs")).uid(f"trilog-ingestion-{language}").tags([*_TAGS, language])
    builder.description(text("Runs of ingestions: their health, reliability and performance, and what failed."))
    builder.time("now-24h", "now").refresh("30s").timezone("browser").tooltip(DashboardCursorSync.CROSSHAIR).editable()
    builder.link(_link(text("Other language")))
    for variable in (*_data_sources(), *_filters(text), *_settings(text)):
        builder.with_variable(variable)
    for title, panels in _sections(text):
        builder.with_row(Row(title))
        for panel in panels:
            builder.with_panel(panel)
    made = builder.build()
    for number, panel in enumerate(made.panels or (), 1):
        panel.id_val = number
    return made


def _sections(text: Callable[[str], str]) -> list[tuple[str, list]]:
    return [
        (text("1. Overview: the ingestion's health"), overview(text)),
        (text("2. Reliability: errors and service levels"), reliability(text)),
        (text("3. Performance: latency and throughput"), performance(text)),
        (text("4. Details by connector: sources and objects"), details(text)),
        (text("5. Last error messages"), errors(text)),
    ]


def _link(title: str) -> DashboardLink:
    return (
        DashboardLink(title)
        .type(DashboardLinkType.DASHBOARDS)
        .tags(_TAGS)
        .include_vars(include_vars=True)
        .keep_time(keep_time=True)
    )


def _data_sources() -> list[DatasourceVariable]:
    """Return which Prometheus and which Loki is asked: those that are provisioned, or any other after an import."""
    return [
        DatasourceVariable(kind).label(name).type(kind).current(VariableOption(text=name, value=kind))
        for kind, name in (("prometheus", "Prometheus"), ("loki", "Loki"))
    ]


def _filters(text: Callable[[str], str]) -> list[QueryVariable]:
    return [
        _filter("source", text("Source"), "label_values(ingestion_runs_total, source)"),
        _filter("objet", text("Object"), 'label_values(ingestion_runs_total{source=~"$source"}, objet)'),
        _filter("entreprise", text("Company"), "label_values(ingestion_runs_total, entreprise)"),
        _filter("zone", text("Zone"), "label_values(ingestion_runs_total, zone)"),
    ]


def _filter(name: str, label: str, query: str) -> QueryVariable:
    everything = VariableOption(text=["All"], value=["$__all"])
    variable = QueryVariable(name).label(label).datasource(PROMETHEUS).query({"query": query, "refId": name})
    variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_ASC)
    return variable.multi(multi=True).include_all(include_all=True).all_value(".*").current(everything)


def _settings(text: Callable[[str], str]) -> list[IntervalVariable | CustomVariable]:
    hour, fresh = VariableOption(text="1h", value="1h"), VariableOption(text=str(FRESHNESS), value=str(FRESHNESS))
    return [
        IntervalVariable("window").label(text("Window")).values(",".join(_WINDOWS)).current(hour),
        CustomVariable("freshness")
        .label(text("Freshness (minutes)"))
        .values(",".join(map(str, _MINUTES)))
        .current(fresh),
    ]
