"""LZMA: .xz, of any number of streams, and its predecessor .lzma, which is one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from functions.pipeline.codecs.damage import unsupported
from functions.pipeline.codecs.streams import Streams, inflated_from_buffer
from functions.pipeline.errors import CorruptObject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_XZ = b"\xfd7zXZ\0"
_LZMA = b"\x5d\0\0"  # the properties that every encoder uses, and the lower bytes of the dictionary's size
_MEMORY = 80 << 20  # bytes: xz -9 needs 65 MiB. A header may ask for 4 GiB


def matches(head: bytes) -> bool:
    """Say whether content that begins so is .xz or .lzma."""
    is_lzma = head.startswith(_LZMA) and head[10:13] in {b"\0\0\0", b"\xff\xff\xff"}  # of its size, if that is known
    return is_lzma or head.startswith(_XZ)


def decompressed(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Yield the plain content of all streams."""
    from lzma import LZMADecompressor, LZMAError

    opened = partial(LZMADecompressor, memlimit=_MEMORY)
    try:
        yield from Streams("xz", _XZ, opened, inflated_from_buffer, (LZMAError, EOFError)).content(chunks, name)
    except CorruptObject as error:
        if "Memory usage" in str(error.__cause__):  # lzma has one class for all its errors
            raise unsupported(name, "xz", f"needs more than {_MEMORY >> 20} MiB to be decompressed") from error
        raise
