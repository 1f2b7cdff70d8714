"""docs/ingest.md: its commands run as they are written there, and its Collector is a real one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml

from tests.ingest import TOKEN, Kept, opened, served
from tests.programs.install import go
from tests.scripts import alone, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ingest.md").read_text()
SHELL = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
YAML = dict(re.findall(r"^### ([^\n]+)\n\n```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
LOG = "2025-01-20 10:30:00 - api - WARNING - six\n2025-01-20 10:30:01 - api - WARNING - seven\n"
SDK = """
import logging, warnings
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

warnings.simplefilter("ignore")
provider = LoggerProvider()
provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
logging.getLogger().addHandler(LoggingHandler(logger_provider=provider))
logging.warning("sent by the environment")
provider.shutdown()
"""


class Reader:
    """Somebody who types what the page says into one shell, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "logs").mkdir()
        (folder / "logs" / "api.log").write_text(LOG)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.variables = {"PATH": path, "LC_ALL": "C.UTF-8", "PIPELINE_DATA": str(folder), "TOKEN": TOKEN}

    def type(self, script: str) -> str:
        """Run a script, and return what it prints; every command of it has to succeed."""
        command = ["bash", "-euo", "pipefail", "-c", script]
        done = subprocess.run(
            command, cwd=self.folder, env=self.variables, capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, f"{script}: {done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


@pytest.fixture
def url(reader: Reader) -> Iterator[str]:
    """The server that the page starts, on a free port, with a token."""
    with served(opened(reader.folder, PIPELINE_INGEST_TOKENS=TOKEN)) as address:
        reader.variables["URL"] = address
        yield address


def blocks(word: str) -> list[str]:
    return [block for block in SHELL if word in block]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl not found. Install it: apt-get install curl")
def test_the_pages_curl_commands_send_what_they_say(reader: Reader, url: str):
    printed = "".join(reader.type(each) for each in blocks("curl "))
    answers = [json.loads(each) for each in re.findall(r"\{.*?\}", printed)]
    assert [each["records"] for each in answers] == [1, 2, 2, 2, 2]
    assert answers[-1] == answers[-2]  # the same lines, compressed: a retry
    assert url
    (after,) = blocks("trilog reindex")
    assert "seven" in reader.type(after)
    messages = {each["message"] for each in Kept(reader.folder).documents()}
    assert messages == {"one", "two", "three", "four", "five", "six", "seven"}


def test_the_page_starts_the_server(reader: Reader):
    (command,) = blocks("trilog serve ingest")
    port = free_port()
    typed = command.strip().replace("8082", str(port))
    process = subprocess.Popen(["bash", "-c", f"exec {typed}"], cwd=reader.folder, env=reader.variables)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                answer = httpx.post(f"http://127.0.0.1:{port}/logs", content=LOG)
                break
            except httpx.ConnectError:
                time.sleep(0.05)
        assert answer.json()["records"] == 2
    finally:
        process.terminate()
        assert process.wait(10) == 0


def test_every_command_of_the_page_is_one_that_is_run():
    run = [*blocks("curl "), *blocks("trilog reindex"), *blocks("trilog serve"), *blocks("OTEL_"), *blocks("openssl")]
    assert {*SHELL} == {*run, "export URL=http://127.0.0.1:8082\n"}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl not found. Install it: apt-get install openssl")
def test_the_page_makes_a_token_that_is_taken(reader: Reader):
    (command,) = blocks("openssl")
    opened(reader.folder, PIPELINE_INGEST_TOKENS=reader.type(command))


def test_an_sdk_that_is_configured_by_the_pages_variables_exports(reader: Reader, url: str):
    (variables,) = blocks("OTEL_")
    (reader.folder / "program.py").write_text(SDK)
    reader.type(f"{variables}\n{sys.executable} program.py")
    assert url
    assert [each["message"] for each in Kept(reader.folder).documents()] == ["sent by the environment"]


def test_the_configurations_are_yaml():
    for block in YAML.values():
        assert isinstance(yaml.safe_load(block), dict)
    assert {*YAML} == {"Vector", "Fluent Bit", "OpenTelemetry Collector"}


# --- A real Collector


@pytest.fixture(scope="session")
def collector() -> str:
    """Build a Collector, once on a machine; it takes two minutes."""
    if shutil.which("go") is None:
        pytest.skip("go not found: it builds the OpenTelemetry Collector. Install Go 1.26 or newer")
    with alone(ROOT / ".tools" / "otelcol"):
        built = go("collector", "otelcol", "go.opentelemetry.io/collector/exporter/otlphttpexporter")()
    return shutil.which("otelcol", path=built.env["PATH"]) or ""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("encoding", ["proto", "json"])
def test_a_real_collector_sends_by_the_pages_configuration(collector: str, reader: Reader, url: str, encoding: str):
    port = free_port()
    written = (
        YAML["OpenTelemetry Collector"].replace("4318", str(port)).replace("# encoding: json", f"encoding: {encoding}")
    )
    (reader.folder / "otelcol.yaml").write_text(written + "  telemetry: {metrics: {level: none}}\n")
    log = reader.folder / "otelcol.log"
    with log.open("wb") as output:
        command = [collector, "--config", str(reader.folder / "otelcol.yaml")]
        process = subprocess.Popen(command, env=reader.variables, stdout=output, stderr=output)
    try:
        assert send(f"http://127.0.0.1:{port}/v1/logs", log) == {"partialSuccess": {}}
    finally:
        process.terminate()  # what it still has, it sends
        process.wait(30)
    assert url
    documents = Kept(reader.folder).documents()
    assert [each["message"] for each in documents] == [f"line {number}" for number in range(300)]
    assert {each["level"] for each in documents} == {"ERROR"}
    assert documents[7]["data"]["n"] == 9007199254740993
    assert documents[0]["labels"]["resource"] == {"service.name": "scoring"}
    assert documents[0]["transaction_id"].lower() == "5b8efff798038103d269b633813fc60c"


def send(address: str, log: Path) -> Any:
    """Send 300 records to the Collector, as soon as it is there."""
    records = [
        {
            "timeUnixNano": str(1737369000000000000 + number),
            "severityNumber": 17,
            "traceId": "5B8EFFF798038103D269B633813FC60C",
            "body": {"stringValue": f"line {number}"},
            "attributes": [{"key": "n", "value": {"intValue": "9007199254740993"}}],
        }
        for number in range(300)
    ]
    attributes = [{"key": "service.name", "value": {"stringValue": "scoring"}}]
    content = {"resourceLogs": [{"resource": {"attributes": attributes}, "scopeLogs": [{"logRecords": records}]}]}
    until = time.monotonic() + 60
    while True:
        try:
            return httpx.post(address, json=content).json()
        except httpx.TransportError:
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)
