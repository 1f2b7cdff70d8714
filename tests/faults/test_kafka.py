"""Kafka: readers and brokers that are killed, and what is delivered again."""

from __future__ import annotations

import random
import time
from threading import Thread
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from functions.pipeline.kafka_options import KafkaOptions
from functions.pipeline.wiring import open_indexes
from functions.producer.produce import Producer
from tests.faults.judge import Found, Planted
from tests.faults.processes import started
from tests.kafka import Kafka, command, start_kafka

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.pipeline import Case

KILLS, BROKER_KILLS = 12, 4
PARTITIONS = 3


class Reading:
    """A `trilog` that reads a topic, killed and started again; in the end, what it has indexed."""

    def __init__(self, case: Case, kafka: Kafka, folder: Path) -> None:
        self.kafka, self.topic, self.folder = kafka, kafka.topic(PARTITIONS), folder
        self.group = f"group-{uuid4().hex[:8]}"
        self.settings = {
            **case.environment,
            "KAFKA_BOOTSTRAP_SERVERS": kafka.address,
            "KAFKA_TOPIC": self.topic,
            "KAFKA_GROUP_ID": self.group,
            "KAFKA_SESSION_TIMEOUT": "1",
            "PIPELINE_DATA": str(folder / "data"),
            "PIPELINE_BATCH_SIZE": "200",
        }

    def killed_after(self, seconds: float) -> bool:
        """Read continuously, and be killed with SIGKILL; say whether it was alive until then."""
        arguments = ["-m", "functions", "--continuous", "--interval", "0.1"]
        with started(arguments, self.folder, **self.settings) as process:
            time.sleep(seconds)
            alive = process.poll() is None
            process.kill()
            process.wait(30)
        return alive

    def finish(self) -> None:
        """Read until nothing is left."""
        with started(["-m", "functions", "--once", "--json"], self.folder, **self.settings) as process:
            out, error = process.communicate(timeout=60)
        assert process.returncode == 0, out + error

    def lag(self) -> list[int]:
        """Ask Kafka's own command how many messages of each partition the group has not stored."""
        server = ("--bootstrap-server", self.kafka.address)
        said = command("kafka-consumer-groups", *server, "--describe", "--group", self.group)
        rows = [line.split() for line in said.splitlines() if self.topic in line]
        return [int(row[5]) for row in rows]

    def found(self) -> Found:
        indexes = open_indexes(self.settings)
        return Found([each["raw_log"] for each in indexes.read("logs")], [*indexes.read("dead-letters")])


def sending(kafka: Kafka, topic: str, lines: list[bytes], pause: float) -> Thread:
    """Send lines while others read: a hundred, a pause, a hundred more, by the producer that survives its broker."""

    def portions() -> Iterator[bytes]:
        for number, line in enumerate(lines):
            if not number % 100:
                time.sleep(pause)
            yield line

    producer = Producer(KafkaOptions(kafka.address, topic))
    thread = Thread(target=producer.send, args=(portions(),), daemon=True)
    thread.start()
    return thread


def judge(case: Case, planted: Planted, reading: Reading) -> None:
    case.record(planted.judge(reading.found()))
    assert reading.lag() == [0] * PARTITIONS


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.fault(
    f"the reader killed {KILLS} times with SIGKILL, at any moment, while messages come",
    "the next one goes on from the cursors; the group's lag is 0 in the end",
    within=240,
)
def test_a_reader_that_is_killed_again_and_again(case: Case, kafka: Kafka, tmp_path: Path):
    planted, chance = Planted(), random.Random(12)  # noqa: S311 (no secret)
    reading = Reading(case, kafka, tmp_path)
    producing = sending(kafka, reading.topic, planted.lines(12_000), 0.15)
    indexed = []
    for _ in range(KILLS):
        assert reading.killed_after(chance.uniform(1.5, 4))
        indexed.append(len(reading.found().records))
    producing.join(60)
    reading.finish()
    assert len(set(indexed)) > KILLS // 3  # they were at work
    judge(case, planted, reading)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.fault(
    f"the broker killed {BROKER_KILLS} times with SIGKILL, while messages are sent and read",
    "producer and reader wait for it, and go on",
    within=240,
)
def test_a_broker_that_is_killed_again_and_again(case: Case, tmp_path: Path):
    planted, chance = Planted(), random.Random(13)  # noqa: S311 (likewise)
    with start_kafka() as kafka:
        reading = Reading(case, kafka, tmp_path)
        producing = sending(kafka, reading.topic, planted.lines(12_000), 0.15)
        arguments = ["-m", "functions", "--continuous", "--interval", "0.1"]
        with started(arguments, tmp_path, **reading.settings) as process:
            for _ in range(BROKER_KILLS):
                time.sleep(chance.uniform(1, 3))
                kafka.kill()
                kafka.start()
            producing.join(60)
            time.sleep(2)
            assert process.poll() is None
            process.terminate()
            process.communicate(timeout=60)
        reading.finish()
        judge(case, planted, reading)


@pytest.mark.fault(
    "the group's offsets set back to the start",
    "the cursors are the truth: nothing is read again, and the lag is true again",
    within=60,
)
def test_offsets_that_are_set_back(case: Case, kafka: Kafka, tmp_path: Path):
    planted = Planted()
    reading = Reading(case, kafka, tmp_path)
    for partition in range(PARTITIONS):
        kafka.send(reading.topic, planted.lines(500), partition)
    reading.finish()
    address = ("--bootstrap-server", kafka.address, "--group", reading.group, "--topic", reading.topic)
    command("kafka-consumer-groups", *address, "--reset-offsets", "--to-earliest", "--execute")
    assert reading.lag() == [500] * PARTITIONS
    reading.finish()
    judge(case, planted, reading)
