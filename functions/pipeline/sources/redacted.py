"""Redacts the lines of any source before anything else sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pipeline.packed import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pipeline.redaction import Redaction
    from functions.pipeline.sources import Partition, Position, Reading, Source, Topic


class RedactedSource:
    """Another source's lines, redacted."""

    def __init__(self, source: Source, redaction: Redaction) -> None:
        self._source = source
        self._redaction = redaction

    @property
    def name(self) -> str:
        """The other source's name."""
        return self._source.name

    def read(self, position: Position | None, size: int, limit: int | None = None) -> Iterator[Reading]:
        """Yield the other source's readings, redacted and with their matches; raise as it does."""
        for reading in self._source.read(position, size, limit):
            matches = self._redaction.matches()
            lines = reading.lines
            if self._redaction.active:
                lines = self._redaction.lines([as_text(line) for line in lines], matches)
            yield reading._replace(lines=lines, matches=matches)

    def check(self) -> str:
        """Say what the other source says."""
        return self._source.check()


class RedactedPartition(RedactedSource):
    """Another partition's lines, redacted."""

    def __init__(self, partition: Partition, redaction: Redaction) -> None:
        super().__init__(partition, redaction)
        self.stored = partition.stored


class RedactedTopic:
    """Another topic's partitions, redacted."""

    def __init__(self, topic: Topic, redaction: Redaction) -> None:
        self._topic, self._redaction = topic, redaction
        self.rest, self.check, self.close = topic.rest, topic.check, topic.close

    def partitions(self) -> Iterator[RedactedPartition]:
        """Yield the other topic's partitions, redacted."""
        return (RedactedPartition(each, self._redaction) for each in self._topic.partitions())
