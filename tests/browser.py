"""A real Chromium for tests of pages: opened without a window, looked at, and checked by axe-core."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).parents[1]
SCRIPT = "infra/chromium.sh"
_FLAGS = ["--disable-gpu", "--disable-quic"]  # beyond Playwright's own: no first run, no updates, no sync, no sandbox
_INSIDE = ("blob:", "data:")  # what such an address names is in the page already


@dataclass
class Opened:
    """A page that is open.

    Attributes:
        page: to look at, and to click on.
        errors: what its scripts threw and did not catch, and what the console shows as an error.
        asked: the addresses that it asked for beside its own file: none, if it is self-contained.
    """

    page: Page
    errors: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@contextmanager
def start_browser() -> Iterator[Browser]:
    """Run a Chromium with a fresh profile and yield it; where there is none, skip the test.

    Until it ends, an event loop runs in this thread: `asyncio.run` fails here meanwhile.
    """
    from playwright.sync_api import sync_playwright

    program = _installed()
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=program, args=_FLAGS) as browser:
        yield browser


def _installed() -> str:
    done = subprocess.run([SCRIPT, "--install"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(done.stderr.strip())
    return done.stdout.strip()


@contextmanager
def opened(
    browser: Browser,
    file: Path,
    *,
    locale: str = "en-US",
    color_scheme: str = "light",
    viewport: tuple[int, int] = (1280, 800),
    **options: Any,
) -> Iterator[Opened]:
    """Open an HTML file as somebody does who has no network, and yield it once it is loaded.

    Args:
        browser: what opens it; it remembers nothing of the pages before.
        file: the HTML file.
        locale: the language that is preferred, `fr-FR` for instance.
        color_scheme: `light` or `dark`.
        viewport: width and height of what is seen, in CSS pixels.
        options: others of Playwright's `new_context`, `timezone_id` or `reduced_motion` for instance.
    """
    width, height = viewport
    given = {"locale": locale, "color_scheme": color_scheme, "viewport": {"width": width, "height": height}}
    with browser.new_context(offline=True, **given, **options) as context:
        found = Opened(context.new_page())
        address = file.resolve().as_uri()
        _watch(context, address, found)
        found.page.goto(address)
        if options.get("java_script_enabled", True):
            found.page.evaluate(
                "new Promise(done => setTimeout(done))"
            )  # a promise is found broken after the load only
        yield found


def _watch(context: BrowserContext, own: str, found: Opened) -> None:
    def ask(address: str) -> None:
        if address.partition("#")[0] != own and not address.startswith(_INSIDE):
            found.asked.append(address)

    context.on("request", lambda request: ask(request.url))
    found.page.on("websocket", lambda socket: ask(socket.url))
    context.on("weberror", lambda thrown: found.errors.append(f"{thrown.error.name}: {thrown.error.message}"))
    context.on("console", lambda said: found.errors.append(said.text) if said.type == "error" else None)


def violations(page: Page) -> list[str]:
    """Return what axe-core holds against a page: a line for each element, with the rule, its impact, where, and why."""
    from axe_playwright_python.sync_playwright import Axe

    return [
        f"{rule['id']} ({rule['impact']}) at {' '.join(map(str, node['target']))}: {_one_line(node['failureSummary'])}"
        for rule in Axe().run(page).response["violations"]
        for node in rule["nodes"]
    ]


def _one_line(text: str) -> str:
    return " ".join(text.split())
