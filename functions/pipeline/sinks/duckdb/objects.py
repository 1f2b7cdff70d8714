"""Of which objects a table may have documents: those of any other object need not be looked for.

A document's id is its object's, a dash, and its position there, with a part's place behind it. Looking for ids means to
read the whole `_id` column, so the cost of a write would grow with the index; whether an object is known, a small table
tells.
"""

from __future__ import annotations

from operator import lt
from typing import TYPE_CHECKING

from functions.pipeline.quoting import quoted
from functions.pipeline.sinks.duckdb.tables import row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from duckdb import DuckDBPyConnection

    from functions.pipeline.documents import Row

TABLE = "_objects"


class Objects:
    """The objects of which documents have been written, by table, and how far those are that are being written."""

    def __init__(self, connection: DuckDBPyConnection, tables: Iterable[str]) -> None:
        """Take a connection of its own, and the tables of documents; those of an older version tell their objects."""
        self._connection = connection
        self._written: dict[str, tuple[bytes, int]] = {}  # by table: an object that is new, and its last position
        self._begun = set[tuple[str, bytes]]()  # in this write: TABLE may not have them yet
        connection.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} (documents VARCHAR, name VARCHAR)")
        for table in tables:
            if not self._count("documents = ?", table):
                told = f"SELECT DISTINCT ?, regexp_extract(_id, '^(.*)-', 1) FROM {quoted(table)}"  # noqa: S608 (quoted)
                connection.execute(f"INSERT INTO {TABLE} {told}", [table])

    def begin(self) -> None:
        """Begin a write; all earlier ones are in the database."""
        self._begun.clear()

    def are_new(self, table: str, rows: list[Row]) -> bool:
        """Say whether the table can have none of these documents, nor two of the same id be among them.

        That is so for those of an object that it did not know when the first one came, as long as positions rise.
        """
        name = rows[0][0].rpartition(b"-")[0]
        positions = _positions(name, rows)
        if not positions:
            return False
        written, last = self._written.get(table, (b"", -1))
        if name != written:
            if (table, name) in self._begun or self._count("documents = ? AND name = ?", table, name.decode()):
                return False
            self._begun.add((table, name))
            last = -1
        self._written[table] = name, max(last, *positions)
        return last < positions[0] and all(map(lt, positions, positions[1:]))

    def _count(self, condition: str, *values: str) -> int:
        query = f"SELECT count(*) FROM {TABLE} WHERE {condition}"  # noqa: S608 (our own)
        count: int = self._connection.execute(query, values).fetchall()[0][0]
        return count


def remember(connection: DuckDBPyConnection, table: str, names: Iterable[bytes]) -> None:
    """Note that a table has documents of these objects, in the transaction that writes them."""
    new = f"SELECT ?, unnest(?) EXCEPT FROM {TABLE}"  # noqa: S608 (our own)
    connection.execute(f"INSERT INTO {TABLE} {new}", [table, [name.decode() for name in names]])


def forget(connection: DuckDBPyConnection, tables: Iterable[str]) -> None:
    """Forget the objects of tables that are dropped, and drop TABLE when nothing is left in it."""
    if not row(connection, f"SELECT count(*) FROM duckdb_tables() WHERE table_name = '{TABLE}'")[0]:  # noqa: S608 (likewise)
        return
    connection.execute(f"DELETE FROM {TABLE} WHERE documents IN (SELECT unnest(?))", [list(tables)])  # noqa: S608 (likewise)
    if not row(connection, f"SELECT count(*) FROM {TABLE}")[0]:  # noqa: S608 (likewise)
        connection.execute(f"DROP TABLE {TABLE}")


def _positions(name: bytes, rows: list[Row]) -> list[int]:
    """Return the positions in an object of these documents; none where some are not of that object.

    With the two digits of its place behind it, a part's position is in the same order as those of the parts beside it.
    """
    start = name + b"-"
    if not name or not all(identity.startswith(start) for identity, _, _ in rows):
        return []
    given = [identity[len(start) :] for identity, _, _ in rows]
    if b"." in given[0]:
        given = [each.replace(b".", b"") for each in given]
    return list(map(int, given)) if all(map(bytes.isdigit, given)) else []
