"""A real Space for tests: examples/space/app.py in a process of its own."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

from examples.space.launch import running
from examples.space.send_predictions import Sent, send

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator


class Space:
    """A running Space. Its log is written past the Gradio client, so that hundreds of lines take milliseconds."""

    def __init__(self, url: str, process: subprocess.Popen[str], token: str | None) -> None:
        self.url = url
        self.process = process
        self._token = token

    def log(self, level: str, message: str, data: dict[str, Any] | None = None) -> None:
        """Append one line to the log."""
        self.log_many([{"level": level, "message": message, "data": data}])

    def log_many(self, lines: list[dict[str, Any]]) -> None:
        """Append lines, oldest first: each a message and perhaps level, data, timestamp ("2025-11-18 16:55:02")."""
        self._run("log", lines)

    def restart(self) -> None:
        """Empty the log as a restart does: its first line is left."""
        self._run("restart")

    def clear(self) -> None:
        """Empty the log."""
        self._run("clear")

    def predict(self, count: int, seed: int = 0) -> Sent:
        """Send `count` made-up patients, the same ones for the same seed."""
        return send(self.url, count, seed, self._token)

    def _run(self, endpoint: str, *arguments: object) -> None:
        url = f"{self.url}/gradio_api/run/{endpoint}"
        headers = {"authorization": f"Bearer {self._token}"} if self._token else {}
        httpx.post(url, json={"data": arguments}, headers=headers, timeout=10).raise_for_status()


@contextmanager
def start_space(*flags: str) -> Iterator[Space]:
    """Run a Space on a free port with the flags of examples/space/app.py, until the block ends."""
    token = flags[flags.index("--private") + 1] if "--private" in flags else None
    with running(*flags) as (url, process):
        yield Space(url, process, token)
