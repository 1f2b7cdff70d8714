"""Kafka as infra/observability/compose.yml configures it, by the jars of the same version instead of the image."""

from pathlib import Path

import pytest
import yaml

from tests.kafka import command, received, start_kafka
from tests.scripts import free_port

COMPOSE = Path(__file__).parents[2] / "infra" / "observability" / "compose.yml"
SERVICE = yaml.safe_load(COMPOSE.read_text())["services"]["kafka"]

pytestmark = pytest.mark.slow


def properties(services_port: int) -> str:
    """Return the environment as the image makes properties of it, with ports and a folder of this machine."""
    lines = []
    for name, value in SERVICE["environment"].items():
        if name not in {"KAFKA_HEAP_OPTS", "KAFKA_LOG_DIRS"}:
            lines.append(f"{name.removeprefix('KAFKA_').replace('_', '.').lower()}={value}")
    text = (
        "\n".join(lines)
        .replace("29092", str(services_port))
        .replace("9092", "@PORT@")
        .replace("9093", "@CONTROLLER_PORT@")
    )
    return (
        text.replace("://:", "://127.0.0.1:").replace("://kafka:", "://127.0.0.1:").replace("@localhost", "@127.0.0.1")
    )


def test_services_and_this_machine_reach_it_by_listeners_of_their_own():
    services_port = free_port()
    with start_kafka(properties=properties(services_port)) as kafka:
        kafka.send("ingestion-logs", [b"a row"])
        assert [each.value() for each in received(kafka, "ingestion-logs", 1)] == [b"a row"]
        services = f"127.0.0.1:{services_port}"
        told = command("kafka-topics", "--bootstrap-server", services, "--describe", "--topic", "ingestion-logs")
        assert "PartitionCount: 3\tReplicationFactor: 1" in told
