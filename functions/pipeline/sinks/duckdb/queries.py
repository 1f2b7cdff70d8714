"""Queries of people: SQL that reads the tables, under plain names, and nothing else of the machine."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

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
    "SET TimeZone = 'UTC'",  # that of the documents' times, so that they compare with now()
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)  # no files, no extensions, no more memory
_AT_ONCE = 1000  # rows


class Answer(NamedTuple):
    """What a query gave: its columns, which of them hold JSON, and its rows, of which there may be any number.

    Values are those that JSON has, whole numbers of any size among them; other types are text.
    """

    columns: list[str]
    json: set[int]
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
                lines.writelines(json.dumps([_plain(each) for each in row]).encode() + b"\n" for row in rows)
    json_columns = {place for place, (_, each) in enumerate(described) if each == "JSON"}
    return Answer([name for name, _ in described], json_columns, _rows(file))


def _plain(value: Any) -> Any:  # noqa: ANN401 (whatever DuckDB has)
    """Give a value as JSON has it: times in ISO 8601, and a decimal number as text where a float would round it."""
    plain: Any
    match value:
        case None | str() | int() | float():
            plain = value
        case dict():
            plain = {str(_plain(key)): _plain(each) for key, each in value.items()}
        case list() | tuple():
            plain = [_plain(each) for each in value]
        case Decimal() if Decimal(repr(float(value))) == value:
            plain = float(value)
        case datetime():
            plain = (value.astimezone(UTC) if value.tzinfo else value).replace(tzinfo=None).isoformat() + "Z"
        case date() | time():
            plain = value.isoformat()
        case bytes():
            plain = value.decode("ascii", "backslashreplace")
        case _:
            plain = str(value)
    return plain


def _rows(file: Path) -> Iterator[list[Any]]:
    opened = file.open("rb")  # before the folder goes

    def read() -> Iterator[list[Any]]:
        with opened:
            yield from map(json.loads, opened)

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
