"""The pictures of the documentation, of example data in a real Chromium: `python -m tests.pictures`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.browser import opened, start_browser
from tests.page_data import log

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
SIZE = (1280, 1640)  # pixels


def draw(browser: Browser, folder: Path, to: Path) -> None:
    """Collect a log in a folder, make its page, and take a picture of its upper part."""
    (folder / "api.log").write_text(log(4000, hostile=""))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PIPELINE_DATA": "data", "PIPELINE_LANG": "en"}
    for arguments in (("api.log",), ("page",)):
        command = [sys.executable, "-m", "functions", *arguments]
        subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    with opened(browser, folder / "trilog.html", viewport=SIZE, timezone_id="UTC") as found:
        found.page.screenshot(path=to)


def main() -> None:
    """Draw them all."""
    with TemporaryDirectory(prefix="trilog-pictures-") as name, start_browser() as browser:
        draw(browser, Path(name), PICTURES / "page.png")


if __name__ == "__main__":
    main()
