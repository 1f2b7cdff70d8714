"""A dashboard: its title, its variables, and its sections one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from grafana_foundation_sdk.builders.dashboard import (
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

from infra.grafana.panels import PROMETHEUS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from grafana_foundation_sdk.models.dashboard import Dashboard as Made

_WINDOWS = ("5m", "15m", "30m", "1h", "6h", "12h", "1d")


class Board(NamedTuple):
    """What one dashboard has of its own.

    Attributes:
        name: of its files and in its address, without the language.
        title, about: in English.
        since: how far it looks back when it is opened.
        variables, sections: make these, given what translates; a section is a title and its panels.
    """

    name: str
    title: str
    about: str
    since: str
    variables: Callable[[Callable[[str], str]], Iterable[Any]]
    sections: Callable[[Callable[[str], str]], Iterable[tuple[str, list[Any]]]]


def dashboard(board: Board, language: str, text: Callable[[str], str]) -> Made:
    """Return a dashboard in a language; `text` translates what it says from English."""
    tags = ["trilog", board.name]
    builder = Dashboard(text(board.title)).uid(f"trilog-{board.name}-{language}").tags([*tags, language])
    builder.description(text(board.about)).time(f"now-{board.since}", "now").refresh("30s").timezone("browser")
    builder.tooltip(DashboardCursorSync.CROSSHAIR).editable().link(_link(text("Other language"), tags))
    for variable in board.variables(text):
        builder.with_variable(variable)
    for title, panels in board.sections(text):
        builder.with_row(Row(title))
        for panel in panels:
            builder.with_panel(panel)
    made = builder.build()
    for number, panel in enumerate(made.panels or (), 1):
        panel.id_val = number
    return made


def _link(title: str, tags: list[str]) -> DashboardLink:
    return (
        DashboardLink(title)
        .type(DashboardLinkType.DASHBOARDS)
        .tags(tags)
        .include_vars(include_vars=True)
        .keep_time(keep_time=True)
    )


def data_source(kind: str, name: str) -> DatasourceVariable:
    """Make the variable that says which server is asked: the one that is provisioned, or another after an import."""
    return DatasourceVariable(kind).label(name).type(kind).current(VariableOption(text=name, value=kind))


def chosen(name: str, label: str, query: str) -> QueryVariable:
    """Make a variable whose values are those that Prometheus has; all of them unless some are chosen."""
    everything = VariableOption(text=["All"], value=["$__all"])
    variable = QueryVariable(name).label(label).datasource(PROMETHEUS).query({"query": query, "refId": name})
    variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_ASC)
    return variable.multi(multi=True).include_all(include_all=True).all_value(".*").current(everything)


def window(label: str, usual: str) -> IntervalVariable:
    """Make the variable that says how far back each point of a line looks."""
    return (
        IntervalVariable("window")
        .label(label)
        .values(",".join(_WINDOWS))
        .current(VariableOption(text=usual, value=usual))
    )
