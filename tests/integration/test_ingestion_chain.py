"""Ingestion runs all the way: from a file through Kafka into the index and the metrics, with equal counts."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from examples.ingestion.rows import rows
from functions.local import LogsPipeline
from tests.kafka import Kafka
from tests.observability import indexed, told

Run = Callable[..., tuple[int, str, str]]
RUNS, FAILED = 10_000, 137


def test_the_counts_are_the_same_in_kafka_the_index_and_the_metrics(
    kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: Run
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka.address)
    monkeypatch.setenv("KAFKA_TOPIC", kafka.topic(3))
    Path("logs.json").write_text(json.dumps([*rows(RUNS, FAILED)]))
    assert command_line("produce", "logs.json")[0] == 0
    code, out, err = command_line("--once", "--json", "--source", f"kafka://{kafka.address}")
    assert (code, json.loads(out)["records"]) == (0, RUNS), err
    found = indexed(LogsPipeline().environment)
    assert found == told(command_line("metrics", "--once")[1])
    assert (found.total(), sum(n for (_, etat), n in found.items() if etat == "FAILED")) == (RUNS, FAILED)
