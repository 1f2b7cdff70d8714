"""The ledger: the numbers that are exposed, and the batches that they have in them, in one SQLite file.

A batch and what it adds are one transaction. So after a crash, and when a batch is handed over again, each batch is in
the numbers once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import orjson

from functions.metrics.metric import add
from functions.projection.batches import Batches

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from functions.metrics.metric import Key

VERSION = 2  # of what is counted: the numbers of another one are counted anew
_MOST_VALUES = 100  # of a label; those that come later are OTHER
_LONGEST = 200  # characters of a label's value
OTHER = "other"
_TABLES = """
CREATE TABLE IF NOT EXISTS label_values (label TEXT, value TEXT, PRIMARY KEY (label, value)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS numbers (
    metric TEXT, part TEXT, labels TEXT, number REAL NOT NULL, PRIMARY KEY (metric, part, labels)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS states (name TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
"""
_ANEW = """
BEGIN;
DELETE FROM batches; DELETE FROM label_values; DELETE FROM numbers; DELETE FROM states;
PRAGMA user_version = %d;
COMMIT;
"""


class Bounded(Protocol):
    """Takes a label's name and a value; returns the value, or OTHER, which stands for all beyond a bound."""

    def __call__(self, label: str, value: str, most: int = ..., *, known: bool = ...) -> str: ...  # noqa: D102


class Ledger(Batches):
    """The numbers of a store's batches.

    Attributes:
        numbers: by metric, part and labels.
    """

    def __init__(self, path: Path, store: str) -> None:
        super().__init__(path, store, "trilog metrics", _TABLES)
        self.numbers: dict[Key, float] = {}
        self._values: dict[str, set[str]] = {}
        self._new: list[tuple[str, str]] = []  # of these, what is not in the file yet
        self._states: dict[str, str] = {}

    def _open(self) -> None:
        super()._open()
        if self._database.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            self._database.executescript(_ANEW % VERSION)
        for metric, part, labels, number in self._database.execute("SELECT * FROM numbers"):
            self.numbers[metric, part, tuple(orjson.loads(labels))] = number
        for label, value in self._database.execute("SELECT * FROM label_values"):
            self._values.setdefault(label, set()).add(value)
        self._states.update(self._database.execute("SELECT * FROM states"))

    def bounded(self, label: str, value: str, most: int = _MOST_VALUES, *, known: bool = False) -> str:
        """Return a label's value, or OTHER where the label has too many; what is new is kept with the batch.

        Args:
            label: its name.
            value: cut where it is too long.
            most: so many values it may have.
            known: no new value, but OTHER.
        """
        value = value[:_LONGEST]
        values = self._values.setdefault(label, set())
        if value not in values:
            if known or len(values) >= most:
                return OTHER
            values.add(value)
            self._new.append((label, value))
        return value

    def state(self, name: str) -> Any:  # noqa: ANN401 (any JSON value)
        """Return what was last kept under a name; None: nothing so far."""
        return orjson.loads(self._states.get(name, "null"))

    def add(self, key: str, added: Mapping[Key, float], states: Mapping[str, object] | None = None) -> None:
        """Add what a batch tells, once, and keep what the next batch has to know.

        Raises:
            TransientError: the disk is full, or fails; nothing of it was added.
        """
        changed = {each: self.numbers.get(each, 0.0) for each in added}
        add(changed, added.items())
        rows = [(*each[:2], orjson.dumps(each[2]).decode(), number) for each, number in changed.items()]
        kept = {name: orjson.dumps(state).decode() for name, state in (states or {}).items()}
        with self.adding(key) as database:
            database.executemany("INSERT OR REPLACE INTO numbers VALUES (?, ?, ?, ?)", rows)
            database.executemany("INSERT INTO label_values VALUES (?, ?)", self._new)
            database.executemany("INSERT OR REPLACE INTO states VALUES (?, ?)", kept.items())
        self.numbers |= changed
        self._states |= kept
        self._new.clear()
