"""Charsets: text in any of them in, UTF-8 out.

UTF-16 and UTF-32 are known by their byte order mark, or else by where their NUL bytes are. Everything else is UTF-8,
line by line, and a line that is not is in the charset of PIPELINE_ENCODING: so what Trilog itself has written, which
is UTF-8, is read as such whatever is configured.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from functions.pipeline.errors import TrilogError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

UTF_8 = "utf-8"
WIDE = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}
"""The charsets whose characters have NUL bytes, with the bytes of their units."""

_MARKS = (  # the longer ones first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, UTF_8),
)
_FEWEST = 4  # characters that tell whether text is wide
_MOST_NUL, _LEAST_ASCII = 0.05, 0.4  # of its characters: logs in any language have times, levels and names in ASCII
_LONGEST_LINE = 10 << 20  # bytes; a longer one is cut, so that memory stays bounded


def charset_of(head: bytes, encoding: str = UTF_8) -> str:
    """Name the charset of text that begins with `head` (4 KiB, or all there is).

    Args:
        head: the first bytes.
        encoding: the charset of what is not UTF-8; a wide one only of what has NUL bytes.
    """
    for mark, charset in _MARKS:
        if head.startswith(mark):
            return charset
    if b"\0" in head:
        return _by_nuls(head) or encoding
    return UTF_8 if encoding in WIDE else encoding


def as_utf8(chunks: Iterable[bytes], charset: str, *, complete: bool = True) -> Iterator[bytes]:
    """Yield text in UTF-8, in pieces of at most three times the bytes of a chunk, or of a line.

    Half a character, and whatever the charset does not know, become U+FFFD. A byte order mark stays. Of UTF-8 itself,
    bytes that are none stay as they are.

    Args:
        chunks: the text as it is stored.
        charset: as `charset_of` names it.
        complete: whether nothing comes after the chunks; else half a character of UTF-16 or UTF-32 at the end is left.
    """
    if charset == UTF_8:
        return iter(chunks)
    return _decoded(chunks, charset, complete=complete) if charset in WIDE else _lines_as_utf8(chunks, charset)


def line_as_utf8(line: bytes, charset: str) -> bytes:
    """Return lines that are UTF-8 as they are, and others decoded from a charset that is not wide."""
    if line.isascii():
        return line
    try:
        line.decode()
    except UnicodeDecodeError:
        return line.decode(charset, "replace").encode()
    return line


def _by_nuls(head: bytes) -> str | None:
    """Name the wide charset of text without a mark: of its ASCII characters, all bytes but one are NUL."""
    head = head[(len(head) - len(head.lstrip(b"\0"))) // 4 * 4 :]
    for charset, unit in WIDE.items():
        units = len(head) // unit
        nuls = [head[place : units * unit : unit].count(0) for place in range(unit)]
        if charset.endswith("be"):
            nuls.reverse()
        if units >= _FEWEST and nuls[0] <= units * _MOST_NUL and min(nuls[1:]) >= units * _LEAST_ASCII:
            return charset
    return None


def _decoded(chunks: Iterable[bytes], charset: str, *, complete: bool) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(charset)("replace")
    for chunk in chunks:
        if text := decoder.decode(chunk):
            yield text.encode()
    if complete and (text := decoder.decode(b"", final=True)):
        yield text.encode()


def _lines_as_utf8(chunks: Iterable[bytes], charset: str) -> Iterator[bytes]:
    """Decode line by line where that is needed: only a whole line tells whether it is UTF-8."""
    return (_block_as_utf8(block, charset) for block in _whole_lines(chunks))


def _whole_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield text in blocks of whole lines; what came before an error comes before it here too."""
    rest: list[bytes] = []
    size = 0
    try:
        for chunk in chunks:
            lines, end, more = chunk.rpartition(b"\n")
            if end or size > _LONGEST_LINE:
                yield b"".join((*rest, lines, end))
                rest, size = [], 0
            rest.append(more)
            size += len(more)
    except TrilogError:
        yield b"".join(rest)
        raise
    yield b"".join(rest)


def _block_as_utf8(block: bytes, charset: str) -> bytes:
    if block.isascii():
        return block
    try:
        block.decode()
    except UnicodeDecodeError:
        return b"\n".join(line_as_utf8(line, charset) for line in block.split(b"\n"))
    return block
