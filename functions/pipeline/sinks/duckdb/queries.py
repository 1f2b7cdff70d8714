"""Queries of people: SQL that reads the tables, under plain names, and nothing else of the machine."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from functions.pipeline.errors import ConfigError, PermanentError
from functions.pipeline.quoting import quoted
from functions.pipeline.sinks.duckdb.tables import found

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from functions.pipeline.sinks.duckdb.database import Database

PLAIN = {
    "message": "predictions",
    "perfs": "performance",
    "ingestion_run": "ingestion_runs",
    "model_execution": "model_executions",
}
"""What a kind's table is called in queries, where that is not the kind's own name."""

_SAFE = (
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)  # no files, no extensions, no more memory
_AT_ONCE = 1000  # rows


class Answer(NamedTuple):
    """What a query gave: its columns, which of them hold JSON, and its rows, of which there may be any number."""

    columns: list[str]
    json: set[str]
    rows: Iterator[list[Any]]


def plain_name(kind: str) -> str:
    """Return what a kind's table is called in queries: `dead_letters` is that of `dead-letters`."""
    return PLAIN.get(kind, kind.replace("-", "_"))


def answer(database: Database, tables: Mapping[str, str], query: str) -> Answer:
    """Run a query; its rows are read from a file, when the database may be closed already.

    Args:
        database: open for reading.
        tables: by kind.
        query: one statement or several, of which the last one answers.

    Raises:
        ConfigError: it is wrong, or would do more than read.
        PermanentError: it needs more memory than a query may take.
    """
    _prepare(database.connection, tables)
    file = database.folder / "answer"
    with _told():
        result = database.connection.execute(query)
        described = [(str(name), str(sql_type)) for name, sql_type, *_ in result.description or ()]
        with file.open("wb") as lines:
            while rows := result.fetchmany(_AT_ONCE):
                lines.writelines(orjson.dumps(row, default=str, option=_OPTIONS) for row in rows)
    return Answer([name for name, _ in described], {name for name, each in described if each == "JSON"}, _rows(file))


_OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def _rows(file: Path) -> Iterator[list[Any]]:
    opened = file.open("rb")  # before the folder goes

    def read() -> Iterator[list[Any]]:
        with opened:
            yield from map(orjson.loads, opened)

    return read()


def _prepare(connection: DuckDBPyConnection, tables: Mapping[str, str]) -> None:
    """Give the tables plain names, and take all else away."""
    for kind, table in tables.items():
        if found(connection, table) and plain_name(kind) not in tables.values():
            connection.execute(f"CREATE TEMP VIEW {quoted(plain_name(kind))} AS FROM {quoted(table)}")
    for each in _SAFE:
        connection.execute(each)


@contextmanager
def _told() -> Iterator[None]:
    """Say what DuckDB says of a query that cannot be answered."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise PermanentError(
            "The query takes more memory than it may ({cause}). Ask for less: a WHERE, a LIMIT, fewer columns",
            cause=str(error).partition("\n")[0],
        ) from error
    except duckdb.Error as error:
        raise ConfigError("{cause}", cause=str(error).strip()) from error
