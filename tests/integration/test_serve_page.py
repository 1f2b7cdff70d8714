"""`trilog serve page`: the page made anew for each request, for this machine alone."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "functions"]
LINE = "2025-01-20 10:30:0{second} - api - INFO - ready\n"
SLOW = "2025-01-20 10:40:00 - api - ERROR - [9d1c-77] POST /predict - 500 - 4500ms - {} - {}\n"


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **more}


def collect(folder: Path, seconds: range) -> None:
    (folder / "api.log").write_text("".join(LINE.format(second=second) for second in seconds))
    subprocess.run([*COMMAND, "api.log"], cwd=folder, env=environment(), check=True, capture_output=True)


@contextmanager
def served(folder: Path, **more: str) -> Iterator[str]:
    """Serve the page of a folder; yield the address, and end the server as a service manager does."""
    command = [*COMMAND, "serve", "page", "--port", "0"]
    with subprocess.Popen(command, cwd=folder, env=environment(**more), stdout=subprocess.PIPE, text=True) as process:
        try:
            yield re.search(r"http://[0-9.:]+", process.stdout.readline())[0]
        finally:
            process.send_signal(signal.SIGTERM)
    assert process.returncode == 0


def ask(address: str, path: str = "/", method: str = "GET", **headers: str) -> tuple[int, str, dict[str, str]]:
    connection = HTTPConnection(urlsplit(address).netloc, timeout=60)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    said = answer.read().decode()
    connection.close()
    return answer.status, said, dict(answer.headers)


def records(html: str) -> int:
    data = json.loads(re.search(r'id="data">(.*?)</script>', html)[1])
    return data["sections"][0][1][0]["rows"][0][0]


def test_each_request_is_answered_by_a_new_page_of_what_it_asks_for(tmp_path: Path):
    collect(tmp_path, range(2))
    with served(tmp_path) as address:
        status, html, headers = ask(address)
        assert (status, records(html)) == (200, 2)
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert (headers["Cache-Control"], headers["X-Frame-Options"]) == ("no-store", "DENY")
        collect(tmp_path, range(2, 5))
        assert records(ask(address)[1]) == 5
        assert records(ask(address, "/?since=2025-01-20T10:30:01Z&until=2025-01-20T10:30:04Z")[1]) == 3
        assert ask(address, method="HEAD")[:2] == (200, "")


def test_its_search_has_the_filters_of_show(tmp_path: Path):
    collect(tmp_path, range(9))
    with served(tmp_path) as address:
        status, said, headers = ask(address, "/records?since=2025-01-20T10:30:02Z&level=info&match=READY")
        assert (status, headers["Content-Type"]) == (200, "application/x-ndjson; charset=utf-8")
        found = [json.loads(line) for line in said.splitlines()]
        assert [each["@timestamp"][17:19] for each in found] == ["02", "03", "04", "05", "06", "07", "08"]
        assert ask(address, "/records?level=error")[:2] == (200, "")
        for query, wrong in (
            ("status=9", "argument --status: "),
            ("where=a", "argument --where: "),
            ("where=nothing=1", "ml-api-logs has no field nothing. It has: "),
            ("output=/tmp/x", "no such filter: output"),
            ("help=1", "no such filter: help"),
        ):
            status, said, _ = ask(address, f"/records?{query}")
            assert (status, said[: len(wrong)]) == (400, wrong)


def test_what_is_wrong_is_said(tmp_path: Path):
    with served(tmp_path) as address:
        status, said, headers = ask(address, "/?since=%3Cb%3E")
        assert (status, headers["Content-Type"]) == (400, "text/plain; charset=utf-8")
        assert said == "argument --since: a time, such as 1h, 2d, yesterday, 2025-01-20 or 2025-01-20T10:30Z"
        assert ask(address, "/?until=-1")[0] == 400
        assert ask(address, "/etc/passwd")[:2] == (404, "There is one page, at /")
        assert ask(address, method="POST")[0] == 501


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_a_name_of_somebody_elses_does_not_lead_to_the_page(tmp_path: Path, host: str):
    collect(tmp_path, range(1))
    with served(tmp_path) as address:
        status, said, _ = ask(address, Host=host)
        assert (status, said) == (421, f"Open {address}")
        assert ask(address, Host="localhost:1")[0] == 200


def test_a_browser_searches_by_the_server(tmp_path: Path, browser: Browser):
    (tmp_path / "api.log").write_text("".join(LINE.format(second=n % 10) for n in range(500)) + SLOW)
    subprocess.run([*COMMAND, "api.log"], cwd=tmp_path, env=environment(), check=True, capture_output=True)
    with served(tmp_path) as address, browser.new_context(locale="en-US") as context:
        page, said = context.new_page(), []
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.goto(address)
        page.get_by_text("Records found: 200").wait_for()  # the last ones of 501
        page.get_by_role("textbox", name="Path").fill("/pre*")
        page.get_by_role("textbox", name="Path").press("Enter")
        page.get_by_text("Records found: 1").wait_for()
        page.get_by_role("button", name="9d1c-77").click()
        page.get_by_text("+0 ms").wait_for()
        assert said == []
        page.get_by_label("Status").fill("5xx")
        page.goto(f"{address}/#match=nothing")
        page.reload()
        page.get_by_text("Records found: 0").wait_for()
        page.goto(f"{address}/?since=2025-01-20T10:30:08Z#status=9")
        page.get_by_text("argument --status:").wait_for()


def test_an_index_that_is_away_is_told_and_asked_again(tmp_path: Path):
    with served(tmp_path, ELASTICSEARCH_HOST="http://127.0.0.1:9") as address:
        status, said, _ = ask(address)
        assert status == 503
        assert "127.0.0.1:9" in said


def test_a_port_that_is_taken_is_a_wrong_argument(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [*COMMAND, "serve", "page", "--port", str(taken.getsockname()[1])]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 2
    assert "cannot be listened on" in done.stderr
