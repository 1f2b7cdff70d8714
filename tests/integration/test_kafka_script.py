"""infra/kafka/server/kafka.sh: a broker that starts, answers, survives being killed, and stops."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.kafka import HOME, SCRIPT, Kafka, command, start_kafka
from tests.scripts import free_port, install

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def script(*arguments: object) -> tuple[int, str]:
    done = subprocess.run([SCRIPT, *map(str, arguments)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_what_is_fetched_for_one_folder_serves_another(kafka: Kafka, tmp_path: Path):  # noqa: ARG001 (installs it)
    install(SCRIPT, tmp_path)
    assert (tmp_path / "server").resolve() == (HOME / "server").resolve()
    assert not (tmp_path / "server").resolve().is_relative_to(HOME.parents[1])


def test_status_says_whether_it_answers(kafka: Kafka):
    code, said = script("status", HOME, kafka.port)
    assert (code, said) == (0, f"Kafka 4.1.1 answers at {kafka.address}\n")
    assert script("status", HOME, free_port())[0] == 1


def test_a_port_is_taken_once(kafka: Kafka):
    code, said = script("start-background", HOME, kafka.port)
    assert code == 1
    assert f"Kafka runs on port {kafka.port} already" in said


def test_wrong_usage_is_explained():
    code, said = script("begin", HOME)
    assert code == 2
    assert "kafka.sh start-background DIR" in said


def test_messages_survive_a_kill_and_a_stop():
    with start_kafka() as kafka:
        topic = kafka.topic()
        kafka.send(topic, [b"one"])
        kafka.kill()
        kafka.start()
        kafka.send(topic, [b"two"])
        kafka.stop()
        kafka.start()
        where = ("--bootstrap-server", kafka.address, "--topic", topic)
        assert command("kafka-console-consumer", *where, "--from-beginning", "--max-messages", "2") == "one\ntwo\n"
        assert topic in command("kafka-topics", "--bootstrap-server", kafka.address, "--list")
