"""The lag that `trilog metrics` shows: what the group has not stored, as the broker knows; no scrape waits for it."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from functions.pipeline.kafka_clients import SECONDS
from tests.kafka import Kafka, command, start_kafka
from tests.scripts import free_port

ROOT = Path(__file__).parents[2]
Run = Callable[..., tuple[int, str, str]]
Lag = dict[tuple[str, str], float]

ASKING = """
import os
from contextlib import suppress
from functions.metrics.run import open_lag
from functions.pipeline.errors import TransientError
lag = open_lag(dict(os.environ))
while True:
    with suppress(TransientError):
        lag.ask()
"""

pytestmark = pytest.mark.slow


def lag(text: str) -> Lag:
    """Return the lag by topic and partition."""
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {
        (each.labels["topic"], each.labels["partition"]): each.value
        for each in found
        if each.name == "ingestion_kafka_lag"
    }


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment and a folder with nothing in them."""
    monkeypatch.chdir(tmp_path)
    for name in ("PIPELINE_DATA", "PIPELINE_STORE", "LANGUAGE", "PIPELINE_LANG", "KAFKA_SECURITY_PROTOCOL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C")
    return monkeypatch


def shown_by_kafka(kafka: Kafka, topic: str, group: str) -> Lag:
    """Return the lag that kafka-consumer-groups shows."""
    where = ("--bootstrap-server", kafka.address, "--describe", "--group", group)
    rows = [line.split() for line in command("kafka-consumer-groups", *where).splitlines() if f" {topic} " in line]
    return {(topic, row[2]): float(row[5]) for row in rows}


def told(command_line: Run) -> Lag:
    """Return the lag; of a new broker that makes its first group meanwhile, after some tries."""
    ends = time.monotonic() + 30
    while not (found := lag(command_line("metrics", "--once")[1])):
        assert time.monotonic() < ends
    return found


def test_the_lag_is_what_the_brokers_own_command_shows(
    kafka: Kafka, environment: pytest.MonkeyPatch, command_line: Run
):
    topic = kafka.topic(2)
    environment.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka.address)
    environment.setenv("KAFKA_TOPIC", topic)
    environment.setenv("KAFKA_GROUP_ID", topic)
    kafka.send(topic, [b"%d" % each for each in range(7)])
    assert told(command_line) == {(topic, "0"): 7, (topic, "1"): 0}  # of what nobody has read
    assert command_line("--once", "--source", f"kafka://{kafka.address}")[0] == 0
    assert told(command_line) == {(topic, "0"): 0, (topic, "1"): 0}
    kafka.send(topic, [b"8", b"9"])
    kafka.send(topic, [b"10"], 1)
    found = told(command_line)
    assert found == {(topic, "0"): 2, (topic, "1"): 1} == shown_by_kafka(kafka, topic, topic)
    kafka.truncate(topic, 8)  # one of the two is gone, and will never be read
    assert told(command_line) == {(topic, "0"): 1, (topic, "1"): 1}


def test_without_a_broker_there_is_no_lag(environment: pytest.MonkeyPatch, command_line: Run):
    environment.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    code, out, err = command_line("metrics", "--once")
    assert (code, err) == (0, "")
    assert "ingestion_kafka_lag" not in out


def test_a_topic_that_is_not_there_is_said(kafka: Kafka, environment: pytest.MonkeyPatch, command_line: Run):
    environment.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka.address)
    environment.setenv("KAFKA_TOPIC", "no-such-topic")
    code, out, err = command_line("metrics", "--once")
    assert (code, lag(out)) == (0, {})
    assert "Kafka has no such topic yet" in err


def scraped(address: str) -> str:
    """Scrape; no answer may take a second."""
    with urllib.request.urlopen(address, timeout=1) as answer:  # noqa: S310 (our own address)
        return str(answer.read().decode())


@contextmanager
def exporter(errors: Path) -> Iterator[str]:
    """Run `trilog metrics`, its errors into a file; yield its address."""
    given = {**os.environ, "PYTHONPATH": str(ROOT), "METRICS_INTERVAL": "0.2"}
    typed = [sys.executable, "-m", "functions", "metrics", "--port", "0"]
    with (
        errors.open("w") as file,
        subprocess.Popen(typed, env=given, stdout=subprocess.PIPE, stderr=file, text=True) as process,
    ):
        assert process.stdout
        try:
            yield process.stdout.readline().split()[3].rstrip(".")
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


def until(expected: Callable[[Lag], bool], address: str, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not expected(lag(scraped(address))):
        assert time.monotonic() < ends
        time.sleep(0.2)


def test_a_broker_that_is_away_holds_up_no_scrape_and_is_said_once(environment: pytest.MonkeyPatch, tmp_path: Path):
    port = free_port()
    environment.setenv("KAFKA_BOOTSTRAP_SERVERS", f"127.0.0.1:{port}")
    environment.setenv("KAFKA_TOPIC", "runs")
    with start_kafka(port) as kafka:
        kafka.topic(name="runs")
        kafka.send("runs", [b"1", b"2"])
        with exporter(tmp_path / "errors") as address:
            until(lambda found: found == {("runs", "0"): 2}, address, 20)
            kafka.kill()
            until(lambda found: found == {}, address, 40)
            kafka.start()
            until(lambda found: found == {("runs", "0"): 2}, address, 40)
    said = (tmp_path / "errors").read_text()
    outages = said.count("Cannot reach Kafka. Address: kafka://127.0.0.1")
    assert outages == said.count("⚠")
    assert outages in {1, 2}, said  # a new broker that makes its first group says so, too


def test_who_asks_without_a_pause_lives_through_outages(environment: pytest.MonkeyPatch):
    """A call of the library crashes the process at times: confluentinc/librdkafka#4605."""
    port = free_port()
    environment.setenv("KAFKA_BOOTSTRAP_SERVERS", f"127.0.0.1:{port}")
    environment.setenv("KAFKA_TOPIC", "runs")
    with start_kafka(port) as kafka:
        kafka.topic(name="runs")
        with subprocess.Popen([sys.executable, "-c", ASKING], env={**os.environ, "PYTHONPATH": str(ROOT)}) as process:
            for _ in range(2):
                time.sleep(3)
                kafka.kill()
                time.sleep(SECONDS + 1)
                kafka.start()
            time.sleep(3)
            assert process.poll() is None
            process.terminate()
