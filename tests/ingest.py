"""What tests of the ingest function share: the core over a store in a folder, and what is in that."""

from __future__ import annotations

import gzip
import json
import re
from contextlib import contextmanager
from io import BytesIO
from threading import Thread
from typing import TYPE_CHECKING, Any

from functions.ingest.messages import Request, Response
from functions.ingest.run import open_ingest
from functions.ingest.serve import IngestServer
from functions.local import LogsPipeline
from functions.pipeline.wiring import open_indexes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from functions.ingest.ingest import Ingest

HERE, ELSEWHERE = "127.0.0.1", "192.0.2.7"
TOKEN = "correct-horse-battery-staple"  # noqa: S105
JSON, NDJSON, TEXT = "application/json", "application/x-ndjson", "text/plain"


class Kept:
    """The batches in a folder's store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def batches(self) -> dict[str, bytes]:
        """Return the batches' content, by key."""
        found = sorted((self.folder / "raw").rglob("*.log.gz")) if (self.folder / "raw").exists() else []
        return {str(each.relative_to(self.folder)): gzip.decompress(each.read_bytes()) for each in found}

    def lines(self) -> list[bytes]:
        """Return the lines of all batches."""
        return b"".join(self.batches().values()).splitlines()

    def documents(self, **settings: str) -> list[dict[str, Any]]:
        """Index all batches, as `trilog reindex` does; return the log documents in order."""
        variables = {"PIPELINE_DATA": str(self.folder), **settings}
        pipeline = LogsPipeline(variables)
        done = pipeline.reindex()
        assert done.tally.conserved
        return list(open_indexes(variables).read("logs"))


def opened(folder: Path, **settings: str) -> Ingest:
    """Open the core over a folder's store."""
    return open_ingest({"PIPELINE_DATA": str(folder), **settings}, served_here=True)


def sent(
    ingest: Ingest, body: bytes, content_type: str | None = None, path: str = "/logs", method: str = "POST", **more: str
) -> Response:
    """Send a request to the core, from this machine; headers are named with _ for -."""
    headers = {name.replace("_", "-").lower(): value for name, value in more.items()}
    if content_type is not None:
        headers["content-type"] = content_type
    return ingest.answer(Request(method, path, headers, BytesIO(body).read, HERE))


def error(response: Response) -> str:
    """Return the text of an error."""
    assert response.headers["Content-Type"] == JSON
    said = json.loads(response.body)["error"]
    assert re.search(r"\. \w", said), f"no remedy: {said}"
    return said


@contextmanager
def served(ingest: Ingest) -> Iterator[str]:
    """Serve the core as `trilog serve ingest` does; yield its address."""
    with IngestServer(ingest, 0) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
