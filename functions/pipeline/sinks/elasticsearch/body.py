"""The body of a `_bulk` request: compressed as it grows, so that little of it stays in memory.

No document is kept beside it. When the server does not take all of them, the body itself says what was sent.
"""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

import orjson

from functions.pipeline.documents import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from functions.pipeline.documents import Row
    from functions.pipeline.names import IndexNames

LARGEST = 5 * 1024 * 1024  # bytes before compression: larger is no faster, and takes memory on both sides
_PAUSE, _LONGEST_PAUSE = 3, 256  # requests that are taken before a larger one is tried again
_LEVEL = 1  # higher levels take more time than they save on the way
_GZIP = 31  # zlib's number for a gzip header and the largest window
_MEMORY = 9  # the most: 300 KB, and the least time
_AFTER_ID = b'"}}\n'


class BodySize:
    """How many bytes a request may have, before compression.

    Half as many after the server has refused one as too large; twice as many again once it has taken some. A limit that
    stays is tried ever more rarely.
    """

    def __init__(self) -> None:
        self.bytes = LARGEST
        self._taken, self._pause = 0, _PAUSE
        self._grown = False  # since a request was refused

    def refused(self, size: int) -> None:
        """Note that a request of this size was too large."""
        if self._grown:
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        self.bytes = min(self.bytes, max(size // 2, 1))
        self._taken, self._grown = 0, False

    def taken(self, size: int) -> None:
        """Note that one was taken."""
        self._taken += 1
        if self.bytes < LARGEST and self._taken > self._pause:
            self.bytes, self._grown = min(2 * self.bytes, LARGEST), True
        elif size > LARGEST // 2:
            self._pause, self._grown = _PAUSE, False


class Body:
    """A growing request; `size` is its length in bytes before compression."""

    def __init__(self, names: IndexNames) -> None:
        """Take what the indexes are called."""
        from isal.isal_zlib import compressobj

        self._names = names
        self._compressor: Any = compressobj(_LEVEL, wbits=_GZIP, memLevel=_MEMORY)
        self._parts: list[bytes] = []
        self._runs: list[tuple[str, int]] = []  # of documents of the same kind
        self._timestamps: list[str] = []
        self.size = 0

    def __len__(self) -> int:
        return sum(count for _, count in self._runs)

    def add(self, kind: str, rows: list[Row]) -> None:
        """Add documents; each is a line that names its index and id, and a line that is its body."""
        ids, timestamps, bodies = zip(*rows, strict=True)
        lines = zip(self._actions(kind, timestamps), ids, repeat(_AFTER_ID), bodies, repeat(b"\n"), strict=False)
        plain = b"".join(chain.from_iterable(lines))
        self._parts.append(self._compressor.compress(plain))
        self._runs.append((kind, len(rows)))
        self._timestamps += timestamps
        self.size += len(plain)

    def kinds(self) -> Iterator[str]:
        """Yield the kind of each document, in order."""
        return chain.from_iterable(repeat(kind, count) for kind, count in self._runs)

    def content(self) -> bytes:
        """Return the request as it is sent; nothing can be added after that."""
        if self._compressor:
            self._parts = [b"".join((*self._parts, self._compressor.flush()))]
            self._compressor = None
        return self._parts[0]

    def documents(self) -> Iterator[Document]:
        """Yield the documents again, out of what was sent."""
        from gzip import decompress  # here the library's own is not typed, and trouble is rare

        lines = iter(decompress(self.content()).split(b"\n"))
        for kind, timestamp, action, body in zip(self.kinds(), self._timestamps, lines, lines, strict=False):
            yield Document(kind, orjson.loads(action)["index"]["_id"], timestamp, body)

    def _actions(self, kind: str, timestamps: Iterable[str]) -> Iterator[bytes]:
        """Begin the line that names a document's index and id, up to the id; alike for all, if there are no periods."""
        if self._names.period == "none":
            return repeat(_action(self._names.base(kind)))
        return (_action(self._names.index(kind, timestamp)) for timestamp in timestamps)


def _action(index: str) -> bytes:
    return b'{"index":{"_index":"%b","_id":"' % index.encode()
