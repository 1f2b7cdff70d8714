"""Who is notified, in tests: an HTTP server shaped as Slack, PagerDuty and a webhook, and a mail server."""

from __future__ import annotations

import email
import json
import ssl
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.certificates import make
from tests.scripts import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import EmailMessage
    from pathlib import Path

    from aiosmtpd.smtp import SMTP, Envelope, LoginPassword, Session

HANG = 0
"""In place of a status: there is no answer, until the client has gone."""
SECRETS = {"slack": "pl4nted-slack", "pagerduty": "pl4nted-pagerduty", "password": "pl4nted-password"}
_PATIENCE = 90  # seconds that a request which is not answered is held; a client goes before


@dataclass(frozen=True)
class Post:
    """A request that came, what it brought, and what was answered."""

    path: str
    body: dict[str, Any]
    status: int
    authorization: str | None
    at: float  # time.monotonic()


@dataclass
class Web:
    """The HTTP server: its address, what came, and what the next requests to a path are answered with."""

    address: str
    posts: list[Post] = field(default_factory=list)
    answers: dict[str, list[int]] = field(default_factory=dict)
    ended: Event = field(default_factory=Event)

    def at(self, path: str, status: int = 200) -> list[dict[str, Any]]:
        """Return what came to a path that begins so, and was answered so."""
        return [each.body for each in self.posts if each.path.startswith(path) and each.status == status]


class _Request(BaseHTTPRequestHandler):
    web: Web

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        waiting = self.web.answers.get(self.path.rpartition("?")[0] or self.path, [])
        status = waiting.pop(0) if waiting else 200
        self.web.posts.append(Post(self.path, body, status, self.headers["Authorization"], time.monotonic()))
        if status == HANG:
            self.web.ended.wait(_PATIENCE)
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def web() -> Iterator[Web]:
    """Run the HTTP server; yield what it is told, and what it tells."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Request) as server:
        found = Web(f"http://127.0.0.1:{server.server_address[1]}")
        server.RequestHandlerClass = type("Request", (_Request,), {"web": found})
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield found
        found.ended.set()
        server.shutdown()


@dataclass
class Mail:
    """The mail server: its host and port, the authority that signed its certificate, and what came."""

    address: str
    authority: Path
    messages: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's)
        """Take a message."""
        assert isinstance(envelope.content, bytes)
        self.messages.append(email.message_from_bytes(envelope.content, policy=default))
        return "250 OK"


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    """Return one of a message's two texts."""
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def _signed_in(
    _server: object, _session: object, _envelope: object, _mechanism: str, data: LoginPassword
) -> AuthResult:
    known = (data.login, data.password) == (b"trilog", SECRETS["password"].encode())
    return AuthResult(success=known, handled=False)  # so that the server says no itself


@contextmanager
def mail(folder: Path) -> Iterator[Mail]:
    """Run a mail server, with TLS and a password; yield it."""
    authority, both = make(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    found = Mail(f"127.0.0.1:{free_port()}", authority)
    controller = Controller(
        found,
        "127.0.0.1",
        int(found.address.partition(":")[2]),
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        auth_exclude_mechanism=["LOGIN"],  # its prompts are not those that Alertmanager knows
        authenticator=_signed_in,
    )
    controller.start()
    try:
        yield found
    finally:
        controller.stop()


def variables(folder: Path, web: Web, mail: Mail) -> dict[str, str]:
    """Write the files with the secrets; return the variables of alertmanager.sh that name all receivers."""
    for name, secret in SECRETS.items():
        (folder / name).write_text(secret)
    (folder / "slack").write_text(f"{web.address}/slack?{SECRETS['slack']}\n")
    return {
        "ALERT_SLACK_URL_FILE": str(folder / "slack"),
        "ALERT_EMAIL_TO": "astreinte@example.org",
        "ALERT_EMAIL_FROM": "trilog@example.org",
        "ALERT_SMTP_SERVER": mail.address,
        "ALERT_SMTP_USER": "trilog",
        "ALERT_SMTP_PASSWORD_FILE": str(folder / "password"),
        "SSL_CERT_FILE": str(mail.authority),  # Go's: whom it trusts
        "ALERT_PAGERDUTY_KEY_FILE": str(folder / "pagerduty"),
        "ALERT_PAGERDUTY_URL": f"{web.address}/pagerduty",
        "ALERT_WEBHOOK_URL": f"{web.address}/alerts",
        "GRAFANA_URL": "https://grafana.example.org",
        "RUNBOOKS_URL": "https://example.org/trilog",
    }


def tell(address: str, *alerts: dict[str, Any]) -> None:
    """Tell Alertmanager, at a host and port, of alerts, as Prometheus does."""
    url = f"http://{address}/api/v2/alerts"
    asked = Request(url, json.dumps(alerts).encode(), {"Content-Type": "application/json"})
    urlopen(asked, timeout=10).close()  # noqa: S310 (our own)


def until(holds: Callable[[], object], seconds: float) -> None:
    """Wait for something to hold."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.25)
