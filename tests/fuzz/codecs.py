"""Any bytes are text, or an object that cannot be read, and how they are cut makes no difference."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from typing import TYPE_CHECKING

import zstandard

from functions.pipeline.codecs import decoded, decompressed, is_compressed
from functions.pipeline.errors import ObjectError
from tests.fuzz.chunks import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_LINES = b"2025-01-20 10:30:00 - api - INFO - a line\n" * 3
_SKIPPABLE = b"\x50\x2a\x4d\x18\x02\x00\x00\x00ab"
_MOST = 128 << 10  # bytes of plain content in a piece
_LONGEST_LINE = 10 << 20  # bytes; see functions/pipeline/codecs/charsets.py


def _zip(method: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as made:
        made.writestr("a.log", _LINES)
        made.writestr("b.log.gz", gzip.compress(b"b"))
    return target.getvalue()


SEEDS = [
    b"\x03" + gzip.compress(_LINES) + gzip.compress(b"") + bytes(9),
    b"\x03" + gzip.compress(gzip.compress(_LINES)) + b"rubbish",
    b"\x07" + zstandard.ZstdCompressor(write_checksum=True).compress(_LINES) + _SKIPPABLE + zstandard.compress(b"b\n"),
    b"\xff\x28\xb5\x2f\xfd\x00\x38\x03\x00\x10a",  # one block of 128 KiB of the same byte
    b"\x05" + bz2.compress(_LINES) + bz2.compress(b"b\n"),
    b"\x05" + lzma.compress(_LINES, preset=0),
    b"\x05" + lzma.compress(_LINES, lzma.FORMAT_ALONE, preset=0),
    b"\x05" + zlib.compress(_LINES * 20),
    *(b"\x21" + _zip(method) for method in (0, 8, 12, 14)),
    b"\x02" + _LINES.decode().encode("utf-16"),
    b"\x02" + _LINES.decode().encode("utf-32-be"),
    b"\x03" + bytes(50) + _LINES + bytes(5) + b"caf\xe9\n",
    b"\x01plain\n",
]


def target(data: bytes) -> None:
    """Read the bytes in chunks and at once."""
    chunks, content = cut(data)
    for read in (_plain, decoded, _from_latin_1):
        (found, damaged), (same, damaged_too) = _read(read, chunks), _read(read, [content])
        assert damaged == damaged_too
        assert found == same or (damaged and (found.startswith(same) or same.startswith(found)))
    assert is_compressed(content[:4096]) or _read(_plain, chunks) == (content, False)


def _plain(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    return decompressed(chunks, name).chunks


def _from_latin_1(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    for piece in decoded(chunks, name, "iso8859-1"):
        piece.decode()
        assert len(piece) <= 2 * (_LONGEST_LINE + _MOST)  # whole lines, of which each letter may take two bytes
        yield from (piece[at : at + _MOST] for at in range(0, len(piece), _MOST))


def _read(read: Callable[..., Iterator[bytes]], chunks: Iterable[bytes]) -> tuple[bytes, bool]:
    found = bytearray()
    try:
        for piece in read(chunks, "raw/a.log"):
            assert len(piece) <= 3 * _MOST
            found += piece
    except ObjectError as error:
        assert str(error).startswith("raw/a.log")  # noqa: PT017 (whether it raises is up to the bytes)
        return bytes(found), True
    return bytes(found), False
