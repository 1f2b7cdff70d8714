"""Any bytes can be read, or are a corrupt object, and how they are cut makes no difference."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import zstandard

from functions.pipeline.codecs import decompressed, is_compressed
from functions.pipeline.errors import CorruptObject
from tests.fuzz.chunks import cut

if TYPE_CHECKING:
    from collections.abc import Iterable

_LINES = b"2025-01-20 10:30:00 - api - INFO - a line\n" * 3
_SKIPPABLE = b"\x50\x2a\x4d\x18\x02\x00\x00\x00ab"
SEEDS = [
    b"\x03" + gzip.compress(_LINES) + gzip.compress(b"") + bytes(9),
    b"\x07" + zstandard.ZstdCompressor(write_checksum=True).compress(_LINES) + _SKIPPABLE + zstandard.compress(b"b\n"),
    b"\xff\x28\xb5\x2f\xfd\x00\x38\x03\x00\x10a",  # one block of 128 KiB of the same byte
    b"\x01plain\n",
]


def target(data: bytes) -> None:
    """Read the bytes in chunks and at once."""
    chunks, content = cut(data)
    (plain, damaged), (same, damaged_too) = _read(chunks), _read([content])
    assert damaged == damaged_too
    assert plain == same or (damaged and (plain.startswith(same) or same.startswith(plain)))
    assert is_compressed(content) or plain == content


def _read(chunks: Iterable[bytes]) -> tuple[bytes, bool]:
    plain = bytearray()
    try:
        for piece in decompressed(chunks, "raw/a.log"):
            assert len(piece) <= 128 << 10
            plain += piece
    except CorruptObject as error:
        assert str(error).startswith("raw/a.log: its ")  # noqa: PT017 (whether it raises is up to the bytes)
        return bytes(plain), True
    return bytes(plain), False
