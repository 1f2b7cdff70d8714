"""A table as a workbook of a spreadsheet (.xlsx), in memory that does not grow with it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.pipeline.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS = (
    1_048_575  # of a sheet, below its head: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3
)
LONGEST = 32_767  # characters of a cell, likewise
_EXACT = 10**15  # a whole number from here on loses digits in a spreadsheet, which has 15
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,  # what a log says is never run
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd hh:mm:ss.000",
    "nan_inf_to_errors": True,
}
_AT_ONCE = 1000  # rows


def write_workbook(table: Path, target: Path) -> int:
    """Write a Parquet file's rows into a workbook, on as many sheets as they need; return how many cells were cut."""
    import duckdb
    import xlsxwriter

    cut = 0
    options = {**_OPTIONS, "tmpdir": str(table.parent)}
    with duckdb.connect(config={"memory_limit": "128MB", "threads": 1}) as database:
        types = database.execute("DESCRIBE FROM read_parquet(?)", [str(table)]).fetchall()
        names = [name for name, *_ in types]
        cells = ", ".join(_cell(name, sql_type) for name, sql_type, *_ in types)
        rows = database.execute(f"SELECT {cells} FROM read_parquet(?)", [str(table)])  # noqa: S608 (quoted)
        with xlsxwriter.Workbook(str(target), options) as book:
            sheet, place = _sheet(book, names), 0
            for row in _fetched(rows):
                if place == MOST_ROWS:
                    sheet, place = _sheet(book, names), 0
                place += 1
                cut += sum(_write(sheet, place, column, value) for column, value in enumerate(row))
    return cut


def _cell(name: str, sql_type: str) -> str:
    """Give a column; a spreadsheet's times have no zone, and these are UTC."""
    return f"{quoted(name)} AT TIME ZONE 'UTC'" if sql_type == "TIMESTAMP WITH TIME ZONE" else quoted(name)


def _sheet(book: Workbook, names: list[str]) -> Worksheet:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(names):
        sheet.write_string(0, column, name)
    return sheet


def _fetched(rows: Any) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 (DuckDB's cursor)
    while some := rows.fetchmany(_AT_ONCE):
        yield from some


def _write(sheet: Worksheet, row: int, column: int, value: object) -> bool:
    """Write a cell, text as text whatever it begins with; say whether it was too long."""
    if value is None:
        return False
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, float) or (isinstance(value, int) and abs(value) < _EXACT):
        sheet.write_number(row, column, value)
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, value)
    else:
        sheet.write_string(row, column, str(value)[:LONGEST])
        return len(str(value)) > LONGEST
    return False
