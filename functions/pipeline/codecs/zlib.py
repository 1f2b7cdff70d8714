"""Zlib (RFC 1950), of any number of streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pipeline.codecs.streams import Streams, inflated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HEADERS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_SURE = 512  # bytes that text, taken for deflate blocks, never gets through without an error


def matches(head: bytes) -> bool:
    """Say whether content that begins so is zlib; "x^2" and, in Latin-1, "xÚ" begin like it and are not."""
    if not head.startswith(_HEADERS):
        return False
    from zlib import decompressobj, error

    stream = decompressobj()
    try:
        stream.decompress(head, 1 << 20)
    except error:
        return False
    return stream.eof or len(head) >= _SURE


def decompressed(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Yield the plain content of all streams."""
    from zlib import decompressobj, error

    return Streams("zlib", b"\x78", decompressobj, inflated, (error,)).content(chunks, name)
