"""Ingestion runs all the way: from a file through Kafka into the index and the metrics, with equal counts."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from examples.ingestion.rows import rows
from functions.local import LogsPipeline
from functions.pipeline.wiring import open_indexes
from tests.kafka import Kafka

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
    environment = LogsPipeline().environment
    documents = open_indexes(environment).read("ingestion_run")
    indexed = Counter((each["source"]["name"], each["etat"]) for each in documents)
    assert indexed == Counter(exposed(command_line("metrics", "--once")[1]))
    assert (indexed.total(), sum(n for (_, etat), n in indexed.items() if etat == "FAILED")) == (RUNS, FAILED)


def exposed(text: str) -> Counter[tuple[str, str]]:
    """Return the runs of each source and state that the metrics have."""
    found: Counter[tuple[str, str]] = Counter()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "ingestion_runs_total":
                found[sample.labels["source"], sample.labels["etat"]] += int(sample.value)
    return found
