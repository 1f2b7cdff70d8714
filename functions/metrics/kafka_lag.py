"""How far the readers of a Kafka topic are behind it, as the broker knows: what `kafka-consumer-groups` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.kafka_clients import SECONDS, library, meaning, settings

if TYPE_CHECKING:
    from functions.pipeline.errors import TrilogError
    from functions.pipeline.kafka_options import KafkaOptions


class KafkaLag:
    """The messages of a topic that its group has not stored yet.

    Attributes:
        topic: its name.
        behind: how many there are in each partition, when the broker was last asked; empty where it did not answer.
    """

    def __init__(self, options: KafkaOptions) -> None:
        """Take the broker, the topic and the group; raise ConfigError where the sign-in is incomplete."""
        self._options = options
        self._settings: dict[str, Any] = {
            **settings(options),
            "group.id": options.group,
            "enable.auto.commit": False,
            "error_cb": self._hear,
        }
        self._consumer: Any = None
        self._heard: Any = None  # the KafkaError that the client told by itself
        self.topic = options.topic
        self.behind: dict[int, int] = {}

    def ask(self) -> None:
        """Ask the broker, which may take SECONDS for each answer: the topic's, the group's, each partition's.

        Raises:
            TransientError: it does not answer, or has no such topic yet.
            PermanentError: it refuses, or the library cannot be set up.
        """
        kafka = library()
        self._heard, behind = None, dict[int, int]()
        try:
            behind = self._asked(kafka)
        except kafka.KafkaException as error:
            raise self._failure(error.args[0]) from None
        finally:
            self.behind = behind

    def _asked(self, kafka: Any) -> dict[int, int]:  # noqa: ANN401 (a module)
        # A consumer that subscribes to nothing stays outside of the group. AdminClient.list_consumer_group_offsets
        # would do, but after one that timed out it may abort the process: confluentinc/librdkafka#4605
        self._consumer = self._consumer or kafka.Consumer(self._settings)
        topic = self._consumer.list_topics(self.topic, SECONDS).topics[self.topic]
        _check(kafka, topic.error)
        places = [kafka.TopicPartition(self.topic, each) for each in topic.partitions]
        return {place.partition: self._behind(kafka, place) for place in self._consumer.committed(places, SECONDS)}

    def _behind(self, kafka: Any, place: Any) -> int:  # noqa: ANN401 (a module, a TopicPartition)
        _check(kafka, place.error)
        first, end = self._consumer.get_watermark_offsets(place, SECONDS)
        stored = place.offset  # below 0: none; a topic that was made anew may have fewer than were stored
        behind: int = max(0, end - max(first, stored))
        return behind

    def _hear(self, error: Any) -> None:  # noqa: ANN401 (a KafkaError)
        self._heard = error

    def _failure(self, error: Any) -> TrilogError:  # noqa: ANN401 (likewise)
        if self._consumer:
            self._consumer.poll(0)  # it hears why
        return meaning(self._heard or error, self._options)


def _check(kafka: Any, error: Any) -> None:  # noqa: ANN401 (a module, a KafkaError or None)
    if error:
        raise kafka.KafkaException(error)
