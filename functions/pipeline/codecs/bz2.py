"""Bzip2, of any number of streams (pbzip2 writes one for each block)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pipeline.codecs.streams import Streams, inflated_from_buffer
from functions.pipeline.expressions import compiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HEAD = rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"  # a level; then a block's magic, pi, or the end's, its root


def matches(head: bytes) -> bool:
    """Say whether content that begins so is bzip2."""
    return compiled(_HEAD).match(head) is not None


def decompressed(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Yield the plain content of all streams."""
    from bz2 import BZ2Decompressor

    return Streams("bzip2", b"BZh", BZ2Decompressor, inflated_from_buffer, (OSError, EOFError)).content(chunks, name)
