"""Whom each alert reaches, as Alertmanager's own tool says; and what its script makes of the environment."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil
import pytest
import yaml

from tests.prometheus import ALERTMANAGER, ALERTMANAGER_HOME, start_alertmanager
from tests.receivers import tell, until
from tests.scripts import free_port, install, run

ROOT = Path(__file__).parents[2]
RULES = sorted((ROOT / "infra" / "prometheus" / "rules").glob("*.yml"))
ALERTS = {
    rule["alert"]: rule["labels"]
    for file in RULES
    for group in yaml.safe_load(file.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
}
RECEIVERS = {
    "IngestionEchecDetecte": "on-call-data,data",
    "IngestionTauxEchecEleve": "data",
    "IngestionSourceMuette": "data",
    "IngestionLatenceDegradee": "data",
    "IngestionSurconsommationMemoire": "data",
    "IngestionSurconsommationCPU": "data",
    "IngestionBurstErreurs": "data",
    "IngestionConsumerDown": "on-call-data,data",
    "IngestionKafkaLag": "data",
    "ApiTempsReponseEleve": "on-call-api,api",
    "ApiErreurs5xx": "on-call-api,api",
    "ApiErreurs4xx": "api",
    "ApiDisponibiliteFaible": "api",
    "ApiInjoignable": "on-call-api,api",
    "ApiBudgetErreurRapide": "on-call-api,api",
    "ApiBudgetErreurLent": "api",
    "DeriveVariable": "ml",
    "DeriveModele": "on-call-ml,ml",
    "DeriveNonCalculee": "on-call-ml,ml",
}
EMAIL = {
    "ALERT_EMAIL_TO": "a@example.org",
    "ALERT_EMAIL_FROM": "b@example.org",
    "ALERT_SMTP_SERVER": "127.0.0.1:25",
}
Configure = Callable[..., dict[str, dict[str, Any]]]

pytestmark = pytest.mark.slow


def amtool(*arguments: object) -> str:
    command = [ALERTMANAGER, "run", ALERTMANAGER_HOME, "amtool", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.fixture
def secret(tmp_path: Path) -> str:
    """A file with a secret."""
    (tmp_path / "secret").write_text("pl4nted-s3cret")
    return str(tmp_path / "secret")


@pytest.fixture
def configure(tmp_path: Path) -> Configure:
    """Make the configuration of the environment that is given; return its receivers by their names."""
    install(ALERTMANAGER, ALERTMANAGER_HOME)

    def made(**variables: str) -> dict[str, dict[str, Any]]:
        run(ALERTMANAGER, "configure", ALERTMANAGER_HOME, 1, tmp_path, **variables)
        told = yaml.safe_load((tmp_path / "alertmanager.yml").read_text())
        return {each.pop("name"): each for each in told["receivers"]}

    return made


def refused(folder: Path, **variables: str) -> str:
    """Return why the script takes no such environment."""
    command = [ALERTMANAGER, "configure", ALERTMANAGER_HOME, "1", folder]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout + done.stderr
    return done.stderr


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_reaches_its_team_and_if_it_is_critical_who_is_on_call(
    configure: Configure, tmp_path: Path, name: str
):
    configure()
    labels = [f"{key}={value}" for key, value in {"alertname": name, **ALERTS[name]}.items()]
    tested = ("config", "routes", "test", f"--config.file={tmp_path / 'alertmanager.yml'}")
    assert amtool(*tested, *labels) == RECEIVERS[name]
    critical = ALERTS[name]["severity"] == "critical"
    assert RECEIVERS[name] == ("on-call-{team},{team}" if critical else "{team}").format(**ALERTS[name])


def test_there_is_no_other_alert():
    assert ALERTS.keys() == RECEIVERS.keys()


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ((), "others"),
        (("severity=critical",), "on-call-others,others"),
        (("severity=critical", "team=sales"), "on-call-others,others"),
        (("severity=critical", "team=ml"), "on-call-ml,ml"),
        (("severity=warning", "team=ml"), "ml"),
    ],
)
def test_an_alert_of_somebody_else_is_told_too(
    configure: Configure, tmp_path: Path, labels: tuple[str, ...], receivers: str
):
    configure()
    found = amtool("config", "routes", "test", f"--config.file={tmp_path / 'alertmanager.yml'}", *labels)
    assert found == receivers


def test_without_anything_configured_nobody_is_told(configure: Configure):
    assert not any(configure().values())


def test_a_receiver_has_what_is_configured_and_nothing_else(configure: Configure, secret: str):
    found = configure(ALERT_PAGERDUTY_KEY_FILE=secret)
    assert {name for name, parts in found.items() if parts} == {
        "on-call-others",
        "on-call-api",
        "on-call-data",
        "on-call-ml",
    }
    found = configure(ALERT_SLACK_URL_FILE=secret)
    assert {name: [*parts] for name, parts in found.items() if parts} == {
        name: ["slack_configs"] for name in ("others", "api", "data", "ml")
    }


def test_a_team_may_have_its_own(configure: Configure, tmp_path: Path, secret: str):
    own = tmp_path / "it's own"
    own.write_text("x")
    given = EMAIL | {"ALERT_EMAIL_TO": "", "ALERT_EMAIL_TO_ML": "ml@example.org"}
    found = configure(ALERT_SLACK_URL_FILE=secret, ALERT_SLACK_URL_FILE_API=str(own), **given)
    slack = {name: found[name]["slack_configs"][0]["api_url_file"] for name in ("others", "api", "data", "ml")}
    assert slack == {"others": secret, "api": str(own), "data": secret, "ml": secret}
    assert [name for name, parts in found.items() if "email_configs" in parts] == ["ml"]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"ALERT_SLACK_URL_FILE": "/not/there"}, "ALERT_SLACK_URL_FILE: no file /not/there that can be read"),
        ({"ALERT_EMAIL_TO": "a@example.org"}, "ALERT_EMAIL_TO needs ALERT_EMAIL_FROM"),
        ({"ALERT_EMAIL_TO_API": "a@example.org", "ALERT_EMAIL_FROM": "b@example.org"}, "needs ALERT_SMTP_SERVER"),
        ({"ALERT_EMAIL_FROM": "a\nb"}, "ALERT_EMAIL_FROM has a line break"),
        ({"ALERT_LANGUAGE": "de"}, "ALERT_LANGUAGE is fr or en, not de"),
        ({"ALERT_SMTP_TLS": "no"}, "ALERT_SMTP_TLS is true or false, not no"),
        ({"GRAFANA_URL": "http://x/{{ define"}, "GRAFANA_URL is no address"),
        ({"ALERT_WEBHOOK_URL": 'http://x/"'}, "ALERT_WEBHOOK_URL is no address"),
    ],
)
def test_what_cannot_work_is_said(tmp_path: Path, variables: dict[str, str], said: str):
    install(ALERTMANAGER, ALERTMANAGER_HOME)
    assert said in refused(tmp_path, **variables)


def test_a_password_has_no_line_break(tmp_path: Path):
    install(ALERTMANAGER, ALERTMANAGER_HOME)
    (tmp_path / "password").write_text("pl4nted-s3cret\n")
    said = refused(tmp_path, **EMAIL, ALERT_SMTP_USER="trilog", ALERT_SMTP_PASSWORD_FILE=str(tmp_path / "password"))
    assert "ends with a line break" in said
    assert "pl4nted" not in said


def test_an_address_in_a_file_is_taken_where_alertmanager_can_read_it(
    configure: Configure, tmp_path: Path, secret: str
):
    version = amtool("--version").split()[2].rstrip(",")
    if tuple(map(int, version.split(".")[:2])) < (0, 26):
        assert f"needs Alertmanager 0.26; this one is {version}" in refused(tmp_path, ALERT_WEBHOOK_URL_FILE=secret)
    else:
        [webhook] = configure(ALERT_WEBHOOK_URL_FILE=secret)["api"]["webhook_configs"]
        assert webhook["url_file"] == secret


def test_no_secret_is_in_the_configuration_nor_of_the_process(tmp_path: Path, secret: str):
    install(ALERTMANAGER, ALERTMANAGER_HOME)
    port, data = free_port(), tmp_path / "data"
    given = EMAIL | {"ALERT_SMTP_USER": "trilog", "ALERT_WEBHOOK_URL": "http://127.0.0.1:9/pl4nted-s3cret"}
    given |= {f"ALERT_{name}_FILE": secret for name in ("SLACK_URL", "PAGERDUTY_KEY", "SMTP_PASSWORD", "WEBHOOK_TOKEN")}
    run(ALERTMANAGER, "start-background", ALERTMANAGER_HOME, port, data, **given)
    try:
        process = psutil.Process(int((ALERTMANAGER_HOME / "run" / f"{port}.pid").read_text()))
        assert "pl4nted" not in " ".join(process.cmdline())
        assert not [each for each in process.environ().items() if "pl4nted" in each[1]]
    finally:
        run(ALERTMANAGER, "stop", ALERTMANAGER_HOME, port)
    written = [path for path in data.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in written} == {0}
    held = "".join(path.read_text(errors="replace") for path in written)
    assert held.count("pl4nted") == 4  # the webhook's address, as it was given, in each team's receiver
    assert held.count("http://127.0.0.1:9/pl4nted") == 4


def test_the_worst_of_a_service_is_told_and_not_the_rest():
    with start_alertmanager() as address:
        told = [
            {"alertname": "ApiErreurs5xx", "severity": "critical", "team": "api", "service": "scoring"},
            {"alertname": "ApiBudgetErreurLent", "severity": "warning", "team": "api", "service": "scoring"},
            {"alertname": "ApiErreurs4xx", "severity": "warning", "team": "api", "service": "another"},
            {"alertname": "IngestionEchecDetecte", "severity": "critical", "team": "data", "source": "Zoho"},
            {"alertname": "IngestionBurstErreurs", "severity": "warning", "team": "data", "source": "Zoho"},
            {"alertname": "DeriveModele", "severity": "critical", "team": "ml", "model": "risk"},
            {"alertname": "DeriveVariable", "severity": "warning", "team": "ml", "model": "risk"},
        ]
        tell(address, *({"labels": labels} for labels in told))

        def muted() -> list[str]:
            with urlopen(f"http://{address}/api/v2/alerts", timeout=10) as answer:
                found = json.load(answer)
            assert len(found) in {0, len(told)}
            return sorted(each["labels"]["alertname"] for each in found if each["status"]["inhibitedBy"])

        until(lambda: muted() == ["ApiBudgetErreurLent", "DeriveVariable"], 20)
