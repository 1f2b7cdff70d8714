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
_LOOKED = 256  # bytes looked at, at once, for zeros between frames

# What content may inflate to: lines with times reach 15 (gzip) to 75 (zstd) times what is stored; the same line again
# and again 300 and 11,000 times; a bomb 1,000 and 32,000 times. So a high ratio alone proves nothing, and up to 1 GiB
# all is read: of short lines that is already more than an indexer on AWS gets through before its deadline.
_ALWAYS_READ = 1 << 30  # bytes of plain content, whatever the ratio
_MOST_RATIO = 300  # plain bytes for each byte stored, beyond that


def is_compressed(head: bytes) -> bool:
    """Say whether content that begins with `head` (MAGIC bytes, or all there is) is gzip or zstd."""
    return head.startswith(_GZIP) or _is_zstd(head)


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
    if not is_compressed(head):
        return chunks
    stored = _Stored(chunks)
    plain = (_gunzip if head.startswith(_GZIP) else _unzstd)(stored, name)
    return _gathered(_bounded(plain, stored, name))


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


class _Stored:
    """Chunks that are counted as they are read: `size` is in bytes."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            yield chunk


def _bounded(pieces: Iterable[bytes], stored: _Stored, name: str) -> Iterator[bytes]:
    """Yield pieces of plain content as long as there are not too many of them for what is stored."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > _ALWAYS_READ and size > _MOST_RATIO * stored.size:
            raise CorruptObject(
                "{name}: its content inflates to more than 1 GiB and more than {ratio} times what is stored (a "
                "decompression bomb). What came before was read. Remove it; if its lines are wanted, store them in "
                "several smaller objects.",
                name=name,
                ratio=_MOST_RATIO,
            )
        yield piece


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces, of which hostile content can have one for each byte: every piece costs its reader time."""
    held: list[bytes] = []
    size = 0
    try:
        for piece in pieces:
            if held and size + len(piece) > _TAKEN:
                yield b"".join(held)
                held, size = [], 0
            held.append(piece)
            size += len(piece)
    except CorruptObject:
        if held:
            yield b"".join(held)
        raise
    if held:
        yield b"".join(held)


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
    """Cut content into pieces of one size, however it came: isal takes some damaged headers as sound when in bits."""
    rest = b""
    for chunk in chunks:
        rest += chunk
        whole = len(rest) - len(rest) % size
        for start in range(0, whole, size):
            yield rest[start : start + size]
        rest = rest[whole:]
    if rest:
        yield rest


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

    supply, decompressor = _Supply(chunks), ZstdDecompressor()
    try:
        while magic := supply.magic():
            if magic[1:] == _SKIPPABLE:
                supply.skip(int.from_bytes(supply.take(4), "little"))
                continue
            frame = decompressor.decompressobj()
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
            self._skip_zeros()
        except EOFError:
            return b""
        return self.take(MAGIC)

    def take(self, count: int) -> bytes:
        return b"".join(self._parts(count))

    def skip(self, count: int) -> None:
        for _ in self._parts(count):
            pass

    def _skip_zeros(self) -> None:
        """Go on to the next byte that is not zero."""
        seen = rest = b""
        while not rest:
            self._chunk = self._chunk[len(seen) :] or memoryview(self._next())
            seen = bytes(self._chunk[:_LOOKED])
            rest = seen.lstrip(b"\0")
        self._chunk = self._chunk[len(seen) - len(rest) :]

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
