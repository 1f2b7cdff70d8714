"""What people are sent, by a real Alertmanager: in Slack, by e-mail, in PagerDuty; whatever stands in a label."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.prometheus import start_alertmanager
from tests.receivers import SECRETS, mail, tell, text_of, until, variables, web

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from tests.receivers import Mail, Web

TEMPLATES = Path(__file__).parents[2] / "infra" / "alertmanager" / "templates"
HOSTILE = '<!channel> <https://evil.example|ici> </td><script>alert(1)</script> *x* & "y"\r\nBcc: a@evil.example\u202e'
LONG = "日" * 100_000

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


def alert(name: str, service: str, **annotations: str) -> dict[str, Any]:
    said = {
        "summary": f"Erreurs du serveur : {service}",
        "summary_en": f"Server errors: {service}",
        "description": f"12 % des réponses de {service} sont des erreurs 5xx.",
        "value": "12%",
        "threshold": "5 %",
        "dashboard": "/d/trilog-api-performance-fr?var-service=scoring",
        "runbook_url": f"docs/runbooks/{name}.md",
        "command": "trilog export ml-api-logs --since 2026-11-27T10:00Z",
    }
    labels = {"alertname": name, "severity": "critical", "team": "api", "service": service}
    return {"labels": labels, "annotations": said | annotations}


def many() -> Iterator[dict[str, Any]]:
    for number in range(8):
        each = alert("ApiInjoignable", "scoring")
        each["labels"]["instance"] = str(number)
        yield each


HOSTILE_VALUES = dict.fromkeys(("value", "threshold", "command"), HOSTILE)
LONG_VALUES = dict.fromkeys(("description", "value", "threshold", "command", "dashboard"), LONG)
PLAIN = alert("ApiErreurs5xx", "scoring", description_en="12 % of the responses", threshold_en="5%")
ALERTS = [
    PLAIN,
    alert("ApiErreurs4xx", HOSTILE, dashboard=f"/d/x?{HOSTILE}", **HOSTILE_VALUES),
    alert("ApiTempsReponseEleve", LONG, **LONG_VALUES),
    alert("ApiBudgetErreurRapide", "\N{GRINNING FACE}" * 1000),
    *many(),
    {"labels": {"alertname": "Watchdog"}},
]


@dataclass(frozen=True)
class Messages:
    """What was sent of an alert."""

    slack: dict[str, Any]
    mail: EmailMessage
    pagerduty: dict[str, Any] | None
    webhook: dict[str, Any]


@dataclass(frozen=True)
class Inbox:
    """What was sent of all of them."""

    web: Web
    mail: Mail

    def of(self, name: str) -> Messages:
        """Return what was sent of an alert."""
        [slack] = [body["attachments"][0] for body in self.web.at("/slack") if name in str(body)]
        [message] = [each for each in self.mail.messages if name in text_of(each)]
        event = [body for body in self.web.at("/pagerduty") if body["payload"]["class"] == name]
        [webhook] = [body for body in self.web.at("/alerts") if body["commonLabels"]["alertname"] == name]
        return Messages(slack, message, event[0] if event else None, webhook)


@pytest.fixture(scope="module", params=["fr", "en"])
def language(request: pytest.FixtureRequest) -> str:
    """The language of the messages."""
    return str(request.param)


@pytest.fixture(scope="module")
def inbox(language: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inbox]:
    """What a real Alertmanager sent of the alerts."""
    folder = tmp_path_factory.mktemp("alerts")
    with web() as found, mail(folder) as post:
        given = variables(folder, found, post)
        with start_alertmanager(**given, ALERT_LANGUAGE=language) as address:
            tell(address, *ALERTS)
            until(lambda: (len(found.posts), len(post.messages)) == (6 + 5 + 6, 6), 60)
        yield Inbox(found, post)


SAID = {
    "fr": (
        "[CRITICAL] Erreurs du serveur : scoring",
        [
            "12 % des réponses de scoring sont des erreurs 5xx.",
            "Valeur : 12%",
            "Seuil : 5 %",
            "Tableau de bord : https://grafana.example.org/d/trilog-api-performance-fr?var-service=scoring",
            "Runbook : https://example.org/trilog/docs/runbooks/ApiErreurs5xx.md",
            "Enregistrements : trilog export ml-api-logs --since 2026-11-27T10:00Z",
        ],
    ),
    "en": (
        "[CRITICAL] Server errors: scoring",
        [
            "12 % of the responses",
            "Value: 12%",
            "Threshold: 5%",
            "Dashboard: https://grafana.example.org/d/trilog-api-performance-en?var-service=scoring",
            "Runbook: https://example.org/trilog/docs/runbooks/ApiErreurs5xx.md",
            "Records: trilog export ml-api-logs --since 2026-11-27T10:00Z",
        ],
    ),
}


def test_a_message_has_all_that_is_needed_in_either_language(inbox: Inbox, language: str):
    found, (title, lines) = inbox.of("ApiErreurs5xx"), SAID[language]
    link = lines[3].split(": ")[1]
    assert found.slack["title"] == found.slack["fallback"] == title
    assert found.slack["title_link"] == link
    assert found.slack["color"] == "danger"
    assert found.slack["text"].splitlines()[: len(lines)] == lines
    assert found.mail["Subject"] == title
    assert found.mail["To"] == "astreinte@example.org"
    assert text_of(found.mail).splitlines()[1 : len(lines) + 1] == lines
    assert links(found.mail) == [link]
    assert all(line.rpartition(": ")[2] in shown(found.mail) for line in lines if link not in line)
    assert found.webhook["alerts"][0]["annotations"] == PLAIN["annotations"]


def test_pagerduty_has_what_it_sorts_by(inbox: Inbox, language: str):
    event, (title, lines) = inbox.of("ApiErreurs5xx").pagerduty, SAID[language]
    assert event
    assert (event["event_action"], event["routing_key"]) == ("trigger", SECRETS["pagerduty"])
    assert event["links"] == [{"href": lines[3].split(": ")[1], "text": "Grafana"}]
    payload = event["payload"]
    assert (payload["summary"], payload["severity"]) == (title, "critical")
    assert (payload["component"], payload["class"], payload["group"]) == ("scoring", "ApiErreurs5xx", "api")
    assert set(lines) <= set(payload["custom_details"]["firing"].splitlines())


def test_hostile_labels_are_text_everywhere(inbox: Inbox):
    found = inbox.of("ApiErreurs4xx")
    assert "&lt;!channel&gt; &lt;https://evil.example|ici&gt;" in found.slack["text"]
    for text in (found.slack[name] for name in ("text", "title", "title_link", "fallback")):
        assert not re.search("[<>\u202e\r]", text)
    assert not re.search("&(?!(amp|lt|gt);)", found.slack["title"] + re.sub(r"https://\S+", "", found.slack["text"]))
    assert found.slack["mrkdwn_in"] == ["pretext"]
    assert "pretext" not in found.slack
    assert "Bcc" not in found.mail
    assert "<!channel> <https://evil.example|ici>" in found.mail["Subject"]
    assert "<script>alert(1)</script>" in shown(found.mail)
    assert "script" not in tags(found.mail)
    assert [link.partition("?")[0] for link in links(found.mail)] == ["https://grafana.example.org/d/x"]
    assert found.pagerduty
    for text in (text_of(found.mail), found.pagerduty["payload"]["custom_details"]["firing"]):
        assert not [line for line in text.splitlines() if line.startswith("Bcc")]
        assert "\u202e" not in text


def test_long_labels_are_cut(inbox: Inbox):
    found = inbox.of("ApiTempsReponseEleve")
    assert 100 < len(found.slack["title"]) < 200
    assert 1000 < len(found.slack["text"]) < 2500
    assert 70 < len(found.mail["Subject"]) < 120
    assert 1000 < len(text_of(found.mail)) < 3000
    assert 1000 < len(text_of(found.mail, "html")) < 8000
    assert len(json.dumps(found.pagerduty, ensure_ascii=False)) < 5000


def test_of_many_alerts_of_a_group_the_first_are_told_and_how_many_there_are(inbox: Inbox, language: str):
    found, counted = inbox.of("ApiInjoignable"), {"fr": "8 alertes", "en": "8 alerts"}[language]
    assert found.slack["title"].endswith(f"({counted})")
    for text in (found.slack["text"], text_of(found.mail), shown(found.mail)):
        assert text.count("--since 2026-11-27T10:00Z") == 5
        assert f"… {counted}" in text


def test_an_alert_that_says_nothing_is_told_by_its_name(inbox: Inbox, language: str):
    found = inbox.of("Watchdog")
    assert found.slack["title"] == {"fr": "[ALERTE] Watchdog", "en": "[ALERT] Watchdog"}[language]
    assert found.slack["text"].strip() == "Watchdog"
    assert links(found.mail) == []
    assert found.pagerduty is None


def test_both_languages_have_the_same_templates():
    french, english = (
        re.findall(r'define "([\w.]+)"', (TEMPLATES / f"{name}.tmpl").read_text()) for name in ("fr", "en")
    )
    assert french == english


# --- HTML, as a mail program shows it


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attributes if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.text += data


def tags(message: EmailMessage) -> set[str]:
    return _Page(text_of(message, "html")).tags


def links(message: EmailMessage) -> list[str]:
    return _Page(text_of(message, "html")).links


def shown(message: EmailMessage) -> str:
    return _Page(text_of(message, "html")).text
