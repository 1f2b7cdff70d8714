"""The pictures of the documentation, of example data in a real Chromium: `python -m tests.pictures`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.browser import opened, start_browser
from tests.page_data import log

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
SIZE = (1280, 1640)  # pixels


def draw(folder: Path, to: Path) -> None:
    """Collect a log in a folder, make its page, and take a picture of its upper part."""
    (folder / "api.log").write_text(log(4000, hostile=""))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PIPELINE_DATA": "data", "PIPELINE_LANG": "en"}
    for arguments in (("api.log",), ("page",)):
        command = [sys.executable, "-m", "functions", *arguments]
        subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    with start_browser() as browser, opened(browser, folder / "trilog.html", viewport=SIZE, timezone_id="UTC") as found:
        found.page.screenshot(path=to)


def main() -> None:
    """Draw them all."""
    with TemporaryDirectory(prefix="trilog-pictures-") as name:
        draw(Path(name), PICTURES / "page.png")


if __name__ == "__main__":
    main()
