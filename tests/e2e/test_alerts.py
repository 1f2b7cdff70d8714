"""From Kafka to Alertmanager: a run that FAILED is an alert within a minute, at the intervals that are shipped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

import pytest

from tests.prometheus import Prometheus, start_alertmanager, start_prometheus, webhook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from queue import SimpleQueue

    from tests.kafka import Kafka

ROOT = Path(__file__).parents[2]
MOST_SECONDS = 60

pytestmark = pytest.mark.slow


@contextmanager
def trilog(folder: Path, variables: dict[str, str], *arguments: str) -> Iterator[str]:
    """Run a command until the end of the test; yield the first line that it prints."""
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "functions", *arguments]
    with subprocess.Popen(
        command, cwd=folder, env={**given, **variables}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            yield process.stdout.readline()
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate()


def row(state: str) -> bytes:
    begun = datetime.now(UTC).strftime("%d-%m-%Y %H:%M:%S.%f")
    named = {"Source": "zohobooks", "Objet": "invoices", "Objet_Id": 7, "Zone": "1-Raw", "Entreprise": "acme"}
    told = {"Etat": state, "Debut": begun, "Duree secondes": 0.9, "Description": "504 Gateway Timeout"}
    return json.dumps(named | told).encode()


def first_alert(received: SimpleQueue[dict[str, Any]], name: str, ends: float) -> dict[str, Any]:
    """Wait for a notification of an alert; return it as Alertmanager sends it."""
    while (left := ends - time.monotonic()) > 0:
        try:
            sent = received.get(timeout=left)
        except Empty:
            break
        for alert in sent["alerts"]:
            if alert["labels"]["alertname"] == name:
                return dict(alert)
    pytest.fail(f"no {name}")


def until_known(prometheus: Prometheus, expression: str) -> None:
    ends = time.monotonic() + 120
    while not prometheus.query(expression):
        assert time.monotonic() < ends, expression
        time.sleep(0.5)


@pytest.mark.timeout(300)
def test_a_failed_row_in_kafka_is_an_alert_within_a_minute(
    kafka: Kafka, tmp_path: Path, record_property: pytest.RecordProperty
):
    topic = kafka.topic()
    variables = {"KAFKA_BOOTSTRAP_SERVERS": kafka.address, "KAFKA_TOPIC": topic, "KAFKA_GROUP_ID": topic}
    with (
        webhook() as (url, received),
        start_alertmanager(ALERT_WEBHOOK_URL=url) as alertmanager,
        trilog(tmp_path, variables, "metrics", "--port", "0") as said,
        start_prometheus(
            METRICS_ADDRESS=said.split("http://")[1].split("/")[0], ALERTMANAGER_ADDRESS=alertmanager
        ) as prometheus,
    ):
        kafka.send(topic, [row("SUCCESS")])
        with trilog(tmp_path, variables, "--continuous", "--source", f"kafka://{kafka.address}/{topic}"):
            until_known(prometheus, "ingestion:last_success_timestamp_seconds:known")
            kafka.send(topic, [row("FAILED")])
            begun = time.monotonic()
            alert = first_alert(received, "IngestionEchecDetecte", begun + MOST_SECONDS)
            taken = time.monotonic() - begun
            record_property("seconds", taken)
            print(f"a FAILED row was an alert after {taken:.1f} s")  # noqa: T201 (a measurement)
            until_known(prometheus, f'ingestion_kafka_lag{{topic="{topic}"}} == 0')  # as of a scrape behind the row
    assert alert["status"] == "firing"
    assert alert["labels"] == {
        "alertname": "IngestionEchecDetecte",
        "severity": "critical",
        "team": "data",
        "source": "Zoho",
        "objet": "invoices",
    }
    assert alert["annotations"]["description"] == "1 exécution(s) FAILED de invoices (Zoho) en 5 minutes."
    assert taken < MOST_SECONDS
