"""An alert that fires: which one, of what, and by how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from functions.alerts.rules import Rule

Labels = tuple[tuple[str, str], ...]
Key = tuple[str, Labels]
_SUBJECT = ("service", "model")


class Alert(NamedTuple):
    """An alert.

    Attributes:
        rule: whose condition holds.
        labels: of what it holds: names and values.
        value: what was found, for people.
        threshold: likewise, where the rule has none of its own.
        command: shows what it is about.
        number: the value as it is.
    """

    rule: Rule
    labels: Labels
    value: str
    threshold: str
    command: str
    number: float

    @property
    def key(self) -> Key:
        """What it is the same alert by, later on."""
        return self.rule.name, self.labels

    @property
    def subject(self) -> tuple[str, ...]:
        """The team, and the service or the model: the worst of these is told."""
        return self.rule.team, *(value for name, value in self.labels if name in _SUBJECT)

    @property
    def group(self) -> tuple[str, ...]:
        """Those of a group are in one message, as `group_by` of alertmanager.yml has it."""
        return self.rule.name, *self.subject


def percentage(share: float) -> str:
    """Write a share as Prometheus's `humanizePercentage` does."""
    return f"{share * 100:.4g}%"


def duration(seconds: float) -> str:
    """Write a duration as Prometheus's `humanizeDuration` does, of a second or more."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = (f"{days}d", f"{hours}h", f"{minutes}m", f"{rest}s")
    first = next((place for place, part in enumerate((days, hours, minutes)) if part), 3)
    return " ".join(parts[first:])
