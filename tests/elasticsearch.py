"""A real Elasticsearch for tests: installed once into .tools, started on a free port with data of its own."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.scripts import free_port, install, run

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[1]
_SCRIPT = _ROOT / "infra" / "elasticsearch" / "server" / "elasticsearch.sh"
_HOME = _ROOT / ".tools" / "elasticsearch"


@contextmanager
def start_elasticsearch() -> Iterator[str]:
    """Run a server and yield its address; without a JDK or Maven, skip the test."""
    install(_SCRIPT, _HOME)
    port = free_port()
    with TemporaryDirectory(prefix="trilog-elasticsearch-") as data:
        run(_SCRIPT, "start-background", _HOME, port, data)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            run(_SCRIPT, "stop", _HOME, port)
