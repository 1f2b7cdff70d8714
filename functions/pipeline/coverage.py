"""How much of a log was read: what no layout knows, and what passed the filter without a document of its own."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_EXAMPLES = 3  # that are kept
_LONGEST = 200  # characters of an example


class Coverage:
    """Counts of records, for one object or several.

    Attributes:
        unread: those that are in no known layout, or tell no time of their own, by where they stood: the envelope's
            name, or "".
        passed_without_document: those that passed the filter and became no document but that of the log index, by the
            layout's name ("" where none is known).
        examples: the first texts of unread records.
        ambiguous: times with several meanings of which one was chosen: 01/02/2025.
    """

    def __init__(self) -> None:
        self.unread: Counter[str] = Counter()
        self.passed_without_document: Counter[str] = Counter()
        self.examples: list[str] = []
        self.ambiguous = 0

    def count_unread(self, envelope: str, raw: bytes) -> None:
        """Count a record that could not be read."""
        self.unread[envelope] += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(raw[: 4 * _LONGEST].decode("utf-8", "replace")[:_LONGEST])

    def add(self, other: Coverage) -> None:
        """Count what another has counted, too."""
        self.unread += other.unread
        self.passed_without_document += other.passed_without_document
        self.examples = _first((*self.examples, *other.examples))
        self.ambiguous += other.ambiguous


def _first(examples: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(examples))[:_EXAMPLES]
