"""Which bytes are text: content as it is stored in, its plain content out, known by its first bytes and not by a name.

A codec is a module of this folder with two functions:

- `matches(head)` says whether content that begins with `head` (HEAD bytes, or all there is) is its own;
- `decompressed(chunks, name)` yields the plain content, and raises CorruptObject as `unreadable` makes it.
"""

from __future__ import annotations

from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Protocol, cast

from functions.pipeline.codecs.bounds import Stored, bounded, gathered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HEAD = 4096  # bytes that tell what content is


class Codec(Protocol):
    """What a module of this folder is when it is a codec."""

    def matches(self, head: bytes) -> bool:
        """Say whether content that begins with `head` is this codec's."""

    def decompressed(self, chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
        """Yield the plain content, in pieces of at most 128 KiB."""


def is_compressed(head: bytes) -> bool:
    """Say whether content that begins with `head` (HEAD bytes, or all there is) is compressed."""
    return _codec(head) is not None


def decompressed(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Yield the plain content of a stream of bytes, whatever its compression.

    Gzip of several members, zstd of several frames, and zeros after either are read. However well the content was
    compressed, a yielded piece has at most 128 KiB, and small pieces are joined; plain chunks pass as they are.

    Args:
        chunks: the content as stored, in pieces of any size.
        name: what the content is called in an error.

    Raises:
        CorruptObject: the content ends too early, is damaged, or inflates beyond reason (1 GiB that is more than 300
            times what was stored for it). What came before has been yielded by then, except for up to 128 KiB just
            before damage.
    """
    head, chunks = _peek(iter(chunks))
    codec = _codec(head)
    if codec is None:
        return chunks
    stored = Stored(chunks)
    return gathered(bounded(codec.decompressed(stored, name), stored, name))


def _codec(head: bytes) -> Codec | None:
    """Find the codec of some content; whose head is plain ASCII without NUL is nobody's, and no codec is imported."""
    if head.isascii() and b"\0" not in head:
        return None
    return next((codec for codec in _codecs() if codec.matches(head)), None)


def _codecs() -> Iterator[Codec]:
    """Yield the codecs, each imported as it is asked for: first gzip, in which all our own batches are."""
    yield cast("Codec", import_module(f"{__name__}.gzip"))
    import pkgutil

    for found in pkgutil.iter_modules(__path__):
        module = import_module(f"{__name__}.{found.name}")
        if hasattr(module, "matches"):
            yield cast("Codec", module)


def _peek(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first bytes, and the chunks as they were."""
    seen: list[bytes] = []
    size = 0
    while size < HEAD and (chunk := next(chunks, None)) is not None:
        seen.append(chunk)
        size += len(chunk)
    return b"".join(seen)[:HEAD], chain(seen, chunks)
