"""A fake S3 that is never what a benchmark waits for: it gives the files of a folder as the objects of any bucket.

`/_counts` tells how many requests came since `/_reset`.
"""

from __future__ import annotations

import sys
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote, urlsplit

import orjson

from tests.bench.http_server import Answer, Exchanges, Request, serve


class FakeObjects:
    """Answers requests for objects and counts them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._requests = 0

    def answer(self, request: Request) -> Answer:
        """Answer a request."""
        path = unquote(urlsplit(request.target).path)
        if path == "/_counts":
            return Answer(orjson.dumps({"requests": self._requests}))
        if path == "/_reset":
            self._requests = 0
            return Answer(b"{}")
        self._requests += 1
        _, _bucket, key = path.split("/", 2)
        return self._object(self._folder / key)

    def _object(self, path: Path) -> Answer:
        if not path.is_file():
            return Answer(b"<Error><Code>NoSuchKey</Code></Error>", 404)
        written = formatdate(path.stat().st_mtime, usegmt=True)
        return Answer(path.read_bytes(), 200, {"ETag": f'"{path.name}"', "Last-Modified": written})


if __name__ == "__main__":
    objects = FakeObjects(Path(sys.argv[1]))
    serve(lambda: Exchanges(objects.answer))
