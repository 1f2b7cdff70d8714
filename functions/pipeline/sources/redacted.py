"""Any source, whose lines are redacted before anybody else sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pipeline.sources import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pipeline.redaction import Redaction
    from functions.pipeline.sources import Position, Source


class RedactedSource:
    """Another source's lines without what is to be hidden."""

    def __init__(self, source: Source, redaction: Redaction) -> None:
        self._source = source
        self._redaction = redaction

    @property
    def name(self) -> str:
        """The other source's name."""
        return self._source.name

    def read(self, position: Position | None, size: int, limit: int | None = None) -> Iterator[Reading]:
        """Yield what the other source does, redacted; raise as it does."""
        for lines, after, gaps in self._source.read(position, size, limit):
            shown = self._redaction.lines(lines) if self._redaction.active else lines
            yield Reading(shown, after, gaps)

    def check(self) -> str:
        """Say what the other source says."""
        return self._source.check()
