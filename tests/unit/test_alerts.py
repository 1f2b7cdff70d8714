"""Alerts without Prometheus: the rules are Prometheus's, and fire on what the pipeline made of real lines."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from functions.alerts import rules
from functions.alerts.alert import Alert, duration, percentage
from functions.alerts.language import translation
from functions.alerts.messages import Message, Words
from functions.alerts.options import AlertOptions
from functions.alerts.places import open_places
from functions.alerts.rules import RULES
from functions.alerts.run import look
from functions.alerts.told import REPEAT
from functions.cli import main
from functions.drift.config import Window
from functions.drift.run import load_config, run
from functions.pipeline.errors import ConfigError
from tests.alerts import NOW, calls, collect, names, seen
from tests.drift.predictions import features, results, write_log, write_table

ROOT = Path(__file__).parents[2]
SHIPPED = {
    rule.get("alert") or rule["record"]: rule
    for name in ("api", "drift")
    for group in yaml.safe_load((ROOT / "infra" / "prometheus" / "rules" / f"{name}.yml").read_text())["groups"]
    for rule in group["rules"]
}
ALERTS = {name: rule for name, rule in SHIPPED.items() if "alert" in rule}
WITHOUT_AN_INDEX = {"ApiInjoignable"}  # who does not answer writes no lines
SECONDS = {"m": 60, "h": 3600, "d": 86400}

# --- The same rules


def test_the_alerts_are_those_of_prometheus():
    assert RULES.keys() == ALERTS.keys() - WITHOUT_AN_INDEX


@pytest.mark.parametrize("name", RULES)
def test_an_alert_has_the_severity_and_the_team_of_its_rule(name: str):
    rule = RULES[name]
    assert {"severity": rule.severity, "team": rule.team} == ALERTS[name]["labels"]


def plain(template: str) -> str:
    """Make of a rule's annotation a text with our names for what is put into it."""
    text = re.sub(r"{{ \$labels\.(\w+) }}", r"{\1}", template)
    text = re.sub(r'{{ \$value \| (printf "%\.1f" }} s|[^}]*}})', "{value}", text)
    return re.sub(r"{{ range .*{{ end }}", "{threshold}", text)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", RULES)
def test_an_alert_says_what_its_rule_says(name: str, language: str):
    said, say = ALERTS[name]["annotations"], translation(language)
    expected = {
        each: plain(said.get(f"{each}_en" if language == "en" else each, said[each]))
        for each in ("summary", "description", "threshold")
    }
    found = {each: say(getattr(RULES[name], each)).replace("\u00a0", " ") for each in expected}
    assert found == expected
    assert Words(say, None).runbook(_alert(name)) == said["runbook_url"]


def _alert(name: str, **labels: str) -> Alert:
    usual = {"service": "scoring", "slo": "latency", "model": "risk", "feature": "AGE", "method": "psi"}
    return Alert(RULES[name], tuple((usual | labels).items()), "12%", "5", "trilog show", 0.12)


def numbers(name: str) -> list[float]:
    """Return what the expression of a rule compares with, factors multiplied, in order; not how many are needed."""
    found = re.findall(r" [<>] ([\d.]+)(?: \* ([\d.]+))?(?= |$|\n|\))", ALERTS[name]["expr"])
    return [float(one) * float(other or 1) for one, other in found]


def windows(name: str) -> list[int]:
    """Return the windows of the recorded ratios in the expression of a rule, in seconds, in order."""
    return [
        int(number) * SECONDS[unit] for number, unit in re.findall(r"(?:ratio|p95_)(\d+)([mhd])", ALERTS[name]["expr"])
    ]


def test_thresholds_and_windows_are_those_of_the_rules():
    assert (numbers("ApiTempsReponseEleve"), windows("ApiTempsReponseEleve")) == ([rules.P95_OVER], [rules.P95_WINDOW])
    assert (numbers("ApiErreurs5xx"), windows("ApiErreurs5xx")) == ([rules.OVER_5XX], [rules.CLASS_WINDOW])
    assert (numbers("ApiErreurs4xx"), windows("ApiErreurs4xx")) == ([rules.OVER_4XX], [rules.CLASS_WINDOW])
    assert numbers("ApiDisponibiliteFaible") == [rules.AVAILABLE]
    assert windows("ApiDisponibiliteFaible") == [rules.AVAILABLE_WINDOW]
    for name, burns in (("ApiBudgetErreurRapide", rules.FAST), ("ApiBudgetErreurLent", rules.SLOW)):
        assert windows(name) == [window for each in burns for window in (each.long, each.short)]
        rates = [each.rate * rules.BUDGET for each in burns for _ in range(2)]
        assert numbers(name) == pytest.approx(rates, rel=1e-12)
    assert numbers("DeriveModele") == [rules.SHARE_OVER]
    assert re.findall(r"> ([\d.]+) \* max", ALERTS["DeriveNonCalculee"]["expr"]) == [str(rules.LATE)]


def test_as_many_bad_requests_are_needed_as_in_the_rules():
    needed = {each for rule in ALERTS.values() for each in re.findall(r">= (\d+)", rule["expr"])}
    assert needed == {str(rules.LEAST_BAD)}


def test_what_machines_ask_for_is_what_the_rules_leave_out():
    [left_out] = {each for rule in SHIPPED.values() for each in re.findall(r'route!~"/\(([^)]*)\)"', rule["expr"])}
    assert {f"/{each}" for each in left_out.split("|")} == rules.PROBES


def test_a_repetition_comes_when_alertmanager_s_does():
    told = yaml.safe_load((ROOT / "infra" / "alertmanager" / "alertmanager.yml").read_text())
    assert told["route"]["repeat_interval"] == f"{REPEAT // timedelta(hours=1)}h"


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(59, "59s"), (60, "1m 0s"), (3725, "1h 2m 5s"), (129600, "1d 12h 0m 0s"), (86400.9, "1d 0h 0m 0s")],
)
def test_a_duration_is_written_as_prometheus_does(seconds: float, written: str):
    assert duration(seconds) == written


@pytest.mark.parametrize(("share", "written"), [(1, "100%"), (2 / 3, "66.67%"), (0.1, "10%"), (0.00012345, "0.01234%")])
def test_a_share_is_written_as_prometheus_does(share: float, written: str):
    assert percentage(share) == written


# --- What fires, on documents that the pipeline made

FAST, LENT = "ApiBudgetErreurRapide", "ApiBudgetErreurLent"
OF_5XX = {"ApiErreurs5xx", "ApiDisponibiliteFaible", f"{FAST} availability", f"{LENT} availability"}
SLOW = {"ApiTempsReponseEleve", f"{FAST} latency", f"{LENT} latency"}
CASES: dict[str, tuple[list[str], set[str]]] = {
    "no traffic": ([], set()),
    "all is well": (calls(100, 60), set()),
    "5 % are slow": (calls(95, 60) + calls(5, 60, ms=2500), {f"{LENT} latency"}),
    "10 % are slow": (calls(90, 60) + calls(10, 60, ms=2500), SLOW),
    "2 s are within 2 s": (calls(10, 60, ms=2000), set()),
    "4 are slow": (calls(4, 60, ms=9000), set()),
    "5 are slow": (calls(5, 60, ms=9000), SLOW),
    "10 % fail": (calls(90, 60) + calls(10, 60, 500), OF_5XX),
    "5 % fail": (calls(95, 60) + calls(5, 60, 500), {"ApiDisponibiliteFaible", f"{LENT} availability"}),
    "4 fail": (calls(4, 60, 500), set()),
    "21 % are refused": (calls(79, 60) + calls(21, 60, 404), {"ApiErreurs4xx"}),
    "20 % are refused": (calls(80, 60) + calls(20, 60, 404), set()),
    "access lines alone tell no time": (calls(10, 60, 500, None), OF_5XX),
    "both lines of each": (calls(3, 60, 503, 9000, access=True), set()),  # of three requests, not of six
    "probes": (calls(10, 60, 500, 9000, "/health"), set()),
    "failed six minutes ago": (calls(10, 360, 500) + calls(1, 60), OF_5XX - {"ApiErreurs5xx"}),
    "failed five hours ago": (calls(50, 18000, 500), {f"{LENT} availability"}),
    "went on for three hours": (
        calls(50, 10000, 500) + calls(9, 60) + calls(1, 60, 500),
        {f"{FAST} availability", f"{LENT} availability"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_fires(tmp_path: Path, case: str):
    lines, firing = CASES[case]
    assert names(seen(collect(tmp_path, *lines))) == firing


def test_it_ends_when_the_window_has_passed(tmp_path: Path):
    environment = collect(tmp_path, *calls(10, 60, 500, 9000))
    found = [names(seen(environment, NOW + timedelta(minutes=after))) for after in (0, 3, 5, 61, 121, 360, 3 * 1440)]
    assert found[0] == found[1] == OF_5XX | SLOW
    assert found[2] == {"ApiDisponibiliteFaible"} | {
        f"{how} {slo}" for how in (FAST, LENT) for slo in ("availability", "latency")
    }
    assert found[3] == {f"{LENT} availability", f"{LENT} latency"}
    assert found[4:] == [{f"{LENT} availability", f"{LENT} latency"}, set(), set()]


def test_a_request_is_counted_once_though_two_lines_in_two_batches_tell_of_it(tmp_path: Path):
    lines = calls(7, 60, 500, access=True)
    environment = collect(tmp_path, *lines[:7])
    collect(tmp_path, *lines[7:])
    assert seen(environment).services["api.log"].requests() == 7


def test_what_was_before_does_not_count(tmp_path: Path):
    environment = collect(tmp_path, *calls(10, 200, 500), *calls(1, 60))
    found = look(environment, since=(NOW - timedelta(seconds=100)).isoformat(), until=NOW.isoformat())
    assert (names(found), found.services["api.log"].requests()) == (set(), 1)


def test_each_service_is_looked_at_by_itself(tmp_path: Path):
    collect(tmp_path, *calls(10, 60, 500), name="one.log")
    named = {"level": "info", "message": "m", "service": "three", "method": "GET", "path": "/p", "status": 500}
    time = f"{NOW - timedelta(seconds=9):%Y-%m-%dT%H:%M:%SZ}"
    collect(tmp_path, *([json.dumps({"time": time, **named})] * 6), name="all.log")
    found = seen(collect(tmp_path, *calls(1000, 60), name="two.log"))
    assert {dict(each.labels)["service"] for each in found.alerts} == {"one.log", "three"}
    assert found.services["two.log"].requests() == 1000


def test_there_are_so_many_services_and_the_rest_together(tmp_path: Path):
    time, row = f"{NOW - timedelta(seconds=9):%Y-%m-%dT%H:%M:%SZ}", {"method": "GET", "path": "/p", "status": 500}
    rows = [{"time": time, "level": "info", "message": "m", "service": f"s{number:03}"} | row for number in range(120)]
    found = seen(collect(tmp_path, *map(json.dumps, rows)))
    assert len(found.services) == 101
    assert found.services["other"].requests() == 20


def test_an_alert_has_its_value_and_a_command_that_shows_the_records(tmp_path: Path):
    [found] = [
        each for each in seen(collect(tmp_path, *calls(90, 60), *calls(10, 60, 500))).alerts if "5xx" in each.rule.name
    ]
    assert (found.number, found.value, found.labels) == (0.1, "10%", (("service", "api.log"), ("class", "5xx")))
    assert found.command == "trilog show ml-api-logs --status 5xx --since 2025-01-20T11:45Z"


# --- Drift, by the reports of real runs


@pytest.fixture
def drifted(tmp_path: Path) -> dict[str, str]:
    """A run that found drift in one feature of five, and is due each day."""
    write_log(tmp_path / "api.log", features(300, 3, AGE=1), results(300, 2))
    environment = collect(tmp_path)
    write_table(tmp_path / "training.csv", features(500, 1))
    _compare(tmp_path, environment)
    return environment


def _compare(folder: Path, environment: dict[str, str], training: str = "training.csv") -> dict[str, Any]:
    (folder / "config.yaml").write_text(f"reference: {folder / training}\nmodel: risk\nschedule: 1d\n")
    return run(environment, load_config(environment, str(folder / "config.yaml")), Window())


def test_a_feature_that_has_drifted(drifted: dict[str, str]):
    [found] = look(drifted).alerts
    assert (found.rule.name, dict(found.labels)) == (
        "DeriveVariable",
        {"model": "risk", "feature": "AGE", "method": "wasserstein"},
    )
    assert (found.value, found.threshold) == (f"{found.number:.3g}", "0.1")
    assert found.command == f"trilog trace --drift {datetime.now(UTC):%Y-%m-%d}"


def test_a_run_that_did_not_happen(drifted: dict[str, str]):
    ran = datetime.now(UTC)
    assert [each.rule.name for each in seen(drifted, ran + timedelta(hours=35)).alerts] == ["DeriveVariable"]
    [late] = [each for each in seen(drifted, ran + timedelta(hours=37)).alerts if each.rule.name == "DeriveNonCalculee"]
    assert (late.value[:7], late.threshold) == ("1d 13h ", "1d 12h 0m 0s")


def test_a_model_of_which_most_features_have_drifted_and_its_end(tmp_path: Path, drifted: dict[str, str]):
    write_table(tmp_path / "other.csv", features(500, 1, AGE=-3, SMOKING=0.9))
    found = _compare(tmp_path, drifted, "other.csv")
    assert found["share"] > 0.3
    [model] = [each for each in look(drifted).alerts if each.rule.name == "DeriveModele"]
    assert (model.value, model.number) == (percentage(found["share"]), found["share"])
    write_table(tmp_path / "same.csv", features(500, 4, AGE=1))
    assert not _compare(tmp_path, drifted, "same.csv")["dataset_drift"]
    assert not look(drifted).alerts


def test_a_run_without_a_verdict_says_nothing(tmp_path: Path, drifted: dict[str, str]):
    write_table(tmp_path / "few.csv", features(20, 1))
    assert _compare(tmp_path, drifted, "few.csv")["dataset_drift"] is None
    assert not look(drifted).alerts


# --- What is said, and what is refused


def test_five_alerts_of_a_message_are_said_in_full_and_values_stay_on_their_line():
    words = Words(translation("en"), "https://example.org/trilog")
    many = [_alert("DeriveVariable", feature=f"A{number}\nBcc: x\u202e{'日' * 900}") for number in range(8)]
    title, text = words.title(Message(many, [])), words.text(Message(many, many[:1]), titles=True)
    assert title.startswith("[WARNING] Drift of A0 Bcc: x 日日")
    assert title.endswith("日 (8 alerts)")
    assert len(words.subject(Message(many, []))) < 100
    assert text.count("\nRunbook: https://example.org/trilog/docs/runbooks/DeriveVariable.md\n") == 6
    assert "\n… 8 alerts in all\n\nResolved:\n\nDrift of A0" in text
    assert not [line for line in text.splitlines() if line.startswith("Bcc") or len(line) > 320]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"email_to": "a@example.org"}, "ALERT_EMAIL_TO needs ALERT_EMAIL_FROM"),
        ({"email_to": "a@example.org", "email_from": "b@example.org"}, "ALERT_EMAIL_TO needs ALERT_SMTP_SERVER"),
        ({"slack_url_file": "/not/there"}, "ALERT_SLACK_URL_FILE: /not/there cannot be read: No such file"),
    ],
)
def test_what_is_missing_is_said(variables: dict[str, str], said: str):
    with pytest.raises(ConfigError, match=re.escape(said)):
        open_places(AlertOptions(**variables), translation("en"))


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (["--send"], {}, "✗ Nobody to tell. Set ALERT_SLACK_URL_FILE, ALERT_SLACK_URL or ALERT_EMAIL_TO"),
        (["--send", "--until", "2025-01-20"], {}, "✗ --send tells people of now. Leave out --until"),
        ([], {"ALERT_EMAIL_TO": "nobody"}, "✗ ALERT_EMAIL_TO: 'nobody' is wrong; expected addresses of e-mail"),
        ([], {"ALERT_SMTP_SERVER": "mail"}, "✗ ALERT_SMTP_SERVER: 'mail' is wrong; expected HOST:PORT"),
        ([], {"ALERT_SLACK_URL": "pl4nted"}, "✗ ALERT_SLACK_URL: the value is wrong; expected an address"),
    ],
    ids=str,
)
def test_what_cannot_work_is_refused(  # noqa: PLR0913, PLR0917 (fixtures)
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    variables: dict[str, str],
    said: str,
):
    monkeypatch.chdir(tmp_path)
    for name, value in {"PIPELINE_LANG": "en", "LANGUAGE": "", **variables}.items():
        monkeypatch.setenv(name, value)
    assert main(["alert", *arguments]) == 2
    assert capsys.readouterr().err.startswith(said)
