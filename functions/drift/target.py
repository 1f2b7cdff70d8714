"""The target: what turned out to be true of predictions, in a file of its own, by an id such as the transaction's."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from functions.pipeline.errors import ConfigError
from functions.pipeline.quoting import literal, quoted

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

TRANSACTION, TARGET = "transaction_id", "target"
_READERS = {".csv": "read_csv({}, header = true, sample_size = -1{})", ".parquet": "read_parquet({})"}
_NUMBERS = ("FLOAT", "DOUBLE")


class TargetFile(NamedTuple):
    """A CSV or Parquet file with a target.

    Attributes:
        path: where the file is.
        name: what messages call it.
        on: the column of the ids, which are compared as text.
        column: the column of the target; None: all but that of the ids.
    """

    path: Path
    name: str
    on: str = TRANSACTION
    column: str | None = None


def load_target(connection: DuckDBPyConnection, table: str, file: TargetFile) -> list[str]:
    """Load a file into a table; return the names of its columns besides the ids'.

    The table has the ids as `key`, and the other columns as `t0`, `t1` and so on, of the types that they have in the
    file; a number that is not finite is null.

    Raises:
        ConfigError: the file cannot be read, has not the columns, or an id twice.
    """
    import duckdb

    if file.path.suffix.lower() not in _READERS:
        raise ConfigError("{file} is neither .csv nor .parquet. Write the target as one of these", file=file.name)
    try:
        columns = _columns(connection, file)
        chosen = ", ".join(f"{_finite(*each)} AS t{place}" for place, each in enumerate(columns.items()))
        rows = f"SELECT CAST({quoted(file.on)} AS VARCHAR) AS key, {chosen} FROM {_source(file, typed=True)}"  # noqa: S608 (quoted)
        connection.execute(f"CREATE TABLE {table} AS FROM ({rows}) WHERE key IS NOT NULL")
    except (duckdb.Error, OSError) as error:
        cause = str(error).partition("\n")[0]
        raise ConfigError("{file} cannot be read: {cause}. Check the file", file=file.name, cause=cause) from error
    _check_once(connection, table, file)
    return [*columns]


def _columns(connection: DuckDBPyConnection, file: TargetFile) -> dict[str, str]:
    """Return the columns that are taken, with their types."""
    there = {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE FROM {_source(file)}").fetchall()}
    for name in (file.on, file.column):
        if name is not None and name not in there:
            known = ", ".join(there)
            raise ConfigError(
                "{file} has no column {column}, but {known}. Name one of these",
                file=file.name,
                column=name,
                known=known,
            )
    columns = {
        name: kind for name, kind in there.items() if name == file.column or (not file.column and name != file.on)
    }
    if not columns:
        raise ConfigError(
            "{file} has no column besides {column}. Add one with the target", file=file.name, column=file.on
        )
    return columns


def _check_once(connection: DuckDBPyConnection, table: str, file: TargetFile) -> None:
    query = f"SELECT key, count(*) FROM {table} GROUP BY key HAVING count(*) > 1 ORDER BY key LIMIT 1"  # noqa: S608 (our own name)
    for key, count in connection.execute(query).fetchall():
        raise ConfigError(
            "{file}: the {column} {key} comes {count} times. Keep one row for each",
            file=file.name,
            column=file.on,
            key=key,
            count=count,
        )


def _source(file: TargetFile, *, typed: bool = False) -> str:
    """Give what reads the file; ids in a CSV file are text, so that no zero in front is lost."""
    types = f", types = {{{literal(file.on)}: 'VARCHAR'}}" if typed else ""
    return _READERS[file.path.suffix.lower()].format(literal(file.path), types)


def _finite(column: str, kind: str) -> str:
    name = quoted(column)
    return f"if(isfinite({name}), {name}, NULL)" if kind in _NUMBERS else name
