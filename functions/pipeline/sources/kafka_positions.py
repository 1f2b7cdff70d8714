"""How far a partition has been read, and where to go on when the topic is no longer what it was. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.batch import Mark
from functions.pipeline.errors import PermanentError
from functions.pipeline.sources import Reading, unreadable_position
from functions.pipeline.sources.kafka_values import UTF_8, line_of
from functions.pipeline.sources.place import namespace

if TYPE_CHECKING:
    from functions.pipeline.sources import Position

LARGEST_READING = 8 << 20  # bytes of values
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 253_402_300_799_000  # ms: the last second of the year 9999
_MEMBERS = {"offset": int, "topic": str, "cluster": str, "latest": int}


class Identity(NamedTuple):
    """Which topic it is, beyond its name: a topic that is deleted and made again has another id. "": not known."""

    topic: str = ""
    cluster: str = ""


class Span(NamedTuple):
    """What there is to read of a partition: offsets from `start` on, before `end`; `gap`: some before are lost."""

    start: int
    end: int
    gap: bool = False


def series_name(topic: str, partition: int, given: str | None = None) -> str:
    """Name a partition's batches and cursor, the same whoever reads it."""
    return f"{given or namespace(f'kafka-{topic}')}-{partition}"


def check_position(position: Position | None, source: str, identity: Identity) -> None:
    """Raise the error of `unreadable_position` unless `Taken` made the position; refuse that of another cluster."""
    if position is None:
        return
    if not all(type(position.get(name)) is kind for name, kind in _MEMBERS.items()) or position["offset"] < 0:
        raise unreadable_position(source)
    if position["cluster"] and identity.cluster and position["cluster"] != identity.cluster:
        raise PermanentError(
            "{source}: its cursor is of a topic in another Kafka cluster ({there}; this one is {here}). Give this one "
            "a name of its own, kafka://…/topic?name=NAME, or remove cursors/{source}.json if that cluster is gone",
            source=source, there=position["cluster"], here=identity.cluster,
        )  # fmt: skip


def span(position: Position | None, identity: Identity, low: int, high: int) -> Span:
    """Say what to read next.

    Args:
        position: how far the partition has been read.
        identity: which topic it is now.
        low: the first offset that the broker still has.
        high: the offset that the next message will have.
    """
    if position is None:
        return Span(low, high)
    if position["topic"] and identity.topic and position["topic"] != identity.topic:
        return Span(low, high, gap=True)  # made anew; whether the old one had more, nobody knows
    offset = position["offset"]
    if offset > high:  # the broker has lost its last messages, and gives their offsets to others
        return Span(high, high, gap=True)
    return Span(max(offset, low), high, gap=offset < low)


class Taken:
    """Messages on their way to a reading: their lines, and where the next message is."""

    def __init__(self, start: int, identity: Identity, latest: int, encoding: str = UTF_8) -> None:
        self.next = start
        self.lines: list[bytes] = []
        self.size = 0
        self.gaps = 0
        self.identity = identity
        self._latest, self._encoding = latest, encoding
        self._mark: Mark | None = None

    def add(self, offset: int, timestamp: int, value: bytes | None) -> None:
        """Take a message; its timestamp is in ms since 1970, below 0 if it has none."""
        line = line_of(value, self._encoding)
        self._latest = max(self._latest, timestamp)
        if line is not None:
            if self._mark is None:
                self._mark = Mark(_EPOCH + timedelta(milliseconds=min(max(timestamp, 0), _LATEST)), offset)
            self.lines.append(line)
            self.size += len(line)
        self.next = offset + 1

    def full(self, lines: int) -> bool:
        """Say whether that is as much as a reading may have."""
        return len(self.lines) >= lines or self.size >= LARGEST_READING

    @property
    def position(self) -> dict[str, Any]:
        """How far the partition is read with all that was taken."""
        return {"offset": self.next, "latest": self._latest, **self.identity._asdict()}

    def reading(self) -> Reading:
        """Give away what was taken, as a reading."""
        made = Reading(self.lines, self.position, self.gaps, mark=self._mark)
        self.lines, self.size, self.gaps, self._mark = [], 0, 0, None
        return made
