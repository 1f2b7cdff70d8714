"""What a function found, by what it was asked: within bounds, for what is asked comes from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")


class Remembered(dict[tuple[str, ...], Value]):
    """Finds a value by a tuple; the values of short tuples are kept, as `functools.lru_cache` keeps all."""

    def __init__(self, find: Callable[[tuple[str, ...]], Value], most: int = 1024, longest: int = 64) -> None:
        """Take what finds values.

        Args:
            find: called with a tuple that is not there.
            most: values that are kept; beyond that all are forgotten.
            longest: members of a tuple whose value is kept.
        """
        super().__init__()
        self._find, self._most, self._longest = find, most, longest

    def __missing__(self, names: tuple[str, ...]) -> Value:
        value = self._find(names)
        if len(names) <= self._longest:
            if len(self) >= self._most:
                self.clear()
            self[names] = value
        return value
