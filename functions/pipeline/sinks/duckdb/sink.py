"""Writes documents to DuckDB: as NDJSON files of their bytes that DuckDB itself reads, one transaction a write.

An id is looked for by a scan of the `_id` column, not in a primary key. The key's index has to stay in memory, 70 bytes a
row, and where that ends writing fails for good; INSERT OR REPLACE would scan the column in spite of it. The scan takes 13 ms
in a million rows, and the lock makes it safe.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Self

import orjson

from functions.pipeline.documents import KINDS, Written
from functions.pipeline.errors import PermanentError
from functions.pipeline.sinks.duckdb.database import explained, writing
from functions.pipeline.sinks.duckdb.tables import extend, found, quoted, row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

    from duckdb import DuckDBPyConnection

    from functions.pipeline.documents import Document
    from functions.pipeline.names import IndexNames
    from functions.pipeline.sinks.duckdb.database import Database

_LEAST_LINE = 1024 * 1024  # bytes; DuckDB makes its read buffers for the longest line


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
        self._names = names
        self._stack = ExitStack()
        self._opened: Database | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._opened = stack.enter_context(writing(self._path))
            with explained(self._path):
                for kind in KINDS:
                    extend(self._opened.connection, self._names.base(kind), kind)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened = None
        self._stack.close()

    def write(self, documents: Iterable[Document]) -> Written:
        """Write all the documents or none, overwriting those whose id is there.

        Of documents with the same id, the last stays. A value that does not fit its column is absent there.

        Raises:
            TransientError: the disk is full.
            PermanentError: the file is damaged, or a document's body is not one line of JSON.
        """
        if self._opened is None:
            raise PermanentError(f"{self._path} is not open: write within the sink's `with` block.")
        connection, source, files = self._opened.connection, iter(documents), _Files(self._opened.folder)
        try:
            while some := list(islice(source, 1000)):
                with explained(self._path):
                    files.add(some)
            with explained(self._path):
                staged = {kind: self._stage(connection, kind, files) for kind in files.longest}
                return self._merge(connection, staged)
        finally:
            files.remove()

    def _stage(self, connection: DuckDBPyConnection, kind: str, files: _Files) -> _Staged:
        """Let DuckDB read one kind's documents into a temporary table."""
        table, stage = self._names.base(kind), quoted(f"staged {kind}")
        # The columns as they are: where a template's type has changed, the old table still takes documents.
        columns = ", ".join(f"{quoted(name)}: '{each}'" for name, each in found(connection, table).items())
        connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE {stage} AS FROM read_json(
                ?, format = 'newline_delimited', compression = 'none', columns = {{{columns}}},
                maximum_object_size = ?, ignore_errors = true)
            """,
            [str(files.path(kind)), max(files.longest[kind], _LEAST_LINE)],
        )
        lines, documents, ids = row(connection, f"SELECT count(*), count(_id), count(DISTINCT _id) FROM {stage}")
        if documents < lines:
            raise PermanentError(
                f"{table}: {lines - documents} documents are no JSON. Nothing was written; report this."
            )
        if ids < documents:
            last = f"SELECT max(rowid) FROM {stage} GROUP BY _id"
            connection.execute(f"DELETE FROM {stage} WHERE rowid NOT IN ({last})")
        return _Staged(stage, documents, ids)

    def _merge(self, connection: DuckDBPyConnection, staged: dict[str, _Staged]) -> Written:
        """Move the staged documents into their tables, in one transaction."""
        written = Written()
        with _transaction(connection):
            for kind, (stage, documents, ids) in staged.items():
                table = quoted(self._names.base(kind))
                (replaced,) = row(connection, f"DELETE FROM {table} WHERE _id IN (SELECT _id FROM {stage})")
                connection.execute(f"INSERT INTO {table} BY NAME FROM {stage}")
                written.created[kind] = ids - replaced
                written.duplicates[kind] = documents - written.created[kind]
                connection.execute(f"DROP TABLE {stage}")
        return written


class _Files:
    """The documents of one write, as NDJSON in a file for each kind; `longest` has their longest lines' bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.longest: dict[str, int] = {}

    def path(self, kind: str) -> Path:
        return self._folder / f"{kind}.ndjson"

    def add(self, documents: list[Document]) -> None:
        lines: dict[str, list[bytes]] = {}
        for document in documents:
            lines.setdefault(document.kind, []).append(_line(document))
        for kind, some in lines.items():
            self.longest[kind] = max(self.longest.get(kind, 0), *map(len, some))
            with self.path(kind).open("ab") as file:
                file.writelines(some)

    def remove(self) -> None:
        for kind in self.longest:
            self.path(kind).unlink(missing_ok=True)


def _line(document: Document) -> bytes:
    """Put the id in front of the body's fields, which stay the bytes that they are."""
    comma = b"" if document.body == b"{}" else b","
    return b"".join((b'{"_id":', orjson.dumps(document.id), comma, document.body[1:], b"\n"))


@contextmanager
def _transaction(connection: DuckDBPyConnection) -> Iterator[None]:
    import duckdb

    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException:
        with suppress(duckdb.Error):  # a commit that failed has been rolled back already
            connection.rollback()
        raise
