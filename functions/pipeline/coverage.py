"""How much of a log was read: what no layout knows, and what passed the filter without a document of its own."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from functions.pipeline.expressions import compiled

if TYPE_CHECKING:
    from collections.abc import Iterable

_EXAMPLES = 3  # that are kept
_LONGEST = 200  # characters of an example
_MOST_NAMES = 20  # of members that may be fields
_MOSTLY = 0.5  # of the records: more than that is most of them
_DURATION = r"(?i)dur(ation)?(_|$)|elapsed|latency|took|(^|_)(time|ms|millis|seconds|secs)$"
_INPUT = r"(?i)input|feature|request|payload|instance|sample|row$|prompt|question"
_RESULT = r"(?i)result|output|predict|score|response|answer|label|class$|decision|proba"


class Coverage:
    """Counts of records, for one object or several.

    Attributes:
        unread: those that are in no known layout, or tell no time (nor does the envelope that they are in), by where
            they stood: envelope and layout, with a slash between; "-" is none.
        passed_without_document: those that passed the filter and became no document but that of the log index, by
            envelope and layout likewise.
        no_predictions: those that have an input and a result, and did not pass the filter, likewise.
        untimed: how many of the unread are in a known layout, and tell no time.
        examples: the first texts of unread records.
        ambiguous: times with several meanings of which one was chosen: 01/02/2025.
        control_messages: envelopes that carry no line, but news of the carrier; they are no records.
        candidates: members that may be a field under another name: the field, the member, and how many records had it.
    """

    def __init__(self) -> None:
        self.unread: Counter[str] = Counter()
        self.passed_without_document: Counter[str] = Counter()
        self.no_predictions: Counter[str] = Counter()
        self.untimed = 0
        self.examples: list[str] = []
        self.ambiguous = 0
        self.control_messages = 0
        self.candidates: Counter[tuple[str, str]] = Counter()

    def count_unread(self, place: str, raw: bytes, *, untimed: bool = False) -> None:
        """Count a record that could not be read, or tells no time."""
        self.unread[place] += 1
        self.untimed += untimed
        if len(self.examples) < _EXAMPLES:
            self.examples.append(raw[: 4 * _LONGEST].decode("utf-8", "replace")[:_LONGEST])

    def look_at(self, fields: dict[str, Any], rest: dict[str, Any]) -> None:
        """Look for members that may be a duration, an input or a result under a name that is not known.

        Args:
            fields: the event's fields.
            rest: the members that were taken for none.
        """
        for name, value in rest.items():
            field = _candidate(name, value)
            if (
                field
                and field not in fields
                and (len(self.candidates) < _MOST_NAMES or (field, name) in self.candidates)
            ):
                self.candidates[field, name] += 1

    def mostly_unread(self, records: int) -> bool:
        """Say whether most of so many records could not be read."""
        return self.unread.total() > _MOSTLY * records

    def add(self, other: Coverage) -> None:
        """Count what another has counted, too."""
        self.unread += other.unread
        self.passed_without_document += other.passed_without_document
        self.no_predictions += other.no_predictions
        self.untimed += other.untimed
        self.examples = _first((*self.examples, *other.examples))
        self.ambiguous += other.ambiguous
        self.control_messages += other.control_messages
        self.candidates += other.candidates

    def summary(self) -> dict[str, Any]:
        """Return the counts as JSON has them, with what they are made of under `coverage`."""
        found = self.candidates.most_common()
        return {
            "unread": self.unread.total(),
            "passed_without_document": self.passed_without_document.total(),
            "coverage": {
                "unread": dict(self.unread),
                "untimed": self.untimed,
                "passed_without_document": dict(self.passed_without_document),
                "no_predictions": dict(self.no_predictions),
                "examples": self.examples,
                "ambiguous_times": self.ambiguous,
                "control_messages": self.control_messages,
                "candidates": [{"field": field, "name": name, "records": count} for (field, name), count in found],
            },
        }

    def names(self) -> dict[str, list[str]]:
        """Return the candidates for each field, the most frequent first."""
        names: dict[str, list[str]] = {}
        for (field, name), _ in self.candidates.most_common():
            names.setdefault(field, []).append(name)
        return names


def _candidate(name: str, value: object) -> str | None:
    """Name the field that a member may be."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return "execution_time_ms" if compiled(_DURATION).search(name) else None
    if isinstance(value, dict | list) and value:
        return "input_data" if compiled(_INPUT).search(name) else "result" if compiled(_RESULT).search(name) else None
    return None


def _first(examples: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(examples))[:_EXAMPLES]
