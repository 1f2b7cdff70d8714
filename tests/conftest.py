"""Fixtures that tests of several folders share."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.browser import start_browser
from tests.elasticsearch import start_elasticsearch
from tests.kafka import Kafka, start_kafka, start_secured
from tests.loki import Loki, start_loki

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from functions.pipeline.kafka_options import KafkaOptions

pytest_plugins = ["tests.skips"]

# What the suite says depends on the code alone; `make fuzz` draws new examples, `make quick` fewer.
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("quick", derandomize=True, max_examples=10)
settings.load_profile("repeatable")


_SLOW = {
    "elasticsearch_url",
    "kafka",
    "tls_kafka",
    "loki_server",
    "strict_loki",
    "jaeger_server",
    "browser",
    "made",
    "service",
}  # fixtures: a server, the functions' packages, osls


# A shell has what it runs in the background ignore Ctrl+C, and so would the programs that tests start and stop by it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name binary arguments by their order: gzip writes the time into its head, and pytest-xdist wants equal names."""
    return argname if isinstance(val, bytes) and not val.isascii() else None


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Mark the tests whose set-up takes seconds."""
    for item in items:
        if _SLOW & {*item.fixturenames}:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """Give the next test the language that this one found: a command line that speaks French keeps it there."""
    found = os.environ.get("LANGUAGE")
    yield
    if found is None:
        os.environ.pop("LANGUAGE", None)
    else:
        os.environ["LANGUAGE"] = found


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """Run one local AWS for all the tests that ask for it; moto serves it."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def aws(moto_url: str) -> Iterator[str]:
    """Let every AWS client of a module's tests, and Google Cloud Storage's too, talk to the local AWS."""
    google = {
        "gcs_base_url": moto_url,
        "disable_oauth": True,
        "client_email": "",
        "private_key": "",
        "private_key_id": "",
    }
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", moto_url)
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        environment.setenv("AWS_REGION", "us-east-1")
        environment.setenv("GOOGLE_SERVICE_ACCOUNT_KEY", json.dumps(google))  # its XML interface is S3's
        yield moto_url


@pytest.fixture(scope="session")
def elasticsearch_url() -> Iterator[str]:
    """Run one real Elasticsearch for all the tests that ask for it; each uses index names of its own."""
    with start_elasticsearch() as url:
        yield url


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    """Run one real Kafka for all the tests that ask for it; each uses topics and groups of its own."""
    with start_kafka() as running:
        yield running


@pytest.fixture(scope="session")
def loki_server() -> Iterator[Loki]:
    """Run one real Loki for all the tests that ask for it."""
    with start_loki() as running:
        yield running


@pytest.fixture
def loki(loki_server: Loki) -> Loki:
    """The Loki that runs for all, with nothing in it."""
    return loki_server.empty()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run one real Chromium for a module's tests, not for a session's: it keeps `asyncio.run` from working."""
    with start_browser() as running:
        yield running


@pytest.fixture(scope="session")
def tls_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, KafkaOptions]]:
    """Run a real Kafka that wants TLS and a sign-in: a topic there, and the options that open it."""
    with start_secured(tmp_path_factory.mktemp("certificates")) as running:
        yield running
