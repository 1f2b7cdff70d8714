"""From a service's log to people: what it says of a slow model and of errors is told, once, and so is their end.

The lines go through `trilog`, `trilog metrics`, a real Prometheus and a real Alertmanager, with the rules and the
intervals that are shipped, to a web server shaped as Slack's and PagerDuty's, and to a mail server.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.prometheus import Prometheus, start_alertmanager, start_prometheus
from tests.receivers import Mail, Web, mail, text_of, until, variables, web
from tests.scoring import installed, predicted, start_scoring
from tests.scripts import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
GROUP_INTERVAL = 60  # seconds: alertmanager.yml
TOLD = {  # of each alert, and nothing else
    "slack": ["danger", "good"],
    "pagerduty": ["trigger", "resolve"],
    "alerts": ["firing", "resolved"],
    "mail": ["CRITICAL", "RÉSOLU"],
}

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Chain:
    """All that stands between a log and people.

    Attributes:
        folder: where `trilog` keeps its data.
        web: what came to Slack, PagerDuty and the webhook.
        mail: what came by e-mail.
        prometheus: the server whose rules fire.
    """

    folder: Path
    web: Web
    mail: Mail
    prometheus: Prometheus

    def collect(self, log: Path) -> None:
        """Collect what is new of a log."""
        self.trilog("--once", "--source", str(log))

    def trilog(self, *arguments: str, code: int = 0) -> str:
        """Run a command, which ends with an exit code; return what it prints."""
        command = [sys.executable, "-m", "functions", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=_environment(), capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout

    def sent(self, place: str, name: str) -> list[dict[str, Any]]:
        """Return what came to a place of an alert, and was taken."""
        return [body for body in self.web.at(f"/{place}") if f"/{name}.md" in str(body)]

    def mails(self, name: str) -> list[str]:
        """Return the states in the subjects of an alert's e-mails."""
        found = [each for each in self.mail.messages if f"/{name}.md" in text_of(each)]
        return [str(each["Subject"]).partition("]")[0].lstrip("[") for each in found]

    def counted(self, name: str) -> dict[str, list[str]]:
        """Return the states that each place was told of an alert, in their order."""
        slack = [body["attachments"][0]["color"] for body in self.sent("slack", name)]
        pagerduty = [body["event_action"] for body in self.sent("pagerduty", name)]
        webhook = [body["status"] for body in self.sent("alerts", name)]
        return {"slack": slack, "pagerduty": pagerduty, "alerts": webhook, "mail": self.mails(name)}


def _environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "METRICS_INTERVAL": "0.5"}


@contextmanager
def exporter(folder: Path) -> Iterator[str]:
    """Run `trilog metrics`; yield its host and port."""
    port = free_port()
    command = [sys.executable, "-m", "functions", "metrics", "--port", str(port)]
    with subprocess.Popen(command, cwd=folder, env=_environment(), stdout=subprocess.DEVNULL) as process:
        try:
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """The chain, which runs."""
    data = tmp_path / "data"
    (data / "targets").mkdir(parents=True)
    with ExitStack() as stack:
        found, post = stack.enter_context(web()), stack.enter_context(mail(tmp_path))
        alertmanager = stack.enter_context(start_alertmanager(**variables(tmp_path, found, post)))
        metrics = stack.enter_context(exporter(data))
        addresses = {"METRICS_ADDRESS": metrics, "ALERTMANAGER_ADDRESS": alertmanager, "TARGETS": str(data / "targets")}
        yield Chain(data, found, post, stack.enter_context(start_prometheus(**addresses)))


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the example API runs on."""
    return installed(tmp_path_factory.mktemp("scoring"))


def ask(address: str, query: str, count: int) -> None:
    """Ask for predictions at once."""
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(lambda _: predicted(address, query), range(count)))


EXPECTED = {
    "ApiTempsReponseEleve": (
        "Temps de réponse au-delà du SLA : scoring.log",
        r"95 % des réponses de scoring.log prennent jusqu'à \d\.\d s sur 5 minutes \(SLA : 2 s\)\.",
        r"Valeur : \d\.\d s",
        "Seuil : 2 s",
    ),
    "ApiErreurs5xx": (
        "Erreurs du serveur : scoring.log",
        r"[\d.]+% des réponses de scoring.log sont des erreurs 5xx sur 5 minutes \(seuil : 5 %\)\.",
        r"Valeur : [\d.]+%",
        "Seuil : 5 %",
    ),
}


def lines_of(name: str) -> list[str]:
    """Return the patterns of an alert's message, one a line."""
    dashboard = "https://grafana.example.org/d/trilog-api-performance-fr?var-service=scoring.log"
    links = [f"Tableau de bord : {dashboard}", f"Runbook : https://example.org/trilog/docs/runbooks/{name}.md"]
    command = r"Enregistrements : trilog export ml-api-logs --since \d{4}-\d\d-\d\dT\d\d:\d\dZ"
    return [*EXPECTED[name][1:], *map(re.escape, links), command]


def matches(text: str, patterns: list[str]) -> bool:
    """Return whether a text's lines are these, and nothing else but empty ones."""
    lines = [line for line in text.splitlines() if line]
    return len(lines) == len(patterns) and all(map(re.fullmatch, patterns, lines))


@pytest.mark.timeout(900)
def test_a_slow_api_and_a_burst_of_errors_are_told_once_each_and_so_is_their_end(
    chain: Chain, python: Path, tmp_path: Path, record_property: pytest.RecordProperty
):
    log = tmp_path / "scoring.log"
    chain.web.answers["/slack"] = [500, 503]  # Slack has trouble at first
    with start_scoring(python, log) as address:
        ask(address, "", 5)
        chain.collect(log)
        until(lambda: chain.prometheus.query("job_instance:api_target_up:known offset 15s"), 120)
        assert chain.web.posts == []
        ask(address, "?seconds=2.5", 8)
        ask(address, "?fail=true", 8)
    begun = time.monotonic()
    chain.collect(log)
    until(lambda: all(all(chain.counted(name).values()) for name in EXPECTED), 90)
    record_property("seconds", time.monotonic() - begun)
    print(f"a slow API and a burst of errors were told after {time.monotonic() - begun:.1f} s")  # noqa: T201 (measured)
    for name, (title, *_) in EXPECTED.items():
        told(chain, name, title)
    assert records(chain, "ApiErreurs5xx").count('"status_code":500') == 8

    until(lambda: all(min(map(len, chain.counted(name).values())) == 2 for name in EXPECTED), 420)
    time.sleep(GROUP_INTERVAL + 5)  # nothing comes after the end
    for name, (title, *_) in EXPECTED.items():
        assert chain.counted(name) == TOLD
        [_, ended] = chain.sent("slack", name)
        assert ended["attachments"][0]["title"] == f"[RÉSOLU] {title}"
        assert ended["attachments"][0]["text"].startswith("Résolu :\n")
        [began, ended] = chain.sent("pagerduty", name)
        assert began["dedup_key"] == ended["dedup_key"]
    assert [each.status for each in chain.web.posts if each.status != 200] == [500, 503]


def told(chain: Chain, name: str, title: str) -> None:
    """Check what people were told when it began."""
    [slack], [event] = chain.sent("slack", name), chain.sent("pagerduty", name)
    [message] = [each for each in chain.mail.messages if f"/{name}.md" in text_of(each)]
    titles = slack["attachments"][0]["title"], message["Subject"], event["payload"]["summary"]
    assert {*titles} == {f"[CRITICAL] {title}"}
    assert matches(slack["attachments"][0]["text"], lines_of(name))
    assert matches(text_of(message), [re.escape(title), *lines_of(name)])
    assert matches(event["payload"]["custom_details"]["firing"], [re.escape(title), *lines_of(name)])


def records(chain: Chain, name: str) -> str:
    """Type the command of a message; return what it prints."""
    [slack] = chain.sent("slack", name)
    command = slack["attachments"][0]["text"].partition("Enregistrements : ")[2].splitlines()[0]
    assert command.startswith("trilog ")
    return chain.trilog(*shlex.split(command)[1:])


@pytest.mark.timeout(400)
def test_a_drifted_window_is_told_once_and_so_is_its_end(chain: Chain, record_property: pytest.RecordProperty):
    subprocess.run([sys.executable, ROOT / "examples" / "drift" / "sample.py"], cwd=chain.folder, check=True)
    chain.collect(chain.folder / "api.log")
    compare = ("drift", "--reference", "training.csv")
    chain.trilog(*compare, "--since", "2025-10-11", "--until", "2025-10-12", code=5)
    begun = time.monotonic()
    until(lambda: all(chain.counted("DeriveVariable")[place] for place in ("slack", "alerts", "mail")), 120)
    record_property("seconds", time.monotonic() - begun)
    print(f"a drifted window was told after {time.monotonic() - begun:.1f} s")  # noqa: T201 (measured)
    [slack] = [body["attachments"][0] for body in chain.sent("slack", "DeriveVariable")]
    assert slack["title"].startswith("[WARNING] Dérive de ")
    assert re.search(r"^AGE du modèle \S+ a dérivé : wasserstein vaut 0\.\d+\.$", slack["text"], re.MULTILINE)
    assert "\nSeuil : 0.1\n" in slack["text"]
    assert "https://grafana.example.org/d/trilog-model-drift-fr?var-model=" in slack["text"]
    assert "AGE" in records(chain, "DeriveVariable")

    chain.trilog(*compare, "--since", "2025-10-10", "--until", "2025-10-11")
    until(lambda: len(chain.counted("DeriveVariable")["mail"]) == 2, 200)
    time.sleep(GROUP_INTERVAL + 5)
    warned = {"slack": ["warning", "good"], "mail": ["WARNING", "RÉSOLU"], "alerts": TOLD["alerts"], "pagerduty": []}
    assert chain.counted("DeriveVariable") == warned
