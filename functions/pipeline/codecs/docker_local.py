"""The files of Docker's `local` log driver: read as the lines that its json-file driver would have written.

A file is messages in protocol buffers (https://github.com/moby/moby/blob/master/daemon/logger/internal/logdriver/
entry.proto), each between two copies of its size, in 4 bytes, the highest first. What has no end yet, or is damaged, is
the end.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from functions.pipeline.codecs.damage import cut_short, unreadable
from functions.pipeline.codecs.supply import Supply

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SIZE = 4  # bytes
_LARGEST = 1 << 20  # bytes of a message; Docker cuts lines at 16 KiB
_STARTS = (b"\x0a\x06stdout\x10", b"\x0a\x06stderr\x10")  # field 1: the source; then field 2: the time
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_SOURCE, _TIME, _LINE, _PARTIAL, _PART = 1, 2, 3, 4, 5
_LAST = 1  # field of _PART: no more parts follow
_LONGEST_VARINT = 10  # bytes
_SECOND = 10**9


def matches(head: bytes) -> bool:
    """Say whether content that begins so is such a file."""
    size = int.from_bytes(head[:_SIZE])
    return head.startswith(_STARTS, _SIZE) and len(_STARTS[0]) < size <= _LARGEST


def decompressed(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Yield each message as a line of JSON."""
    supply = Supply(chunks)
    while size := _size(supply, name):
        try:
            message = supply.take(size)
            again = int.from_bytes(supply.take(_SIZE))
        except EOFError:
            raise cut_short(name, "Docker log") from None
        try:
            line = _line(message)
        except (ValueError, OverflowError, IndexError):
            again = -1
        if again != size:
            raise unreadable(name, "Docker log", "is damaged")
        yield line


def _size(supply: Supply, name: str) -> int:
    """Take the size of the next message; 0 at the end."""
    try:
        first = supply.take(1)
    except EOFError:
        return 0
    try:
        size = int.from_bytes(first + supply.take(_SIZE - 1))
    except EOFError:
        raise cut_short(name, "Docker log") from None
    if not 0 < size <= _LARGEST:
        raise unreadable(name, "Docker log", "is damaged")
    return size


def _line(message: bytes) -> bytes:
    """Write a message as the json-file driver does: a line that goes on in the next message has no line feed."""
    from orjson import dumps

    fields = dict(_fields(message))
    source, line, time = fields.get(_SOURCE, b""), fields.get(_LINE, b""), fields.get(_TIME, 0)
    if not isinstance(source, bytes) or not isinstance(line, bytes) or not isinstance(time, int):
        raise ValueError(message)  # noqa: TRY004 (as damage is, everywhere else)
    end = "" if fields.get(_PARTIAL) and not _is_last(fields.get(_PART)) else "\n"
    log = line.decode("utf-8", "replace") + end
    return dumps({"log": log, "stream": source.decode("utf-8", "replace"), "time": _instant(time)}) + b"\n"


def _is_last(part: bytes | int | None) -> bool:
    return isinstance(part, bytes) and bool(dict(_fields(part)).get(_LAST))


def _instant(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, _SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def _fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Yield the fields of a message in protocol buffers: their numbers and values."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == _BYTES:
            length, at = _varint(message, at)
        else:
            length = {_FIXED_64: 8, _FIXED_32: 4}.get(kind, len(message) + 1)
        if at + length > len(message):
            raise ValueError(kind)
        yield number, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Read a number in groups of seven bits, the lowest first; return where it ends, too."""
    value = 0
    for place in range(_LONGEST_VARINT):
        byte = message[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:  # noqa: PLR2004 (no more follow)
            return value, at + place + 1
    raise ValueError(at)
