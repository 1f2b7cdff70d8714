"""The ingest function as platforms call it: AWS Lambda, functions-framework, and its own server."""

from __future__ import annotations

import gzip
import json
import signal
import socket
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from functions.ingest import handler as lambda_handler
from functions.ingest import serve
from functions.pipeline.errors import ConfigError
from tests.ingest import JSON, NDJSON, TOKEN, Kept, opened, served
from tests.scripts import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "tests" / "events"
LINES = b'{"message": "a"}\n{"message": "\xc3\xa9"}\n'
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """The store of these tests."""
    return Kept(tmp_path)


# --- AWS Lambda


@pytest.fixture
def container(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A container that has just started, with tokens."""
    monkeypatch.setenv("PIPELINE_STORE", f"file://{kept.folder}")
    monkeypatch.setenv("PIPELINE_INGEST_TOKENS", TOKEN)
    lambda_handler.ingest.cache_clear()
    yield monkeypatch
    lambda_handler.ingest.cache_clear()


def event(name: str, body: bytes, *, packed: bool, **headers: str) -> dict[str, Any]:
    """Return the example event of a platform with another body, as AWS documents it."""
    found = json.loads((EVENTS / f"{name}.json").read_text())
    found["headers"] |= {each.replace("_", "-"): value for each, value in headers.items()}
    found["body"] = b64encode(body).decode() if packed else body.decode()
    found["isBase64Encoded"] = packed
    return found


def said(answer: dict[str, Any]) -> Any:
    assert answer["isBase64Encoded"]
    return json.loads(b64decode(answer["body"]))


@pytest.mark.usefixtures("container")
@pytest.mark.parametrize("name", ["function-url", "http-api"])
@pytest.mark.parametrize("packed", [True, False])
def test_a_function_url_and_an_http_api_give_requests(name: str, packed: bool, kept: Kept):  # noqa: FBT001
    body, more = (gzip.compress(LINES), {"content_encoding": "gzip"}) if packed else (LINES, {})
    answer = lambda_handler.handler(event(name, body, packed=packed, **more), None)
    assert answer["statusCode"] == 202
    assert said(answer) == {"key": next(iter(kept.batches())), "records": 2}
    assert b"".join(kept.batches().values()) == LINES


@pytest.mark.usefixtures("container")
def test_a_wrong_token_is_refused_on_lambda_too(kept: Kept):
    answer = lambda_handler.handler(event("function-url", LINES, packed=False, authorization="Bearer x"), None)
    assert (answer["statusCode"], kept.batches()) == (401, {})
    assert answer["headers"]["WWW-Authenticate"]


def test_without_tokens_a_lambda_takes_nothing_and_logs_what_to_configure(
    container: pytest.MonkeyPatch, kept: Kept, capsys: pytest.CaptureFixture[str]
):
    container.delenv("PIPELINE_INGEST_TOKENS")
    answer = lambda_handler.handler(event("function-url", LINES, packed=False), None)
    assert (answer["statusCode"], kept.batches()) == (503, {})
    assert "its log says" in said(answer)["error"]
    logged = json.loads(capsys.readouterr().out)
    assert (logged["error"], logged["severity"]) == ("ConfigError", "ERROR")
    assert "PIPELINE_INGEST_TOKENS: not set" in logged["message"]


@pytest.mark.usefixtures("container")
@pytest.mark.parametrize("invoked", [{}, {"Records": []}, None, {"httpMethod": "POST", "path": "/logs"}])
def test_what_is_no_request_is_named(invoked: Any):
    with pytest.raises(ConfigError, match=r"payload version 2\.0"):
        lambda_handler.handler(invoked, None)


@pytest.mark.usefixtures("container")
@pytest.mark.parametrize(
    ("path", "status"), [("/v1/logs", 200), ("/v1/logs/", 200), ("//logs", 202), ("/x", 404), ("", 404)]
)
def test_paths(path: str, status: int):
    asked = event("function-url", b"{}", packed=False, content_type=JSON)
    assert lambda_handler.handler(asked | {"rawPath": path}, None)["statusCode"] == status


# --- A server in a process


class Process:
    """A server in a process of its own."""

    def __init__(self, command: list[Any], port: int, folder: Path, **variables: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / "served.log"
        environment = {"PYTHONPATH": str(ROOT), "PIPELINE_DATA": str(folder), "PATH": "/usr/bin:/bin", **variables}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)

    def wait(self) -> None:
        """Wait until it answers."""
        until = time.monotonic() + 30
        while True:
            try:
                httpx.get(self.url, timeout=20)
            except httpx.TransportError:
                assert self._process.poll() is None, self.said()
                assert time.monotonic() < until, self.said()
                time.sleep(0.05)
            else:
                return

    def said(self) -> str:
        """Return all that the server has printed."""
        return self._log.read_text()

    def end(self) -> int:
        """Stop the server."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(10)


def program(name: str) -> Path:
    return Path(sys.executable).with_name(name)


def trilog(folder: Path, **variables: str) -> Process:
    port = free_port()
    return Process([program("trilog"), "serve", "ingest", "--port", str(port)], port, folder, **variables)


def framework(folder: Path, **variables: str) -> Process:
    port = free_port()
    source = ROOT / "functions" / "ingest" / "main.py"
    command = [program("functions-framework"), "--source", source, "--target", "ingest", "--host", "127.0.0.1"]
    return Process([*command, "--port", str(port)], port, folder, **variables)


@pytest.mark.parametrize("start", [trilog, framework])
def test_a_server_takes_what_is_sent_from_this_machine_or_with_a_token(start: Any, kept: Kept):
    server = start(kept.folder, PIPELINE_INGEST_MAX_BYTES="1000000")
    try:
        server.wait()
        chunks = iter([LINES[:5], LINES[5:]])
        answers = [
            httpx.post(f"{server.url}/logs", content=LINES, headers={"Content-Type": NDJSON}),
            httpx.post(f"{server.url}/logs?source=x", content=chunks, headers={"Content-Type": NDJSON}),
            httpx.post(f"{server.url}/logs", content=gzip.compress(LINES), headers={"Content-Encoding": "gzip"}),
        ]
        assert [each.status_code for each in answers] == [202, 202, 202]
        assert {each.text for each in answers} == {answers[0].text}
        assert kept.batches() == {answers[0].json()["key"]: LINES}
        assert httpx.post(f"{server.url}/v1/logs", json={}).json() == {}
        assert httpx.get(f"{server.url}/logs").status_code == 405
        assert httpx.post(f"{server.url}/logs", content=b"x" * 1_000_001).status_code == 413
        assert (
            httpx.post(f"{server.url}/logs", content=LINES, headers={"X-Forwarded-For": "1.2.3.4"}).status_code == 401
        )
    finally:
        code = server.end()
    assert start is framework or code == 0
    assert "Traceback" not in server.said()


def test_a_server_says_where_it_is_in_french_too(kept: Kept):
    server = trilog(kept.folder, PIPELINE_LANG="fr")
    server.wait()
    server.end()
    assert f"Envoyez les enregistrements à {server.url}/logs" in server.said()


def test_a_port_that_is_taken_is_named(kept: Kept):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [program("trilog"), "serve", "ingest", "--port", port]
        done = subprocess.run(command, cwd=kept.folder, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert f"Port {port} of this machine cannot be listened on" in done.stderr


# --- Its own server, on purpose


def raw(url: str, request: bytes) -> bytes:
    """Send bytes, and return all that comes back."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


HEAD = b"POST /logs HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (HEAD + b"Content-Length: x\r\n\r\n", b"400"),
        (HEAD + b"Content-Length: -1\r\n\r\n", b"400"),
        (HEAD + b"Content-Length: 99999999999999999999999999\r\n\r\n", b"413"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nx", b"400"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nx", b"400"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;ext=1\r\nabcde\r\n0\r\nTrailer: x\r\n\r\n", b"202"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"202"),
        (HEAD + b"\r\n", b"202"),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", b"202"),
        (b"DELETE /logs HTTP/1.1\r\nHost: x\r\n\r\n", b"405"),
        (b"POST /" + b"x" * 70000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (HEAD + b"A: x\r\n" * 200 + b"\r\n", b"431"),
    ],
)
def test_odd_requests_are_answered(kept: Kept, request_: bytes, status: bytes):
    with served(opened(kept.folder)) as url:
        assert raw(url, request_).split(b" ", 2)[1] == status
        assert httpx.post(f"{url}/logs", content=b"still there").status_code == 202


def test_a_sender_that_goes_away_leaves_nothing_behind(kept: Kept, capfd: pytest.CaptureFixture[str]):
    with served(opened(kept.folder)) as url:
        for request_ in (
            HEAD + b"Content-Length: 10\r\n\r\nhalf",
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        ):
            assert raw(url, request_) == b""
        assert httpx.post(f"{url}/logs", content=b"still there").status_code == 202
    assert kept.lines() == [b"still there"]
    assert "Traceback" not in capfd.readouterr().err


def test_a_body_that_trickles_in_does_not_hold_a_place_for_ever(kept: Kept, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(serve, "_BODY_TIME", 0.3)
    with (
        served(opened(kept.folder)) as url,
        socket.create_connection(("127.0.0.1", urlsplit(url).port)) as connection,
    ):
        connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n")
        for _ in range(10):
            connection.sendall(b"x")
            time.sleep(0.05)
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"Retry-After: 1\r\n" in answer
    assert kept.batches() == {}


def test_a_hundred_megabytes_are_refused_and_the_sender_comes_to_read_why(kept: Kept):
    with served(opened(kept.folder)) as url:
        body = b"x" * (100 << 20)
        assert httpx.post(f"{url}/logs", content=body, timeout=30).status_code == 413
        pieces = (body[:1_000_000] for _ in range(30))
        assert httpx.post(f"{url}/logs", content=pieces, timeout=30).status_code == 413


def test_who_waits_to_be_asked_for_a_body_is_not_asked_in_vain(kept: Kept):
    expecting = HEAD + b"Content-Type: text/plain\r\nContent-Length: 1\r\nExpect: 100-continue\r\n"
    with served(opened(kept.folder, PIPELINE_INGEST_TOKENS=TOKEN)) as url:
        assert raw(url, expecting + b"\r\n").startswith(b"HTTP/1.1 401")
        known = expecting + f"Authorization: Bearer {TOKEN}\r\n\r\nx".encode()
        answer = raw(url, known)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202")


def test_several_requests_go_through_one_connection(kept: Kept):
    with served(opened(kept.folder)) as url, httpx.Client(base_url=url) as client:
        for number in range(5):
            assert client.post("/logs", content=f"line {number}".encode()).status_code == 202
            assert client.get("/logs").status_code == 405
            assert client.post("/logs", json=[7]).status_code == 422
    assert len(kept.batches()) == 5


def test_of_a_thousand_requests_at_once_each_is_answered_and_each_success_is_kept(kept: Kept):
    def send(number: int) -> tuple[int, str]:
        connection = HTTPConnection(url.removeprefix("http://"), timeout=60)  # httpx would take longer than the server
        connection.request("POST", "/logs", json.dumps({"number": number}), {"Content-Type": JSON})
        answer = connection.getresponse()
        connection.close()
        return answer.status, answer.headers.get("Retry-After", "")

    with served(opened(kept.folder)) as url, ThreadPoolExecutor(1000) as pool:
        answers = list(pool.map(send, range(1000)))
    assert {*answers} <= {(202, ""), (429, "1")}
    taken = [number for number, (status, _) in enumerate(answers) if status == 202]
    assert len(taken) >= 8
    assert sorted(json.loads(line)["number"] for line in kept.lines()) == taken


def test_a_fault_of_ours_is_an_answer_too(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    ingest = opened(kept.folder)
    monkeypatch.setattr(ingest, "answer", lambda _request: 1 / 0)
    with served(ingest) as url:
        answer = httpx.post(f"{url}/logs", content=b"planted")
    assert answer.status_code == 500
    assert "ZeroDivisionError" in (logged := capsys.readouterr().out)
    assert "planted" not in logged
