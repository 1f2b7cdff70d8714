"""The functions' HTTP entry points refuse whoever is not known, before anything is done."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import pytest

from functions.pipeline.callers import CallerOptions, UnknownCallerError, admit
from functions.pipeline.config import load
from functions.pipeline.errors import ConfigError
from tests.scripts import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TOKEN = "correct-horse-battery-staple"  # noqa: S105
HERE, ELSEWHERE = "127.0.0.1", "192.0.2.7"
EVENT = json.loads((ROOT / "tests/events/gcs-cloudevent.json").read_text())


def options(**variables: str) -> CallerOptions:
    (loaded,) = load(variables, CallerOptions)
    return loaded


def admitted(asked: CallerOptions, peer: str | None, **headers: str) -> bool:
    try:
        admit(asked, peer, [(name.replace("_", "-"), value) for name, value in headers.items()])
    except UnknownCallerError:
        return False
    return True


# --- Who is let in


@pytest.mark.parametrize("peer", [HERE, "127.8.7.6", "::1"])
def test_without_configuration_the_same_machine_is_let_in(peer: str):
    assert admitted(options(), peer)


@pytest.mark.parametrize("peer", [ELSEWHERE, "10.0.0.1", "0.0.0.0", "2001:db8::1", "::ffff:192.0.2.7", "", None])  # noqa: S104 (nothing listens there)
def test_without_configuration_everybody_else_is_refused(peer: str | None):
    assert not admitted(options(), peer)


@pytest.mark.parametrize("header", ["Forwarded", "X_Forwarded_For", "x_real_ip", "VIA", "Origin"])
def test_what_a_proxy_or_a_page_in_a_browser_sends_on_does_not_come_from_the_same_machine(header: str):
    assert not admitted(options(), HERE, **{header: "127.0.0.1"})


@pytest.mark.parametrize("site", ["cross-site", "same-site", "whatever comes next"])
def test_what_another_page_has_a_browser_ask_for_does_not_come_from_the_same_machine(site: str):
    assert not admitted(options(), HERE, Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors")  # an image: there is no Origin


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_what_somebody_asks_for_in_a_browser_on_the_same_machine_comes_from_there(site: str):
    assert admitted(options(), HERE, Sec_Fetch_Site=site)


def test_with_a_token_it_must_be_shown_whole():
    asked = options(PIPELINE_HTTP_TOKEN=TOKEN)
    assert admitted(asked, ELSEWHERE, Authorization=f"Bearer {TOKEN}")
    assert admitted(asked, ELSEWHERE, authorization=f"bearer  {TOKEN}")
    for wrong in (
        "",
        TOKEN,
        "Bearer",
        "Bearer ",
        f"Basic {TOKEN}",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        "Bearer é",
    ):
        assert not admitted(asked, ELSEWHERE, Authorization=wrong)
    assert not admitted(asked, ELSEWHERE)


def test_with_a_token_the_same_machine_and_the_platform_must_show_it_too():
    assert not admitted(options(PIPELINE_HTTP_TOKEN=TOKEN), HERE)
    assert not admitted(options(PIPELINE_HTTP_TOKEN=TOKEN, PIPELINE_HTTP_CHECKED_BY="platform"), HERE)


def test_where_the_platform_refuses_the_unknown_the_function_need_not():
    assert admitted(options(PIPELINE_HTTP_CHECKED_BY="platform"), "169.254.169.126", X_Forwarded_For=ELSEWHERE)


@pytest.mark.parametrize("wrong", ["short", "with a blank in between", "é" * 20])
def test_a_token_that_can_be_guessed_or_not_be_sent_is_refused_and_not_shown(wrong: str):
    with pytest.raises(ConfigError, match="PIPELINE_HTTP_TOKEN: the value is wrong") as caught:
        options(PIPELINE_HTTP_TOKEN=wrong)
    assert wrong not in str(caught.value)


# --- The servers


class Served:
    """A function as functions-framework serves it, in a process of its own."""

    def __init__(self, function: str, target: str, folder: Path, **variables: str) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self._log = folder / "served.log"
        program = Path(sys.executable).with_name("functions-framework")
        source = ROOT / "functions" / function / "main.py"
        port = self.url.rpartition(":")[2]
        command = [program, "--source", source, "--target", target, "--host", "127.0.0.1", "--port", port]
        environment = {"PYTHONPATH": str(ROOT), "PIPELINE_DATA": str(folder), "PATH": "/usr/bin:/bin", **variables}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)

    def post(self, headers: dict[str, str] | None = None) -> httpx.Response:
        """Send the example event, as soon as the server is there."""
        until = time.monotonic() + 30
        sent = {"Content-Type": "application/cloudevents+json", **(headers or {})}
        while True:
            try:
                return httpx.post(self.url, content=json.dumps(EVENT), headers=sent, timeout=20)
            except httpx.ConnectError:
                assert self._process.poll() is None, self.said()
                assert time.monotonic() < until, self.said()
                time.sleep(0.1)

    def said(self) -> str:
        """Return all that the server has printed."""
        return self._log.read_text()

    def end(self) -> None:
        """Stop the server."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Any]:
    """Serve a function with some variables; several, one after the other or at once."""
    running: list[Served] = []

    def start(function: str, target: str, **variables: str) -> Served:
        folder = tmp_path / str(len(running))
        folder.mkdir()
        running.append(Served(function, target, folder, **variables))
        return running[-1]

    yield start
    for each in running:
        each.end()


LOGS = f"file://{ROOT}/tests/events/store"
COLLECTOR = ("collector", "collect", {"GRADIO_URL": "http://127.0.0.1:9", "GRADIO_TIMEOUT": "1"}, 503)
INDEXER = ("indexer", "index", {"PIPELINE_STORE": LOGS}, 200)


@pytest.mark.parametrize(("function", "target", "variables", "done"), [COLLECTOR, INDEXER])
def test_a_served_function_asks_for_the_token_and_never_prints_it(
    serve: Any, function: str, target: str, variables: dict[str, str], done: int
):
    server = serve(function, target, PIPELINE_HTTP_TOKEN=TOKEN, **variables)
    for headers in ({}, {"Authorization": "Bearer not-the-right-one-at-all"}):
        refused = server.post(headers)
        assert refused.status_code == 401
        assert "Send the header Authorization: Bearer" in refused.text
    assert server.post({"Authorization": f"Bearer {TOKEN}"}).status_code == done
    said = server.said()
    assert said.count('"error":"UnknownCallerError","peer":"127.0.0.1"') == 2
    assert TOKEN not in said
    assert "not-the-right-one-at-all" not in said


@pytest.mark.parametrize(("function", "target", "variables", "done"), [COLLECTOR, INDEXER])
def test_a_served_function_without_configuration_answers_its_own_machine_only(
    serve: Any, function: str, target: str, variables: dict[str, str], done: int
):
    server = serve(function, target, **variables)
    assert server.post().status_code == done
    refused = server.post({"X-Forwarded-For": ELSEWHERE})
    assert refused.status_code == 401
    assert "its own machine only" in refused.text


def test_a_request_that_any_link_or_image_makes_collects_nothing(serve: Any):
    server = serve(*COLLECTOR[:2], **COLLECTOR[2])
    assert server.post().status_code == 503  # the Space is not there
    refused = httpx.get(server.url)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")


def test_a_refused_event_is_not_indexed(serve: Any, tmp_path: Path):
    server = serve("indexer", "index", PIPELINE_STORE=LOGS, PIPELINE_HTTP_TOKEN=TOKEN)
    assert server.post().status_code == 401
    assert not (tmp_path / "0" / "index.duckdb").exists()
    assert server.post({"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert (tmp_path / "0" / "index.duckdb").exists()


def test_a_token_may_be_a_reference_and_without_it_nobody_is_let_in(serve: Any, aws: str):
    client = boto3.client("ssm", region_name="us-east-1", endpoint_url=aws)
    client.put_parameter(Name="/trilog/http-token", Value=TOKEN, Type="SecureString")
    client.close()
    keys = {"AWS_ENDPOINT_URL": aws, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    given = {**INDEXER[2], **keys, "AWS_REGION": "us-east-1"}
    known = serve(*INDEXER[:2], **{**given, "PIPELINE_HTTP_TOKEN": "ssm:/trilog/http-token"})
    assert known.post().status_code == 401
    assert known.post({"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    gone = serve(*INDEXER[:2], **{**given, "PIPELINE_HTTP_TOKEN": "ssm:/trilog/gone"})
    for shown in ("ssm:/trilog/gone", TOKEN):
        assert gone.post({"Authorization": f"Bearer {shown}"}).status_code == 422


# --- Google Cloud


@pytest.mark.parametrize("function", ["collector", "indexer", "drift"])
def test_on_google_cloud_the_platform_asks_and_the_function_is_told_so(function: str):
    text = (ROOT / "infra/gcp/README.md").read_text()
    command = deployment(text, function)
    assert "PIPELINE_HTTP_CHECKED_BY=platform" in command
    if function != "indexer":  # called by HTTP; what an event calls is never open to all
        assert "--no-allow-unauthenticated" in command
    others = text.replace(deployment(text, "ingest"), "")
    assert not re.search(r"(?<!no)-allow-unauthenticated|allUsers", others)
    assert f"add-iam-policy-binding trilog-{function} " in text


def test_on_google_cloud_the_function_that_anybody_may_ask_has_tokens_of_its_own():
    command = deployment((ROOT / "infra/gcp/README.md").read_text(), "ingest")
    assert "--allow-unauthenticated" in command
    assert "--set-secrets=PIPELINE_INGEST_TOKENS=" in command
    assert "PIPELINE_HTTP_CHECKED_BY" not in command


def deployment(text: str, function: str) -> str:
    return re.search(rf"^gcloud functions deploy trilog-{function}.*?[^\\]$", text, re.MULTILINE | re.DOTALL)[0]
