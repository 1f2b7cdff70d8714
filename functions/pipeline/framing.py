"""Framing: split an object into records: one a line, a traceback with its line, an array's elements one by one.

This is the hot path: a block of lines is decoded and escaped for JSON at once, for doing so line by line costs five
times as much, and then cut into the lines and their escaped texts side by side.
"""

from __future__ import annotations

import json
from io import BytesIO
from itertools import accumulate, chain, count, repeat
from operator import add, itemgetter
from typing import TYPE_CHECKING, Any

from functions.pipeline.ansi import ESCAPE
from functions.pipeline.borders import Border, Borders
from functions.pipeline.expressions import compiled
from functions.pipeline.reader import SAMPLE
from functions.pipeline.records import escaped
from functions.pipeline.streams import Streams

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from functions.pipeline.reader import Reader
    from functions.pipeline.records import Record

    Lines = Iterable[tuple[int, bytes, bytes | None]]

LONGEST_LINE = 10 << 20  # bytes; a longer one is cut, so that memory stays bounded
LARGEST_DOCUMENT = 32 << 20  # bytes of an object that is read as a JSON array; a larger one is read by lines
_LARGEST_OBJECT = 4 << 20  # characters of one that is read as a single JSON object: it may take forty times as much
_JSON = r"\.json(?:\.(?:gz|zst|bz2|xz|lzma|zip))*$"
_ARRAY = r'\s*(?:\{\s*"Records"\s*:\s*)?\[(?=\s*(?:[\[{"\]]|$))'  # "[INFO] …" is none
_BETWEEN_ELEMENTS = r"[\s,]*"
_DECODER = json.JSONDecoder()
_WITHOUT_END = itemgetter(slice(None, -1))
_BOM = b"\xef\xbb\xbf"
_BETWEEN = b"\x7f"  # stands between the lines of a block while it is escaped: JSON leaves this byte as it is


def split_records(chunks: Iterable[bytes], key: str, reader: Reader) -> Iterator[Record]:
    """Yield the records of an object one by one; see `split`."""
    return chain.from_iterable(split(chunks, key, reader))


def split(
    chunks: Iterable[bytes], key: str, reader: Reader, borders: Borders | None = None, skip: int = 0
) -> Iterator[list[Record]]:
    """Yield the records of an object in lists, in order, each byte of text in one of them.

    A `.json` object that is a JSON array, or has one under "Records", gives a record for each element; one that is a
    single JSON object is one record. Everything else is read by lines:

    - a line that is a JSON object is a record;
    - a line in a known layout begins a text record, and takes the lines after it, up to the next record, or until it
      has MOST_LINES lines or MOST_BYTES bytes;
    - a line in an envelope gives the lines that it carries, which are read likewise, each stream by itself;
    - any other line is a record of its own: so is every line where none begins a record;
    - blank lines are nothing, unless inside a text record.

    Args:
        chunks: the object's bytes, decompressed, cut anywhere.
        key: its name in the store.
        reader: knows layouts and envelopes.
        borders: notes where one can begin again, and says where to begin.
        skip: how many bytes of the chunks are before the place to begin, where that is not the start: SAMPLE or more.
    """
    borders = borders or Borders(reader, Border())
    begun = borders.start.offset
    if begun:
        reader.go_on(borders.start.times, borders.start.times_of_records)
        blocks = _blocks(_skipped(chunks, skip, reader), begun)
    else:
        if ".json" in key and compiled(_JSON).search(key):
            content, chunks = _start(chunks)
            elements = _elements(content.removeprefix(_BOM).decode("utf-8", "replace"))
            if elements is not None:
                return _read_elements(elements, reader)
        blocks = _looked_at(_blocks(chunks), reader)
    lists = _gathered(((position, _lines(position, block, reader)) for position, block in blocks), reader, borders)
    return borders.divided(lists)


def _skipped(chunks: Iterable[bytes], skip: int, reader: Reader) -> Iterator[bytes]:
    """Yield what comes behind so many bytes; the reader sees the first of these as `_looked_at` shows them."""
    sample, looked = b"", False
    for chunk in chunks:
        if not looked:
            sample += chunk[: SAMPLE - len(sample)]
            if len(sample) == SAMPLE:
                reader.look_at(sample)
                looked = True
        rest, skip = chunk[skip:], max(0, skip - len(chunk))
        if rest:
            yield rest


def _start(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Read what may be one JSON value: all that there is, or b"" if that is too much; return all chunks too."""
    chunks, read, size = iter(chunks), [], 0
    for chunk in chunks:
        read.append(chunk)
        size += len(chunk)
        if size > LARGEST_DOCUMENT:
            return b"", chain(read, chunks)
    return b"".join(read), iter(read)


def _elements(content: str) -> Iterator[tuple[int, Any]] | None:
    """Yield each element of an array, or one object, with its place; None for what is neither."""
    array = compiled(_ARRAY).match(content)
    if array:
        return _array(content, array.end())
    try:
        value = json.loads(content) if len(content) <= _LARGEST_OBJECT else None
    except (ValueError, RecursionError):
        return None
    return iter([(0, value)]) if isinstance(value, dict) else None


def _array(content: str, start: int) -> Iterator[tuple[int, Any]]:
    """Yield an array's elements, one decoded at a time; where one is damaged, the rest is text in its place."""
    place, at = 0, _next(content, start)
    while at < len(content) and content[at] != "]":
        try:
            value, end = _DECODER.raw_decode(content, at)
        except (ValueError, RecursionError):
            yield place, content[at if place else 0 :]
            return
        yield place, value
        place, at = place + 1, _next(content, end)
    rest = content[at:].strip("]} \t\r\n")
    if rest:
        yield place, rest


def _next(content: str, at: int) -> int:
    """Find where the next element begins, or the array ends."""
    return compiled(_BETWEEN_ELEMENTS).match(content, at).end()  # type: ignore[union-attr]  # it matches everywhere


def _read_elements(elements: Iterable[tuple[int, Any]], reader: Reader) -> Iterator[list[Record]]:
    """Read each element as a record of its own, or as an envelope."""
    streams = Streams(reader)
    for place, value in elements:
        if isinstance(value, str):
            raw = value.encode("utf-8", "replace")
        else:
            raw = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        streams.take(place, raw, whole=True)
        yield streams.taken()
    yield streams.close()


def _looked_at(blocks: Iterable[tuple[int, bytes]], reader: Reader) -> Iterator[tuple[int, bytes]]:
    """Let the reader see the first lines before they are read: the same ones, however the object was cut."""
    blocks, seen, size = iter(blocks), [], 0
    for block in blocks:
        seen.append(block)
        size += len(block[1])
        if size >= SAMPLE:
            break
    reader.look_at(b"\n".join(lines for _, lines in seen))
    return chain(seen, blocks)


def _blocks(chunks: Iterable[bytes], position: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield the content as blocks of whole lines, without the last line's end, with the position of each.

    Only a line feed ends a line, not U+2028 or a lone CR.
    """
    rest = b""
    for chunk in chunks:
        lines, end, more = chunk.rpartition(b"\n")
        if end:
            lines = rest + lines
            yield from _bounded(position, lines)
            position, rest = position + len(lines) + 1, more
        else:
            rest += more
        while len(rest) > LONGEST_LINE:
            yield position, rest[:LONGEST_LINE]
            position, rest = position + LONGEST_LINE, rest[LONGEST_LINE:]
    if rest:
        yield position, rest


def _bounded(position: int, block: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield a block of lines, and what LONGEST_LINE cuts off of the longer ones as blocks of their own."""
    start = line = 0
    while len(block) - line > LONGEST_LINE:
        end = block.find(b"\n", line, line + LONGEST_LINE + 1)
        if end >= 0:
            line = end + 1
            continue
        if line > start:
            yield position + start, block[start : line - 1]
        start = line + LONGEST_LINE
        yield position + line, block[line:start]
        line = start
    yield position + start, block[start:]


def _lines(position: int, block: bytes, reader: Reader) -> Lines:
    """Yield each line of a block: its position, its text, and that escaped.

    The escaped text is None where it would hardly be used: in a block with colours, and behind lines in envelopes; and
    where a line that is known may be the second one of the head before it.
    """
    if position == 0 and block.startswith(_BOM):
        position, block = len(_BOM), block.removeprefix(_BOM)
    sent = lines = _split(block)
    if b"\r" in block:  # which belongs to the line's end, if it stands there
        block = block.replace(b"\r\n", b"\n").removesuffix(b"\r")
        lines = _split(block)
    used = ESCAPE not in block and not reader.unwraps and not reader.known_may_go_on
    reader.unwraps = False  # as long as this block has no envelopes
    try:
        texts = _texts(block, lines, used=used)
    except UnicodeDecodeError:
        block = block.decode("utf-8", "replace").encode()
        lines = _split(block)
        texts = _texts(block, lines, used=used)
    positions = map(add, accumulate(map(len, sent), initial=position), count())  # counting the line ends too
    return zip(positions, lines, texts, strict=False)


def _texts(block: bytes, lines: list[bytes], *, used: bool) -> Iterable[bytes | None]:
    """Return a block's lines, escaped if they are used so; raise UnicodeDecodeError for a block that is no UTF-8."""
    if not used:
        block.decode()
        return repeat(None)
    if _BETWEEN in block:
        return [escaped(line) for line in lines]
    return _split(escaped(block.replace(b"\n", _BETWEEN)).replace(_BETWEEN, b"\n"))


def _split(block: bytes) -> list[bytes]:
    """Split at line feeds, as `bytes.split` does, which looks at one byte after the other and takes twice as long."""
    return list(map(_WITHOUT_END, BytesIO(block + b"\n").readlines()))


def _gathered(blocks: Iterable[tuple[int, Lines]], reader: Reader, borders: Borders) -> Iterator[list[Record]]:
    """Give each text record the lines that belong to it; yield the records of a block at once.

    Reading and parsing by turns leave the processor's cache.

    What most lines are, in the known layout or in that of many before, and alone, is done here; the rest is done by
    `Streams`, which would do the same with these.
    """
    known, again, streams = reader.known, reader.again, Streams(reader, borders.start.closing)
    opened: Record | None = None  # a text record of one line: those after it may be part of it
    for start, lines in blocks:
        records: list[Record] = []
        borders.look(start, streams, opened)
        opened = None
        for position, line, text in lines:
            if (
                text is not None
                and (head := known(line) or (line[:1] != b"{" and (opened or streams.bare) and again(line)))
                and (opened or streams.bare)
            ):
                if opened:
                    records.append(opened)
                else:
                    records += streams.close()
                opened = position, line, text, head, None, None
                continue
            if opened:
                streams.open(opened)
                opened = None
            streams.take(position, line, text)
            records += streams.taken()
        yield records
    yield [opened] if opened else streams.close()
