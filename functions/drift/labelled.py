"""The rows of a window of which both is known, what was predicted and what turned out to be true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from functions.pipeline.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Container

    from numpy.typing import NDArray

    from functions.drift.scores import Numbers
    from functions.drift.windows import Table

PREDICTION, PROBABILITY = "prediction", "probability"
_MANY = 20  # distinct whole numbers that may be classes


class Labelled:
    """A window's rows with a prediction and a target.

    Attributes:
        rows: how many there are.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._prediction = table.columns.get(PREDICTION, "NULL")
        self._probability = table.columns.get(PROBABILITY)
        self._truth = "truth" if table.truth else "NULL"
        self._where = f"FROM {table.name} WHERE {self._truth} IS NOT NULL AND {self._prediction} IS NOT NULL"
        self.rows: int = table.connection.execute(f"SELECT count(*) {self._where}").fetchall()[0][0]

    def is_continuous(self) -> bool:
        """Say whether the target is a quantity: numbers that are not whole, or more than 20 different ones."""
        number = f"TRY_CAST({self._truth} AS DOUBLE)"
        looked = f"count({number}), count(*) FILTER (WHERE {number} <> trunc({number})), count(DISTINCT {number})"
        numbers, broken, distinct = self._table.connection.execute(f"SELECT {looked} {self._where}").fetchall()[0]
        return bool(numbers * 2 > self.rows and (broken or distinct > _MANY))

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how often each pair of a target and a prediction comes."""
        query = f"SELECT {self._truth}, {self._prediction}, count(*) {self._where} GROUP BY ALL"
        found = self._table.connection.execute(query).fetchall()
        return {(truth, prediction): count for truth, prediction, count in found}

    def numbers(self) -> tuple[Numbers, Numbers]:
        """Return targets and predictions, where both are finite numbers."""
        return self._two(self._truth, self._prediction)

    def probabilities(self, positive: Container[str]) -> tuple[NDArray[np.bool_], Numbers]:
        """Return whether a row's target is one of the positive class's spellings, and its probability."""
        if self._probability is None:
            return np.empty(0, np.bool_), np.empty(0)
        spelled = [truth for truth in self._targets() if truth in positive]
        known = ", ".join(map(literal, spelled)) or "NULL"
        truth, numbers = self._two(f"coalesce({self._truth} IN ({known}), false)::INT", self._probability)
        return truth.astype(np.bool_), numbers

    def _targets(self) -> list[str]:
        found = self._table.connection.execute(f"SELECT DISTINCT {self._truth} {self._where}").fetchall()
        return [truth for (truth,) in found]

    def _two(self, first: str, second: str) -> tuple[Numbers, Numbers]:
        one, other = (f"TRY_CAST({each} AS DOUBLE)" for each in (first, second))
        query = f"SELECT {one} AS one, {other} AS other {self._where} AND isfinite({one}) AND isfinite({other})"
        found = self._table.connection.execute(query).fetchnumpy()
        return found["one"], found["other"]
