"""Ingestion runs all the way on real servers: through Kafka into the index, Prometheus and Loki, with equal counts."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

import pytest

from tests.dashboards import check_panels
from tests.kafka import start_kafka
from tests.loki import start_loki
from tests.observability import Program, counts, eventually, exposed, indexed, planted, scraped, sending, shipped
from tests.prometheus import start_prometheus
from tests.scripts import free_port

if TYPE_CHECKING:
    from pathlib import Path

RUNS, FAILED, KILLS = 10_000, 137, 20
DAYS = 7  # that the runs are spread over
AWAY = 60  # seconds

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


class Chain:
    """Servers of its own, and the programs between them. A context manager: they run in its block."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self._folder, self._more, self._running = folder, settings, ExitStack()

    def __enter__(self) -> Self:
        port = free_port()
        self.exporter = f"http://127.0.0.1:{port}"
        self.kafka = self._running.enter_context(start_kafka())
        self.loki = self._running.enter_context(start_loki(tenants=False))
        self.prometheus = self._running.enter_context(
            start_prometheus(METRICS_ADDRESS=f"127.0.0.1:{port}", SCRAPE_INTERVAL="1s")
        )
        self.topic = self.kafka.topic(3)
        self.settings = {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.address,
            "KAFKA_TOPIC": self.topic,
            "KAFKA_GROUP_ID": f"group-{uuid4().hex[:8]}",
            "KAFKA_SESSION_TIMEOUT": "1",
            "LOKI_URL": self.loki.address,
            "METRICS_INTERVAL": "0.2",
            "METRICS_PORT": str(port),
            "PIPELINE_BATCH_SIZE": "200",
            "PIPELINE_DATA": str(self._folder / "data"),
            **self._more,
        }
        self.programs = {
            name: self._running.enter_context(Program(self._folder, self.settings, *arguments))
            for name, arguments in (
                ("consumer", ("--continuous", "--interval", "0.1")),
                ("exporter", ("metrics",)),
                ("shipper", ("loki",)),
            )
        }
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def judge(self, messages: list[bytes], *times: str) -> None:
        """Wait until all has arrived: the index and the projections must have as many runs as the messages."""
        expected = counts(messages)
        eventually(partial(exposed, self.exporter), expected)
        eventually(partial(scraped, self.prometheus), expected)
        eventually(partial(shipped, self.loki, *times), expected)
        self.programs["consumer"].stop()
        assert indexed(self.settings) == expected


@pytest.mark.elasticsearch
def test_the_counts_are_equal_everywhere_and_every_panel_is_answered(tmp_path: Path, elasticsearch_url: str):
    now = datetime.now(UTC)
    messages = planted(RUNS, FAILED, now.replace(tzinfo=None) - timedelta(days=DAYS))
    index = f"runs-{uuid4().hex[:8]}"
    with Chain(tmp_path, ELASTICSEARCH_URL=elasticsearch_url, INGESTION_RUNS_INDEX=index) as chain:
        sending(chain.kafka, chain.topic, messages).join(60)
        times = (now - timedelta(days=DAYS + 1)).isoformat(), (now + timedelta(days=1)).isoformat()
        chain.judge(messages, *times)
        unanswered = partial(check_panels, chain.prometheus.address, chain.loki.address, seconds=DAYS * 86400)
        ends = time.monotonic() + 60
        while wrong := unanswered():
            assert time.monotonic() < ends, "\n".join(wrong)
            time.sleep(2)


def test_the_counts_are_equal_after_kills_of_everything(tmp_path: Path):
    chance = random.Random(KILLS)  # noqa: S311 (no secret)
    messages = planted(RUNS, FAILED)
    with Chain(tmp_path) as chain:
        killed: dict[str, Any] = {**chain.programs, "broker": chain.kafka}
        producing = sending(chain.kafka, chain.topic, messages, 40)
        order = [*killed] * (KILLS // len(killed))
        chance.shuffle(order)
        assert len(order) == KILLS
        for name in order:
            time.sleep(chance.uniform(0.2, 3))
            killed[name].kill()
            killed[name].start()
        producing.join(60)
        chain.judge(messages)


def test_servers_that_are_away_for_a_minute_block_nobody_else(tmp_path: Path):
    messages = planted(RUNS, FAILED)
    first, second = messages[: RUNS // 2], messages[RUNS // 2 :]
    with Chain(tmp_path) as chain:
        chain.loki.kill()
        chain.prometheus.kill()
        sending(chain.kafka, chain.topic, first, 10).join(60)
        eventually(partial(exposed, chain.exporter), counts(first))  # nobody waits for Loki
        chain.kafka.kill()
        producing = sending(chain.kafka, chain.topic, second, 10)
        time.sleep(AWAY)
        chain.loki.start()
        eventually(partial(shipped, chain.loki), counts(first))
        chain.prometheus.start()
        chain.kafka.start()
        producing.join(60)
        chain.judge(messages)
