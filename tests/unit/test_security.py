"""What keeps secrets secret: none is printed, logged or stored, and none is sent to a server that is not verified."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
import tomllib
from base64 import b64encode
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from functions.local import ALL_OPTIONS
from functions.pipeline.callers import CallerOptions
from functions.pipeline.config import load, variables
from functions.pipeline.errors import ConfigError, TransientError
from functions.pipeline.secrets import resolved
from functions.pipeline.sources.gradio import GradioSource
from functions.pipeline.sources.gradio_options import GradioOptions
from functions.pipeline.store import Store, StoreOptions
from tests.certificates import self_signed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
NOBODY = "http://127.0.0.1:9"
EVENTS_STORE = ROOT / "tests" / "events" / "store"

# --- Secrets are not told

PASSWORD, TOKEN, QUERY, SESSION = "planted-password", "planted-token-of-hf", "planted-query", "planted-session"
API_KEY = "planted-id:planted-api-key"
KEY = "planted-key-of-hashes"
PLANTED = (PASSWORD, TOKEN, QUERY, SESSION, API_KEY, "planted-api-key", KEY, "planted-short")
# All that a user runs, and all that a platform does; a platform prints the traceback of what is raised.
DRIVER = f"""
import json, traceback
from functions.cli import main
from functions.collector.handler import handler as collect
from functions.indexer.handler import handler as index
from tests.fakes import LambdaContext
event = json.load(open({str(ROOT / "tests/events/sqs-s3.json")!r}))
def run(what):
    try:
        print(what())
    except BaseException:
        traceback.print_exc()
for command in ("check", "--once", "--once --json", "setup", "show", "test-indexes", "export ml-api-logs"):
    run(lambda: main(command.split()))
run(lambda: collect({{}}, LambdaContext(5)))
run(lambda: index(event, LambdaContext(3)))  # it would wait half a minute for a sink that is down
"""


def logs(folder: Path) -> dict[str, str]:
    """Make a store with the events' objects, which `trilog check` may write to."""
    shutil.copytree(EVENTS_STORE, folder / "store")
    return {"PIPELINE_STORE": f"file://{folder}/store"}


class Quoting(BaseHTTPRequestHandler):
    """Answers as some proxies do: an error page that quotes the request, its headers as well."""

    status = 401

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        page = f"<p>refused: {self.command} {self.path} {dict(self.headers)}".encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    do_POST = do_PUT = do_HEAD = do_DELETE = do_GET  # noqa: N815 (the class's own names)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def quoting(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run a server that quotes requests; the parameter is its status."""
    handler = type("Handler", (Quoting,), {"status": request.param})
    with running(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as port:
        yield f"127.0.0.1:{port}"


class running:  # noqa: N801 (used as a function is)
    """Serves for as long as the context lasts; gives the port."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(0.01,))

    def __enter__(self) -> int:
        self._thread.start()
        return self._server.server_port

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def told(folder: Path, environment: dict[str, str]) -> str:
    """Run everything; return all that was printed, and all that was stored."""
    given = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-c", DRIVER]
    variables = {**given, "GRADIO_TIMEOUT": "1", "GRADIO_URL": NOBODY, **environment}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, check=True)
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return b"\n".join([done.stdout, done.stderr, *files]).decode("utf-8", "replace")


def shown(text: str) -> list[str]:
    """List the lines that show a secret, as it is or as a header carries it."""
    basic = [f"{user}:{PASSWORD}" for user in ("elastic", "user")]
    forms = {*PLANTED, *(b64encode(each.encode()).decode() for each in (*PLANTED, *basic))}
    return [line for line in text.splitlines() if any(each in line for each in forms)]


@pytest.mark.slow
@pytest.mark.parametrize("quoting", [200, 401, 500], indirect=True)
@pytest.mark.parametrize(
    "credentials",
    [
        {"HF_TOKEN": TOKEN, "ELASTICSEARCH_API_KEY": API_KEY, "PIPELINE_REDACT_KEY": KEY},
        {"HF_TOKEN": TOKEN, "ELASTICSEARCH_USER": "elastic", "ELASTICSEARCH_PASSWORD": PASSWORD},
    ],
)
def test_a_server_that_quotes_the_request_makes_nothing_known(
    quoting: str, credentials: dict[str, str], tmp_path: Path
):
    servers = {"GRADIO_URL": f"http://{quoting}", "ELASTICSEARCH_URL": f"http://{quoting}"}
    text = told(tmp_path, {**servers, **logs(tmp_path), **credentials})
    assert any(each in text for each in ("is no Elasticsearch", "refuses the credentials", "cannot take the request"))
    assert shown(text) == []


@pytest.mark.slow
@pytest.mark.parametrize("quoting", [403], indirect=True)
def test_a_store_that_quotes_the_request_makes_nothing_known(quoting: str, tmp_path: Path):
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": PASSWORD, "AWS_SESSION_TOKEN": SESSION}
    place = {"AWS_ENDPOINT_URL": f"http://{quoting}", "AWS_REGION": "us-east-1", "PIPELINE_STORE": "s3://batches"}
    text = told(tmp_path, {**keys, **place})
    assert "s3://batches: cursors/127.0.0.1-9.json: access refused" in text
    assert shown(text) == []


@pytest.mark.slow
@pytest.mark.parametrize("place", ["127.0.0.1:9", "127.0.0.1:0", "no host"])
def test_a_password_in_an_address_is_not_shown(place: str, tmp_path: Path):
    gradio, elasticsearch = f"http://user:{PASSWORD}@{place}/x?key={QUERY}", f"http://elastic:{PASSWORD}@{place}"
    text = told(tmp_path, {"GRADIO_URL": gradio, "ELASTICSEARCH_URL": elasticsearch, **logs(tmp_path)})
    assert "Cannot connect to Elasticsearch" in text or "ELASTICSEARCH_URL: the value is wrong" in text
    assert shown(text) == []


WRONG = {
    "GRADIO_URL": f"ftp://user:{PASSWORD}@h/x?key={QUERY}",
    "PIPELINE_STORE": f"https://user:{PASSWORD}@h",
    "ELASTICSEARCH_URL": f"htp://elastic:{PASSWORD}@h",
    "ELASTICSEARCH_HOST": f"elastic:{PASSWORD}@",
    "HF_TOKEN": f"{TOKEN} and a blank",
    "ELASTICSEARCH_API_KEY": f"{API_KEY} é",
    "PIPELINE_REDACT_KEY": "planted-short",
}


def test_a_wrong_value_is_named_without_its_secret(tmp_path: Path):
    text = told(tmp_path, WRONG)
    assert all(name in text for name in WRONG)
    assert "GRADIO_URL: 'ftp://***@h/x' is wrong" in text
    assert shown(text) == []


@pytest.mark.parametrize("url", [f"user:{PASSWORD}@h", f"//{TOKEN}:{PASSWORD}@h", f"s3://key:{PASSWORD}@bucket"])
def test_a_stores_address_holds_no_credentials(url: str):
    with pytest.raises(ConfigError) as caught:
        load({"PIPELINE_STORE": url}, StoreOptions)
    assert shown(str(caught.value)) == []


def test_options_do_not_show_their_secrets():
    classes = (*ALL_OPTIONS, CallerOptions)
    secret = {each.name for each in variables(classes) if each.secret}
    assert {"HF_TOKEN", "ELASTICSEARCH_API_KEY", "ELASTICSEARCH_PASSWORD", "PIPELINE_HTTP_TOKEN"} <= secret
    values = (
        dict.fromkeys(secret, TOKEN)
        | {"GRADIO_AUTH": f"user:{PASSWORD}"}
        | {"ELASTICSEARCH_URL": f"https://elastic:{PASSWORD}@h", "ALERT_SLACK_URL": f"https://hooks.example/{TOKEN}"}
    )
    assert shown(repr(load(values, *classes))) == []


# --- Servers are verified


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key for 127.0.0.1 and the certificate that it signed itself."""
    return self_signed(tmp_path_factory.mktemp("tls") / "server.pem")


class Answering(BaseHTTPRequestHandler):
    """Answers every request; its server remembers them."""

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_PUT = do_GET  # noqa: N815 (the class's own names)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class Impostor(ThreadingHTTPServer):
    """A server with a certificate that nobody vouches for."""

    def __init__(self, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.requests: list[str] = []
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Speak TLS first."""
        gone = suppress(ssl.SSLError, ConnectionError)  # the client has left, and rightly so
        with gone, self._tls.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)


@pytest.fixture
def impostor(certificate: Path) -> Iterator[Impostor]:
    with Impostor(certificate) as server, running(server):
        yield server


def space(url: str) -> None:
    GradioSource(GradioOptions(url, TOKEN, 5.0)).check()


def secret(url: str) -> None:
    with pytest.MonkeyPatch.context() as process:
        process.setenv("AWS_ENDPOINT_URL", url)
        resolved({"HF_TOKEN": "ssm:/trilog/impostor", "AWS_REGION": "us-east-1"}, [GradioOptions])


def store(url: str) -> None:
    with pytest.MonkeyPatch.context() as process:
        process.setenv("AWS_ENDPOINT_URL", url)
        Store("s3://batches").load("cursors/x.json")


@pytest.mark.slow
@pytest.mark.parametrize("ask", [space, secret, store])
def test_nothing_is_sent_to_a_server_whose_certificate_nobody_vouches_for(
    ask: Callable[[str], None], impostor: Impostor, monkeypatch: pytest.MonkeyPatch
):
    """Elasticsearch: tests/unit/test_elasticsearch_sink.py."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", PASSWORD)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    with pytest.raises(TransientError):
        ask(f"https://127.0.0.1:{impostor.server_port}")
    assert impostor.requests == []


def test_the_impostor_would_be_heard_if_it_were_trusted(impostor: Impostor, certificate: Path):
    """Or the test before this one would hold of any server."""
    import httpx

    trusting = ssl.create_default_context(cafile=certificate)
    assert httpx.get(f"https://127.0.0.1:{impostor.server_port}/heard", verify=trusting).json() == {}
    assert impostor.requests == ["/heard"]


# --- What SECURITY.md and the linter say


def test_every_proof_that_the_threat_model_names_exists():
    named = re.findall(r"`(tests/[\w/.]+)`", (ROOT / "SECURITY.md").read_text())
    assert len(set(named)) > 8
    assert [each for each in named if not (ROOT / each).is_file()] == []


def test_the_linters_security_rules_are_on_and_every_exception_has_its_reason():
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert lint["select"] == ["ALL"]
    security = re.compile(r"S\d*")
    assert not [each for each in lint["ignore"] if security.fullmatch(each)]
    excepted = [folder for folder, rules in lint["per-file-ignores"].items() if any(map(security.fullmatch, rules))]
    assert excepted == ["tests/**"]
    files = [path for folder in ("functions", "infra", "examples") for path in (ROOT / folder).rglob("*.py")]
    lines = [line for path in files for line in path.read_text().splitlines() if re.search(r"noqa:.*\bS\d{3}", line)]
    assert [line for line in lines if not re.search(r"noqa:.*\(\w.*\)", line)] == []
