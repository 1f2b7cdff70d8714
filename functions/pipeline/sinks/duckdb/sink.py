"""Writes documents to DuckDB: as NDJSON files of their bytes, which DuckDB itself reads.

An id is looked for by a scan of the `_id` column, not in a primary key. The key's index has to stay in memory,
70 bytes a row, and where that ends writing fails for good; and INSERT OR REPLACE scans the column in spite of it.
The scan takes 13 ms in a million rows, and the lock makes it safe.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Self

from functions.pipeline.documents import Written
from functions.pipeline.errors import PermanentError
from functions.pipeline.kinds import kinds
from functions.pipeline.sinks.duckdb.database import explained, with_room, writing
from functions.pipeline.sinks.duckdb.tables import extend, found, quoted, row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

    from duckdb import DuckDBPyConnection

    from functions.pipeline.documents import Rows
    from functions.pipeline.names import IndexNames
    from functions.pipeline.sinks.duckdb.database import Database

PORTION = 16 * 1024 * 1024  # bytes in one transaction: a batch of 1,000 records has about one tenth of it


class _Staged(NamedTuple):
    """One kind's documents in a temporary table, of each id the last; how many there were, and how many ids."""

    table: str
    documents: int
    ids: int


class DuckdbSink:
    """Takes documents for the embedded database; see `functions.pipeline.sinks.Sink`.

    Other processes that write or read wait while the `with` block lasts: keep it to one run.
    """

    def __init__(self, path: Path, names: IndexNames) -> None:
        """Take the database's file, made on first use with its folder, and the tables' names."""
        self._path = path
        self._tables = {kind: names.base(kind) for kind in kinds()}
        self._stack = ExitStack()
        self._database: Database | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            database = stack.enter_context(writing(self._path))
            with explained(self._path):
                for kind, table in self._tables.items():
                    extend(database.connection, table, kind)
            self._stack, self._database = stack.pop_all(), database
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database = None
        self._stack.close()

    def write(self, documents: Iterable[Rows]) -> Written:
        """Write the documents, overwriting those whose id is there; up to 16 MB at once or not at all.

        Of documents with the same id, the last stays. A value that does not fit its column is absent there.

        Raises:
            TransientError: the disk is full.
            PermanentError: the file is damaged, or a document's body is not one line of JSON.
        """
        if self._database is None:
            raise PermanentError(
                "{path} is not open: write within the sink's `with` block.",
                path=self._path,
            )
        written = Written()
        for lines in _portions(documents):
            with explained(self._path):
                with_room(self._database.connection, partial(self._put, self._database, lines, written))
        return written

    def _put(self, database: Database, lines: dict[str, list[bytes]], written: Written) -> None:
        staged = {kind: self._stage(database, kind, some) for kind, some in lines.items()}
        self._merge(database.connection, staged, written)

    def _stage(self, database: Database, kind: str, lines: list[bytes]) -> _Staged:
        """Let DuckDB read one kind's documents into a temporary table."""
        connection, stage = database.connection, quoted(f"staged {kind}")
        file = database.folder / f"{kind}.ndjson"
        with file.open("wb") as opened:
            opened.writelines(lines)
        # The columns as they are there: a table that is older than its template still takes documents.
        there = found(connection, self._tables[kind])
        columns = ", ".join(f"{quoted(name)}: '{sql_type}'" for name, sql_type in there.items())
        connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE {stage} AS FROM read_json(
                ?, columns = {{{columns}}}, format = 'newline_delimited', compression = 'none', ignore_errors = true,
                maximum_object_size = ?)
            """,
            [str(file), max(map(len, lines))],
        )
        documents, ids = row(connection, f"SELECT count(_id), count(DISTINCT _id) FROM {stage}")  # noqa: S608 (quoted)
        if documents < len(lines):
            raise PermanentError(
                "{documents} documents of {kind} are no JSON. Report this.",
                documents=len(lines) - documents,
                kind=self._tables[kind],
            )
        if ids < documents:
            last = f"SELECT max(rowid) FROM {stage} GROUP BY _id"  # noqa: S608 (quoted)
            connection.execute(f"DELETE FROM {stage} WHERE rowid NOT IN ({last})")  # noqa: S608 (quoted)
        return _Staged(stage, documents, ids)

    def _merge(self, connection: DuckDBPyConnection, staged: dict[str, _Staged], written: Written) -> None:
        """Move the staged documents into their tables, in one transaction, and count them."""
        created = {}
        with _transaction(connection):
            for kind, (stage, _, ids) in staged.items():
                table = quoted(self._tables[kind])
                there = f"DELETE FROM {table} WHERE _id IN (SELECT _id FROM {stage})"  # noqa: S608 (quoted)
                (replaced,) = row(connection, there)
                connection.execute(f"INSERT INTO {table} FROM {stage}")
                connection.execute(f"DROP TABLE {stage}")
                created[kind] = ids - replaced
        for kind, count in created.items():
            written.created[kind] = written.created.get(kind, 0) + count
            written.duplicates[kind] = written.duplicates.get(kind, 0) + staged[kind].documents - count


def _portions(documents: Iterable[Rows]) -> Iterator[dict[str, list[bytes]]]:
    """Yield the documents as lines by kind, some PORTION bytes of them at a time."""
    lines: dict[str, list[bytes]] = {}
    size = 0
    for kind, rows in documents:
        some = [_line(identity, body) for identity, _, body in rows]
        if some:
            lines.setdefault(kind, []).extend(some)
        size += sum(map(len, some))
        if size >= PORTION:
            yield lines
            lines, size = {}, 0
    if size:
        yield lines


def _line(identity: bytes, body: bytes) -> bytes:
    """Put the id in front of the body's fields, which stay the bytes that they are."""
    return b"".join((b'{"_id":"', identity, b'",', body[1:], b"\n"))


@contextmanager
def _transaction(connection: DuckDBPyConnection) -> Iterator[None]:
    """Commit what the block does, or nothing of it."""
    import duckdb

    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException:
        with suppress(duckdb.Error):  # a commit that fails has been rolled back already
            connection.rollback()
        raise
