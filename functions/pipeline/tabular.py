"""Documents as tables: which forms there are, how their columns are ordered, and what a spreadsheet must not run."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

ROWS = {"csv", "parquet", "xlsx"}
"""The formats with columns; of the others, JSON lines hold documents as they are."""

PARQUET = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480"
"""The options of DuckDB's COPY: groups that are written in little memory."""

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


def copy_statement(columns: dict[str, tuple[str, str]], rows: str, target: str, form: Form) -> str:
    """Write the SQL that makes a table of rows.

    Args:
        columns: each column's SQL expression and type, by its name, in order.
        rows: the SQL from FROM on.
        target: the file.
        form: CSV or Parquet.
    """
    if form.format != "csv":
        selected = ", ".join(f"{expression} AS {_quoted(name)}" for name, (expression, _) in columns.items())
        return f"COPY (SELECT {selected} {rows}) TO {_text(target)} ({PARQUET})"
    mark = _BOM if form.bom else ""
    cells = (
        f"{_cell(*column, form)} AS {_quoted(name if place else mark + name)}"
        for place, (name, column) in enumerate(columns.items())
    )
    options = f"FORMAT csv, HEADER, DELIMITER {_text(form.delimiter)}, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S.%fZ'"
    return f"COPY (SELECT {', '.join(cells)} {rows}) TO {_text(target)} ({options})"


def _cell(expression: str, sql_type: str, form: Form) -> str:
    """Write a cell of CSV: a number with its decimal sign, a text so that no spreadsheet runs it."""
    if sql_type == "DOUBLE" and form.decimal != ".":
        return f"replace(CAST({expression} AS VARCHAR), '.', {_text(form.decimal)})"
    if sql_type not in {"VARCHAR", "JSON"}:
        return expression
    text = f"CAST({expression} AS VARCHAR)"
    runs = f"contains({_text(_FORMULA)}, {text}[1]) AND TRY_CAST({text} AS DOUBLE) IS NULL AND {text} <> ''"
    return f"if({runs}, '''' || {text}, {text})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
