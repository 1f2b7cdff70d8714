"""Gzip (RFC 1952), of any number of members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pipeline.codecs.bounds import FED, TAKEN, pieces
from functions.pipeline.codecs.damage import cut_short, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from isal.isal_zlib import Decompress

_MAGIC = b"\x1f\x8b"


def matches(head: bytes) -> bool:
    """Say whether content that begins so is gzip."""
    return head.startswith(_MAGIC)


def decompressed(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Yield the plain content of all members; zeros after them are nothing."""
    from isal.igzip_lib import IsalError
    from isal.isal_zlib import decompressobj

    member = None
    try:
        for fed in pieces(chunks, FED):
            rest = fed
            while rest := rest if member else rest.lstrip(b"\0"):
                member = member or decompressobj(wbits=31)
                yield from _inflated(member, rest)
                if not member.eof:
                    break
                rest, member = member.unused_data, None
    except IsalError as error:  # type: ignore[misc]  # its stub declares an instance
        raise unreadable(name, "gzip", f"is damaged ({error})") from error
    if member:
        raise cut_short(name, "gzip")


def _inflated(member: Decompress, fed: bytes) -> Iterator[bytes]:
    """Yield what the fed bytes hold: less than asked for, and nothing left over, means that it was all."""
    while True:
        plain = member.decompress(fed, TAKEN)
        if plain:
            yield plain
        fed = member.unconsumed_tail
        if member.eof or (not fed and len(plain) < TAKEN):
            return
