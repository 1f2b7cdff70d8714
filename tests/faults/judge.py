"""The judge of all faults: is each planted record exactly once in the log index, or in a dead letter?"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_MARK = re.compile(r"<(\d+)>")
_OF_OBJECTS = ("corrupt object", "missing object")
HEAD = "2025-01-20 10:30:00 - api - INFO - "


class Found(NamedTuple):
    """What was found after a fault: the raw text of each log document (or line of a batch), and the dead letters."""

    records: list[str]
    dead: list[dict[str, Any]] = []  # noqa: RUF012 (nothing adds to it)


class Verdict(NamedTuple):
    """What became of the planted records, in records; `dead` counts dead letters."""

    records: int
    lost: int
    doubled: int
    dead: int


@dataclass
class Planted:
    """Records that carry a number each, by which they are found again.

    `places` says which object each was put in, `texts` what a record is, whole, where that is known.
    """

    places: dict[int, str] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)

    def mark(self, place: str = "") -> str:
        """Make the mark of one more record."""
        number = len(self.places)
        self.places[number] = place
        return f"<{number}>"

    def line(self, place: str = "", said: str = "said", before: str = "") -> bytes:
        """Make one more record, as a line of text that says something after its mark, and perhaps before."""
        text = f"{HEAD}{before}{self.mark(place)} {said}"
        self.texts[len(self.places) - 1] = text
        return text.encode()

    def lines(self, count: int, place: str = "", said: str = "said") -> list[bytes]:
        """Make so many records more."""
        return [self.line(place, said) for _ in range(count)]

    def judge(self, found: Found) -> Verdict:
        """Count what is lost and what is doubled.

        A record is lost if neither a log document nor a dead letter has it; the dead letter of an object has all that
        was in it. It is doubled for each document beyond its first. A document that nobody planted is doubled too,
        unless it can be what a damaged object holds at the place of the damage.
        """
        marks = [self._marks(text) for text in found.records]
        seen = Counter(mark for each in marks for mark in each)
        dead = self._single(found.dead)
        excused = dead | self._of_objects(found.dead)
        lost = [number for number in self.places if not seen[number] and number not in excused]
        damaged = any(each["class"] == "corrupt object" for each in found.dead)
        strange = 0 if damaged else marks.count([])
        twice = seen.total() - len(seen) + len(seen.keys() & dead)
        return Verdict(len(self.places), len(lost), twice + strange, len(found.dead))

    def _marks(self, text: str) -> list[int]:
        """Return the numbers of the records that a text has; none if it is not as it was planted."""
        numbers = [int(number) for number in _MARK.findall(text)]
        return [each for each in numbers if each in self.places and self.texts.get(each, text) == text]

    def _single(self, letters: list[dict[str, Any]]) -> set[int]:
        """Return the records that are dead letters themselves."""
        single = (each for each in letters if each["class"] not in _OF_OBJECTS and each["target"] == "logs")
        return {int(number) for each in single for number in _MARK.findall(each["raw_log"])[:1]}

    def _of_objects(self, letters: list[dict[str, Any]]) -> set[int]:
        """Return the records of the objects that are dead letters."""
        objects = {each["store_key"] for each in letters if each["class"] in _OF_OBJECTS}
        return {number for number, place in self.places.items() if place in objects}
