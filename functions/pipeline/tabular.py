"""Documents as tables: which forms there are, how their columns are ordered, and what a spreadsheet must not run."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from functions.pipeline.quoting import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

ROWS = {"csv", "parquet", "xlsx"}
"""The formats with columns; of the others, JSON lines hold documents as they are."""

PARQUET = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480"
"""The options of DuckDB's COPY: groups that are written in little memory."""

LARGE, EXACT = "LARGE", "EXACT"
"""Types of columns while values are read: of whole numbers that a DOUBLE would round, and of numbers that no type of a
table holds as they are."""

_SAME: dict[frozenset[str], str] = {
    frozenset(("BIGINT", "DOUBLE")): "DOUBLE",
    frozenset(("BIGINT", LARGE)): LARGE,
    **dict.fromkeys(map(frozenset, ((LARGE, "DOUBLE"), ("BIGINT", EXACT), (LARGE, EXACT), ("DOUBLE", EXACT))), EXACT),
}
_FORMULA = "=+-@\t\r"  # what begins a formula: https://owasp.org/www-community/attacks/CSV_Injection
_BOM = "\ufeff"  # by which Excel knows UTF-8


class Form(NamedTuple):
    """How documents are written.

    Attributes:
        format: jsonl, csv, parquet or xlsx.
        delimiter: between two cells of CSV.
        decimal: the decimal sign of CSV's numbers, `.` or `,`.
        bom: whether CSV begins with a byte order mark.
    """

    format: str
    delimiter: str = ","
    decimal: str = "."
    bom: bool = False


def in_order(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """Order columns: as the kind's fields are, those of an object in its place, by name."""
    places = {name: place for place, name in enumerate(known)}

    def place(name: str) -> tuple[int, str]:
        return places.get(name, places.get(name.partition(".")[0], len(places))), name

    return sorted(names, key=place)


def common(one: str, other: str) -> str:
    """Return the type of a column that holds the values of two types as they are; what differs too much is text."""
    return one if one == other else _SAME.get(frozenset((one, other)), "VARCHAR")


def copy_statement(columns: dict[str, tuple[str, str]], rows: str, target: str, form: Form) -> str:
    """Write the SQL that makes a table of rows.

    Args:
        columns: each column's SQL expression and type, by its name, in order.
        rows: the SQL from FROM on.
        target: the file.
        form: CSV or Parquet.
    """
    if form.format != "csv":
        selected = ", ".join(f"{_typed(*column)} AS {quoted(name)}" for name, column in columns.items())
        return f"COPY (SELECT {selected} {rows}) TO {literal(target)} ({PARQUET})"
    mark = _BOM if form.bom else ""
    cells = (
        f"{_cell(*column, form)} AS {quoted(name if place else mark + name)}"
        for place, (name, column) in enumerate(columns.items())
    )
    options = f"FORMAT csv, HEADER, DELIMITER {literal(form.delimiter)}, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S.%fZ'"
    return f"COPY (SELECT {', '.join(cells)} {rows}) TO {literal(target)} ({options})"


def _typed(expression: str, sql_type: str) -> str:
    """Write a cell of Parquet: a time says that it is UTC, so that no reader takes it for one of its own zone."""
    return f"({expression}) AT TIME ZONE 'UTC'" if sql_type == "TIMESTAMP" else expression


def _cell(expression: str, sql_type: str, form: Form) -> str:
    """Write a cell of CSV: a number with its decimal sign, a text so that no spreadsheet runs it."""
    if sql_type == "DOUBLE" and form.decimal != ".":
        return f"replace(CAST({expression} AS VARCHAR), '.', {literal(form.decimal)})"
    if sql_type not in {"VARCHAR", "JSON"}:
        return expression
    text = f"CAST({expression} AS VARCHAR)"
    runs = f"contains({literal(_FORMULA)}, {text}[1]) AND TRY_CAST({text} AS DOUBLE) IS NULL AND {text} <> ''"
    return f"if({runs}, '''' || {text}, {text})"
