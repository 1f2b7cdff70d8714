"""A stream of bytes, taken by count: for formats that say how long their parts are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LOOKED = 256  # bytes looked at, at once, for zeros


class Supply:
    """A stream of bytes, taken by count.

    `take` and `skip` raise EOFError when the stream ends before.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._chunk = memoryview(b"")

    def take(self, count: int) -> bytes:
        """Take the next bytes."""
        return b"".join(self._parts(count))

    def skip(self, count: int) -> None:
        """Go on behind the next bytes."""
        for _ in self._parts(count):
            pass

    def skip_zeros(self) -> None:
        """Go on to the next byte that is not zero."""
        seen = rest = b""
        while not rest:
            self._chunk = self._chunk[len(seen) :] or memoryview(self._next())
            seen = bytes(self._chunk[:_LOOKED])
            rest = seen.lstrip(b"\0")
        self._chunk = self._chunk[len(seen) - len(rest) :]

    def _parts(self, count: int) -> Iterator[memoryview]:
        while count:
            part = self._chunk[:count]
            self._chunk = self._chunk[count:]
            count -= len(part)
            yield part
            if count:
                self._chunk = memoryview(self._next())

    def _next(self) -> bytes:
        for chunk in self._chunks:
            return chunk
        raise EOFError
