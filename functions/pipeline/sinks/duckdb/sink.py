"""Writes documents to DuckDB: it reads files of them by itself, while the next ones are made.

Where documents may be there already, their ids are looked for by a scan of the `_id` column, not in a primary key. The
key's index has to stay in memory, 70 bytes a row, and where that ends writing fails for good; and INSERT OR REPLACE
scans the column in spite of it. The lock makes it safe.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from functions.pipeline.documents import Written
from functions.pipeline.errors import PermanentError
from functions.pipeline.kinds import kinds
from functions.pipeline.quoting import quoted
from functions.pipeline.sinks.duckdb.database import explained, with_room, writing
from functions.pipeline.sinks.duckdb.objects import Objects, remember
from functions.pipeline.sinks.duckdb.portions import Portion
from functions.pipeline.sinks.duckdb.tables import extend, found, row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

    from duckdb import DuckDBPyConnection

    from functions.pipeline.documents import Former, Rows
    from functions.pipeline.names import IndexNames
    from functions.pipeline.sinks.duckdb.portions import File

PORTION = 16 * 1024 * 1024  # bytes in one transaction: some 12,000 records of 300 bytes, in all their indexes


class _Counts(NamedTuple):
    """How many documents of a kind there were, and how many of them are new."""

    documents: int
    created: int


class _Open(NamedTuple):
    """What is open while documents are written."""

    connection: DuckDBPyConnection
    folder: Path
    objects: Objects


class DuckdbSink:
    """Takes documents for the embedded database; see `functions.pipeline.sinks.Sink`.

    Other processes that write or read wait while the `with` block lasts: keep it to one run.
    """

    def __init__(self, path: Path, names: IndexNames) -> None:
        """Take the database's file, made on first use with its folder, and the tables' names."""
        self._path = path
        self._tables = {kind: names.base(kind) for kind in kinds()}
        self._stack = ExitStack()
        self._open: _Open | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            connection, folder = stack.enter_context(writing(self._path))
            with explained(self._path):
                for kind, table in self._tables.items():
                    extend(connection, table, kind)
                objects = Objects(stack.enter_context(connection.cursor()), self._tables.values())
            self._stack, self._open = stack.pop_all(), _Open(connection, folder, objects)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open = None
        self._stack.close()

    def forget(self, former: Former) -> int:
        """Delete the documents of an object; return how many there were."""
        if self._open is None:
            return 0
        connection, deleted = self._open.connection, 0
        with explained(self._path):
            for table in self._tables.values():
                query = f"DELETE FROM {quoted(table)} WHERE starts_with(_id, ?)"  # noqa: S608 (quoted)
                deleted += connection.execute(query, [f"{former.prefix}-"]).fetchall()[0][0]
        return deleted

    def write(self, documents: Iterable[Rows]) -> Written:
        """Write the documents, overwriting those whose id is there; up to 16 MB at once or not at all.

        Of documents with the same id, the last stays. A value that does not fit its column is absent there.

        Raises:
            TransientError: the disk is full.
            PermanentError: the file is damaged, or a document's body is not one line of JSON.
        """
        if self._open is None:
            raise PermanentError(
                "{path} is not open: write within the sink's `with` block.",
                path=self._path,
            )
        written = Written()
        with ThreadPoolExecutor(1) as loader:
            loading: Future[None] | None = None
            for portion in self._portions(documents, self._open):
                self._wait(loading)
                load = partial(self._load, self._open.connection, portion, written)
                loading = loader.submit(with_room, self._open.connection, load)
            self._wait(loading)
        return written

    def _portions(self, documents: Iterable[Rows], opened: _Open) -> Iterator[Portion]:
        """Yield the documents, some PORTION bytes of them at a time; the last two keep their files."""
        folders = cycle((opened.folder / "one", opened.folder / "other"))
        portion: Portion | None = None
        opened.objects.begin()
        try:
            for kind, rows in documents:
                with explained(self._path):
                    portion = portion or Portion(next(folders))
                    if rows:
                        portion.add(kind, rows, new=opened.objects.are_new(self._tables[kind], rows))
                if portion.size >= PORTION:
                    yield portion
                    portion = None
            if portion:
                yield portion
        finally:
            if portion:
                with explained(self._path):
                    portion.close()

    def _wait(self, loading: Future[None] | None) -> None:
        """Wait until a portion is in the database."""
        if loading:
            with explained(self._path):
                loading.result()

    def _load(self, connection: DuckDBPyConnection, portion: Portion, written: Written) -> None:
        """Load a portion in one transaction, and count it."""
        portion.close()
        with _transaction(connection):
            load = self._append if portion.new else self._replace
            counts = {kind: load(connection, kind, file) for kind, file in portion.files.items()}
            for kind, file in portion.files.items():
                remember(connection, self._tables[kind], file.objects)
        for kind, (documents, created) in counts.items():
            written.created[kind] = written.created.get(kind, 0) + created
            written.duplicates[kind] = written.duplicates.get(kind, 0) + documents - created

    def _append(self, connection: DuckDBPyConnection, kind: str, file: File) -> _Counts:
        """Add documents of which none can be there."""
        insert = f"INSERT INTO {quoted(self._tables[kind])} FROM {{}} WHERE _id IS NOT NULL"
        [(documents,)] = self._read(connection, insert, kind, file)
        self._check(documents, kind, file)
        return _Counts(documents, documents)

    def _replace(self, connection: DuckDBPyConnection, kind: str, file: File) -> _Counts:
        """Add documents in place of those that are there."""
        table, stage = quoted(self._tables[kind]), quoted(f"staged {kind}")
        self._read(connection, f"CREATE OR REPLACE TEMP TABLE {stage} AS FROM {{}}", kind, file)
        documents, ids = row(connection, f"SELECT count(_id), count(DISTINCT _id) FROM {stage}")  # noqa: S608 (quoted)
        self._check(documents, kind, file)
        if ids < documents:
            last = f"SELECT max(rowid) FROM {stage} GROUP BY _id"  # noqa: S608 (quoted)
            connection.execute(f"DELETE FROM {stage} WHERE rowid NOT IN ({last})")  # noqa: S608 (quoted)
        there = f"DELETE FROM {table} WHERE _id IN (SELECT _id FROM {stage})"  # noqa: S608 (quoted)
        (replaced,) = row(connection, there)
        connection.execute(f"INSERT INTO {table} FROM {stage}")
        connection.execute(f"DROP TABLE {stage}")
        return _Counts(documents, ids - replaced)

    def _read(self, connection: DuckDBPyConnection, query: str, kind: str, file: File) -> list[Any]:
        """Run a query on the rows that DuckDB reads from a file.

        They have the columns that are there: a table that is older than its template still takes documents.
        """
        there = found(connection, self._tables[kind])
        columns = ", ".join(f"{quoted(name)}: '{sql_type}'" for name, sql_type in there.items())
        reader = f"""read_json(
            ?, columns = {{{columns}}}, format = 'newline_delimited', compression = 'none', ignore_errors = true,
            maximum_object_size = ?)"""
        return connection.execute(query.format(reader), [str(file.path), file.longest]).fetchall()

    def _check(self, documents: int, kind: str, file: File) -> None:
        if documents < file.lines:
            raise PermanentError(
                "{documents} documents of {kind} are no JSON. Report this.",
                documents=file.lines - documents,
                kind=self._tables[kind],
            )


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
