"""Administers and reads the tables of the embedded database.

The database is open, and locked, only while DuckDB answers. What `read` finds goes to a file first: however slowly
the documents are taken, nobody waits for it.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC
from functools import partial
from itertools import chain
from shutil import copyfileobj
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from functions.pipeline.conditions import AnyOf, Compare
from functions.pipeline.errors import ConfigError, PermanentError
from functions.pipeline.instants import parsed_instant
from functions.pipeline.kinds import kinds
from functions.pipeline.quoting import literal, quoted
from functions.pipeline.sinks.duckdb.copies import Chosen, copy_lines, copy_table
from functions.pipeline.sinks.duckdb.database import reading, rewrite, with_room, writing
from functions.pipeline.sinks.duckdb.objects import forget
from functions.pipeline.sinks.duckdb.queries import answer
from functions.pipeline.sinks.duckdb.tables import differences, extend, found, row
from functions.pipeline.sql.columns import expected
from functions.pipeline.sql.conditions import Sql, all_of, joined
from functions.pipeline.sql.groups import check, groups
from functions.pipeline.tabular import ROWS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from functions.pipeline.conditions import Condition
    from functions.pipeline.groups import Group, Grouping
    from functions.pipeline.names import IndexNames
    from functions.pipeline.sinks.duckdb.database import Database
    from functions.pipeline.sinks.duckdb.queries import Answer
    from functions.pipeline.tabular import Form

_AT_ONCE = 20_000  # rows that are sorted with all that they have
_FEW, _MORE, _MOST_OF_ALL = 20_000, 16, 0.2  # rows that are looked at first; how many times more next; then, all


class DuckdbIndexes:
    """The tables of the embedded database; see `functions.pipeline.sinks.Indexes`.

    Every method raises TransientError when the database stays in use or the disk is full, and PermanentError when
    the file cannot be used. Within a `DuckdbSink`'s block they would wait for its end: ask before or after it.
    """

    def __init__(self, path: Path, names: IndexNames) -> None:
        """Take the database's file, which need not exist yet, and the tables' names."""
        self._path = path
        self._tables = {kind: names.base(kind) for kind in kinds()}
        self._database: Database | None = None

    def check(self) -> str:
        """Open the database if there is one; return DuckDB's version and the file's path."""
        import duckdb

        with reading(self._path):
            return f"DuckDB {duckdb.__version__}, {self._path}"

    def setup(self) -> list[str]:
        """Make the tables and columns that are missing; return a line for each."""
        with writing(self._path) as database:
            made = (extend(database.connection, table, kind) for kind, table in self._tables.items())
            return [line for lines in made for line in lines]

    def test(self) -> list[str]:
        """Compare the tables with the index templates; return a line for each difference."""
        with reading(self._path) as database:
            if database is None:
                return [f"{self._path} does not exist yet; `trilog setup` makes it"]
            seen = (differences(database.connection, table, kind) for kind, table in self._tables.items())
            return [line for lines in seen for line in lines]

    def clear(self) -> dict[str, int]:
        """Drop the tables and give their space back; return how many documents each held, by table."""
        if not self._path.exists():
            return {}
        with writing(self._path) as database:
            held = self._counts(database.connection)
            for kind in held:
                database.connection.execute(f"DROP TABLE {quoted(self._tables[kind])}")
            forget(database.connection, (self._tables[kind] for kind in held))
            if not database.connection.execute("SHOW TABLES").fetchall():
                self._path.unlink()  # DuckDB would keep the space; closing an unlinked file is harmless
        return {self._tables[kind]: count for kind, count in held.items()}

    def delete(self, kind: str, ids: Iterable[str]) -> int:
        """Delete documents of one kind by their ids; return how many were there."""
        wanted = list(ids)
        if not wanted or not self._path.exists():
            return 0
        with writing(self._path) as database:
            if not found(database.connection, self._tables[kind]):
                return 0
            query = f"DELETE FROM {quoted(self._tables[kind])} WHERE _id IN (SELECT unnest(?))"  # noqa: S608 (quoted)
            deleted: int = database.connection.execute(query, [wanted]).fetchall()[0][0]
            return deleted

    def expunge(self) -> None:
        """Copy what is there into a new file, and put it in the old one's place.

        DuckDB keeps the bytes of deleted rows in blocks that are free, until it writes others there.
        """
        rewrite(self._path)

    def change_period(self) -> list[str]:
        """Refuse: the tables have no periods."""
        raise ConfigError("The embedded index is not divided by period. Leave out --into, or set ELASTICSEARCH_HOST")

    def missing(self, kind: str, ids: Collection[str]) -> set[str]:
        """Return those of the ids that are not in the kind's table."""
        with self._reading() as database:
            if database is None or not found(database.connection, self._tables[kind]):
                return set(ids)
            query = f"SELECT _id FROM {quoted(self._tables[kind])} WHERE _id IN (SELECT unnest(?))"  # noqa: S608 (quoted)
            return set(ids).difference(each for (each,) in database.connection.execute(query, [list(ids)]).fetchall())

    def count(self) -> dict[str, int]:
        """Return the number of documents, by kind."""
        with self._reading() as database:
            return dict.fromkeys(kinds(), 0) | (self._counts(database.connection) if database else {})

    def copy(
        self, kind: str, target: Path, form: Form, since: str | None = None, until: str | None = None
    ) -> int | None:
        """Write documents of one kind, oldest first, to a file; return how many.

        It is what `read` gives, faster. None: there is no table, or it cannot be made by DuckDB alone.

        Raises:
            PermanentError: `since` or `until` is no time.
        """
        table, wanted = self._tables[kind], joined(" AND ", [Sql("true", []), *_during(since, until)])
        with self._reading() as database:
            if database is None or not found(database.connection, table):
                return None
            chosen = Chosen(quoted(table), wanted, lambda: _choose(database.connection, table, wanted, None))
            if form.format not in ROWS:
                return copy_lines(database, chosen, target)
            return copy_table(database, chosen, [*expected(kind)], target, form)

    def query(self, query: str) -> Answer:
        """Run a query in SQL, in which the tables have plain names; see `queries.answer`, whose errors it raises.

        Raises:
            ConfigError: nothing is indexed yet.
        """
        with reading(self._path) as database:
            if database is None:
                raise ConfigError("{path} does not exist yet. Index a log first: trilog FILE", path=self._path)
            return answer(database, self._tables, query)

    def read(  # noqa: PLR0913 (each is optional, and by name)
        self,
        kind: str,
        *,
        since: str | None = None,
        until: str | None = None,
        matching: Mapping[str, str | bool | None] | None = None,
        where: Sequence[Condition] = (),
        newest: int | None = None,
        fields: Collection[str] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield documents of one kind, oldest first; see `functions.pipeline.sinks.Indexes`.

        They are the documents that are there when the first one is asked for.

        Raises:
            PermanentError: `since` or `until` is no time.
            ConfigError: a condition's field does not exist, or is of another type than its value.
        """
        during = _during(since, until)
        with self._reading() as database:
            there = database and found(database.connection, self._tables[kind])
            if not database or not there:
                return
            if matching and not matching.keys() <= there.keys():
                return  # a table that is older than the field: no document has it
            chosen = [self._condition(kind, each, there) for each in where]
            wanted = [Sql("true", []), *during, *_equal(matching or {}), *chosen]
            lines = _copied(database, self._tables[kind], joined(" AND ", wanted), newest, fields)
        with lines:
            for line in lines:
                yield {name: value for name, value in orjson.loads(line).items() if value is not None}

    def groups(
        self,
        kind: str,
        grouping: Grouping,
        *,
        since: str | None = None,
        until: str | None = None,
        where: Sequence[Condition] = (),
    ) -> list[Group]:
        """Count documents in groups; see `functions.pipeline.sinks.Indexes`. All figures are exact."""
        check(kind, grouping)
        with self._reading() as database:
            there = database and found(database.connection, self._tables[kind])
            if not database or not there:
                return []
            wanted = joined(" AND ", [*_during(since, until), all_of(kind, where, there)])
            rows = wanted._replace(text=f"{quoted(self._tables[kind])} WHERE {wanted.text}")
            database.connection.execute("SET memory_limit = '256MB'")  # percentiles keep all values
            count = partial(groups, database.connection, rows, kind, grouping, there)
            return [each for each in with_room(database.connection, count) if each.documents]

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Open the database once for all that the block reads and groups; nobody else can until the block is left."""
        with reading(self._path) as database:
            self._database = database
            try:
                yield
            finally:
                self._database = None

    @contextmanager
    def _reading(self) -> Iterator[Database | None]:
        if self._database:
            yield self._database
            return
        with reading(self._path) as database:
            yield database

    def _condition(self, kind: str, condition: Condition, there: Mapping[str, str]) -> Sql:
        """Write a condition; that one of several fields is equal to something as the rows of each field.

        A comparison alone is made on its own column before others of the row are read, one after an OR is not.
        """
        match condition:
            case AnyOf((_, _, *_) as fields) if _are_of_several_fields(fields):
                table = quoted(self._tables[kind])
                rows = [all_of(kind, [each], there) for each in fields]
                each_field = " UNION ".join(f"SELECT rowid FROM {table} WHERE {each.text}" for each in rows)  # noqa: S608 (quoted)
                return Sql(f"rowid IN ({each_field})", [*chain(*(each.values for each in rows))])
        return all_of(kind, [condition], there)

    def _counts(self, connection: DuckDBPyConnection) -> dict[str, int]:
        """Count the documents of each kind that has a table."""
        return {
            kind: row(connection, f"SELECT count(*) FROM {quoted(table)}")[0]  # noqa: S608 (a quoted name)
            for kind, table in self._tables.items()
            if found(connection, table)
        }


def _are_of_several_fields(conditions: Sequence[Condition]) -> bool:
    compared = [each.field for each in conditions if isinstance(each, Compare) and each.operator == "="]
    return len(compared) == len(set(compared)) == len(conditions)


def _equal(matching: Mapping[str, str | bool | None]) -> list[Sql]:
    return [
        Sql(f"{quoted(name)} IS NOT NULL", []) if value is None else Sql(f"{quoted(name)} = ?", [value])
        for name, value in matching.items()
    ]


def _during(since: str | None, until: str | None) -> list[Sql]:
    return [Sql(f'"@timestamp" {sign} ?', [_time(time)]) for sign, time in ((">=", since), ("<", until)) if time]


def _copied(
    database: Database, table: str, wanted: Sql, newest: int | None, fields: Collection[str] | None
) -> BinaryIO:
    """Copy rows to NDJSON, one object a document with null for what is absent, oldest first; return the open file.

    To sort them as they are takes all the memory there is. So their places are sorted, and some are fetched at a time.
    The file itself goes with the database's folder; what is open can be read to its end.
    """
    there = found(database.connection, table).items()
    columns = ", ".join(
        _rendered(*each) for each in there if fields is None or each[0] in {"_id", "@timestamp", *fields}
    )
    chosen = _choose(database.connection, table, wanted, newest)
    file, part = database.folder / "read.ndjson", database.folder / "part.ndjson"
    file.unlink(missing_ok=True)  # the one before may still be read
    with file.open("wb") as whole:
        for first in range(0, chosen, _AT_ONCE):
            rows = f"""FROM chosen JOIN {quoted(table)} AS kept ON kept.rowid = chosen.place
                WHERE chosen.rowid >= {first} AND chosen.rowid < {first + _AT_ONCE} ORDER BY chosen.rowid"""
            copy = f"COPY (SELECT {columns} {rows}) TO {literal(part)} (FORMAT json)"
            with_room(database.connection, partial(database.connection.execute, copy))
            with part.open("rb") as piece:
                copyfileobj(piece, whole)
    return file.open("rb")


def _choose(connection: DuckDBPyConnection, table: str, wanted: Sql, newest: int | None) -> int:
    """Put the places of rows into the temporary table `chosen`, oldest first; return how many there are.

    What a condition reads of a row may be long: the newest rows that meet it are looked for among the newest of all,
    then among more of them, and in the whole table only where there are too few.
    """
    for since in (*_pasts(connection, table), None) if newest else (None,):
        recent = Sql("true", []) if since is None else Sql('"@timestamp" >= ?', [since])
        count = _choose_of(connection, table, joined(" AND ", [recent, wanted]), newest)
        if count == newest:
            break
    return count


def _pasts(connection: DuckDBPyConnection, table: str) -> Iterator[datetime]:
    """Yield times since which there are ever more rows; none where all of them are few."""
    name = quoted(table)
    rows, first, last = row(connection, f'SELECT count(*), min("@timestamp"), max("@timestamp") FROM {name}')  # noqa: S608 (quoted)
    share = _FEW / max(rows, 1)
    while first and share < _MOST_OF_ALL:
        yield last - (last - first) * share
        share *= _MORE


def _choose_of(connection: DuckDBPyConnection, table: str, wanted: Sql, newest: int | None) -> int:
    there = found(connection, table)
    order = [quoted(name) for name in ("@timestamp", "sequence", "_id") if name in there]
    rows = f"FROM {quoted(table)} WHERE {wanted.text}"
    if newest is not None:
        rows += f" ORDER BY {', '.join(f'{name} DESC NULLS LAST' for name in order)} LIMIT {newest:d}"
    kept = f"SELECT rowid AS place, {', '.join(order)} {rows}"
    oldest_first = ", ".join(f"{name} NULLS FIRST" for name in order)
    in_order = f"SELECT place FROM ({kept}) ORDER BY {oldest_first}"  # noqa: S608 (quoted)
    create = f"CREATE OR REPLACE TEMP TABLE chosen AS {in_order}"
    with_room(connection, lambda: connection.execute(create, wanted.values))
    count: int = row(connection, "SELECT count(*) FROM chosen")[0]
    return count


def _rendered(name: str, sql_type: str) -> str:
    """Give a column as the documents have it, under its own name."""
    column = f"kept.{quoted(name)}"
    if sql_type == "TIMESTAMP":
        whole, parts = (f"strftime({column}, '%Y-%m-%dT%H:%M:%S.{digits}Z')" for digits in ("%g", "%f"))
        return f"if(microsecond({column}) % 1000 = 0, {whole}, {parts}) AS {quoted(name)}"
    if sql_type == "DOUBLE":  # JSON has no infinity
        return f"if(isfinite({column}), {column}, NULL) AS {quoted(name)}"
    return column


def _time(text: str) -> str:
    time = parsed_instant(text, UTC)
    if time is None:
        raise PermanentError(
            "{text!r} is not a time. Write it as 2025-01-20 or 2025-01-20T10:30:00Z.",
            text=text,
        )
    return time
