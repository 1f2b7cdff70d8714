"""The tables: one for each kind of document, with a column for each field of the kind's index template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.quoting import quoted
from functions.pipeline.sql.columns import expected

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_LONG = ("raw_log", "message", "document", "description")
"""Columns of texts that differ from row to row: zstd makes half of them that DuckDB's own choice does."""


def found(connection: DuckDBPyConnection, table: str) -> dict[str, str]:
    """Return the SQL type of each column that the table has, by name, in order; nothing when there is no such table."""
    import duckdb

    try:
        columns = connection.execute(f"DESCRIBE {quoted(table)}").fetchall()
    except duckdb.CatalogException:
        return {}
    return {name: sql_type for name, sql_type, *_ in columns}


def extend(connection: DuckDBPyConnection, table: str, kind: str) -> list[str]:
    """Make the table, or the columns that it lacks; return a line for each thing made. Changes no column."""
    there = found(connection, table)
    if not there:
        connection.execute(f"CREATE TABLE {quoted(table)} ({', '.join(map(_column, expected(kind).items()))})")
        return [f"table {table}"]
    missing = {name: sql_type for name, sql_type in expected(kind).items() if name not in there}
    for column in missing.items():
        connection.execute(f"ALTER TABLE {quoted(table)} ADD COLUMN {_column(column)}")
    return [f"column {name} of table {table}" for name in missing]


def differences(connection: DuckDBPyConnection, table: str, kind: str) -> list[str]:
    """Return a line for each difference between the table and the kind's index template."""
    there = found(connection, table)
    if not there:
        return [f"{table}: the table is missing; `trilog setup` makes it"]
    lines = []
    for name, sql_type in expected(kind).items():
        if name not in there:
            lines.append(f"{table}.{name}: the column is missing; `trilog setup` adds it")
        elif there[name] != sql_type:
            lines.append(
                f"{table}.{name}: is {there[name]} instead of {sql_type}; `trilog clear-indexes` drops the table, "
                "then index the batches again",
            )
    return lines


def row(connection: DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """Run a query that always gives a row, and return it."""
    first: tuple[Any, ...] = connection.execute(query).fetchall()[0]
    return first


def _column(column: tuple[str, str]) -> str:
    name, sql_type = column
    return f"{quoted(name)} {sql_type}" + (" USING COMPRESSION zstd" if name in _LONG or sql_type == "JSON" else "")
