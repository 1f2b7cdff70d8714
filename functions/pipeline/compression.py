"""Reading compressed content as a stream: gzip and zstd, known by their first bytes and not by a name."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from functions.pipeline.errors import CorruptObject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from isal.isal_zlib import Decompress

MAGIC = 4  # bytes that tell the kinds apart
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = b"\x2a\x4d\x18"  # after a byte from 0x50 to 0x5f: a zstd frame without content (pzstd begins with one)

_FED = 32 << 10  # bytes given to inflate at once: it copies what it could not use yet, so more would be slower
_TAKEN = 128 << 10  # bytes taken from inflate at once: when it meets damage, it loses no more than that
_RLE_BLOCK = 1  # a zstd block that is one byte, repeated


def is_compressed(head: bytes) -> bool:
    """Say whether content that begins with `head` (MAGIC bytes, or all there is) is gzip or zstd."""
    return head.startswith(_GZIP) or _is_zstd(head)


def decompressed(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Yield the plain content of a stream of bytes, whatever its compression.

    Gzip of several members, zstd of several frames, and zeros after either are read. However well the content was
    compressed, a yielded piece has at most 128 KiB; plain chunks pass as they are.

    Args:
        chunks: the content as stored, in pieces of any size.
        name: what the content is called in an error.

    Raises:
        CorruptObject: the content ends too early or is damaged. What came before has been yielded by then, except for
            up to 128 KiB just before damage.
    """
    head, chunks = _peek(iter(chunks))
    if head.startswith(_GZIP):
        return _gunzip(chunks, name)
    if _is_zstd(head):
        return _unzstd(chunks, name)
    return chunks


def _is_zstd(head: bytes) -> bool:
    return head.startswith((_ZSTD, *(bytes([first]) + _SKIPPABLE for first in range(0x50, 0x60))))


def _peek(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first bytes, and the chunks as they were."""
    seen: list[bytes] = []
    head = b""
    while len(head) < MAGIC and (chunk := next(chunks, None)) is not None:
        seen.append(chunk)
        head += chunk[:MAGIC]
    return head, chain(seen, chunks)


def _unreadable(name: str, kind: str, cause: str) -> CorruptObject:
    return CorruptObject(
        "{name}: its {kind} content {cause}. What came before was read. Replace it by a complete copy, or remove it.",
        name=name,
        kind=kind,
        cause=cause,
    )


def _cut_short(name: str, kind: str) -> CorruptObject:
    return _unreadable(name, kind, "ends too early (an incomplete copy, or one that is still being written)")


def _gunzip(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    from isal.igzip_lib import IsalError
    from isal.isal_zlib import decompressobj

    member = None
    try:
        for fed in _pieces(chunks, _FED):
            rest = fed
            while rest := rest if member else rest.lstrip(b"\0"):
                member = member or decompressobj(wbits=31)
                yield from _inflated(member, rest)
                if not member.eof:
                    break
                rest, member = member.unused_data, None
    except IsalError as error:  # type: ignore[misc]  # its stub declares an instance
        raise _unreadable(name, "gzip", f"is damaged ({error})") from error
    if member:
        raise _cut_short(name, "gzip")


def _pieces(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), size):
            yield chunk[start : start + size]


def _inflated(member: Decompress, fed: bytes) -> Iterator[bytes]:
    """Yield what the fed bytes hold: less than asked for, and nothing left over, means that it was all."""
    while True:
        plain = member.decompress(fed, _TAKEN)
        if plain:
            yield plain
        fed = member.unconsumed_tail
        if member.eof or (not fed and len(plain) < _TAKEN):
            return


def _unzstd(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Feed the decoder block by block: it has no bound on its output of its own, but a block holds at most 128 KiB."""
    from zstandard import ZstdDecompressor, ZstdError

    supply = _Supply(chunks)
    try:
        while magic := supply.magic():
            if magic[1:] == _SKIPPABLE:
                supply.skip(int.from_bytes(supply.take(4), "little"))
                continue
            frame = ZstdDecompressor().decompressobj()
            for part in _frame(supply, magic):
                if plain := frame.decompress(part):
                    yield plain
    except ZstdError as error:
        raise _unreadable(name, "zstd", f"is damaged ({error})") from error
    except EOFError as error:
        raise _cut_short(name, "zstd") from error


def _frame(supply: _Supply, magic: bytes) -> Iterator[bytes]:
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


class _Supply:
    """A stream of bytes, taken by count.

    `take` and `skip` raise EOFError when the stream ends before.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._chunk = memoryview(b"")

    def magic(self) -> bytes:
        """Take the four bytes that a frame begins with; b"" when nothing but zeros is left."""
        try:
            while (first := self.take(1)) == b"\0":
                pass
        except EOFError:
            return b""
        return first + self.take(MAGIC - 1)

    def take(self, count: int) -> bytes:
        return b"".join(self._parts(count))

    def skip(self, count: int) -> None:
        for _ in self._parts(count):
            pass

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
