"""A stream of bytes, taken by count: for formats that say how long their parts are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LOOKED = 256  # bytes looked at, at once, for zeros


class Supply:
    """A stream of bytes, taken by count; `size` is how many were taken.

    What takes raises EOFError when the stream ends before.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._chunk = memoryview(b"")
        self.size = 0

    def take(self, count: int) -> bytes:
        """Take the next bytes."""
        return b"".join(self._parts(count))

    def skip(self, count: int) -> None:
        """Go on behind the next bytes."""
        for _ in self._parts(count):
            pass

    def pieces(self, largest: int, count: int | None) -> Iterator[bytes]:
        """Take the next bytes piece by piece; all that there are, and then raise EOFError, if the count is None."""
        while count is None or count > 0:
            part = self._part(largest if count is None else min(largest, count))
            count = None if count is None else count - len(part)
            yield bytes(part)

    def give_back(self, taken: bytes) -> None:
        """Let the last bytes that were taken be the next ones."""
        self._chunk = memoryview(taken + bytes(self._chunk)) if taken else self._chunk
        self.size -= len(taken)

    def take_after_zeros(self, count: int) -> bytes:
        """Take the next bytes from the first that is not zero on; b"" when nothing but zeros is left."""
        try:
            self._skip_zeros()
        except EOFError:
            return b""
        return self.take(count)

    def _skip_zeros(self) -> None:
        seen = rest = b""
        while not rest:
            self._chunk = self._chunk[len(seen) :] or memoryview(self._next())
            seen = bytes(self._chunk[:_LOOKED])
            rest = seen.lstrip(b"\0")
            self.size += len(seen) - len(rest)
        self._chunk = self._chunk[len(seen) - len(rest) :]

    def _parts(self, count: int) -> Iterator[memoryview]:
        while count:
            part = self._part(count)
            count -= len(part)
            yield part

    def _part(self, most: int) -> memoryview:
        """Take the next bytes, as many as are at hand."""
        while not self._chunk:
            self._chunk = memoryview(self._next())
        part = self._chunk[:most]
        self._chunk = self._chunk[most:]
        self.size += len(part)
        return part

    def _next(self) -> bytes:
        for chunk in self._chunks:
            return chunk
        raise EOFError
