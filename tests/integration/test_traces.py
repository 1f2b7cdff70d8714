"""The traces projection and a real Jaeger: what is found there, once, whatever happens to either."""

from __future__ import annotations

import json
import os
import pty
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen
from uuid import UUID, uuid4

import pytest

from functions.indexer import handler as indexer
from functions.pipeline.trace_ids import trace_id_of
from tests.fakes import LambdaContext
from tests.jaeger import Jaeger, start_jaeger
from tests.notifications import object_created

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Run = Callable[..., tuple[int, str, str]]
    Captured = pytest.CaptureFixture[str]

ROOT = Path(__file__).parents[2]
TIME = "2026-01-20T10:00:05.000Z"
SECRET = "pl4nted-s3cret"  # noqa: S105 (planted)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for each test, with nothing configured."""
    monkeypatch.chdir(tmp_path)
    for name in ("PIPELINE_DATA", "PIPELINE_STORE", "LANGUAGE", "PIPELINE_LANG", "JAEGER_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in [each for each in os.environ if each.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LC_ALL", "C")
    return tmp_path


@pytest.fixture(scope="module")
def jaeger_server() -> Iterator[Jaeger]:
    """One real Jaeger for all these tests; each uses a service of its own."""
    with start_jaeger() as running:
        yield running


@pytest.fixture
def service(jaeger_server: Jaeger, monkeypatch: pytest.MonkeyPatch) -> str:
    """A service that nothing is known of so far, in a Jaeger that is configured."""
    name = f"api-{uuid4().hex[:12]}"
    configure(monkeypatch, jaeger_server, name)
    return name


def configure(monkeypatch: pytest.MonkeyPatch, jaeger: Jaeger, service: str) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", jaeger.endpoint)
    monkeypatch.setenv("OTEL_SERVICE_NAME", service)
    monkeypatch.setenv("JAEGER_URL", jaeger.address)


def call(transaction: str, milliseconds: float = 45.5, status: int = 200, **told: Any) -> dict[str, Any]:
    """The line of a request, as the Space's service logs it."""
    message = (
        f"[{transaction}] API Call - POST /predict - Status: {status} - Time: {milliseconds}ms - "
        'Input: {"AGE": 74} - Result: {"prediction": "YES"}'
    )
    return {"timestamp": TIME, "level": "INFO", "message": message, **told}


def performance(transaction: str, **told: Any) -> dict[str, Any]:
    """The line of what it cost."""
    functions = [
        {"function_name": f"step_{number}", "cumulative_time": 0.01 / number, "calls": number} for number in (1, 2)
    ]
    metrics = {"transaction_id": transaction, "inference_time_ms": 25.5, "latency_ms": 31.0, "top_functions": functions}
    return {"timestamp": TIME, "level": "INFO", "message": "", "data": {"performance_metrics": metrics, **told}}


def collected(trilog: Run, lines: list[dict[str, Any]], name: str = "api.log") -> None:
    """Append lines to a log, and collect it."""
    with Path(name).open("a") as file:
        file.writelines(f"{json.dumps(each)}\n" for each in lines)
    code, _, err = trilog("--once", "--source", name)
    assert code == 0, err


def sent(trilog: Run) -> str:
    """Send what is new; return what was said."""
    code, out, err = trilog("traces", "--once")
    assert code == 0, err
    return out + err


def forget() -> None:
    """Forget which batches were sent."""
    Path(".trilog/traces.sqlite").unlink()


# --- What is found


def test_a_transaction_is_one_trace_though_its_lines_are_in_two_batches(
    command_line: Run, jaeger_server: Jaeger, service: str
):
    collected(command_line, [performance("abc-123")])
    assert "3 spans sent (batches: 1)" in sent(command_line)
    collected(command_line, [call("abc-123")])
    assert "1 spans sent (batches: 1)" in sent(command_line)
    [trace] = jaeger_server.traces(service, tags={"transaction_id": "abc-123"})
    assert trace["traceID"] == trace_id_of("abc-123")
    spans = {each["operationName"]: each for each in jaeger_server.spans(service)}
    request, inference = spans["POST /predict"], spans["inference"]
    assert spans.keys() == {"POST /predict", "inference", "step_1", "step_2"}
    assert [spans[each]["parent"] for each in ("step_1", "step_2")] == [inference["spanID"]] * 2
    assert (inference["parent"], request["parent"]) == (request["spanID"], None)
    durations = {name: each["duration"] for name, each in spans.items()}
    assert durations == {"POST /predict": 45_500, "inference": 25_500, "step_1": 10_000, "step_2": 5_000}
    assert request["startTime"] == 1_768_903_205_000_000 - 45_500
    assert request["tags"]["http.response.status_code"] == 200
    assert all(each["warnings"] is None for each in spans.values())


def test_traces_are_found_by_service_duration_and_error(command_line: Run, jaeger_server: Jaeger, service: str):
    lines = [call(f"t-{number}", 100.0 * number, 500 if number == 7 else 200) for number in range(30)]
    lines.append({**call("other", 5000), "service": {"name": f"{service}-2"}})
    collected(command_line, lines)
    sent(command_line)
    assert len(jaeger_server.traces(service)) == 30
    slow = jaeger_server.spans(service, minDuration="2s")
    assert {each["tags"]["transaction_id"] for each in slow} == {f"t-{number}" for number in range(20, 30)}
    [failed] = jaeger_server.spans(service, tags={"error": "true"})
    assert failed["tags"]["transaction_id"] == "t-7"
    [other] = jaeger_server.spans(f"{service}-2")
    assert other["tags"]["transaction_id"] == "other"


@pytest.mark.parametrize("name", ["traceparent", "trace_id"])
def test_a_trace_that_the_lines_name_is_the_one(command_line: Run, jaeger_server: Jaeger, service: str, name: str):
    trace, caller = uuid4().hex, uuid4().hex[:16]
    told = {name: f"00-{trace}-{caller}-01"} if name == "traceparent" else {name: trace, "span_id": caller}
    collected(command_line, [call("t-1", **told), performance("t-1", **told), call("t-2", **told)])
    sent(command_line)
    [found] = jaeger_server.traces(service)
    spans = jaeger_server.spans(service)
    assert found["traceID"] == trace
    assert len(spans) == 5
    requests = {each["tags"]["transaction_id"]: each for each in spans if each["operationName"] == "POST /predict"}
    assert {each["parent"] for each in requests.values()} == {caller}
    [inference] = [each for each in spans if each["operationName"] == "inference"]
    assert inference["parent"] == requests["t-1"]["spanID"]


def by_id(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return spans without what an answer calls their processes."""
    told = [{name: value for name, value in each.items() if name != "processID"} for each in spans]
    return sorted(told, key=lambda each: each["spanID"])


def test_one_transaction_at_two_services_is_one_trace(command_line: Run, jaeger_server: Jaeger, service: str):
    transaction, other = str(uuid4()), f"{service}-2"
    lines = [{**each, "service": {"name": other}} for each in (call(transaction, 20), performance(transaction))]
    collected(command_line, [call(transaction), performance(transaction), *lines])
    sent(command_line)
    [trace] = jaeger_server.traces(service)
    assert len({each["spanID"] for each in trace["spans"]}) == len(trace["spans"]) == 8
    for each in (service, other):
        spans = {span["operationName"]: span for span in jaeger_server.spans(each)}
        assert spans["inference"]["parent"] == spans["POST /predict"]["spanID"]


def test_a_redelivery_changes_nothing(command_line: Run, jaeger_server: Jaeger, service: str):
    collected(command_line, [line for n in range(50) for line in (call(f"t-{n}"), performance(f"t-{n}"))])
    assert "200 spans sent" in sent(command_line)
    before = by_id(jaeger_server.spans(service))
    forget()
    assert "200 spans sent" in sent(command_line)
    assert len(before) == 200
    assert by_id(jaeger_server.spans(service)) == before
    assert "0 spans sent (batches: 0)" in sent(command_line)


# --- Links


@pytest.mark.usefixtures("service")
def test_the_link_is_that_of_the_trace(command_line: Run, jaeger_server: Jaeger):
    transaction, trace = str(uuid4()), uuid4().hex
    named = call("t-2", traceparent=f"00-{trace}-{'a' * 16}-01")
    collected(command_line, [call(transaction), performance(transaction), named])
    sent(command_line)
    for asked, expected in ((transaction, UUID(transaction).hex), ("t-2", trace), (trace, trace)):
        code, out, _ = command_line("trace", asked, "--open")
        assert (code, out) == (0, f"{jaeger_server.address}/trace/{expected}\n")
        [found] = jaeger_server.get(f"/api/traces/{expected}")
        assert found["traceID"] == expected
    code, out, _ = command_line("trace", "unknown", "--open")
    assert code == 1
    assert out.startswith("no document of transaction unknown\n")
    assert out.endswith("trilog show --match unknown\n")


@pytest.mark.parametrize("terminal", [True, False])
def test_a_browser_is_opened_on_a_terminal_only(command_line: Run, folder: Path, *, terminal: bool):
    collected(command_line, [call("t-1")])
    browser = folder / "browser"
    browser.write_text('#!/bin/sh\necho "$1" >> opened\n')
    browser.chmod(0o755)
    ours, theirs = pty.openpty() if terminal else os.pipe()
    command = [sys.executable, "-m", "functions", "trace", "t-1", "--open"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BROWSER": str(browser)}
    subprocess.run(command, env=environment, check=True, stdout=theirs, stderr=subprocess.DEVNULL, timeout=60)
    os.close(theirs)
    link = os.read(ours, 1000).decode().strip()
    os.close(ours)
    assert link.endswith(f"/trace/{trace_id_of('t-1')}")
    opened = folder / "opened"
    assert (opened.read_text().strip() if opened.exists() else None) == (link if terminal else None)


# --- What goes wrong


def test_a_time_that_otlp_has_not_is_a_dead_letter_in_jaeger(command_line: Run, jaeger_server: Jaeger, service: str):
    collected(command_line, [call("t-1"), {**call("t-2"), "timestamp": "9999-01-01T00:00:00Z"}])
    said = sent(command_line)
    assert "1 dead letters; among the traces of the service trilog-dead-letters (its time is before 1970" in said
    assert [each["tags"]["transaction_id"] for each in jaeger_server.spans(service)] == ["t-1"]
    [letter] = jaeger_server.spans("trilog-dead-letters", tags={"transaction_id": "t-2"})
    assert letter["tags"]["otel.status_description"] == "its time is before 1970 or after 2262"


def test_a_jaeger_that_is_away_is_said_and_waited_for(command_line: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr("functions.cli.pushes._PATIENCE", 0.2)
    collected(command_line, [call("t-1")])
    code, _, err = command_line("traces", "--once")
    assert code == 3
    assert "Cannot connect to http://127.0.0.1:1/v1/traces" in err


def test_an_address_of_another_protocol_is_told_when_it_is_needed(command_line: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317")
    collected(command_line, [call("t-1")])  # it is nothing to the other commands
    code, _, err = command_line("traces", "--once")
    assert code == 2
    assert "OTEL_EXPORTER_OTLP_ENDPOINT is no address such as http://localhost:4318" in err


@pytest.mark.usefixtures("service")
def test_the_list_of_batches_is_one_server_s(command_line: Run, monkeypatch: pytest.MonkeyPatch):
    sent(command_line)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    code, _, err = command_line("traces", "--once")
    assert code == 2
    assert "traces.sqlite is about" in err


def projecting() -> subprocess.Popen[str]:
    """Start `trilog traces` in a process of its own."""
    command = [sys.executable, "-m", "functions", "traces", "--interval", "0.1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_process_that_is_killed_again_and_again_loses_and_doubles_nothing(
    command_line: Run, jaeger_server: Jaeger, service: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PIPELINE_BATCH_SIZE", "10")
    collected(command_line, [line for n in range(500) for line in (call(f"t-{n}"), performance(f"t-{n}"))])
    draw = random.Random(7)  # noqa: S311 (moments to kill at)
    kills = 0
    while kills < 6 or not jaeger_server.spans(service):  # later each time, for machines that start it slowly
        process = projecting()
        time.sleep(draw.uniform(0.4, 0.9) + 0.1 * kills)
        process.kill()
        process.communicate()
        kills += 1
    sent(command_line)
    assert len(jaeger_server.traces(service)) == 500
    spans = jaeger_server.spans(service)
    assert len({each["spanID"] for each in spans}) == len(spans) == 2000


def test_a_jaeger_that_is_killed_meanwhile_gets_everything(command_line: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_BATCH_SIZE", "20")
    with start_jaeger() as jaeger:
        configure(monkeypatch, jaeger, "api")
        process = projecting()
        for part in range(3):
            collected(command_line, [call(f"t-{part}-{number}") for number in range(200)])
            if part == 0:
                jaeger.kill()
        jaeger.start()
        ends = time.monotonic() + 60
        while len(jaeger.traces("api")) < 600:
            assert time.monotonic() < ends
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
        assert f"Traces go to {jaeger.endpoint}/v1/traces" in out
        assert sum(len(each["spans"]) for each in jaeger.traces("api")) == 600


# --- Secrets


def test_neither_inputs_nor_what_redaction_hides_arrives(
    command_line: Run, jaeger_server: Jaeger, service: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PIPELINE_REDACT_PATTERNS", f"/({SECRET})/:drop")
    collected(command_line, [call("t-1", path=f"/predict/{SECRET}"), {**call("t-2"), "data": {"note": SECRET}}])
    sent(command_line)
    found = json.dumps(jaeger_server.traces(service))
    assert "t-1" in found
    assert SECRET not in found
    assert "AGE" not in found


# --- As a function


def test_the_indexer_function_sends_traces_when_it_is_told_to(
    command_line: Run, jaeger_server: Jaeger, service: str, monkeypatch: pytest.MonkeyPatch, capfd: Captured
):
    collected(command_line, [line for n in range(20) for line in (call(f"t-{n}"), performance(f"t-{n}"))])
    monkeypatch.setenv("PIPELINE_SINK", "traces")
    monkeypatch.setenv("PIPELINE_STORE", f"file://{Path.cwd()}/.trilog")
    keys = [str(each.relative_to(".trilog")) for each in sorted(Path().glob(".trilog/raw/**/*.gz"))]
    records = [
        {"messageId": key, "eventSource": "aws:sqs", "body": json.dumps(object_created("batches", key))} for key in keys
    ]
    indexer.indexer.cache_clear()
    try:
        for _ in range(2):  # the second is a redelivery
            assert indexer.handler({"Records": records}, LambdaContext()) == {"batchItemFailures": []}
    finally:
        indexer.indexer().close()
        indexer.indexer.cache_clear()
    assert len(jaeger_server.spans(service)) == 80
    assert '"conserved":true' in capfd.readouterr().out.replace(" ", "")


# --- The real Jaeger, as far as this relies on it


def test_jaeger_takes_a_span_that_comes_again_for_itself(jaeger_server: Jaeger):
    def export(name: str, attribute: str) -> None:
        span = {
            "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
            "spanId": "00f067aa0ba902b7",
            "name": name,
            "startTimeUnixNano": "1768905000000000000",
            "endTimeUnixNano": "1768905001000000000",
            "attributes": [{"key": "a", "value": {"stringValue": attribute}}],
        }
        resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "twice"}}]}
        body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}
        headers = {"Content-Type": "application/json"}
        sent = Request(f"{jaeger_server.endpoint}/v1/traces", json.dumps(body).encode(), headers)  # noqa: S310
        with urlopen(sent, timeout=10) as answer:  # noqa: S310
            assert answer.status == 200

    export("one", "x")
    export("one", "x")
    assert len(jaeger_server.spans("twice")) == 1
    export("one", "y")  # the newer one takes its place
    [only] = jaeger_server.spans("twice")
    assert only["tags"]["a"] == "y"
