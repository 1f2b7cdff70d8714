"""A Kafka topic: each of its partitions is a series of its own, and may move to another reader of the group.

Two clients do it. One is a member of the group: it says which partitions are ours, and commits what is stored, so that
the group's lag is true. The other reads one partition after the other, from where the cursor says: the group's offsets
are never asked for.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from functions.pipeline.errors import PermanentError, TransientError, TrilogError
from functions.pipeline.kafka_clients import SECONDS, library, meaning, settings
from functions.pipeline.sources.kafka_positions import (
    LARGEST_READING,
    Identity,
    Taken,
    check_position,
    series_name,
    span,
)
from functions.pipeline.sources.kafka_values import UTF_8

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions.pipeline.kafka_options import KafkaOptions
    from functions.pipeline.sources import Position, Reading

T = TypeVar("T")

_TURN = 0.1  # seconds that are waited for messages at once
_JOINING = 30.0  # seconds that a group may take to give out its partitions, over what a dead member holds it up
_FIRST = 8  # messages that are asked for before it is known how large they are
_SETTLING = 3.0  # seconds that others may take to give up what becomes ours
_MOVED = ("ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "REBALANCE_IN_PROGRESS", "FENCED_INSTANCE_ID", "_NO_OFFSET")


class _Clients(NamedTuple):
    """What is open while a topic is read."""

    member: Any
    reader: Any
    admin: Any


class KafkaTopic:
    """The partitions of a topic that the group leaves to this reader, as long as it is open.

    `encoding` is the charset of values that are not UTF-8.
    """

    def __init__(self, options: KafkaOptions, encoding: str = UTF_8) -> None:
        self.options, self.encoding = options, encoding
        self._settings = settings(options)
        self._clients: _Clients | None = None
        self._owned: set[int] = set()
        self._assigned, self._fresh = False, True
        self._heard: Any = None  # the last KafkaError that a client told by itself

    def check(self) -> str:
        """Say how many messages the topic's partitions hold; raise as a source does."""
        reader = self._client("Consumer", **self._reading())
        try:
            numbers = self._numbers(reader)
            bounds = [self._bounds(reader, number) for number in numbers]
        finally:
            reader.close()
        return f"{sum(high - low for low, high in bounds)} messages held (partitions: {len(numbers)})"

    def partitions(self) -> Iterator[KafkaPartition]:
        """Yield each partition that is ours, once; raise as a source does."""
        self._join()
        done: set[int] = set()
        while waiting := self._owned - done:
            number = min(waiting)
            done.add(number)
            yield KafkaPartition(self, number)

    def rest(self, seconds: float) -> None:
        """Stay in the group while nothing is read."""
        if self._clients:
            self._clients.member.poll(seconds)
        else:
            time.sleep(seconds)

    def close(self) -> None:
        """Leave the group, whose others take over at once."""
        clients, self._clients = self._clients, None
        self._owned.clear()
        self._assigned, self._fresh = False, True
        if clients:
            clients.member.close()
            clients.reader.close()

    # --- what partitions ask

    def identity(self) -> Identity:
        """Ask which topic it is now."""
        kafka, (member, _, admin) = library(), self._open()
        name = self.options.topic
        futures = admin.describe_topics(kafka.TopicCollection([name]), request_timeout=SECONDS)
        found = self._asked(futures[name].result)  # which ends by the request's time-out
        return Identity(str(found.topic_id), self._asked(lambda: member.cluster_id(timeout=SECONDS)))

    def bounds(self, number: int) -> tuple[int, int]:
        """Ask for the first offset that a partition still has, and the one that its next message will have."""
        return self._bounds(self._open().reader, number)

    def begin(self, number: int, offset: int) -> None:
        """Begin to read a partition."""
        reader = self._open().reader
        reader.unassign()
        reader.assign([library().TopicPartition(self.options.topic, number, offset)])

    def end(self) -> None:
        """Read nothing."""
        if self._clients:
            self._clients.reader.unassign()

    def messages(self, most: int) -> list[Any]:
        """Return what has come of the partition that is read, in order; after a while nothing."""
        clients = self._open()
        clients.member.poll(0)  # it hears what became of the group
        found: list[Any] = clients.reader.consume(most, _TURN)
        return found

    def owns(self, number: int) -> bool:
        """Say whether a partition is still ours."""
        return number in self._owned

    def failure(self, error: Any = None) -> TrilogError:  # noqa: ANN401 (a KafkaError)
        """Say what an error means, or what the client told when it has none: mostly that no broker is reached."""
        kafka = library()
        known = self._heard or error or kafka.KafkaError(kafka.KafkaError._TIMED_OUT)  # noqa: SLF001 (public)
        return meaning(known, self.options)

    def commit(self, number: int, offset: int, *, wait: bool = False) -> None:
        """Tell the group how far a partition is stored; where it has moved, others tell."""
        kafka, member = library(), self._open().member
        if not self.owns(number):
            return
        place = kafka.TopicPartition(self.options.topic, number, offset)
        try:
            member.commit(offsets=[place], asynchronous=not wait)
        except kafka.KafkaException as error:
            found = meaning(error.args[0], self.options)
            if error.args[0].name() not in _MOVED and not isinstance(found, TransientError):
                raise found from None

    # --- clients

    def _open(self) -> _Clients:
        if self._clients is None:
            member = self._client("Consumer", **self._membership())
            reader = self._client("Consumer", **self._reading())
            self._clients = _Clients(member, reader, self._client("AdminClient"))
        return self._clients

    def _client(self, kind: str, **more: Any) -> Any:  # noqa: ANN401 (the library has a class for each)
        kafka = library()
        if kind == "AdminClient":
            from confluent_kafka.admin import AdminClient

            return AdminClient(self._settings)
        try:
            return getattr(kafka, kind)({**self._settings, **more, "error_cb": self._hear})
        except kafka.KafkaException as error:  # a certificate that is no file
            reason = error.args[0].str()
            raise PermanentError(
                "Kafka cannot be set up as configured: {reason}. Check the KAFKA_… variables", reason=reason
            ) from None

    def _membership(self) -> dict[str, Any]:
        return {
            "group.id": self.options.group,
            "enable.auto.commit": False,
            "partition.assignment.strategy": "cooperative-sticky",  # who keeps a partition reads on meanwhile
            "session.timeout.ms": self.options.session_s * 1000,
            "heartbeat.interval.ms": self.options.session_s * 1000 // 3,
            "auto.offset.reset": "error",
        }

    def _reading(self) -> dict[str, Any]:
        return {
            "group.id": self.options.group,
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": 20,  # the end of a partition is known soon
            "queued.max.messages.kbytes": 16 << 10,
            "fetch.message.max.bytes": 4 << 20,
        }

    def _join(self) -> None:
        """Wait until the group has said which partitions are ours."""
        self._heard = None
        member = self._open().member
        if not self._assigned:
            self._numbers(member)
            member.subscribe([self.options.topic], on_assign=self._gain, on_revoke=self._lose, on_lost=self._lose)
        begun = time.monotonic()
        member.poll(0)
        while not self._assigned:
            member.poll(_TURN)
            if time.monotonic() > begun + _JOINING + self.options.session_s:
                raise self.failure()
        while self._fresh and not self._owned and time.monotonic() < begun + _SETTLING:
            member.poll(_TURN)
        self._fresh = False

    def _gain(self, member: Any, partitions: list[Any]) -> None:  # noqa: ANN401 (the library's)
        for each in partitions:
            each.offset = 0  # it is not read by this client
        member.incremental_assign(partitions)
        member.pause(partitions)
        self._owned |= {each.partition for each in partitions}
        self._assigned = True

    def _lose(self, member: Any, partitions: list[Any]) -> None:  # noqa: ANN401 (likewise)
        self._owned -= {each.partition for each in partitions}
        member.incremental_unassign(partitions)

    def _hear(self, error: Any) -> None:  # noqa: ANN401 (a KafkaError)
        if self._heard is None or not isinstance(meaning(error, self.options), TransientError):
            self._heard = error

    def _numbers(self, client: Any) -> list[int]:  # noqa: ANN401 (a client)
        found = self._asked(lambda: client.list_topics(self.options.topic, timeout=SECONDS), client)
        topic = found.topics[self.options.topic]
        if topic.error:
            raise meaning(topic.error, self.options)
        return sorted(topic.partitions)

    def _bounds(self, client: Any, number: int) -> tuple[int, int]:  # noqa: ANN401 (likewise)
        place = library().TopicPartition(self.options.topic, number)
        low, high = self._asked(lambda: client.get_watermark_offsets(place, timeout=SECONDS), client)
        return low, high

    def _asked(self, question: Callable[[], T], client: Any = None) -> T:  # noqa: ANN401 (likewise)
        try:
            return question()
        except library().KafkaException as error:
            (client or self._open().member).poll(0)  # it hears why
            raise self.failure(error.args[0]) from None


class KafkaPartition:
    """One partition, as a source that can be read for as long as the group leaves it here."""

    def __init__(self, topic: KafkaTopic, number: int) -> None:
        self._topic, self._number = topic, number

    @property
    def name(self) -> str:
        """The topic and the partition, or the name that was given instead of the topic's."""
        return series_name(self._topic.options.topic, self._number, self._topic.options.given_name)

    def check(self) -> str:
        """Say how many messages it holds."""
        low, high = self._topic.bounds(self._number)
        return f"{high - low} messages held"

    def read(self, position: Position | None, size: int, limit: int | None = None) -> Iterator[Reading]:
        """Yield the messages up to those that are there now, as `Source.read` says.

        It ends early where the partition is given to another reader, or the topic is deleted: what was not yielded is
        not lost, for the position is that of what was.
        """
        identity = self._topic.identity()
        check_position(position, self.name, identity)
        found = span(position, identity, *self._topic.bounds(self._number))
        taken = Taken(found.start, identity, position["latest"] if position else -1, self._topic.encoding)
        taken.gaps = int(found.gap)
        self._topic.commit(self._number, found.start)
        if found.start < found.end:
            self._topic.begin(self._number, found.start)
            try:
                yield from self._readings(taken, found.end, size, limit)
            finally:
                self._topic.end()
        if not taken.lines:
            self._topic.commit(self._number, taken.next, wait=True)

    def stored(self, position: Position) -> None:
        """Take note that all before a position is in the store: from now on the group may know it."""
        self._topic.commit(self._number, position["offset"])

    def _readings(self, taken: Taken, end: int, size: int, limit: int | None) -> Iterator[Reading]:
        left = limit
        while taken.next < end and left != 0:
            self._fill(taken, end, size if left is None else min(size, left))
            if not taken.lines or not self._topic.owns(self._number):
                return
            if self._topic.identity() != taken.identity:  # asked after the messages came: they are all of this topic
                raise self._changed()
            left = None if left is None else left - len(taken.lines)
            yield taken.reading()

    def _fill(self, taken: Taken, end: int, room: int) -> None:
        """Take messages until there is a reading's worth of them, or no more of them are ours."""
        most, heard = _FIRST, time.monotonic()
        while taken.next < end and not taken.full(room):
            messages = self._topic.messages(min(room - len(taken.lines), end - taken.next, most))
            if not self._topic.owns(self._number):
                return
            if messages:
                heard = time.monotonic()
            elif time.monotonic() - heard > SECONDS:
                raise self._topic.failure()
            ends = [self._take(each, taken) for each in messages]
            if any(ends):
                return
            average = max(1, taken.size // max(1, len(taken.lines)))
            most = max(0, LARGEST_READING - taken.size) // average + 1

    def _take(self, message: Any, taken: Taken) -> bool:  # noqa: ANN401 (the library's)
        """Take a message; say whether it was the news that there are no more."""
        error = message.error()
        if error is None:
            taken.add(message.offset(), message.timestamp()[1], message.value())
            return False
        if error.code() == error._PARTITION_EOF:  # noqa: SLF001 (public)
            taken.next = max(taken.next, message.offset())
            return True
        if error.code() in {error.OFFSET_OUT_OF_RANGE, error._AUTO_OFFSET_RESET, error._LOG_TRUNCATION}:  # noqa: SLF001
            raise self._changed()
        raise self._topic.failure(error)

    def _changed(self) -> TransientError:
        return TransientError(
            "{source}: the topic was truncated or made anew while it was read. Run again to go on", source=self.name
        )
