"""Zstandard (RFC 8878), of any number of frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pipeline.codecs.damage import cut_short, unreadable
from functions.pipeline.codecs.supply import Supply

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = b"\x2a\x4d\x18"  # after a byte from 0x50 to 0x5f: a frame without content (pzstd begins with one)
_BEGINNINGS = (_MAGIC, *(bytes([first]) + _SKIPPABLE for first in range(0x50, 0x60)))
_RLE_BLOCK = 1  # a block that is one byte, repeated


def matches(head: bytes) -> bool:
    """Say whether content that begins so is zstd."""
    return head.startswith(_BEGINNINGS)


def decompressed(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Yield the plain content of all frames; zeros between them are nothing.

    The decoder is fed block by block: it has no bound on its output of its own, but a block holds at most 128 KiB.
    """
    from zstandard import ZstdDecompressor, ZstdError

    supply, decompressor = Supply(chunks), ZstdDecompressor()
    try:
        while magic := supply.take_after_zeros(len(_MAGIC)):
            if magic[1:] == _SKIPPABLE:
                supply.skip(int.from_bytes(supply.take(4), "little"))
                continue
            frame = decompressor.decompressobj()
            for part in _frame(supply, magic):
                if plain := frame.decompress(part):
                    yield plain
    except ZstdError as error:
        raise unreadable(name, "zstd", f"is damaged ({error})") from error
    except EOFError as error:
        raise cut_short(name, "zstd") from error


def _frame(supply: Supply, magic: bytes) -> Iterator[bytes]:
    """Yield a zstd frame's header, then its blocks (RFC 8878, 3.1.1), the last one with the checksum."""
    descriptor = supply.take(1)
    flags = descriptor[0]
    single, has_checksum = flags >> 5 & 1, flags >> 2 & 1
    content_size = (single, 2, 4, 8)[flags >> 6]
    dictionary_id = (0, 1, 2, 4)[flags & 3]
    yield magic + descriptor + supply.take(1 - single + dictionary_id + content_size)
    last = 0
    while not last:
        header = supply.take(3)
        fields = int.from_bytes(header, "little")
        last, kind, size = fields & 1, fields >> 1 & 3, fields >> 3
        yield header + supply.take((1 if kind == _RLE_BLOCK else size) + 4 * (last & has_checksum))
