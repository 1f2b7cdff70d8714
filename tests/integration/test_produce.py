"""`trilog produce` with a real Kafka."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import pytest

from functions.pipeline.errors import PermanentError, TransientError
from functions.pipeline.kafka_options import KafkaOptions
from functions.producer.pace import Pace
from functions.producer.produce import Producer
from tests.kafka import Kafka, received, start_kafka
from tests.scripts import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Run

SOURCES = ("zohoprojects", "zohobooks", "PowerBI", "Efficy", "EasyProjects")


def row(number: int) -> dict[str, object]:
    return {"Source": SOURCES[number % len(SOURCES)], "Etat": "SUCCESS", "n": number}


def encoded(count: int) -> list[bytes]:
    return [json.dumps(row(number)).encode() for number in range(count)]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_row_arrives_once_in_order_with_its_source_in_one_partition(
    kafka: Kafka, here: Path, monkeypatch: pytest.MonkeyPatch, command_line: Run
):
    topic = kafka.topic(3)
    (here / "logs.json").write_text(json.dumps([row(number) for number in range(5000)], indent=2))
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka.address)
    monkeypatch.setenv("KAFKA_TOPIC", topic)
    code, out, error = command_line("produce", "--json")
    counts = json.loads(out)
    assert (code, counts["rows"], counts["delivered"], counts["refused"]) == (0, 5000, 5000, 0)
    assert (counts["topic"], counts["servers"]) == (topic, kafka.address)
    assert error == f"Sending logs.json to kafka://{kafka.address}/{topic}\n"
    found = received(kafka, topic, 5000)
    for source in SOURCES:
        of_it = [each for each in found if each.key() == source.encode()]
        assert [json.loads(each.value())["n"] for each in of_it] == sorted(
            number for number in range(5000) if row(number)["Source"] == source
        )
        assert len({each.partition() for each in of_it}) == 1


def test_lines_arrive_as_they_are_and_the_counts_are_told(
    kafka: Kafka, here: Path, monkeypatch: pytest.MonkeyPatch, command_line: Run
):
    topic = kafka.topic()
    (here / "api.log").write_text("2025-01-20 10:30:00 - api - INFO - é\n\nplain\n")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka.address)
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    code, out, error = command_line("produce", "api.log", "--topic", topic)
    assert (code, error) == (0, "")
    assert out.startswith(f"2 rows read, 2 delivered to kafka://{kafka.address}/{topic} in ")
    values = [each.value() for each in received(kafka, topic, 2)]
    assert values == ["2025-01-20 10:30:00 - api - INFO - é".encode(), b"plain"]


def test_what_the_broker_refuses_is_named_and_costs_no_other_row(
    kafka: Kafka, here: Path, monkeypatch: pytest.MonkeyPatch, command_line: Run
):
    topic = kafka.topic()
    (here / "logs.json").write_text("\n".join(["one", "x" * 3_000_000, "two"]))
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka.address)
    code, out, _error = command_line("produce", "--topic", topic)
    assert code == 1
    assert "3 rows read, 2 delivered" in out
    assert "rows refused: 1\n  2: " in out
    assert [each.value() for each in received(kafka, topic, 2)] == [b"one", b"two"]


def test_what_redaction_hides_is_not_sent(kafka: Kafka, here: Path, monkeypatch: pytest.MonkeyPatch, command_line: Run):
    topic = kafka.topic()
    (here / "logs.json").write_text('[{"Source": "Zoho", "Description": "for ada@planted.example", "token": "t0p"}]')
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka.address)
    monkeypatch.setenv("PIPELINE_REDACT_FIELDS", "token:drop")
    monkeypatch.setenv("PIPELINE_REDACT_PATTERNS", "email:drop")
    assert command_line("produce", "--topic", topic)[0] == 0
    [found] = received(kafka, topic, 1)
    assert json.loads(found.value()) == {"Source": "Zoho", "Description": "for redacted", "token": None}


@pytest.mark.slow
def test_a_broker_that_is_away_is_named_and_waited_for(here: Path, monkeypatch: pytest.MonkeyPatch, command_line: Run):
    port = free_port()
    (here / "logs.json").write_text(json.dumps([row(number) for number in range(100)]))
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", f"127.0.0.1:{port}")
    result = []
    sending = threading.Thread(target=lambda: result.append(command_line("produce")))
    sending.start()
    time.sleep(2)
    with start_kafka(port):
        sending.join(30)
        [(code, out, error)] = result
        assert (code, "100 rows read, 100 delivered" in out) == (0, True)
        assert f"⚠ Cannot reach Kafka. Address: kafka://127.0.0.1:{port}/ingestion-logs" in error
        assert "Check KAFKA_BOOTSTRAP_SERVERS, and that the broker runs. Waiting for it." in error


def test_a_broker_that_stays_away_is_waited_for_as_long_as_is_said(
    here: Path, monkeypatch: pytest.MonkeyPatch, command_line: Run
):
    (here / "logs.json").write_text("[1]")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", f"127.0.0.1:{free_port()}")
    begun = time.monotonic()
    code, out, error = command_line("produce", "--wait", "1", "--json")
    assert (code, json.loads(out)["delivered"]) == (3, 0)
    assert "✗ Cannot reach Kafka." in error
    assert time.monotonic() - begun < 12


@pytest.mark.slow
def test_rows_survive_a_broker_that_is_killed_while_they_are_sent():
    with start_kafka() as kafka:
        topic = kafka.topic()
        producer = Producer(KafkaOptions(kafka.address, topic))
        sending = threading.Thread(target=producer.send, args=(slowly(encoded(6000)),))
        sending.start()
        for _ in range(3):
            time.sleep(0.7)
            kafka.kill()
            kafka.start()
        sending.join(60)
        assert (producer.sent.delivered, producer.sent.refused) == (6000, 0)
        assert [json.loads(each.value())["n"] for each in received(kafka, topic, 6000)] == list(range(6000))
        assert len(received(kafka, topic, 6001, wait=2)) == 6000


def slowly(values: list[bytes]):
    for number, each in enumerate(values):
        if not number % 100:
            time.sleep(0.1)
        yield each


def test_gaps_between_runs_are_kept(kafka: Kafka):
    topic = kafka.topic()
    began = ["05-09-2025 16:45:26.000000", "05-09-2025 16:45:30.000000", "05-09-2025 16:45:31.000000"]
    values = [json.dumps({"Source": "Zoho", "Debut": each}).encode() for each in began]
    Producer(KafkaOptions(kafka.address, topic)).send(values, Pace(4))
    times = [each.timestamp()[1] for each in received(kafka, topic, 3)]
    seconds = [(each - times[0]) / 1000 for each in times]
    for found, kept in zip(seconds, [0, 1, 1.25], strict=True):
        assert kept - 0.2 <= found <= kept + 1.5  # later, where the machine is busy


def test_a_topic_that_nobody_may_create_is_waited_for_and_named():
    with start_kafka(properties="auto.create.topics.enable=false\n") as kafka:
        said = []
        with pytest.raises(TransientError, match=r"Kafka has no such topic yet.*KAFKA_TOPIC"):
            Producer(KafkaOptions(kafka.address, "missing"), said.append, patience=1).send([b"1"])
        assert said


def test_a_sign_in_by_tls_and_sasl(tls_kafka: tuple[str, KafkaOptions]):
    topic, options = tls_kafka
    sent = Producer(options).send([b"one"])
    assert (options.topic, sent.delivered) == (topic, 1)


@pytest.mark.parametrize("changed", [{"password": "wr0ng"}, {"user": "eve"}])
def test_a_sign_in_that_fails_is_named_without_the_password(tls_kafka: tuple[str, KafkaOptions], changed):
    options = KafkaOptions(**{**vars(tls_kafka[1]), **changed})
    with pytest.raises(PermanentError, match=r"Kafka refuses the sign-in.*KAFKA_SASL_MECHANISM") as caught:
        Producer(options).send([b"one"])
    assert str(options.password) not in str(caught.value) + repr(options)


def test_a_certificate_that_nobody_signed_is_named(tls_kafka: tuple[str, KafkaOptions]):
    options = KafkaOptions(**{**vars(tls_kafka[1]), "ca": None})
    with pytest.raises(PermanentError, match=r"Kafka refuses the sign-in.*certificate.*KAFKA_SSL_"):
        Producer(options).send([b"one"])
