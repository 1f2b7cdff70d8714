"""Zip archives, read as a stream: each member as its local header tells it (PKWARE's APPNOTE, 4.3), in order."""

from __future__ import annotations

from struct import Struct, unpack
from typing import TYPE_CHECKING, NamedTuple

from functions.pipeline.codecs.bounds import FED, TAKEN, Bound
from functions.pipeline.codecs.damage import cut_short, unreadable, unsupported
from functions.pipeline.codecs.streams import inflated, inflated_from_buffer
from functions.pipeline.codecs.supply import Supply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from functions.pipeline.codecs.streams import Stream

_MEMBER, _DESCRIPTOR = b"PK\3\4", b"PK\7\x08"
# What follows the members: how long each part is, and where in it the lengths of more stand.
_DIRECTORY = {b"PK\1\2": (46, (28, 30, 32)), b"PK\6\6": (56, ()), b"PK\6\7": (20, ()), b"PK\5\6": (22, (20,))}
_END = b"PK\5\6"
_HEADER = Struct("<HHHIIIIHH")  # version, flags, method, time and date, CRC, both sizes, lengths of name and extra
_ENCRYPTED, _SIZES_FOLLOW = 1, 8  # flags
_ZIP64 = 0xFFFFFFFF  # in place of a size: it is among the extra fields
_STORED, _DEFLATED, _BZIP2, _LZMA = 0, 8, 12, 14
_LARGEST_DICTIONARY = 64 << 20  # bytes
_NOT_LOGS = ("__MACOSX/", ".DS_Store")


class _Member(NamedTuple):
    name: str
    method: int
    crc: int
    size: int  # as stored
    plain_size: int
    sizes_follow: bool
    large: bool  # with sizes of 8 bytes

    @property
    def is_log(self) -> bool:
        """Whether it is neither a folder nor what macOS adds."""
        return not self.name.endswith("/") and not self.name.startswith(_NOT_LOGS) and ".DS_Store" not in self.name


def matches(head: bytes) -> bool:
    """Say whether content that begins so is a zip archive."""
    return head.startswith((_MEMBER, _END))


def members(chunks: Iterable[bytes], name: str) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield each member's name and its plain content; what is not read of it when the next is asked for is left out.

    Folders, and what macOS adds, are left out too.
    """
    supply = Supply(chunks)
    bound = Bound(supply, name)
    try:
        while signature := supply.take_after_zeros(4):
            if signature == _MEMBER:
                member = _member(supply, name)
                content = bound.pieces(_checked(supply, member, name))
                if member.is_log:
                    yield member.name, content
                for _ in content:
                    pass
            else:
                _skip_directory(supply, signature, name)
    except EOFError as error:
        raise cut_short(name, "zip") from error


def _member(supply: Supply, name: str) -> _Member:
    fields = _HEADER.unpack(supply.take(_HEADER.size))
    _, flags, method, _, crc, size, plain_size, name_length, extra_length = fields
    member_name = supply.take(name_length).decode("utf-8", "replace")
    large = _large_sizes(supply.take(extra_length))
    if flags & _ENCRYPTED:
        raise unsupported(name, "zip", f"is encrypted ({member_name})")
    if large is not None and len(large) == 16 and _ZIP64 in {size, plain_size}:  # noqa: PLR2004 (two sizes of 8)
        plain_size, size = unpack("<QQ", large)
    return _Member(member_name, method, crc, size, plain_size, bool(flags & _SIZES_FOLLOW), large is not None)


def _large_sizes(extra: bytes) -> bytes | None:
    """Return the extra field that holds a large member's sizes."""
    while len(extra) >= 4:  # noqa: PLR2004 (its kind and its length)
        kind, length = unpack("<HH", extra[:4])
        if kind == 1:
            return extra[4 : 4 + length]
        extra = extra[4 + length :]
    return None


def _checked(supply: Supply, member: _Member, name: str) -> Iterator[bytes]:
    """Yield a member's content, and check it by what is told of it."""
    from zlib import crc32

    began, plain_size, crc = supply.size, 0, 0
    try:
        for piece in _plain(supply, member, name):
            plain_size, crc = plain_size + len(piece), crc32(piece, crc)
            yield piece
        told = member.crc, member.size, member.plain_size
        found = supply.size - began, plain_size
        if member.sizes_follow:
            told = _descriptor(supply, large=member.large or max(found) >= _ZIP64)
    except EOFError as error:
        raise cut_short(name, "zip") from error
    if told != (crc, *found):
        raise unreadable(name, "zip", f"is damaged ({member.name}: its checksum or its size is wrong)")


def _descriptor(supply: Supply, *, large: bool) -> tuple[int, int, int]:
    """Take the checksum and the sizes that follow a member's content."""
    first = supply.take(4)
    crc = supply.take(4) if first == _DESCRIPTOR else first
    sizes = unpack("<QQ", supply.take(16)) if large else unpack("<II", supply.take(8))
    return int.from_bytes(crc, "little"), *sizes


def _plain(supply: Supply, member: _Member, name: str) -> Iterator[bytes]:
    """Yield a member's content, decompressed."""
    from lzma import LZMAError
    from zlib import error as zlib_error

    began = supply.size
    if member.method == _STORED:
        if member.sizes_follow and member.name.endswith("/"):
            return
        if member.sizes_follow:
            raise unsupported(name, "zip", f"cannot be read as a stream ({member.name} is stored, its size behind it)")
        yield from supply.pieces(TAKEN, member.size)
        return
    stream, inflate = _stream(supply, member, name)
    try:
        for fed in supply.pieces(FED, None if member.sizes_follow else member.size - (supply.size - began)):
            yield from inflate(stream, fed)
            if stream.eof:
                supply.give_back(stream.unused_data)
                return
    except (zlib_error, LZMAError, OSError) as error:
        raise unreadable(name, "zip", f"is damaged ({member.name}: {error})") from error


def _stream(supply: Supply, member: _Member, name: str) -> tuple[Stream, Callable[..., Iterator[bytes]]]:
    """Open the decoder of a member."""
    from bz2 import BZ2Decompressor
    from zlib import decompressobj

    if member.method == _DEFLATED:
        return decompressobj(wbits=-15), inflated
    if member.method == _BZIP2:
        return BZ2Decompressor(), inflated_from_buffer
    if member.method == _LZMA:
        return _lzma_stream(supply, name), inflated_from_buffer
    raise unsupported(name, "zip", f"is compressed by a method that is not supported ({member.method})")


def _lzma_stream(supply: Supply, name: str) -> Stream:
    """Open the decoder of an LZMA member, before whose content its properties stand (APPNOTE, 5.8.8)."""
    from lzma import FILTER_LZMA1, FORMAT_RAW, LZMADecompressor, LZMAError

    _, length = unpack("<HH", supply.take(4))
    properties = supply.take(length)
    if length != 5 or int.from_bytes(properties[1:], "little") > _LARGEST_DICTIONARY:  # noqa: PLR2004 (as long as any)
        raise unsupported(name, "zip", "needs more than 64 MiB to be decompressed")
    positions, literals = divmod(properties[0], 9)
    positions, literal_positions = divmod(positions, 5)
    settings = {"lc": literals, "lp": literal_positions, "pb": positions}
    dictionary = max(4096, int.from_bytes(properties[1:], "little"))
    try:
        return LZMADecompressor(FORMAT_RAW, filters=[{"id": FILTER_LZMA1, "dict_size": dictionary, **settings}])
    except (LZMAError, ValueError) as error:
        raise unreadable(name, "zip", f"is damaged ({error})") from error


def _skip_directory(supply: Supply, signature: bytes, name: str) -> None:
    """Go on behind the directory, of which the first signature was taken: all in it was read with the members."""
    while signature in _DIRECTORY:
        length, places = _DIRECTORY[signature]
        part = signature + supply.take(length - 4)
        supply.skip(sum(int.from_bytes(part[at : at + 2], "little") for at in places))
        if signature == _END:
            return
        signature = supply.take(4)
    raise unreadable(name, "zip", "is damaged: bytes that are neither a member nor the directory follow")
