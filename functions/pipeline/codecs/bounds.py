"""What content may inflate to: bounds on memory and time for content that somebody else has compressed.

Lines with times reach 15 (gzip) to 75 (zstd) times what is stored; the same line again and again 300 and 11,000 times;
a bomb 1,000 and 32,000 times. So a high ratio alone proves nothing, and up to 1 GiB all is read: of short lines that is
already more than an indexer on AWS gets through before its deadline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from functions.pipeline.errors import CorruptObject, TrilogError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FED = 32 << 10  # bytes given to a decoder at once: most copy what they could not use yet, so more would be slower
TAKEN = 128 << 10  # bytes taken from a decoder at once: when it meets damage, it loses no more than that
_ALWAYS_READ = 1 << 30  # bytes of plain content, whatever the ratio
_MOST_RATIO = 300  # plain bytes for each byte stored, beyond that


class Counted(Protocol):
    """What is read of the stored content: `size` is how many bytes were."""

    @property
    def size(self) -> int:
        """Count the bytes."""


class Stored:
    """Chunks that are counted as they are read."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            yield chunk


class Bound:
    """How much plain content there may be for what is stored, of which `name` is said in the error."""

    def __init__(self, stored: Counted, name: str) -> None:
        self._stored, self._name = stored, name
        self._size = 0

    def pieces(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield pieces of plain content as long as all that went through here together is not too much."""
        for piece in pieces:
            self._size += len(piece)
            if self._size > _ALWAYS_READ and self._size > _MOST_RATIO * self._stored.size:
                raise CorruptObject(
                    "{name}: its content inflates to more than 1 GiB and more than {ratio} times what is stored (a "
                    "decompression bomb). What came before was read. Remove it; if its lines are wanted, store them in "
                    "several smaller objects.",
                    name=self._name,
                    ratio=_MOST_RATIO,
                )
            yield piece


def gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces, of which hostile content can have one for each byte: every piece costs its reader time."""
    held: list[bytes] = []
    size = 0
    try:
        for piece in pieces:
            if held and size + len(piece) > TAKEN:
                yield b"".join(held)
                held, size = [], 0
            held.append(piece)
            size += len(piece)
    except TrilogError:
        if held:
            yield b"".join(held)
        raise
    if held:
        yield b"".join(held)


def pieces(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Cut content into pieces of one size, however it came: isal takes some damaged headers as sound when in bits.

    What came before an error comes before it here too.
    """
    rest = b""
    try:
        for chunk in chunks:
            rest += chunk
            whole = len(rest) - len(rest) % size
            for start in range(0, whole, size):
                yield rest[start : start + size]
            rest = rest[whole:]
    except TrilogError:
        if rest:
            yield rest
        raise
    if rest:
        yield rest
