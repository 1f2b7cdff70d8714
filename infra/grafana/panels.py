"""The kinds of panels that the dashboards have, made by Grafana's own builders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from grafana_foundation_sdk.builders.bargauge import Panel as BarGauge
from grafana_foundation_sdk.builders.common import (
    GraphThresholdsStyleConfig,
    ReduceDataOptions,
    StackingConfig,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.builders.dashboard import FieldColor, Panel, ThresholdsConfig
from grafana_foundation_sdk.builders.loki import Dataquery as LokiQuery
from grafana_foundation_sdk.builders.prometheus import Dataquery as PrometheusQuery
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.table import Panel as Table
from grafana_foundation_sdk.builders.timeseries import Panel as TimeSeries
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    DataSourceRef,
    GraphDrawStyle,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

if TYPE_CHECKING:
    from collections.abc import Iterable

GREEN, RED = "green", "red"
PROMETHEUS = DataSourceRef(type_val="prometheus", uid="${prometheus}")
LOKI = DataSourceRef(type_val="loki", uid="${loki}")
_STATES = {"firing": True, "pending": True, "noData": True, "normal": False, "error": True}
_MOST_LINES = 500  # of runs in the table
_BARS = 96
_POINTS = 150  # of lines: each looks a day back, so more of them are slow (2 s for 40 objects, and 9 s with 1,000)


class Asked(NamedTuple):
    """An expression, and what its answers are called: text, and labels as `{{label}}`."""

    expr: str
    called: str = ""


class Look(NamedTuple):
    """How a panel's values are shown.

    Attributes:
        unit: as Grafana names it.
        limit: from here on values have another colour; None: they have one.
        decimals: so many; None: as many as fit.
        below, above: the colours.
    """

    unit: str = "short"
    limit: float | None = None
    decimals: int | None = None
    below: str = GREEN
    above: str = RED


def stat(title: str, about: str, asked: Iterable[Asked], look: Look, *, loki: bool = False) -> Stat:
    """Make large numbers, of the dashboard's whole range."""
    panel = Stat().text_mode(BigValueTextMode.VALUE_AND_NAME if len([*asked]) > 1 else BigValueTextMode.VALUE)
    panel.color_mode(BigValueColorMode.VALUE).graph_mode(BigValueGraphMode.NONE).reduce_options(_last())
    return _described(panel, title, about, look).targets(_targets(asked, loki=loki, instant=True))


def bar_gauge(title: str, about: str, asked: Asked, look: Look) -> BarGauge:
    """Make a bar for each label, of the dashboard's whole range."""
    panel = BarGauge().orientation(VizOrientation.HORIZONTAL).display_mode(BarGaugeDisplayMode.BASIC)
    panel.reduce_options(_last()).min(0)
    return _described(panel, title, about, look).targets(_targets([asked], instant=True))


def lines(title: str, about: str, asked: Iterable[Asked], look: Look) -> TimeSeries:
    """Make lines over time, with a line where the limit is; where nothing ran they have a gap."""
    panel = _over_time().line_width(2).fill_opacity(5).show_points(VisibilityMode.AUTO).min(0)
    panel.max_data_points(_POINTS)
    if look.limit is not None:
        panel.thresholds_style(GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED))
    panel.color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    return _described(panel, title, about, look).targets(_targets(asked))


def stacked_bars(title: str, about: str, asked: Iterable[Asked], interval: str) -> TimeSeries:
    """Make stacked bars over time, each of an interval or more."""
    panel = _over_time().draw_style(GraphDrawStyle.BARS).fill_opacity(80).line_width(0).interval(interval)
    panel.stacking(StackingConfig().mode(StackingMode.NORMAL).group("A")).max_data_points(_BARS).min(0)
    panel.color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    return _described(panel, title, about, Look(decimals=0)).targets(_targets(asked))


def table(title: str, about: str) -> Table:
    """Make a table whose columns can be filtered; its targets and columns are still to be given."""
    return _described(Table().filterable(filterable=True), title, about, Look())


def alert_list(title: str, about: str, name: str) -> Panel:
    """Make the list of the rules that fire, or are about to; the builders know no such panel, Grafana does.

    Args:
        title: the panel's.
        about: what it shows.
        name: what the names of the alerts begin with.
    """
    options = {"viewMode": "list", "groupMode": "default", "groupBy": [], "maxItems": 20, "sortOrder": 3}
    options |= {"dashboardAlerts": False, "alertName": name, "alertInstanceLabelFilter": ""}
    return Panel().type("alertlist").title(title).description(about).options(options | {"stateFilter": _STATES})


def table_rows(asked: Iterable[Asked]) -> list[PrometheusQuery]:
    """Return targets whose answers are the columns of a table."""
    return [target.format(PromQueryFormat.TABLE) for target in _targets(asked, instant=True)]


def log_lines(expr: str, most: int = _MOST_LINES) -> LokiQuery:
    """Return a target whose answers are log lines, the newest first."""
    return LokiQuery().datasource(LOKI).expr(expr).query_type("range").max_lines(most).ref_id("A")


def transformation(name: str, **options: object) -> DataTransformerConfig:
    """Return a step that changes what was answered before it is shown."""
    return DataTransformerConfig(id_val=name, options=options)


def setting(name: str, value: object) -> DynamicConfigValue:
    """Return a setting of one column."""
    return DynamicConfigValue(id_val=name, value=value)


def _described(panel: Any, title: str, about: str, look: Look) -> Any:  # noqa: ANN401 (the builders share no class)
    steps = [Threshold(value=None, color=look.below)]
    if look.limit is not None:
        steps.append(Threshold(value=look.limit, color=look.above))
    panel.title(title).description(about).unit(look.unit)
    panel.thresholds(ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
    return panel if look.decimals is None else panel.decimals(look.decimals)


def _targets(asked: Iterable[Asked], *, loki: bool = False, instant: bool = False) -> list[Any]:
    return [
        (_loki if loki else _prometheus)(each, instant=instant).ref_id(ref_id)
        for ref_id, each in zip("ABCDEF", asked, strict=False)
    ]


def _prometheus(asked: Asked, *, instant: bool) -> PrometheusQuery:
    query = PrometheusQuery().datasource(PROMETHEUS).expr(asked.expr).legend_format(asked.called)
    return query.instant() if instant else query.range()


def _loki(asked: Asked, *, instant: bool) -> LokiQuery:
    query = LokiQuery().datasource(LOKI).expr(asked.expr).legend_format(asked.called)
    return query.query_type("instant" if instant else "range")


def _last() -> ReduceDataOptions:
    return ReduceDataOptions().calcs(["lastNotNull"]).values(values=False)


def _over_time() -> TimeSeries:
    legend = VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
    tooltip = VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING)
    return TimeSeries().legend(legend.show_legend(show_legend=True)).tooltip(tooltip)
