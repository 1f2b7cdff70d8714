"""The ledger: the numbers that are exposed, and the batches that they have in them, in one SQLite file.

A batch and what it adds are one transaction. So after a crash, and when a batch is handed over again, each batch is in
the numbers once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from functions.metrics.samples import LAST_RUN
from functions.projection.batches import Batches

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from functions.metrics.samples import Key

_MOST_VALUES = 100  # of a label; those that come later are OTHER
_LONGEST = 200  # characters of a label's value
OTHER = "other"
_TABLES = """
CREATE TABLE IF NOT EXISTS label_values (label TEXT, value TEXT, PRIMARY KEY (label, value)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS numbers (
    metric TEXT, part TEXT, labels TEXT, number REAL NOT NULL, PRIMARY KEY (metric, part, labels)
) WITHOUT ROWID;
"""


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

    def _open(self) -> None:
        super()._open()
        for metric, part, labels, number in self._database.execute("SELECT * FROM numbers"):
            self.numbers[metric, part, tuple(orjson.loads(labels))] = number
        for label, value in self._database.execute("SELECT * FROM label_values"):
            self._values.setdefault(label, set()).add(value)

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
        with self.adding(key) as database:
            database.executemany("INSERT OR REPLACE INTO numbers VALUES (?, ?, ?, ?)", rows)
            database.executemany("INSERT INTO label_values VALUES (?, ?)", self._new)
        self.numbers |= changed
        self._new.clear()
