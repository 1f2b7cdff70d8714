"""The ledger: the numbers that are exposed, and the batches that they have in them, in one SQLite file.

A batch and what it adds are one transaction. So after a crash, and when a batch is handed over again, each batch is in
the numbers once.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Self

import orjson

from functions.metrics.samples import LAST_RUN
from functions.pipeline.errors import ConfigError, PermanentError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

    from functions.metrics.samples import Key

_MOST_VALUES = 100  # of a label; those that come later are OTHER
_LONGEST = 200  # characters of a label's value
OTHER = "other"
_TABLES = """
CREATE TABLE IF NOT EXISTS store (name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS batches (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS label_values (label TEXT, value TEXT, PRIMARY KEY (label, value)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS numbers (
    metric TEXT, part TEXT, labels TEXT, number REAL NOT NULL, PRIMARY KEY (metric, part, labels)
) WITHOUT ROWID;
"""


class Ledger:
    """The numbers of a store's batches. A context manager: it is one process's from enter to exit.

    Attributes:
        numbers: by metric, part and labels.
    """

    def __init__(self, path: Path, store: str) -> None:
        self._path, self._store = path, store
        self.numbers: dict[Key, float] = {}
        self._values: dict[str, set[str]] = {}
        self._new: list[tuple[str, str]] = []  # of these, what is not in the file yet

    def __enter__(self) -> Self:
        """Open the file, and read the numbers.

        Raises:
            ConfigError: the file is another process's, or it has another store's numbers.
            PermanentError: the file cannot be made, or is none of ours.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self._path, isolation_level=None, timeout=1)
        except (OSError, sqlite3.Error) as error:
            raise PermanentError(
                "{path} cannot be made: {cause}. Set PIPELINE_DATA to a folder that can be written",
                path=self._path,
                cause=error,
            ) from error
        try:
            self._open()
        except BaseException:
            self._database.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def _open(self) -> None:
        try:
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.executescript(f"BEGIN EXCLUSIVE;{_TABLES}COMMIT;")
        except sqlite3.OperationalError as error:
            raise ConfigError(
                "{path} is in use. End the other trilog metrics, or give this one its own PIPELINE_DATA",
                path=self._path,
            ) from error
        except sqlite3.DatabaseError as error:
            raise PermanentError(
                "{path} is damaged: {cause}. Delete it: its numbers are made anew from the batches",
                path=self._path,
                cause=error,
            ) from error
        self._check_store()
        for metric, part, labels, number in self._database.execute("SELECT * FROM numbers"):
            self.numbers[metric, part, tuple(orjson.loads(labels))] = number
        for label, value in self._database.execute("SELECT * FROM label_values"):
            self._values.setdefault(label, set()).add(value)

    def _check_store(self) -> None:
        found = self._database.execute("SELECT name FROM store").fetchone()
        if found is None:
            self._database.execute("INSERT INTO store VALUES (?)", (self._store,))
        elif found[0] != self._store:
            raise ConfigError(
                "{path} has the numbers of the store {found}, not of {store}. Delete it, or set another PIPELINE_DATA",
                path=self._path,
                found=found[0],
                store=self._store,
            )

    def is_new(self, key: str) -> bool:
        """Say whether a batch is not in the numbers."""
        return self._database.execute("SELECT 1 FROM batches WHERE key = ?", (key,)).fetchone() is None

    def bounded(self, label: str, value: str) -> str:
        """Return a label's value, or OTHER where the label has too many; what is new is kept with the batch."""
        value = value[:_LONGEST]
        values = self._values.setdefault(label, set())
        if value not in values:
            if len(values) >= _MOST_VALUES:
                return OTHER
            values.add(value)
            self._new.append((label, value))
        return value

    def add(self, key: str, added: Iterable[tuple[Key, float]]) -> None:
        """Add what a batch tells, once."""
        changed: dict[Key, float] = {}
        for each, value in added:
            number = changed.get(each, self.numbers.get(each, 0.0))
            changed[each] = max(number, value) if each[0] == LAST_RUN.name else number + value
        rows = [(*each[:2], orjson.dumps(each[2]).decode(), number) for each, number in changed.items()]
        with self._database:
            self._database.execute("BEGIN")
            self._database.execute("INSERT INTO batches VALUES (?)", (key,))
            self._database.executemany("INSERT OR REPLACE INTO numbers VALUES (?, ?, ?, ?)", rows)
            self._database.executemany("INSERT INTO label_values VALUES (?, ?)", self._new)
        self.numbers |= changed
        self._new.clear()
