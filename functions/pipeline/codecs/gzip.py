"""Gzip (RFC 1952), of any number of members."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from functions.pipeline.codecs.streams import Streams, inflated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MAGIC = b"\x1f\x8b"


def matches(head: bytes) -> bool:
    """Say whether content that begins so is gzip."""
    return head.startswith(_MAGIC)


def decompressed(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Yield the plain content of all members."""
    from isal.igzip_lib import IsalError
    from isal.isal_zlib import decompressobj

    members = Streams("gzip", _MAGIC, partial(decompressobj, wbits=31), inflated, (IsalError,))  # type: ignore[arg-type]  # its stub declares an instance
    return members.content(chunks, name)
