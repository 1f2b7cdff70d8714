"""The third section: how long runs take, how many there are, and what they use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.grafana.expressions import RUNS, counted_by, quantile
from infra.grafana.limits import CPU, DURATION, MEMORY
from infra.grafana.panels import Asked, Look, lines, stacked_bars, table, table_rows, transformation

if TYPE_CHECKING:
    from collections.abc import Callable

_SHARES = (0.5, 0.95, 0.99)
_DURATION = "ingestion_duration_seconds"


def performance(text: Callable[[str], str]) -> list[Any]:
    """Return the panels of the section; `text` translates what they say."""
    return [_durations(text), _durations_by_object(text), _throughput(text), *_usage(text)]


def _durations(text: Callable[[str], str]) -> Any:  # noqa: ANN401 (a builder of Grafana's)
    asked = [Asked(quantile(each, _DURATION, "$window", "source"), f"{{{{source}}}} {_name(each)}") for each in _SHARES]
    about = text("Of the runs counted in the window that ends at each point. The limit is 60 s.")
    return lines(text("Duration by source (p50, p95, p99)"), about, asked, Look("s", DURATION)).span(12).height(9)


def _durations_by_object(text: Callable[[str], str]) -> Any:  # noqa: ANN401 (a builder of Grafana's)
    """Make a table with a row for each source and object; an answer's value is called after its target."""
    asked = [Asked(quantile(each, _DURATION, "$__range", "source, objet")) for each in _SHARES]
    columns = {f"Value #{ref_id}": _name(each) for ref_id, each in zip("ABC", _SHARES, strict=True)}
    about = text("Of the runs counted in the chosen period.")
    panel = table(text("Duration by source and object"), about).targets(table_rows(asked)).unit("s").decimals(2)
    panel.with_transformation(transformation("merge"))
    names = {"source": text("Source"), "objet": text("Object")} | columns
    panel.with_transformation(transformation("organize", excludeByName={"Time": True}, renameByName=names))
    return panel.span(12).height(9)


def _throughput(text: Callable[[str], str]) -> Any:  # noqa: ANN401 (a builder of Grafana's)
    """Make bars of five minutes; over a long period they are wider, and what they count is for five minutes still."""
    runs = f"{counted_by('source', RUNS, '$__interval')} * 300000 / $__interval_ms"
    about = text("Runs counted in five minutes; in wide bars, their mean.")
    panel = stacked_bars(text("Throughput: runs per 5 min, by source"), about, [Asked(runs, "{{source}}")], "5m")
    return panel.span(8).height(8)


def _usage(text: Callable[[str], str]) -> list[Any]:
    about = text("Of the runs counted in the window that ends at each point.")
    processor, memory = (
        [Asked(quantile(0.95, f"ingestion_{metric}", "$window", "source"), "{{source}}")]
        for metric in ("cpu_usage_seconds", "memory_usage_bytes")
    )
    panels = (
        lines(text("CPU time by source (p95)"), about, processor, Look("s", CPU)),
        lines(text("Memory by source (p95)"), about, memory, Look("bytes", MEMORY)),
    )
    return [panel.span(8).height(8) for panel in panels]


def _name(share: float) -> str:
    return f"p{share * 100:.0f}"
