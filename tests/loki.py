"""A real Loki for tests: built once into the user's cache, started on free ports with data of its own."""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from tests.scripts import Server, free_port, install, running

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "infra" / "loki" / "server" / "loki.sh"
HOME = ROOT / ".tools" / "loki"
RUNS = '{job="ingestion-logs"}'
_SECONDS = 30  # that an answer may take
_SINCE, _UNTIL = "2025-08-01T00:00:00Z", "2025-12-01T00:00:00Z"  # when the example's runs are


class Loki(Server):
    """A Loki; `address` is what LOKI_URL is."""

    def __init__(self, data: Path, port: int = 0, tenant: str = "tests", **variables: str) -> None:
        """Take the folder for data, who asks, and variables of the script; 0 is any free port."""
        super().__init__(SCRIPT, HOME, data, port, **variables)
        self.tenant = tenant

    def empty(self) -> Loki:
        """Return the same server as a tenant sees it who has nothing there yet."""
        return Loki(self._data, self.port, uuid4().hex, **self._variables)

    def flush(self) -> None:
        """Let it write its open chunks to the disk, and close them."""
        with urlopen(Request(f"{self.address}/flush", b"", method="POST"), timeout=_SECONDS) as answer:  # noqa: S310
            assert answer.status == 204

    def get(self, path: str, **query: object) -> Any:
        """Ask it something; return the `data` of its answer."""
        asked = Request(f"{self.address}{path}?{urlencode(query)}", headers={"X-Scope-OrgID": self.tenant})  # noqa: S310
        with urlopen(asked, timeout=_SECONDS) as answer:  # noqa: S310
            return json.load(answer)["data"]

    def lines(self, query: str = RUNS, since: str = _SINCE, until: str = _UNTIL) -> list[dict[str, str]]:
        """Return the entries that a query finds, oldest first: labels and metadata, `time` in nanoseconds, `line`."""
        asked = {"query": query, "start": since, "end": until, "limit": 100_000, "direction": "forward"}
        streams = self.get("/loki/api/v1/query_range", **asked)["result"]
        found = [
            {**each["stream"], "time": time, "line": line} for each in streams for time, line, *_ in each["values"]
        ]
        return sorted(found, key=lambda each: int(each["time"]))

    def numbers(self, query: str, at: str = _UNTIL) -> dict[tuple[tuple[str, str], ...], float]:
        """Return what a query of numbers gives at a time, by labels."""
        result = self.get("/loki/api/v1/query", query=query, time=at)["result"]
        return {tuple(sorted(each["metric"].items())): float(each["value"][1]) for each in result}


def install_loki() -> None:
    """Install it; where it would have to be built first, skip the test."""
    version = re.search(r"^version=(\S+)", SCRIPT.read_text(), re.MULTILINE)[1]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    if not (cache / "trilog" / f"loki-{version}" / "loki").exists():
        pytest.skip(
            "Loki is not built here. Run, for a quarter of an hour: infra/loki/server/loki.sh install .tools/loki"
        )
    install(SCRIPT, HOME)


@contextmanager
def start_loki(*flags: str, tenants: bool = True) -> Iterator[Loki]:
    """Run a Loki and yield it; where there is none, skip the test. Flags win over its configuration."""
    install_loki()
    with TemporaryDirectory(prefix="trilog-loki-") as folder:
        variables = {
            "LOKI_GRPC_PORT": str(free_port()),
            "LOKI_MEMBER_PORT": str(free_port()),
            "LOKI_FLAGS": " ".join((f"-auth.enabled={tenants}", *flags)),
        }
        with running(Loki(Path(folder, "data"), **variables)) as loki:
            yield loki
