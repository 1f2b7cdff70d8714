"""Split an object into records: one a line, a traceback with the line it belongs to, an array's elements one by one.

This is the hot path: a block of lines is decoded and escaped for JSON at once, for doing so line by line costs five
times as much, and then cut into the lines and their escaped texts side by side.
"""

from __future__ import annotations

import json
import re
from itertools import accumulate, chain, count, starmap
from operator import add
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MOST_LINES, MOST_BYTES = 1_000, 1 << 20  # of one record made of several lines; what exceeds them begins another record
LONGEST_LINE = 10 << 20  # bytes; a longer one is cut, so that memory stays bounded
LARGEST_DOCUMENT = 32 << 20  # bytes of an object that is read as a JSON array; a larger one is read by lines
_LARGEST_OBJECT = 4 << 20  # characters of one that is read as a single JSON object: it may take forty times as much
_ARRAY = re.compile(r'\s*(?:\{\s*"Records"\s*:\s*)?\[(?=\s*(?:[\[{"\]]|$))')  # "[INFO] …" is none
_BETWEEN_ELEMENTS = re.compile(r"[\s,]*")
_DECODER = json.JSONDecoder()
_BOM = b"\xef\xbb\xbf"
_BETWEEN = b"\x7f"  # stands between the lines of a block while it is escaped: JSON leaves this byte as it is


Head = tuple[bytes, int, str | None, bytes]
"""What a text record begins with, before its message.

The head itself; how many bytes it has in a JSON string; the record's own time, if the head tells one; the head's other
fields as members of a JSON object, each with a comma after it.
"""

Record = tuple[int, bytes, bytes, Head | None, dict[str, Any] | None]
"""A record before parsing: position, raw, text, head, fields.

`position` is the byte at which it begins in the (decompressed) object, or its place in an array. `raw` is its text in
UTF-8, without the last line end; bytes that are no UTF-8 are U+FFFD. `text` is the same as it stands between the quotes
of a JSON string. `head` is what the format recognised at its beginning, when it is a text record that begins with one.
`fields` is what it holds when it is a JSON object.
"""


def split_records(chunks: Iterable[bytes], key: str, begins: Callable[[bytes], Head | None]) -> Iterator[Record]:
    """Yield the records of an object, in order, each byte of text in one of them.

    A `.json` object that is a JSON array, or has one under "Records", gives a record for each element; one that is a
    single JSON object is one record. Everything else is read by lines:

    - a line that is a JSON object is a record;
    - a line that `begins` recognises is a text record, and takes the lines after it, up to the next record, or until it
      has MOST_LINES lines or MOST_BYTES bytes;
    - any other line is a record of its own: so is every line where none begins a record;
    - blank lines are nothing, unless inside a text record.

    Args:
        chunks: the object's bytes, decompressed, cut anywhere.
        key: its name in the store.
        begins: finds the head of a line that begins a text record.
    """
    if key.removesuffix(".gz").removesuffix(".zst").endswith(".json"):
        content, chunks = _start(chunks)
        elements = _elements(content.removeprefix(_BOM).decode("utf-8", "replace"), begins)
        if elements is not None:
            return elements
    return _gathered(chain.from_iterable(starmap(_lines, _blocks(chunks))), begins)


def escaped(text: bytes) -> bytes:
    """Escape UTF-8 text, as it stands between the quotes of a JSON string; raise UnicodeDecodeError if it is not."""
    return orjson.dumps(text.decode())[1:-1]


def reread(record: Record, raw: bytes, begins: Callable[[bytes], Head | None]) -> Record:
    """Make the record that another text has at the place of one."""
    position, before, _, head, fields = record
    if raw is before:
        return record
    return position, raw, escaped(raw), begins(raw) if head else None, _object(raw) if fields is not None else None


def _start(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Read what may be one JSON value: all that there is, or b"" if that is too much; return all chunks too."""
    chunks, read, size = iter(chunks), [], 0
    for chunk in chunks:
        read.append(chunk)
        size += len(chunk)
        if size > LARGEST_DOCUMENT:
            return b"", chain(read, chunks)
    return b"".join(read), iter(read)


def _elements(content: str, begins: Callable[[bytes], Head | None]) -> Iterator[Record] | None:
    """Yield a record for each element of an array or for one object; None for what is neither."""
    array = _ARRAY.match(content)
    if array:
        return _array(content, array.end(), begins)
    try:
        value = json.loads(content) if len(content) <= _LARGEST_OBJECT else None
    except (ValueError, RecursionError):
        return None
    return iter([_element(0, value, begins)]) if isinstance(value, dict) else None


def _array(content: str, start: int, begins: Callable[[bytes], Head | None]) -> Iterator[Record]:
    """Yield an array's elements, one decoded at a time; where one is damaged, the rest is a record in its place."""
    place, at = 0, _next(content, start)
    while at < len(content) and content[at] != "]":
        try:
            value, end = _DECODER.raw_decode(content, at)
        except (ValueError, RecursionError):
            yield _element(place, content[at if place else 0 :], begins)
            return
        yield _element(place, value, begins)
        place, at = place + 1, _next(content, end)
    rest = content[at:].strip("]} \t\r\n")
    if rest:
        yield _element(place, rest, begins)


def _next(content: str, at: int) -> int:
    """Find where the next element begins, or the array ends."""
    return _BETWEEN_ELEMENTS.match(content, at).end()  # type: ignore[union-attr]  # it matches everywhere


def _element(place: int, value: Any, begins: Callable[[bytes], Head | None]) -> Record:  # noqa: ANN401 (any JSON value)
    if isinstance(value, str):
        raw = value.encode("utf-8", "replace")
        return place, raw, escaped(raw), begins(raw), None
    raw = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return place, raw, escaped(raw), None, _object(raw)


def _blocks(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the content as blocks of whole lines, without the last line's end, with the position of each.

    Only a line feed ends a line, not U+2028 or a lone CR.
    """
    position, rest = 0, b""
    for chunk in chunks:
        lines, end, more = chunk.rpartition(b"\n")
        if end:
            lines = rest + lines
            yield position, lines
            position, rest = position + len(lines) + 1, more
        else:
            rest += more
        if len(rest) > LONGEST_LINE:
            yield position, rest
            position, rest = position + len(rest), b""
    if rest:
        yield position, rest


def _lines(position: int, block: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield each line of a block with its position and its escaped text."""
    if position == 0 and block.startswith(_BOM):
        position, block = len(_BOM), block.removeprefix(_BOM)
    sent = lines = block.split(b"\n")
    if b"\r" in block:  # which belongs to the line's end, if it stands there
        block = block.replace(b"\r\n", b"\n").removesuffix(b"\r")
        lines = block.split(b"\n")
    try:
        texts = _escaped_lines(block, lines)
    except UnicodeDecodeError:
        block = block.decode("utf-8", "replace").encode()
        lines = block.split(b"\n")
        texts = _escaped_lines(block, lines)
    positions = map(add, accumulate(map(len, sent), initial=position), count())  # counting the line ends too
    return zip(positions, lines, texts, strict=False)


def _escaped_lines(block: bytes, lines: list[bytes]) -> list[bytes]:
    if _BETWEEN in block:
        return [escaped(line) for line in lines]
    return escaped(block.replace(b"\n", _BETWEEN)).split(_BETWEEN)


def _gathered(lines: Iterable[tuple[int, bytes, bytes]], begins: Callable[[bytes], Head | None]) -> Iterator[Record]:
    """Give each text record the lines that belong to it."""
    opened: Record | None = None  # a text record: the lines after it may be part of it
    more: list[tuple[bytes, bytes]] = []  # those lines
    size = 0  # bytes of all of them
    for position, line, text in lines:
        head = None if not line or line.startswith(b"{") else begins(line)
        if head:  # as most lines have
            if opened:
                yield _joined(opened, more) if more else opened
                if more:
                    more = []
            opened, size = (position, line, text, head, None), len(line)
            continue
        fields = _object(line) if line else None
        if opened:
            if fields is None and len(more) < MOST_LINES - 1 and size + len(line) < MOST_BYTES:
                more.append((line, text))
                size += len(line) + 1
                continue
            yield _joined(opened, more) if more else opened
        more = []
        if opened and fields is None and line.strip():  # what has no room is a text record of its own
            opened, size = (position, line, text, None, None), len(line)
            continue
        opened = None
        if fields is not None or line.strip():
            yield position, line, text, None, fields
    if opened:
        yield _joined(opened, more)


def _joined(record: Record, more: list[tuple[bytes, bytes]]) -> Record:
    """Return a record with the lines that belong to it, but for blank lines at the end: these belong to nobody."""
    while more and not more[-1][0].strip():
        more.pop()
    position, raw, text, head, fields = record
    raws, texts = zip((raw, text), *more, strict=True)
    return position, b"\n".join(raws), b"\\n".join(texts), head, fields


def _object(line: bytes) -> dict[str, Any] | None:
    if not line.startswith(b"{") and not line.lstrip().startswith(b"{"):
        return None
    try:
        fields: dict[str, Any] = orjson.loads(line)
    except orjson.JSONDecodeError:
        return _lenient_object(line)
    return fields


def _lenient_object(line: bytes) -> dict[str, Any] | None:
    """Read an object that is not strictly JSON, as programs write them: NaN is null, half a surrogate pair is "?"."""
    try:
        value = json.loads(line, parse_constant=lambda _name: None)
        written = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        return orjson.loads(written) if isinstance(value, dict) else None
    except (ValueError, RecursionError):
        return None
