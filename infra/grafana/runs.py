"""The fourth and the fifth section: the runs themselves, and those that failed last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.grafana.expressions import entries
from infra.grafana.panels import GREEN, RED, log_lines, setting, table, transformation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ERRORS = 5
_DOUBLED = 4  # so often an entry may be there
_UNITS = {"duree_secondes": "s", "cpu_time_sec": "s", "memory_used_bytes": "bytes"}
_TIMES = ("debut", "fin")
_RUN = "run"  # the document's id: with it, two runs that look the same stay two rows


def details(text: Callable[[str], str]) -> list[Any]:
    """Return the panels of the fourth section; `text` translates what they say."""
    columns = {"debut": text("Start"), "fin": text("End"), "source": text("Source"), "objet": text("Object")}
    columns |= {"etat": text("State"), "duree_secondes": text("Duration"), "cpu_time_sec": text("CPU time")}
    columns |= {"memory_used_bytes": text("Memory"), "description": text("Description")}
    panel = table(text("Runs"), text("The last 500 runs that began in the chosen period. Each column can be filtered."))
    panel.with_target(log_lines(entries()))
    return [_with_columns(panel, columns).span(24).height(12)]


def errors(text: Callable[[str], str]) -> list[Any]:
    """Return the panels of the fifth section; `text` translates what they say."""
    columns = {"debut": text("Start"), "source": text("Source"), "objet": text("Object")}
    columns |= {
        "description": text("Description"),
        "transformation": text("Transformation"),
        "entreprise": text("Company"),
    }
    columns |= {"duree_secondes": text("Duration")}
    panel = table(text("Last 5 failures"), text("The runs that failed last, of those that began in the chosen period."))
    panel.with_target(log_lines(entries("FAILED"), _ERRORS * _DOUBLED))
    _with_columns(panel, columns).with_transformation(transformation("limit", limitField=_ERRORS))
    return [panel.span(24).height(7)]


def _with_columns(panel: Any, columns: Mapping[str, str]) -> Any:  # noqa: ANN401 (a builder of Grafana's)
    """Make columns of a log line's labels, and one row of entries that are equal in all of them, the newest first."""
    names = [*columns, _RUN]
    for step in (
        transformation("extractFields", source="labels", format="json", keepTime=False, replace=False),
        transformation("filterFieldsByName", include={"names": names}),
        transformation("convertFieldType", conversions=_conversions(names), fields={}),
        transformation("groupBy", fields={name: {"operation": "groupby", "aggregations": []} for name in names}),
        transformation("sortBy", fields={}, sort=[{"field": "debut", "desc": True}]),
        transformation(
            "organize",
            excludeByName={_RUN: True},
            indexByName={name: place for place, name in enumerate(names)},
            renameByName={**columns},
        ),
    ):
        panel.with_transformation(step)
    for name, unit in _UNITS.items():
        if name in columns:
            panel.override_by_name(columns[name], [setting("unit", unit)])
    if "etat" in columns:
        panel.override_by_name(columns["etat"], _coloured())
    return panel


def _conversions(names: list[str]) -> list[dict[str, str]]:
    """Return which columns are numbers and which are times: labels are text."""
    kinds = dict.fromkeys(_UNITS, "number") | dict.fromkeys(_TIMES, "time")
    return [{"targetField": name, "destinationType": kinds[name]} for name in names if name in kinds]


def _coloured() -> list[Any]:
    options = {"SUCCESS": {"color": GREEN, "index": 0}, "FAILED": {"color": RED, "index": 1}}
    mappings = [{"type": "value", "options": options}]
    return [setting("mappings", mappings), setting("custom.cellOptions", {"type": "color-text"})]
