"""The rules of alerts: their tests pass, and fail where a threshold, a range or a part of a rule is another."""

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.prometheus import promtool

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "infra" / "prometheus"
FILES = sorted((PROMETHEUS / "rules").glob("*.yml"))
TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
SEVERITIES = {
    "IngestionEchecDetecte": "critical",
    "IngestionTauxEchecEleve": "warning",
    "IngestionSourceMuette": "warning",
    "IngestionLatenceDegradee": "warning",
    "IngestionSurconsommationMemoire": "warning",
    "IngestionSurconsommationCPU": "warning",
    "IngestionBurstErreurs": "warning",
    "IngestionConsumerDown": "critical",
    "IngestionKafkaLag": "warning",
    "ApiTempsReponseEleve": "critical",
    "ApiErreurs5xx": "critical",
    "ApiErreurs4xx": "warning",
    "ApiDisponibiliteFaible": "warning",
    "ApiInjoignable": "critical",
    "ApiBudgetErreurRapide": "critical",
    "ApiBudgetErreurLent": "warning",
    "DeriveVariable": "warning",
    "DeriveModele": "critical",
    "DeriveNonCalculee": "critical",
}
TEAMS = {"Ingestion": "data", "Api": "api", "Derive": "ml"}  # by what the names of alerts begin with
SAID = {"summary", "description", "value", "threshold", "dashboard", "runbook_url", "command"}
ENGLISH = {"summary_en", "description_en"}  # beside these, `…_en` of any that is not the same in both languages


def rules(file: Path) -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]


NAMED = {file.name: {rule.get("alert") or rule["record"]: rule for rule in rules(file)} for file in FILES}
ALERTS = {name: rule for named in NAMED.values() for name, rule in named.items() if "alert" in rule}


def rules_of(test: Path) -> str:
    """Return the name of the file whose rules a file of tests is about."""
    [path] = yaml.safe_load(test.read_text())["rule_files"]
    return Path(path).name


pytestmark = pytest.mark.slow


def test_there_are_the_alerts_of_the_document_and_each_fires_and_does_not_fire_in_a_test():
    assert {name: rule["labels"]["severity"] for name, rule in ALERTS.items()} == SEVERITIES
    tests = [test for file in TESTS for test in yaml.safe_load(file.read_text())["tests"]]
    cases = [case for test in tests for case in test.get("alert_rule_test", ())]
    tested = {(case["alertname"], bool(case["exp_alerts"])) for case in cases}
    assert tested == {(name, fires) for name in SEVERITIES for fires in (True, False)}


def test_promtool_finds_nothing_wrong():
    for arguments in (("config", PROMETHEUS / "prometheus.yml"), ("rules", *FILES)):
        done = promtool("check", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_whom_it_reaches_and_where_to_read_on(name: str):
    [team] = [team for begins, team in TEAMS.items() if name.startswith(begins)]
    labels, annotations = ALERTS[name]["labels"], ALERTS[name]["annotations"]
    assert labels == {"severity": SEVERITIES[name], "team": team}
    assert SAID | ENGLISH <= annotations.keys() <= SAID | {f"{said}_en" for said in SAID}
    assert annotations["runbook_url"] == f"docs/runbooks/{name}.md"


def test_each_alert_has_a_runbook_and_each_runbook_an_alert():
    runbooks = {file.stem: file.read_text() for file in (ROOT / "docs" / "runbooks").iterdir()}
    assert runbooks.keys() == ALERTS.keys()
    for name, text in runbooks.items():
        assert text.startswith(f"# {name}\n")
        assert "**What to look at.**" in text
        assert "**What to do.**" in text


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_the_rules_pass_their_tests(file: Path):
    done = promtool("test", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr


# --- Mutants: the rules with one thing changed

_NUMBER = re.compile(r"(?<![\w.:])(?<!>= )(\d+(?:\.\d+)?)([smhd]?)(?![\w.:])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PARTS = (  # what each of these is for, a test must show
    ("max by (source, objet)", "sum by (source, objet)"),
    ("max by (source) (sum", "sum by (source) (sum"),
    ("max_over_time(ingestion_last_run_timestamp[7d])", "last_over_time(ingestion_last_run_timestamp[7d])"),
    ("max_over_time(ingestion_last_run_timestamp[7d])", "ingestion_last_run_timestamp"),
    ("clamp_min", "clamp_max"),
    ("[299s]) > 0", "[299s]) >= 0"),
    ("seconds) > 0", "seconds) >= 0"),
    ("[899s]) > 0", "[899s]) >= 0"),
    ("[599s]) > 3", "[599s]) >= 3"),
    (" > 0.02", " >= 0.02"),
    (" > 1000", " >= 1000"),
    (" > 75", " >= 75"),
    (" >= 0", ""),
    ("or absent", "and absent"),
    ("or time()", "and time()"),
    ("and source:ingestion_failures:ratio15m", "or source:ingestion_failures:ratio15m"),
    ("and on () last", "unless on () last"),
    ("unless on (source) (", "and on (source) ("),
    ('{job="ingestion-consumer"} == 0', " == 0"),
    ("increase(", "delta("),
    (
        "sum by (job, instance, service, class) (label_replace(\n",
        "max by (job, instance, service, class) (label_replace(\n",
    ),
    ('{job="api", route!~', '{job="api", route=~'),
    ('{job!="api", route!~', '{job!="api", route=~'),
    ("or max by (job, service", "or sum by (job, service"),
    ("(sum by (job, instance, service", "(max by (job, instance, service"),
    ("sum by (job, service", "max by (job, service"),
    ('{job="api"} == 1', '{job="api"} == 0'),
    ('{job="api"} == 0', " == 0"),
    ("timestamp_seconds) > 0", "timestamp_seconds) >= 0"),
    ("and on (job, instance)", "unless on (job, instance)"),
    ("and job_service_slo", "or job_service_slo"),
    ("and on (job, service)", "unless on (job, service)"),
    ("and sum_over_time", "unless sum_over_time"),
    (") or (", ") and ("),
    (">= 5", "> 5"),
    ("< 0.99", "<= 0.99"),
    (" > 2", " >= 2"),
    (" > 0.05", " >= 0.05"),
    (" > 0.2", " >= 0.2"),
    ('class="5xx"', 'class="4xx"'),
    ('le="2.0"', 'le="5.0"'),
    ("* 0,", "* 1,"),
    ("score and on (model, feature)", "score and on (model)"),
    ("score and on (model, feature)", "score unless on (model, feature)"),
    ("> 0.3", ">= 0.3"),
    ("> 1.5", ">= 1.5"),
)


def changed_numbers(expression: str) -> Iterator[str]:
    """Yield an expression again and again, each time with one number a fifth smaller or larger."""
    for found in _NUMBER.finditer(expression):
        if expression[found.end() :].startswith("] offset 7d"):
            continue  # how long the exporter may not have been scraped, a week ago: a little more or less
        for other in others(float(found[1]), found[2]):
            yield expression[: found.start()] + other + expression[found.end() :]


def others(number: float, unit: str) -> list[str]:
    if (number, unit) == (15, "s"):  # one evaluation: less is the same
        return ["30s"]
    if unit:
        return [f"{round(number * _SECONDS[unit] * factor)}s" for factor in (0.8, 1.25)]
    if number == 0.95:
        return ["0.92", "0.98"]
    return [str(number + 1)] if number == 0 else [str(number * 0.8), str(number * 1.25 if number > 3 else number + 1)]


def changed(text: str) -> Iterator[str]:
    yield from changed_numbers(text)
    for part, other in _PARTS:
        if part in text:
            yield text.replace(part, other)


def mutants() -> list[tuple[str, str, str, str]]:
    """Return a file of rules, the name of one of them, the part of it that is changed, and to what, again and again."""
    parts = [
        (file, name, part, rule.get(part, ""))
        for file, named in NAMED.items()
        for name, rule in named.items()
        for part in ("expr", "for")
    ]
    return [(file, name, part, other) for file, name, part, text in parts for other in changed(text)]


def needed(test: Path) -> set[str]:
    """Return the names of the rules that a file of tests is about, and of those that these are made of."""
    found, text, named = set(), test.read_text(), NAMED[rules_of(test)]
    if "(ALERTS" in text:
        text += " ".join(name for name in named if name in ALERTS)
    while new := {name for name in named if name in text} - found:
        found |= new
        text = "".join(named[name]["expr"] for name in new)
    return found


NEEDED = {(rules_of(test), test): needed(test) for test in TESTS}


def survives(mutant: tuple[str, str, str, str], folder: Path) -> bool:
    """Say whether no test fails with a rule that is changed."""
    file, name, part, other = mutant
    changed_rules = {**NAMED[file], name: {**NAMED[file][name], part: other}}
    (folder / "rules").mkdir(parents=True)
    about = [test for (of, test), names in NEEDED.items() if of == file and name in names]
    about.sort(key=lambda test: name not in test.read_text())  # those that name it find most
    return all(passes(test, changed_rules, folder) for test in about)


def passes(test: Path, named: dict[str, Any], folder: Path) -> bool:
    """Run a file of tests with those of the rules that it needs."""
    file = rules_of(test)
    group = {"name": "changed", "rules": [rule for name, rule in named.items() if name in NEEDED[file, test]]}
    (folder / "rules" / file).write_text(yaml.safe_dump({"groups": [group]}))
    copy = folder / test.name
    copy.write_text(test.read_text().replace("../rules/", "rules/"))
    done = promtool("test", "rules", copy)
    return done.returncode == 0 or "parse error" in done.stdout + done.stderr  # what is no rule shows nothing


_MOST = 20  # mutants of a file that are tried each time, taken evenly; `make mutants` tries all


@pytest.mark.timeout(3600 if os.environ.get("TRILOG_ALL_MUTANTS") else 1200)
@pytest.mark.parametrize("file", NAMED)
def test_a_rule_that_is_changed_fails_a_test(file: str, tmp_path: Path):
    made = [mutant for mutant in mutants() if mutant[0] == file]
    assert len(made) > 10
    tried = made if os.environ.get("TRILOG_ALL_MUTANTS") else made[:: -(-len(made) // _MOST)]
    folders = [tmp_path / str(number) for number in range(len(tried))]
    with ThreadPoolExecutor(cpu_count()) as pool:
        found = pool.map(survives, tried, folders)
    assert [mutant for mutant, lives in zip(tried, found, strict=True) if lives] == []
