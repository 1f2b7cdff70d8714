"""The dashboard of ingestion runs: its variables and its five sections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grafana_foundation_sdk.builders.dashboard import CustomVariable
from grafana_foundation_sdk.models.dashboard import VariableOption

from infra.grafana.dashboard import Board, chosen, data_source, window
from infra.grafana.limits import FRESHNESS
from infra.grafana.overview import overview
from infra.grafana.performance import performance
from infra.grafana.reliability import reliability
from infra.grafana.runs import details, errors

if TYPE_CHECKING:
    from collections.abc import Callable

_MINUTES = (15, 30, 60, FRESHNESS, 120, 1440)


def _variables(text: Callable[[str], str]) -> list[Any]:
    return [
        data_source("prometheus", "Prometheus"),
        data_source("loki", "Loki"),
        chosen("source", text("Source"), "label_values(ingestion_runs_total, source)"),
        chosen("objet", text("Object"), 'label_values(ingestion_runs_total{source=~"$source"}, objet)'),
        chosen("entreprise", text("Company"), "label_values(ingestion_runs_total, entreprise)"),
        chosen("zone", text("Zone"), "label_values(ingestion_runs_total, zone)"),
        window(text("Window"), "1h"),
        _freshness(text("Freshness (minutes)")),
    ]


def _freshness(label: str) -> CustomVariable:
    fresh = VariableOption(text=str(FRESHNESS), value=str(FRESHNESS))
    return CustomVariable("freshness").label(label).values(",".join(map(str, _MINUTES))).current(fresh)


def _sections(text: Callable[[str], str]) -> list[tuple[str, list[Any]]]:
    return [
        (text("1. Overview: the ingestion's health"), overview(text)),
        (text("2. Reliability: errors and service levels"), reliability(text)),
        (text("3. Performance: latency and throughput"), performance(text)),
        (text("4. Details by connector: sources and objects"), details(text)),
        (text("5. Last error messages"), errors(text)),
    ]


INGESTION = Board(
    "ingestion",
    "Ingestion runs",
    "Runs of ingestions: their health, reliability and performance, and what failed.",
    "24h",
    _variables,
    _sections,
)
