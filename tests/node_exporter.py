"""A real node exporter for tests: Debian's package, on a free port."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.scripts import Server, install, running

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
NODE_EXPORTER = ROOT / "infra" / "prometheus" / "server" / "node-exporter.sh"
NODE_EXPORTER_HOME = ROOT / ".tools" / "node-exporter"


@contextmanager
def start_node_exporter() -> Iterator[str]:
    """Run a node exporter and yield its host and port. Where there is none, skip the test."""
    install(NODE_EXPORTER, NODE_EXPORTER_HOME)
    with (
        TemporaryDirectory(prefix="trilog-node-exporter-") as folder,
        running(Server(NODE_EXPORTER, NODE_EXPORTER_HOME, Path(folder))) as server,
    ):
        yield f"127.0.0.1:{server.port}"
