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
        self._settings: dict[str, Any] = {**settings(options), "error_cb": self._hear}
        self._admin: Any = None
        self._heard: Any = None  # the KafkaError that the client told by itself
        self.topic = options.topic
        self.behind: dict[int, int] = {}

    def ask(self) -> None:
        """Ask the broker: for four answers, each within SECONDS.

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
        from confluent_kafka.admin import AdminClient

        admin = self._admin = self._admin or AdminClient(self._settings)
        topics = admin.describe_topics(kafka.TopicCollection([self.topic]), request_timeout=SECONDS)
        partitions = [each.id for each in topics[self.topic].result().partitions]
        places = [kafka.TopicPartition(self.topic, each) for each in partitions]
        firsts = self._offsets(places, kafka.admin.OffsetSpec.earliest())
        group = kafka.ConsumerGroupTopicPartitions(self._options.group, places)
        found = admin.list_consumer_group_offsets([group], request_timeout=SECONDS)[group.group_id].result()
        for each in found.topic_partitions:
            if each.error:
                raise kafka.KafkaException(each.error)
        stored = {each.partition: each.offset for each in found.topic_partitions}  # below 0: none
        ends = self._offsets(places, kafka.admin.OffsetSpec.latest())
        # A topic that was made anew may have fewer than were stored.
        return {each: max(0, ends[each] - max(firsts[each], stored[each])) for each in partitions}

    def _offsets(self, places: list[Any], which: Any) -> dict[int, int]:  # noqa: ANN401 (the library's)
        asked = self._admin.list_offsets(dict.fromkeys(places, which), request_timeout=SECONDS)
        return {place.partition: future.result().offset for place, future in asked.items()}

    def _hear(self, error: Any) -> None:  # noqa: ANN401 (a KafkaError)
        self._heard = error

    def _failure(self, error: Any) -> TrilogError:  # noqa: ANN401 (likewise)
        if self._admin:
            self._admin.poll(0)  # it hears why
        return meaning(self._heard or error, self._options)
