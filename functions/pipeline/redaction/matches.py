"""What the rules of a redaction matched: how many values each hid, and which matched nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Matches:
    """Counts what the rules matched in one text or many. Rules are named as they are written: `AGE:drop`.

    Attributes:
        hidden: how many values each rule has hidden, 0 included.
        seen: the rules whose field or pattern occurred, also where its value was null or hidden already.
    """

    def __init__(self, rules: Iterable[str] = ()) -> None:
        self.hidden = Counter(dict.fromkeys(rules, 0))
        self.seen: set[str] = set()

    def count(self, rule: str) -> None:
        """Count a value that a rule has hidden."""
        self.hidden[rule] += 1
        self.seen.add(rule)

    def add(self, other: Matches) -> None:
        """Count what another has counted, too."""
        self.hidden.update(other.hidden)
        self.seen |= other.seen

    @property
    def unmatched(self) -> list[str]:
        """The rules that matched nothing."""
        return [rule for rule in self.hidden if rule not in self.seen]


def summed(parts: Iterable[Matches]) -> Matches:
    """Return what several have counted together."""
    together = Matches()
    for each in parts:
        together.add(each)
    return together
