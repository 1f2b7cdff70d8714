"""How a projection keeps its place in the batches, whatever it does with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.pipeline.errors import TransientError
from functions.pipeline.store import Store
from functions.projection.batches import Batches
from functions.projection.projection import Projection

if TYPE_CHECKING:
    from pathlib import Path

KEYS = [
    "raw/b.log/2025/09/01/100000.000000-0123456789abcdef.log.gz",
    "raw/a.log/2025/09/02/100000.000000-0123456789abcdef.log.gz",
    "raw/a.log/2025/09/03/100000.000000-0123456789abcdef.log.gz",
    "raw/dropped.log",
]


class Taking(Projection):
    """Takes batches until one is too many."""

    def __init__(self, batches: Batches, store: Store, most: int) -> None:
        super().__init__(batches, store, "raw")
        self.taken: list[str] = []
        self._most = most

    def _take(self, key: str) -> None:
        if len(self.taken) == self._most:
            raise TransientError("too many")
        with self._batches.adding(key):
            self.taken.append(key)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store of batches, and of an object that somebody else dropped."""
    made = Store(f"file://{tmp_path}")
    for key in reversed(KEYS):
        made.put(key, b"")
    return made


def test_batches_are_taken_oldest_first_and_once(store: Store, tmp_path: Path):
    """A usual Loki refuses what is an hour behind."""
    with Batches(tmp_path / "taken.sqlite", "a store", "trilog x") as batches:
        taking = Taking(batches, store, 10)
        assert list(taking.turn()) == KEYS
        assert (taking.waiting, taking.last_success > 0) == (0, True)
        assert list(taking.turn()) == []


def test_what_was_taken_before_a_failure_stays_taken(store: Store, tmp_path: Path):
    with Batches(tmp_path / "taken.sqlite", "a store", "trilog x") as batches:
        taking = Taking(batches, store, 2)
        with pytest.raises(TransientError):
            list(taking.turn())
        assert (taking.waiting, taking.last_success) == (2, 0)
    with Batches(tmp_path / "taken.sqlite", "a store", "trilog x") as batches:
        assert list(Taking(batches, store, 10).turn()) == KEYS[2:]


def test_a_batch_whose_taking_fails_is_not_taken(tmp_path: Path):
    with Batches(tmp_path / "taken.sqlite", "a store", "trilog x") as batches:
        with pytest.raises(RuntimeError), batches.adding("key"):
            raise RuntimeError
        assert batches.missing(["key"]) == ["key"]
