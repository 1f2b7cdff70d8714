"""The rules of alerts: their tests pass, and fail where a threshold, a range or a part of a rule is another."""

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
RULES = yaml.safe_load((PROMETHEUS / "rules" / "ingestion.yml").read_text())
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
}
ALERTS = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"] if "alert" in rule}
RECORDED = {rule["record"]: rule for group in RULES["groups"] for rule in group["rules"] if "record" in rule}

NAMED = RECORDED | ALERTS

pytestmark = pytest.mark.slow


def test_there_are_the_alerts_of_the_document_and_each_fires_and_does_not_fire_in_a_test():
    assert {name: rule["labels"]["severity"] for name, rule in ALERTS.items()} == SEVERITIES
    tests = [test for file in TESTS for test in yaml.safe_load(file.read_text())["tests"]]
    cases = [case for test in tests for case in test.get("alert_rule_test", ())]
    tested = {(case["alertname"], bool(case["exp_alerts"])) for case in cases}
    assert tested == {(name, fires) for name in SEVERITIES for fires in (True, False)}


def test_promtool_finds_nothing_wrong():
    for arguments in (("config", PROMETHEUS / "prometheus.yml"), ("rules", PROMETHEUS / "rules" / "ingestion.yml")):
        done = promtool("check", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr


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
    (" > 3", " >= 3"),
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


def mutants() -> list[tuple[str, str, str]]:
    """Return the name of a rule, the part of it that is changed, and to what, again and again."""
    parts = [(name, part, rule.get(part, "")) for name, rule in NAMED.items() for part in ("expr", "for")]
    return [(name, part, other) for name, part, text in parts for other in changed(text)]


def needed(file: Path) -> set[str]:
    """Return the names of the rules that a file of tests is about, and of those that these are made of."""
    found, text = set(), file.read_text()
    while new := {name for name in NAMED if name in text} - found:
        found |= new
        text = "".join(NAMED[name]["expr"] for name in new)
    return found


NEEDED = {file: needed(file) for file in TESTS}


def survives(mutant: tuple[str, str, str], folder: Path) -> bool:
    """Say whether no test fails with a rule that is changed."""
    name, part, other = mutant
    rules = {**NAMED, name: {**NAMED[name], part: other}}
    (folder / "rules").mkdir(parents=True)
    return all(passes(file, rules, folder) for file in TESTS if name in NEEDED[file])


def passes(file: Path, rules: dict[str, Any], folder: Path) -> bool:
    """Run a file of tests with those of the rules that it needs."""
    path = folder / "rules" / "ingestion.yml"
    group = {"name": "changed", "rules": [rule for name, rule in rules.items() if name in NEEDED[file]]}
    path.write_text(yaml.safe_dump({"groups": [group]}))
    copy = folder / file.name
    copy.write_text(file.read_text().replace("../rules/", "rules/"))
    done = promtool("test", "rules", copy)
    return done.returncode == 0 or "parse error" in done.stdout + done.stderr  # what is no rule shows nothing


@pytest.mark.timeout(900)
def test_a_rule_that_is_changed_fails_a_test(tmp_path: Path):
    made = mutants()
    assert len(made) > 60
    folders = [tmp_path / str(number) for number in range(len(made))]
    with ThreadPoolExecutor(cpu_count()) as pool:
        found = pool.map(survives, made, folders)
    assert [mutant for mutant, lives in zip(made, found, strict=True) if lives] == []
