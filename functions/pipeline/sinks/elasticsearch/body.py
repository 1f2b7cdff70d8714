"""The body of a `_bulk` request: compressed as it grows, so that little of it stays in memory.

No document is kept beside it. When the server does not take all of them, the body itself says what was sent.
"""

from __future__ import annotations

from itertools import chain, islice, repeat
from operator import itemgetter
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
_CREATED = b'","status":201}},'


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
    """A growing request.

    Attributes:
        size: its length in bytes before compression.
        whole: how many of the portions that came for requests are in this one and those before it, whole.
    """

    def __init__(self, names: IndexNames) -> None:
        """Take what the indexes are called."""
        from isal.isal_zlib import compressobj

        self._names = names
        self._compressor: Any = compressobj(_LEVEL, wbits=_GZIP, memLevel=_MEMORY)
        self._parts: list[bytes] = []
        self._runs: list[tuple[str, tuple[bytes, ...], tuple[str, ...]]] = []  # ids and times of one kind's documents
        self.size = self.whole = 0

    def __len__(self) -> int:
        return sum(len(ids) for _, ids, _ in self._runs)

    def add(self, kind: str, rows: list[Row]) -> None:
        """Add documents; each is a line that names its index and id, and a line that is its body."""
        ids, timestamps, bodies = zip(*rows, strict=True)
        lines = zip(self._actions(kind, timestamps), ids, repeat(_AFTER_ID), bodies, repeat(b"\n"), strict=False)
        plain = b"".join(chain.from_iterable(lines))
        self._parts.append(self._compressor.compress(plain))
        self._runs.append((kind, ids, timestamps))
        self.size += len(plain)

    def kinds(self) -> Iterator[str]:
        """Yield the kind of each document, in order."""
        return chain.from_iterable(repeat(kind, len(ids)) for kind, ids, _ in self._runs)

    def created(self) -> bytes:
        """Return what the server answers when every document is new, and its answer is filtered as `_bulk` asks."""
        runs = (zip(self._actions(kind, times), ids, repeat(_CREATED)) for kind, ids, times in self._runs)
        items = b"".join(chain.from_iterable(chain.from_iterable(runs)))
        return b'{"errors":false,"items":[%b]}' % items[:-1]

    def content(self) -> bytes:
        """Return the request as it is sent; nothing can be added after that."""
        if self._compressor:
            self._parts = [b"".join((*self._parts, self._compressor.flush()))]
            self._compressor = None
        return self._parts[0]

    def documents(self) -> Iterator[Document]:
        """Yield the documents again, out of what was sent."""
        times = chain.from_iterable(times for _, _, times in self._runs)
        for kind, timestamp, (_, identity), body in zip(
            self.kinds(), times, self.places(), self._lines(1), strict=True
        ):
            yield Document(kind, identity, timestamp, body)

    def places(self) -> Iterator[tuple[str, str]]:
        """Yield the index and the id of each document, out of what was sent."""
        return (itemgetter("_index", "_id")(orjson.loads(action)["index"]) for action in self._lines(0))

    def _lines(self, first: int) -> Iterator[bytes]:
        """Yield every other line that was sent: the actions from 0, the documents from 1."""
        from gzip import decompress  # here the library's own is not typed, and trouble is rare

        return islice(decompress(self.content()).split(b"\n"), first, 2 * len(self), 2)

    def _actions(self, kind: str, timestamps: Iterable[str]) -> Iterator[bytes]:
        """Begin the line that names a document's index and id, up to the id; alike for all, if there are no periods."""
        if self._names.period == "none":
            return repeat(_action(self._names.base(kind)))
        return (_action(self._names.index(kind, timestamp)) for timestamp in timestamps)


def _action(index: str) -> bytes:
    return b'{"index":{"_index":"%b","_id":"' % index.encode()
