"""Panels: what a view shows, as data that the page's script draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Form = Literal["figures", "bars", "lines", "table"]
Unit = Literal["count", "ms", "share", "mb", "number", "text", "time", "age", "level"]
"""What a value is, and so how it is written: shares are parts of 1, times ISO 8601; an age is
how long before the page was made such a time was."""


class Text(str):
    """A text of the page's own, which it has in every language; what comes from logs is `str`."""

    __slots__ = ()


N_ = Text  # marks it for the catalogue


class Series(NamedTuple):
    """Values, one for each of a panel's labels; None where there is none.

    Attributes:
        name: what they are called.
        values: the values.
        is_limit: they are what the others should stay below.
    """

    name: str
    values: Sequence[float | None]
    is_limit: bool = False


class Panel(NamedTuple):
    """A part of the page: a table, a chart, or a row of figures.

    Attributes:
        title: what it shows.
        form: how it is drawn. Bars of several series are stacked.
        labels: what values are of: times, or names.
        series: the values of a chart.
        unit: of the values of a chart.
        of_time: labels are times.
        columns: of a table, or the figures: what each is called, and its unit.
        rows: of a table; figures are one row.
        note: what a reader should know, with the names of `values` in braces.
        values: what stands for them, also in the title.
        empty: what is said where there are no rows and no labels.
    """

    title: str
    form: Form
    labels: Sequence[str] = ()
    series: Sequence[Series] = ()
    unit: Unit = "count"
    of_time: bool = False
    columns: Sequence[tuple[str, Unit]] = ()
    rows: Sequence[Sequence[Any]] = ()
    note: str = ""
    values: Mapping[str, Any] = {}
    empty: str = N_("No data.")

    def bounded(self) -> Panel:
        """Return the panel with the texts of logs cut to what one reads, so that a page of any logs is small."""
        return self._replace(
            labels=[short(each) for each in self.labels],
            series=[each._replace(name=short(each.name)) for each in self.series],
            rows=[[short(each) for each in row] for row in self.rows],
            values={name: short(each) for name, each in self.values.items()},
        )


def short(value: Any, most: int = 400) -> Any:  # noqa: ANN401 (any value of JSON)
    """Cut a text to so many characters; leave other values as they are."""
    return value[: most - 1] + "…" if isinstance(value, str) and len(value) > most else value
