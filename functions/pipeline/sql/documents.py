"""Conditions that a server cannot answer, checked here, by the same engine as the embedded index: DuckDB."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import orjson

from functions.pipeline.quoting import quoted
from functions.pipeline.sql.columns import expected
from functions.pipeline.sql.conditions import Sql, all_of
from functions.pipeline.sql.groups import groups

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from duckdb import DuckDBPyConnection

    from functions.pipeline.conditions import Condition
    from functions.pipeline.groups import Group, Grouping

_CONFIG: dict[str, str | bool | int | float | list[str]] = {"threads": 1, "memory_limit": "1GB"}
_AT_ONCE = 1000  # documents


def checked(documents: Iterable[dict[str, Any]], kind: str, where: Sequence[Condition]) -> Iterator[dict[str, Any]]:
    """Yield those documents of one kind for which all the conditions hold."""
    held = all_of(kind, where, expected(kind))
    query = f"SELECT _id FROM {_reader(kind)} WHERE {held.text}"  # noqa: S608 (its values are parameters)
    with _connected() as (connection, file):
        for some, longest in _portions(documents, file):
            found = connection.execute(query, [str(file), longest, *held.values]).fetchall()
            yield from (some[at] for at in sorted(int(place) for (place,) in found))


def counted(
    documents: Iterable[dict[str, Any]], kind: str, where: Sequence[Condition], grouping: Grouping
) -> list[Group]:
    """Group those documents of one kind for which all the conditions hold."""
    columns = expected(kind)
    held = all_of(kind, where, columns)
    with _connected() as (connection, file):
        types = ", ".join(f"{quoted(name)} {each}" for name, each in columns.items())
        connection.execute(f"CREATE TABLE kept ({types})")
        insert = f"INSERT INTO kept FROM {_reader(kind)} WHERE {held.text}"
        for _some, longest in _portions(documents, file):
            connection.execute(insert, [str(file), longest, *held.values])
        return [each for each in groups(connection, Sql("kept", []), kind, grouping, columns) if each.documents]


@contextmanager
def _connected() -> Iterator[tuple[DuckDBPyConnection, Path]]:
    """Open an empty database, and name a file beside it, for as long as the context lasts."""
    import duckdb

    with TemporaryDirectory() as folder, duckdb.connect(Path(folder) / "kept.duckdb", config=_CONFIG) as connection:
        yield connection, Path(folder) / "documents.ndjson"


def _reader(kind: str) -> str:
    types = ", ".join(f"{quoted(name)}: '{each}'" for name, each in expected(kind).items())
    return f"""read_json(?, columns = {{{types}}}, format = 'newline_delimited', ignore_errors = true,
        maximum_object_size = ?)"""


def _portions(documents: Iterable[dict[str, Any]], file: Path) -> Iterator[tuple[list[dict[str, Any]], int]]:
    """Yield some documents at a time, and the bytes of the longest; the file has them, with their numbers as `_id`."""
    left = iter(documents)
    while some := list(islice(left, _AT_ONCE)):
        lines = [orjson.dumps(each | {"_id": str(at)}) + b"\n" for at, each in enumerate(some)]
        file.write_bytes(b"".join(lines))
        yield some, max(map(len, lines))
