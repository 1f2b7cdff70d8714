"""What AWS Lambda hands over of a Kafka topic: the messages of an event, as sources with the same cursors. Pure."""

from __future__ import annotations

from binascii import Error, a2b_base64
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.errors import PermanentError
from functions.pipeline.sources.kafka_positions import Identity, Taken, check_position, series_name
from functions.pipeline.sources.kafka_values import UTF_8

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from functions.pipeline.sources import Position, Reading

EVENT_SOURCES = ("aws:kafka", "SelfManagedKafka")


class Message(NamedTuple):
    """One message; `timestamp` is in ms since 1970."""

    offset: int
    timestamp: int
    value: bytes | None


def partitions_of(event: object, given_name: str | None = None, encoding: str = UTF_8) -> list[EventPartition]:
    """Return a source for each partition of which an event has messages.

    Raises:
        PermanentError: it is no event of a Kafka event source.
    """
    records = event.get("records") if isinstance(event, dict) and event.get("eventSource") in EVENT_SOURCES else None
    try:
        parts = [each for each in records.values() if each]  # type: ignore[union-attr]  # see below
        return [_partition(each, given_name, encoding) for each in parts]
    except (AttributeError, KeyError, TypeError, ValueError, Error) as error:
        raise PermanentError(
            "This is no event of a Kafka event source. Invoke this function by an event source mapping of a topic"
        ) from error


def _partition(records: list[Mapping[str, Any]], given_name: str | None, encoding: str) -> EventPartition:
    first = records[0]
    name = series_name(str(first["topic"]), int(first["partition"]), given_name)
    return EventPartition(name, sorted(map(_message, records), key=lambda each: each.offset), encoding)


def _message(record: Mapping[str, Any]) -> Message:
    value = record.get("value")  # a tombstone has none
    return Message(
        int(record["offset"]),
        int(record.get("timestamp", -1)),
        None if value is None else a2b_base64(value, strict_mode=True),
    )


class EventPartition:
    """The messages that an event has of one partition; those that were read before are left out.

    An event does not say which topic it is of but by its name. Where it has a message whose offset was read before, but
    which is later than all that were read, the topic was made anew.
    """

    def __init__(self, name: str, messages: list[Message], encoding: str = UTF_8) -> None:
        self.name, self._messages, self._encoding = name, messages, encoding

    def check(self) -> str:
        """Say how many messages there are."""
        return f"{len(self._messages)} messages"

    def read(self, position: Position | None, size: int, limit: int | None = None) -> Iterator[Reading]:
        """Yield what is new in the event, as `Source.read` says."""
        check_position(position, self.name, Identity())
        taken = self._begin(position)
        for each in (each for each in self._messages if each.offset >= taken.next):
            taken.add(*each)
            if taken.full(size if limit is None else min(size, limit)):
                limit = None if limit is None else limit - len(taken.lines)
                yield taken.reading()
                if limit == 0:
                    return
        if taken.lines:
            yield taken.reading()

    def _begin(self, position: Position | None) -> Taken:
        first = self._messages[0].offset
        if position is None:
            return Taken(first, Identity(), -1, self._encoding)
        offset, latest = position["offset"], position["latest"]
        anew = any(each.offset < offset and each.timestamp > latest for each in self._messages)
        identity = Identity() if anew else Identity(position["topic"], position["cluster"])
        taken = Taken(first if anew else offset, identity, latest, self._encoding)
        taken.gaps = int(anew or first > offset)
        return taken
