"""A real Jaeger for tests: built once into the user's cache, started on free ports with data of its own."""

from __future__ import annotations

import json
import os
import re
import time
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.scripts import Server, free_port, install, running

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "infra" / "jaeger" / "server" / "jaeger.sh"
HOME = ROOT / ".tools" / "jaeger"
_SECONDS = 30  # that an answer may take


class Jaeger(Server):
    """A Jaeger; `address` is what JAEGER_URL is, and `endpoint` where it takes OTLP."""

    def __init__(self, data: Path, port: int = 0, **variables: str) -> None:
        """Take the folder for data, and variables of the script; 0 is any free port."""
        ports = {"JAEGER_OTLP_PORT": str(free_port()), "JAEGER_GRPC_PORT": str(free_port())}
        super().__init__(SCRIPT, HOME, data, port, **ports | variables)
        self.endpoint = f"http://127.0.0.1:{self._variables['JAEGER_OTLP_PORT']}"

    def get(self, path: str, **query: object) -> Any:
        """Ask its API something; return the `data` of its answer."""
        with urlopen(f"{self.address}{path}?{urlencode(query)}", timeout=_SECONDS) as answer:  # noqa: S310
            return json.load(answer)["data"]

    def traces(self, service: str, tags: dict[str, str] | None = None, **query: object) -> list[dict[str, Any]]:
        """Return the traces with a span of a service that has these tags, from whenever it is."""
        asked = {"service": service, "tags": json.dumps(tags or {}), "limit": 20_000, "start": 0, **query}
        found: list[dict[str, Any]] = self.get("/api/traces", end=time.time_ns() // 1000, **asked)
        return found

    def spans(self, service: str, **query: Any) -> list[dict[str, Any]]:
        """Return the service's spans of those traces; `tags` by name, `parent` its id."""
        found = [
            span
            for trace in self.traces(service, **query)
            for span in trace["spans"]
            if trace["processes"][span["processID"]]["serviceName"] == service
        ]
        for each in found:
            each["tags"] = {tag["key"]: tag["value"] for tag in each["tags"]}
            each["parent"] = next((reference["spanID"] for reference in each["references"]), None)
        return found


def install_jaeger() -> None:
    """Install it; where it would have to be built first, skip the test."""
    version = re.search(r"^version=(\S+)", SCRIPT.read_text(), re.MULTILINE)[1]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    if which("jaeger") is None and not (cache / "trilog" / f"jaeger-{version}" / "jaeger").exists():
        pytest.skip(
            "Jaeger is not built here. Run, for ten minutes: infra/jaeger/server/jaeger.sh install .tools/jaeger"
        )
    install(SCRIPT, HOME)


@contextmanager
def start_jaeger() -> Iterator[Jaeger]:
    """Run a Jaeger and yield it; where there is none, skip the test."""
    install_jaeger()
    with TemporaryDirectory(prefix="trilog-jaeger-") as folder, running(Jaeger(Path(folder, "data"))) as jaeger:
        yield jaeger
