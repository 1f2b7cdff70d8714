"""What tests of pages rest on: Chromium shows a page as asked, and what is wrong with one is seen."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import Opened, opened, violations

ROOT = Path(__file__).parents[2]
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Requests of the day</title>{head}</head>
<body><main><h1>Requests</h1>{body}</main></body></html>
"""
PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
POLICY = """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:">"""

Show = Callable[..., AbstractContextManager[Opened]]


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Show:
    """Open a page with something in its head or body."""
    file = tmp_path / "la page n° 1.html"  # what an address has to escape

    @contextmanager
    def open_page(body: str = "", head: str = "", **options: object) -> Iterator[Opened]:
        file.write_text(PAGE.format(head=head, body=body), "utf-8")
        with opened(browser, file, **options) as page:
            yield page

    return open_page


def test_nothing_is_held_against_a_clean_page(show: Show):
    clean = f'<p>11 requests</p><img src="{PIXEL}" alt="By hour"><a href="#hours">Hours</a><h2 id="hours">Hours</h2>'
    with show(clean, POLICY) as seen:
        seen.page.get_by_role("link", name="Hours").click()
        assert violations(seen.page) == []
        assert (seen.errors, seen.asked) == ([], [])


@pytest.mark.parametrize("head", ["", POLICY.replace("img-src", "style-src 'unsafe-inline'; img-src")])
def test_a_fault_of_accessibility_is_one_line_for_each_element_that_has_it(show: Show, head: str):
    faults = f'<p style="color: #aaa">Faint</p><img src="{PIXEL}"><input id="from"><input id="until">'
    with show(faults, head) as seen:
        found = violations(seen.page)
    assert [line.partition(": ")[0] for line in found] == [
        "color-contrast (serious) at p",
        "image-alt (critical) at img",
        "label (critical) at #from",
        "label (critical) at #until",
    ]
    assert "insufficient color contrast of 2.32" in found[0]
    assert not any("\n" in line for line in found)


ASKS = """
<img alt="" src="http://127.0.0.1:9/x.png">
<iframe title="x" src="http://127.0.0.1:9/frame"></iframe>
<script>
  fetch("http://127.0.0.1:9/fetch").catch(() => 0);
  onload = () => fetch("http://127.0.0.1:9/late").catch(() => 0);
  new WebSocket("ws://127.0.0.1:9/socket");
</script>
"""


def test_a_page_that_asks_the_network_is_seen(show: Show):
    with show(ASKS) as seen:
        asked = {address.removeprefix("http://127.0.0.1:9/") for address in seen.asked}
    assert asked == {"x.png", "frame", "fetch", "late", "ws://127.0.0.1:9/socket"}


def test_a_page_that_needs_a_file_beside_it_is_seen(show: Show, tmp_path: Path):
    (tmp_path / "page.css").write_text("h1 { color: black }")
    with show(head='<link rel="stylesheet" href="page.css">') as seen:
        assert seen.asked == [(tmp_path / "page.css").as_uri()]


FAILS = """
<script>console.warn("slow"); console.error("no rows")</script>
<script>Promise.reject(new RangeError("no days"))</script>
<script>throw new TypeError("no hours")</script>
"""


def test_a_script_that_fails_is_seen(show: Show):
    with show(FAILS) as seen:
        assert sorted(seen.errors) == ["RangeError: no days", "TypeError: no hours", "no rows"]


def test_what_a_policy_keeps_from_running_is_seen(show: Show):
    with show("<script>document.title = 'changed'</script>", POLICY) as seen:
        [error] = seen.errors
    assert "Content Security Policy" in error
    assert seen.asked == []


def test_a_page_is_shown_as_asked(show: Show):
    shown = "[navigator.language, matchMedia('(prefers-color-scheme: dark)').matches, innerWidth, innerHeight]"
    with show(locale="fr-FR", color_scheme="dark", viewport=(390, 844)) as seen:
        assert seen.page.evaluate(shown) == ["fr-FR", True, 390, 844]
    with show() as seen:
        assert seen.page.evaluate(shown) == ["en-US", False, 1280, 800]


def test_a_page_is_shown_without_its_scripts(show: Show):
    with show("<script>document.body.append('scripts run')</script>", java_script_enabled=False) as seen:
        assert seen.page.locator("body").inner_text() == "Requests"


def test_one_page_knows_nothing_of_another(show: Show):
    with show("<script>localStorage.setItem('rows', 11)</script>"):
        pass
    with show() as seen:
        assert seen.page.evaluate("localStorage.length") == 0


BESIDE = {
    "test_1.py": "def test_a_page(browser): browser.new_page().close()",
    "test_2.py": "import asyncio\ndef test_a_loop(): assert asyncio.run(asyncio.sleep(0, 'done')) == 'done'",
    "test_3.py": "def test_another_page(browser): browser.new_page().close()",
}


@pytest.mark.usefixtures("browser")  # or it is skipped
def test_the_browser_of_one_module_leaves_the_next_its_event_loop(tmp_path: Path):
    for name, text in BESIDE.items():
        (tmp_path / name).write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "--rootdir", tmp_path, tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "3 passed" in done.stdout, done.stdout + done.stderr
