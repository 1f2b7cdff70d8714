"""Every command of docs/alerting.md works as it is written there; the servers are the tests' own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.alerts import calls
from tests.pages import DOCS, commands, shell
from tests.prometheus import ALERTMANAGER, ALERTMANAGER_HOME
from tests.receivers import SECRETS, mail, text_of, until, web
from tests.receivers import variables as receivers
from tests.scripts import free_port, install

ROOT = Path(__file__).parents[2]
PAGE = (DOCS / "alerting.md").read_text("utf-8")
WITHOUT = PAGE.partition("\n## Without Prometheus\n")[2].partition("\n## ")[0]
OWN = [line for line in commands("alerting") if line in WITHOUT]  # trilog's own
COMMANDS = [line for line in commands("alerting") if line not in OWN]
UP, DOWN = "make prometheus-up", "make prometheus-down"
SCRIPT = "infra/alertmanager/server/alertmanager.sh"

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as the reader has it."""
    (tmp_path / "infra").symlink_to(ROOT / "infra")
    (tmp_path / ".tools").mkdir()
    return tmp_path


@pytest.mark.timeout(200)
def test_the_readers_commands_work_one_after_the_other(folder: Path):
    install(ALERTMANAGER, ALERTMANAGER_HOME)
    port = free_port()
    with web() as found, mail(folder) as post:
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "SSL_CERT_FILE": str(post.authority),
            "ALERT_PAGERDUTY_URL": f"{found.address}/pagerduty",
        }
        here = {
            UP: f"{SCRIPT} start-background .tools/alertmanager {port}",
            "localhost:9093": f"127.0.0.1:{port}",
            "smtp.example.org:587": post.address,
        }
        typed = [line for line in COMMANDS if line != DOWN]
        script = "set -e\n" + "\n".join(re.sub("|".join(here), lambda part: here[part[0]], line) for line in typed)
        (folder / "page.sh").write_text(script)
        secrets = f"{found.address}/slack\n{SECRETS['password']}\n{SECRETS['pagerduty']}\n"
        try:
            given = {"cwd": folder, "env": variables, "input": secrets, "capture_output": True, "text": True}
            done = subprocess.run(["bash", "page.sh"], **given, check=False)
            assert done.returncode == 0, done.stderr
            assert ".tools/alertmanager/data/alertmanager.yml\n" in done.stdout
            assert "on-call-api,api\n" in done.stdout
            until(lambda: found.at("/slack") and found.at("/pagerduty") and post.messages, 30)
        finally:
            subprocess.run([SCRIPT, "stop", ".tools/alertmanager", str(port)], cwd=folder, check=True)
    assert found.at("/slack")[0]["attachments"][0]["title"] == "[CRITICAL] A trial"
    assert post.messages[0]["To"] == "oncall@example.org, data@example.org"
    assert text_of(post.messages[0]).splitlines()[0] == "A trial"
    kept = folder / ".config" / "trilog"
    assert {path.name: path.stat().st_mode & 0o777 for path in kept.iterdir()} == dict.fromkeys(
        ("slack", "smtp-password", "pagerduty"), 0o600
    )


@pytest.mark.timeout(200)
def test_the_commands_without_prometheus_work_one_after_the_other(tmp_path: Path):
    (tmp_path / "api.log").write_text("\n".join(calls(20, 20, 500, 9000, now=datetime.now(UTC))) + "\n")
    [job] = re.findall(r"^\S+ \S+ \S+ \S+ \S+ (.*)$", commands("alerting", "crontab")[0])
    with web() as found, mail(tmp_path) as post:
        named = ("ALERT_SLACK_URL_FILE", "ALERT_EMAIL_TO", "ALERT_EMAIL_FROM", "ALERT_SMTP_SERVER", "ALERT_SMTP_USER")
        given = receivers(tmp_path, found, post)
        settings = {name: given[name] for name in (*named, "ALERT_SMTP_PASSWORD_FILE")}
        (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        variables = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
        variables |= {"SSL_CERT_FILE": str(post.authority)}

        def typed(command: str) -> str:
            here = command.replace("/srv/trilog", str(tmp_path))
            return shell(
                re.sub(r"(^|; |&& )trilog ", rf"\1{sys.executable} -m functions ", here) + "; true", tmp_path, variables
            )

        printed = [typed(command) for command in OWN]
        assert [each.splitlines()[-1] for each in printed[1:]] == ["exit code 5"] * 3
        assert "✗ ApiErreurs5xx (critical): Server errors: api.log\n" in printed[1]
        assert {each["alert"] for each in json.loads(printed[2].splitlines()[0])["alerts"]} >= {"ApiErreurs5xx"}
        told = len(found.at("/slack"))
        assert told == len(post.messages) == 3  # of what is critical: the rest of the service's is not told beside it
        typed(job)
        assert len(found.at("/slack")) == told
        assert "✗ ApiErreurs5xx" in (tmp_path / "alerts.txt").read_text()


def test_make_runs_the_script():
    assert [each for each in COMMANDS if each.startswith("make ")] == [UP, DOWN]
    for command in (UP, DOWN):
        done = subprocess.run([*command.split(), "-n"], cwd=ROOT, check=True, capture_output=True, text=True)
        assert SCRIPT in done.stdout


def test_the_page_names_all_variables_of_the_script():
    named = re.compile(r"\b(?:ALERT|GRAFANA|RUNBOOKS)_[A-Z_]*[A-Z]\b")
    told = {name for name in named.findall(ALERTMANAGER.read_text()) if not re.search("_(API|DATA|ML)$", name)}
    table = PAGE.partition("## All variables")[2].partition("\n\n`ALERT_SLACK_URL_FILE_API`")[0]
    assert told == set(named.findall(table))


def test_the_intervals_are_those_that_are_shipped():
    told = (ROOT / "infra" / "alertmanager" / "alertmanager.yml").read_text()
    assert dict(re.findall(r"(group_wait|group_interval|repeat_interval): (\w+)", told)) == {
        "group_wait": "5s",
        "group_interval": "1m",
        "repeat_interval": "4h",
    }
