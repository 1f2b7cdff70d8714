"""Which objects' documents may be in the database: those of any other object need not be looked for.

A document's id is its object's, a dash, and its position there. Looking for ids means to read the whole `_id` column,
so the cost of a write would grow with the index; whether an object is known, a small table tells.
"""

from __future__ import annotations

from operator import lt
from typing import TYPE_CHECKING

from functions.pipeline.sinks.duckdb.tables import found, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from duckdb import DuckDBPyConnection

    from functions.pipeline.documents import Row

TABLE = "_objects"


class Objects:
    """The objects of which documents have been written, and how far the one is that is being written."""

    def __init__(self, connection: DuckDBPyConnection, tables: Iterable[str]) -> None:
        """Take a connection of its own, and the tables of documents; those of an older version tell their objects."""
        self._connection = connection
        self._written, self._last = b"", dict[str, int]()
        self._begun = set[bytes]()  # in this write: the table may not have them yet
        if found(connection, TABLE):
            return
        ids = " UNION ALL ".join(f"SELECT _id FROM {quoted(table)}" for table in tables)  # noqa: S608 (quoted)
        told = f"SELECT DISTINCT regexp_extract(_id, '^(.*)-', 1) FROM ({ids})"  # noqa: S608 (quoted)
        connection.execute(f"CREATE TABLE {TABLE} AS SELECT * FROM ({told}) AS told(name)")  # noqa: S608 (quoted)

    def begin(self) -> None:
        """Begin a write; all earlier ones are in the database."""
        self._begun.clear()

    def are_new(self, kind: str, rows: list[Row]) -> bool:
        """Say whether none of these documents can be there, nor two of the same id among them.

        That is so for those of an object that was not known when its first document came, as long as positions rise.
        """
        name = rows[0][0].rpartition(b"-")[0]
        positions = _positions(name, rows)
        if not positions:
            return False
        if name != self._written:
            if name in self._begun or self._known(name):
                return False
            self._begun.add(name)
            self._written, self._last = name, {}
        last = self._last.get(kind, -1)
        self._last[kind] = max(last, *positions)
        return last < positions[0] and all(map(lt, positions, positions[1:]))

    def _known(self, name: bytes) -> bool:
        query = f"SELECT count(*) FROM {TABLE} WHERE name = ?"  # noqa: S608 (our own name)
        return bool(self._connection.execute(query, [name.decode()]).fetchall()[0][0])


def remember(connection: DuckDBPyConnection, names: Iterable[bytes]) -> None:
    """Note that documents of these objects are written, in the transaction that writes them."""
    given = [name.decode() for name in names]
    new = f"SELECT unnest(?) EXCEPT SELECT name FROM {TABLE}"  # noqa: S608 (our own name)
    connection.execute(f"INSERT INTO {TABLE} {new}", [given])


def _positions(name: bytes, rows: list[Row]) -> list[int]:
    """Return the positions in an object of these documents; none where some are not of that object."""
    start = name + b"-"
    if not name or not all(identity.startswith(start) for identity, _, _ in rows):
        return []
    given = [identity[len(start) :] for identity, _, _ in rows]
    return list(map(int, given)) if all(map(bytes.isdigit, given)) else []
