"""A receiver that fails is tried again, and nobody is told twice: by counts, at the intervals that are shipped."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from tests.prometheus import ALERTMANAGER, ALERTMANAGER_HOME, start_alertmanager
from tests.receivers import HANG, mail, tell, until, variables, web
from tests.scripts import Server, install, running

if TYPE_CHECKING:
    from pathlib import Path

GROUP_INTERVAL = 60  # seconds: alertmanager.yml
ALERT = {"labels": {"alertname": "Watchdog", "severity": "critical"}}

pytestmark = pytest.mark.slow


@pytest.mark.timeout(300)
def test_a_receiver_that_fails_is_tried_again_and_nobody_is_told_twice(tmp_path: Path):
    with web() as found, mail(tmp_path) as post:
        found.answers |= {"/slack": [HANG, 404], "/alerts": [500, 500, 503], "/pagerduty": [429]}
        given = variables(tmp_path, found, post)

        def counted() -> dict[str, list[int]]:
            places = {"slack", "alerts", "pagerduty"}
            answers = {place: [each.status for each in found.posts if place in each.path] for place in places}
            return answers | {"mail": [200] * len(post.messages)}

        def expected(*slack: int) -> dict[str, list[int]]:
            return {"slack": [*slack], "alerts": [500, 500, 503, 200], "pagerduty": [429, 200], "mail": [200]}

        with start_alertmanager(**given) as address:
            begun = time.monotonic()
            tell(address, ALERT)
            until(lambda: counted() == expected(HANG), 30)
            until(lambda: counted() != expected(HANG), 2 * GROUP_INTERVAL)
            assert counted() == expected(HANG, 404)  # it was given up after a group interval
            assert [each for each in found.posts if "slack" in each.path][1].at - begun >= GROUP_INTERVAL
            while time.monotonic() - begun < 3.5 * GROUP_INTERVAL:  # Prometheus tells it again and again
                tell(address, ALERT)
                time.sleep(5)
            assert counted() == expected(HANG, 404, 200)


def test_no_secret_is_in_the_log_of_what_failed(tmp_path: Path):
    install(ALERTMANAGER, ALERTMANAGER_HOME)
    with web() as found, mail(tmp_path) as post:
        given = {**variables(tmp_path, found, post), "ALERT_WEBHOOK_URL": ""}
    log = tmp_path / "server" / "server.log"
    with running(Server(ALERTMANAGER, ALERTMANAGER_HOME, log.parent, **given)) as alertmanager:
        tell(f"127.0.0.1:{alertmanager.port}", ALERT)  # nobody listens any longer
        until(lambda: {*re.findall(r"integration=(\w+)", log.read_text())} == {"slack", "email", "pagerduty"}, 60)
    assert "pl4nted" not in log.read_text()
