"""Sources: where log lines come from. One file each, named after the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from functions.pipeline.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pipeline.batch import Mark
    from functions.pipeline.redaction import Matches

Position = dict[str, Any]
"""How far a source has been read, as JSON of constant size. Only the source itself looks inside."""


def unreadable_position(source: str) -> PermanentError:
    """Make the error for a position that the source did not make: a damaged one, which must not pass for none."""
    return PermanentError(
        "{source}: its cursor is damaged. Remove cursors/{source}.json to read the source from its start again",
        source=source,
    )


class Reading(NamedTuple):
    """Some new lines of a source, oldest first, and the position after them.

    `lines` are as sent, without their line ends: one JSON object or one text line each, or several text lines when the
    source itself sent them as one. `gaps` counts the places in this reading where lines may have been lost before they
    could be read. `matches` counts what redaction hid in the lines; None before it. `mark` names their batch, where the
    source has a number for each; None where the clock does.
    """

    lines: list[bytes]
    position: Position
    gaps: int = 0
    matches: Matches | None = None
    mark: Mark | None = None


class Source(Protocol):
    """A place that log lines are read from."""

    @property
    def name(self) -> str:
        """The source's namespace in the store: lower-case letters, digits, dots and hyphens; no secret in it."""

    def read(self, position: Position | None, size: int, limit: int | None = None) -> Iterator[Reading]:
        """Yield what is new since `position` (None: from the start), `size` lines at a time, `limit` lines in all.

        Reading nothing new yields nothing.

        Raises:
            TransientError: the source is down, asleep, slow or refusing for now.
            PermanentError: the source can never be read like this (no such file, login needed, not a Trilog source).
        """

    def check(self) -> str:
        """Say in a few words what was found there (for `trilog check`); raise as `read` does."""


class Partition(Source, Protocol):
    """A source that is one series of several, and may move to another reader at any time: its readings end then."""

    def stored(self, position: Position) -> None:
        """Take note that all before a position is in the store."""


class Topic(Protocol):
    """Several series, which readers share among themselves. It is opened once, and closed."""

    def partitions(self) -> Iterator[Partition]:
        """Yield each series that is this reader's now, once; raise as `Source.read` does."""

    def rest(self, seconds: float) -> None:
        """Wait, without being taken for dead by the other readers."""

    def check(self) -> str:
        """Say in a few words what was found there."""

    def close(self) -> None:
        """Leave the series to the other readers."""
