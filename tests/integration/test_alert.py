"""Alerts without Prometheus reach people: in Slack and by e-mail, once, and so does their end."""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest

from functions.alerts.language import translation
from functions.alerts.options import AlertOptions
from functions.alerts.places import Place, open_places
from functions.alerts.run import tell
from functions.alerts.told import KEY
from functions.pipeline.config import load
from functions.pipeline.errors import Conflict, PermanentError, TransientError
from functions.pipeline.wiring import open_store
from tests.alerts import NOW, calls, collect, seen
from tests.receivers import SECRETS, Mail, Web, mail, text_of, variables, web
from tests.scripts import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from functions.alerts.messages import Message

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass
class People:
    """Whom a run tells, and what they were told."""

    environment: dict[str, str]
    web: Web
    mail: Mail

    def places(self, **changed: str) -> list[Place]:
        """Open the places, with other options."""
        options, *_ = load({**self.environment, **changed}, AlertOptions)
        return open_places(options, translation(options.language))

    def run(self, at: datetime = NOW, teams: tuple[str, ...] = ("api", "ml"), **changed: str) -> int:
        """Do what `trilog alert --send` does at a time."""
        found = seen(self.environment, at)
        return tell(open_store(self.environment), self.places(**changed), found.alerts, teams, at)

    def slack(self, status: int = 200) -> list[dict[str, Any]]:
        """Return what came to Slack, and was answered so."""
        return [body["attachments"][0] for body in self.web.at("/slack", status)]

    def titles(self) -> list[str]:
        """Return the titles that Slack took."""
        return [each["title"] for each in self.slack()]


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[People]:
    """A service whose requests failed a minute ago, and people."""
    environment = collect(tmp_path, *calls(90, 60), *calls(10, 60, 404), *calls(20, 60, 500))
    with web() as found, mail(tmp_path) as post:
        monkeypatch.setenv("SSL_CERT_FILE", str(post.authority))
        yield People(environment | variables(tmp_path, found, post), found, post)


EXPECTED = """\
16.67% des réponses de api.log sont des erreurs 5xx sur 5 minutes (seuil : 5 %).
Valeur : 16.67%
Seuil : 5 %
Runbook : https://example.org/trilog/docs/runbooks/ApiErreurs5xx.md
Enregistrements : trilog show ml-api-logs --status 5xx --since 2025-01-20T11:45Z
"""
ENGLISH = """\
16.67% of the answers of api.log are 5xx errors, over 5 minutes (threshold: 5%).
Value: 16.67%
Threshold: 5 %
Runbook: https://example.org/trilog/docs/runbooks/ApiErreurs5xx.md
Records: trilog show ml-api-logs --status 5xx --since 2025-01-20T11:45Z
"""
TITLES = [  # of what is critical: the rest of the service's is not told beside it
    "[CRITICAL] Erreurs du serveur : api.log",
    "[CRITICAL] Budget d'erreur en chute rapide : api.log (availability)",
]


def test_people_are_told_in_slack_and_by_e_mail(people: People):
    assert people.run() == 4
    assert people.titles() == [str(each["Subject"]) for each in people.mail.messages] == TITLES
    slack, message = people.slack()[0], people.mail.messages[0]
    assert (slack["text"], slack["color"], slack["fallback"]) == (EXPECTED, "danger", TITLES[0])
    assert text_of(message).replace("\r\n", "\n") == f"Erreurs du serveur : api.log\n{EXPECTED}"
    assert (message["To"], message["From"]) == ("astreinte@example.org", "trilog@example.org")
    assert people.web.posts[0].path == f"/slack?{SECRETS['slack']}"


def test_people_are_told_in_english(people: People):
    people.run(ALERT_LANGUAGE="en")
    assert people.slack()[0]["text"] == ENGLISH
    assert people.titles()[0] == "[CRITICAL] Server errors: api.log"


def test_they_are_told_once_and_of_the_end(people: People):
    people.run()
    assert [people.run(NOW + each * MINUTE) for each in (1, 2, 3)] == [0, 0, 0]
    assert people.run(NOW + 6 * MINUTE) == 2  # no errors within 5 minutes; the budget is still spent too fast
    [ended] = people.slack()[2:]
    assert (ended["title"], ended["color"]) == ("[RÉSOLU] Erreurs du serveur : api.log", "good")
    assert ended["text"] == f"Résolu :\n\n{EXPECTED}"
    assert str(people.mail.messages[-1]["Subject"]) == ended["title"]
    assert people.run(NOW + 7 * MINUTE) == 0


def test_what_goes_on_is_told_again_after_four_hours(people: People, tmp_path: Path):
    people.run()
    collect(tmp_path, *calls(20, 120, 500, now=NOW + 4 * HOUR))
    assert people.run(NOW + 4 * HOUR - MINUTE) == 0
    assert people.run(NOW + 4 * HOUR) == 4
    assert people.titles() == TITLES * 2


def test_a_slack_that_fails_is_told_by_the_next_run_and_nobody_else_is_told_twice(people: People):
    people.web.answers["/slack"] = [500]
    with pytest.raises(TransientError, match=r"Slack at 127\.0\.0\.1:\d+ takes no message now \(500\)") as error:
        people.run()
    assert "pl4nted" not in str(error.value)
    assert (len(people.slack()), len(people.mail.messages)) == (0, 2)
    assert people.run(NOW + MINUTE) == 2
    assert (people.titles(), len(people.mail.messages)) == (TITLES, 2)
    assert people.run(NOW + 2 * MINUTE) == 0


def test_a_slack_that_takes_one_message_of_two_is_told_the_other(people: People):
    people.web.answers["/slack"] = [200, 503]
    with pytest.raises(TransientError):
        people.run()
    assert people.run(NOW + MINUTE) == 1
    assert people.titles() == TITLES


def test_a_resolved_message_that_fails_is_sent_by_the_next_run(people: People):
    people.run()
    people.web.answers["/slack"] = [503]
    with pytest.raises(TransientError):
        people.run(NOW + 12 * HOUR)
    assert people.run(NOW + 12 * HOUR + MINUTE) == 2
    assert len([each for each in people.titles() if each.startswith("[RÉSOLU]")]) == 2
    assert json.loads(open_store(people.environment).load(KEY)[0]) == {"sending_until": None, "alerts": []}


def test_an_answer_that_drips_is_not_waited_for_for_ever(people: People, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("functions.alerts.run._LONGEST", 1.0)
    with dripping() as address, pytest.raises(TransientError, match="slack: no complete answer within 1 s"):
        people.run(ALERT_SLACK_URL=address)
    assert len(people.mail.messages) == 2


@contextmanager
def dripping() -> Iterator[str]:
    """Serve an answer of which a byte comes now and then, until the block ends."""
    ended = Event()

    class Drip(StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
                while not ended.wait(0.1):
                    self.wfile.write(b"x")

    with ThreadingTCPServer(("127.0.0.1", 0), Drip) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/slack"
        finally:
            ended.set()
            server.shutdown()


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{}",
        "nonsense",
        '{"sending_until": null, "alerts": [{}]}',
        '{"sending_until": null, "alerts": {"name": 1}}',
        '{"sending_until": "yesterday", "alerts": []}',
        '{"sending_until": "2025-01-20T12:00:00", "alerts": []}',
        '{"sending_until": 1, "alerts": []}',
    ],
)
def test_a_damaged_memory_is_named(people: People, content: str):
    store = open_store(people.environment)
    store.save(KEY, content.encode(), None)
    with pytest.raises(PermanentError, match=r"cursors/\.alerts\.json is damaged\. Delete it"):
        people.run()


def test_a_claim_of_a_clock_that_was_wrong_keeps_nobody_waiting(people: People):
    store = open_store(people.environment)
    store.save(KEY, b'{"sending_until": "2099-01-01T00:00:00Z", "alerts": []}', None)
    assert people.run() == 4


@pytest.mark.parametrize(
    ("changed", "kind", "said"),
    [
        (
            {"ALERT_SLACK_URL": "http://127.0.0.1:{port}/pl4nted"},
            TransientError,
            "Slack at 127.0.0.1:{port} does not answer",
        ),
        (
            {"ALERT_SMTP_SERVER": "127.0.0.1:{port}"},
            TransientError,
            "127.0.0.1:{port} takes no e-mail now: Connection refused",
        ),
        ({"ALERT_SMTP_PASSWORD": "pl4nted"}, PermanentError, "does not take e-mail as it is configured: 535"),
        ({"ALERT_SMTP_TLS": "false"}, PermanentError, "does not take e-mail as it is configured"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_and_no_secret(people: People, changed: dict[str, str], kind: type[Exception], said: str):
    port = free_port()
    changed = {name: value.replace("{port}", str(port)) for name, value in changed.items()}
    with pytest.raises(kind) as error:
        people.run(**changed)
    assert said.replace("{port}", str(port)) in str(error.value)
    assert "pl4nted" not in str(error.value)
    assert people.run(NOW + MINUTE) == 2  # what was not told; the other place is not told twice


def test_a_certificate_that_nobody_signed_is_refused(people: People, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(PermanentError, match=r"does not take e-mail as it is configured: .*certificate"):
        people.run()
    assert people.mail.messages == []


def test_a_webhook_that_is_gone_is_said(people: People):
    people.web.answers["/slack"] = [404]
    with pytest.raises(
        PermanentError, match=r"refuses the message \(404\)\. Check the address in ALERT_SLACK_URL_FILE"
    ):
        people.run()


class _Meanwhile:
    """A place to which another run comes while this one sends."""

    name = "meanwhile"

    def __init__(self, people: People, at: datetime) -> None:
        self.people, self.at, self.sent = people, at, 0

    def send(self, _message: Message) -> None:
        self.sent += 1
        with pytest.raises((TransientError, Conflict), match="Another run is sending alerts"):
            self.people.run(self.at)


def test_of_two_runs_at_once_one_sends(people: People):
    place, found = _Meanwhile(people, NOW), seen(people.environment)
    assert tell(open_store(people.environment), [place], found.alerts, ("api",), NOW) == place.sent == 2
    assert people.slack() == []
    assert people.run(NOW + MINUTE) == 4


def test_a_run_that_was_killed_keeps_nobody_from_sending(people: People):
    store = open_store(people.environment)
    store.put(KEY, json.dumps({"sending_until": (NOW + MINUTE).isoformat(), "alerts": []}).encode())
    with pytest.raises(TransientError, match="Another run is sending alerts"):
        people.run(NOW)
    assert people.run(NOW + MINUTE) == 4


def test_who_looks_at_drift_alone_ends_no_other_alert(people: People):
    people.run()
    assert tell(open_store(people.environment), people.places(), [], ("ml",), NOW + MINUTE) == 0
    assert tell(open_store(people.environment), people.places(), [], ("api",), NOW + MINUTE) == 4


def test_a_warning_is_told_once_nothing_critical_is(people: People):
    people.run()
    people.run(NOW + 31 * MINUTE)  # neither within 5 minutes nor within 30
    found = [each for each in people.titles() if each.startswith("[WARNING]")]
    assert found == [
        "[WARNING] Disponibilité sous l'objectif : api.log",
        "[WARNING] Budget d'erreur en baisse : api.log (availability)",
    ]


def test_a_name_out_of_a_log_is_text(people: People, tmp_path: Path):
    hostile = "<!channel> <https://evil.example|ici> & *x*"
    rows = [
        {
            "time": "2025-01-20T11:59:00Z",
            "level": "info",
            "message": "m",
            "service": hostile,
            "path": "/p",
            "status": 500,
        }
    ]
    collect(tmp_path, *(json.dumps(each) for each in rows * 6), name="hostile.log")
    people.run()
    [slack] = [each for each in people.slack() if "evil" in each["title"] and "erreurs 5xx" in each["text"]]
    assert slack["title"].endswith(": &lt;!channel&gt; &lt;https://evil.example|ici&gt; &amp; *x*")
    assert "<" not in slack["text"] + slack["title"]
    assert any(str(each["Subject"]).endswith(f": {hostile}") for each in people.mail.messages)
