"""Ingestion runs all the way on real servers: through Kafka into the index, Prometheus and Loki, with equal counts."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.kafka import start_kafka
from tests.observability import Program, eventually, exposed, indexed, planted, sending
from tests.scripts import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kafka import Kafka

RUNS, FAILED, KILLS = 10_000, 137, 20

pytestmark = pytest.mark.slow


class Chain:
    """The programs of the chain around one topic, and where they answer."""

    def __init__(self, kafka: Kafka, folder: Path) -> None:
        self.topic, self.exporter = kafka.topic(3), f"http://127.0.0.1:{(port := free_port())}"
        self.settings = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka.address,
            "KAFKA_TOPIC": self.topic,
            "KAFKA_GROUP_ID": f"group-{uuid4().hex[:8]}",
            "KAFKA_SESSION_TIMEOUT": "1",
            "METRICS_INTERVAL": "0.2",
            "METRICS_PORT": str(port),
            "PIPELINE_BATCH_SIZE": "200",
            "PIPELINE_DATA": str(folder / "data"),
        }
        consumer = Program(folder, self.settings, "--continuous", "--interval", "0.1")
        self.programs = {"consumer": consumer, "exporter": Program(folder, self.settings, "metrics")}


@pytest.mark.timeout(600)
def test_counts_are_equal_after_kills_of_everything(tmp_path: Path):
    chance = random.Random(KILLS)  # noqa: S311 (no secret)
    messages, expected = planted(RUNS, FAILED)
    with start_kafka() as kafka, ExitStack() as running:
        chain = Chain(kafka, tmp_path)
        killed: dict[str, Any] = {**chain.programs, "broker": kafka}
        for program in chain.programs.values():
            running.enter_context(program)
        producing = sending(kafka, chain.topic, messages, 40)
        order = [*killed] * (KILLS // len(killed) + 1)
        chance.shuffle(order)
        for name in order[:KILLS]:
            time.sleep(chance.uniform(0.2, 3))
            killed[name].kill()
            killed[name].start()
        producing.join(60)
        eventually(lambda: exposed(chain.exporter), expected)
        chain.programs["consumer"].stop()
        assert indexed(chain.settings) == expected
