"""A real Kafka for tests: installed once into .tools, started on free ports with data of its own."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests.certificates import make
from tests.scripts import Server, free_port, install, running

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from functions.pipeline.kafka_options import KafkaOptions

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "infra" / "kafka" / "server" / "kafka.sh"
HOME = ROOT / ".tools" / "kafka"
_SECONDS = 30  # that an answer of the broker may take


class Kafka(Server):
    """A broker.

    Attributes:
        address: what clients call their bootstrap server.
    """

    def __init__(self, data: Path, port: int = 0, **variables: str) -> None:
        """Take the folder for data, and variables of the script; 0 is any free port."""
        super().__init__(SCRIPT, HOME, data, port, **variables)
        self.address = f"127.0.0.1:{self.port}"

    def topic(self, partitions: int = 1, name: str = "", **settings: str) -> str:
        """Make a topic, under a name that nobody else has if none is given; return its name."""
        from confluent_kafka.admin import AdminClient, NewTopic

        name = name or f"logs-{uuid4().hex[:8]}"
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        config = {setting.replace("_", "."): value for setting, value in settings.items()}
        admin.create_topics([NewTopic(name, partitions, 1, config=config)])[name].result(_SECONDS)
        return name

    def delete(self, topic: str) -> None:
        """Delete a topic; return when it is gone."""
        from confluent_kafka.admin import AdminClient

        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        admin.delete_topics([topic])[topic].result(_SECONDS)
        while topic in admin.list_topics(timeout=_SECONDS).topics:
            time.sleep(0.05)

    def truncate(self, topic: str, offset: int, partition: int = 0) -> None:
        """Delete the messages of a partition that come before an offset, as retention does."""
        from confluent_kafka import TopicPartition
        from confluent_kafka.admin import AdminClient

        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        place = TopicPartition(topic, partition, offset)
        admin.delete_records([place])[place].result(_SECONDS)

    def send(self, topic: str, values: Iterable[bytes | None], partition: int = 0, **message: object) -> None:
        """Send messages to a partition, in order; return when all of them are there."""
        from confluent_kafka import Producer

        settings = {"bootstrap.servers": self.address, "enable.idempotence": True, "message.max.bytes": 4 << 20}
        producer = Producer({**settings, "linger.ms": 5, "log_level": 0})
        for value in values:
            while True:
                try:
                    producer.produce(topic, value, partition=partition, **message)
                    break
                except BufferError:
                    producer.poll(0.1)
        assert producer.flush(_SECONDS) == 0

    def committed(self, topic: str, group: str, partition: int = 0) -> int:
        """Return the offset that a group has committed; below 0, none."""
        from confluent_kafka import Consumer, TopicPartition

        consumer = Consumer({"bootstrap.servers": self.address, "group.id": group, "log_level": 0})
        try:
            [found] = consumer.committed([TopicPartition(topic, partition)], _SECONDS)
        finally:
            consumer.close()
        return found.offset


def received(kafka: Kafka, topic: str, count: int, wait: float = _SECONDS) -> list[Any]:
    """Read a topic's first messages, as any consumer would; fewer if there are no more after some seconds."""
    from confluent_kafka import Consumer

    settings = {"bootstrap.servers": kafka.address, "group.id": uuid4().hex, "auto.offset.reset": "earliest"}
    consumer, found, ends = Consumer({**settings, "log_level": 0}), [], time.monotonic() + wait
    consumer.subscribe([topic])
    while len(found) < count and time.monotonic() < ends:
        found += [each for each in consumer.consume(count - len(found), 0.1) if not each.error()]
    consumer.close()
    return found


def command(*arguments: str) -> str:
    """Run one of Kafka's commands; return what it prints."""
    install(SCRIPT, HOME)
    done = subprocess.run([SCRIPT, "run", HOME, *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def start_kafka(port: int = 0, properties: str = "") -> Iterator[Kafka]:
    """Run a broker and yield it; without Java or Maven, skip the test. `properties` are lines of its configuration."""
    install(SCRIPT, HOME)
    with TemporaryDirectory(prefix="trilog-kafka-") as folder:
        more = Path(folder, "more.properties")
        more.write_text(properties)
        variables = {"KAFKA_CONTROLLER_PORT": str(free_port()), "KAFKA_PROPERTIES": str(more)}
        with running(Kafka(Path(folder, "data"), port, **variables)) as kafka:
            yield kafka


@contextmanager
def start_secured(folder: Path) -> Iterator[tuple[str, KafkaOptions]]:
    """Run a broker that wants TLS and a sign-in (SCRAM); yield a topic, and the options that open it."""
    from functions.pipeline.kafka_options import KafkaOptions

    port, (ca, both), password = free_port(), make(folder), "pl4nted-p4ssword"
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    secured = f"""
listeners=PLAINTEXT://127.0.0.1:@PORT@,SASL_SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:@CONTROLLER_PORT@
advertised.listeners=PLAINTEXT://127.0.0.1:@PORT@,SASL_SSL://127.0.0.1:{port}
listener.name.sasl_ssl.ssl.keystore.type=PEM
listener.name.sasl_ssl.ssl.keystore.location={both}
listener.name.sasl_ssl.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={scram}
"""
    with start_kafka(properties=secured) as kafka:
        user = (
            "--entity-type",
            "users",
            "--entity-name",
            "ada",
            "--add-config",
            f"SCRAM-SHA-512=[password={password}]",
        )
        command("kafka-configs", "--bootstrap-server", kafka.address, "--alter", *user)
        topic = kafka.topic()
        yield (
            topic,
            KafkaOptions(
                f"127.0.0.1:{port}",
                topic,
                protocol="sasl_ssl",
                mechanism="scram-sha-512",
                user="ada",
                password=password,
                ca=str(ca),
            ),
        )
