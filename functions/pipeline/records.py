"""Split an object into records: one a line, a traceback with the line it belongs to, an array's elements one by one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MOST_LINES, MOST_BYTES = 1_000, 1 << 20  # of one record made of several lines; what exceeds them begins another record
_LONGEST_LINE = 10 << 20  # bytes; a longer one is cut, so that memory stays bounded
_BOM = b"\xef\xbb\xbf"


class Record(NamedTuple):
    """A record before parsing.

    `position` is the byte at which it begins in the (decompressed) object, or its place in an array. `raw` is its bytes
    as sent, without the last line end. `fields` is what it holds when it is a JSON object, else None.
    """

    position: int
    raw: bytes
    fields: dict[str, Any] | None


def split_records(chunks: Iterable[bytes], key: str, begins: Callable[[bytes], object]) -> Iterator[Record]:
    """Yield the records of an object, in order, each byte of text in one of them.

    A `.json` object that is one JSON value gives a record for each element of its array, or of the array under
    "Records". Everything else is read by lines:

    - a line that is a JSON object is a record;
    - a line that `begins` recognises is a text record, and takes the lines after it, up to the next record, or until it
      has MOST_LINES lines or MOST_BYTES bytes;
    - any other line is a record of its own: so is every line where none begins a record;
    - blank lines are nothing, unless inside a text record.

    Args:
        chunks: the object's bytes, decompressed, cut anywhere.
        key: its name in the store.
        begins: says whether a line begins a text record.
    """
    if key.removesuffix(".gz").removesuffix(".zst").endswith(".json"):
        content = b"".join(chunks)
        value = _whole(content)
        if value is not None:
            return _elements(value)
        chunks = (content,)
    return _gathered(_lines(chunks), begins)


def _whole(content: bytes) -> Any:  # noqa: ANN401 (any JSON value)
    """Parse content that is one JSON array or object; None when it is not (one object a line, or text)."""
    try:
        value = json.loads(content.removeprefix(_BOM).decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list | dict) else None


def _elements(value: Any) -> Iterator[Record]:  # noqa: ANN401 (any JSON value)
    records = value.get("Records") if isinstance(value, dict) else value
    for place, each in enumerate(records if isinstance(records, list) else [value]):
        text = each if isinstance(each, str) else json.dumps(each, ensure_ascii=False, separators=(",", ":"))
        raw = text.encode("utf-8", "surrogatepass")
        yield Record(place, raw, None if isinstance(each, str) else _object(raw))


def _lines(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield each line with the position at which it begins. Only a line feed ends a line, not U+2028 or a lone CR."""
    position, rest = 0, b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield position, line
            position += len(line) + 1
        if len(rest) > _LONGEST_LINE:
            yield position, rest
            position, rest = position + len(rest), b""
    if rest:
        yield position, rest


def _gathered(lines: Iterable[tuple[int, bytes]], begins: Callable[[bytes], object]) -> Iterator[Record]:
    """Give each text record the lines that belong to it."""
    text: list[bytes] = []
    start = size = 0
    for position, line in _without_bom(lines):
        fields = _object(line)
        begun = fields is None and begins(line)
        if text and not begun and fields is None:
            if len(text) < MOST_LINES and size + len(line) < MOST_BYTES:
                text.append(line)
                size += len(line) + 1
                continue
            begun = bool(line.strip())
        if text:
            yield _joined(start, text)
            text = []
        if begun:
            start, text, size = position, [line], len(line)
        elif fields is not None or line.strip():
            yield Record(position, line.removesuffix(b"\r"), fields)
    if text:
        yield _joined(start, text)


def _without_bom(lines: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    for position, line in lines:
        if position == 0 and line.startswith(_BOM):
            yield len(_BOM), line.removeprefix(_BOM)
        else:
            yield position, line


def _object(line: bytes) -> dict[str, Any] | None:
    if line[:1] != b"{" and line.lstrip()[:1] != b"{":
        return None
    try:
        fields: dict[str, Any] = orjson.loads(line)
    except orjson.JSONDecodeError:
        return _lenient_object(line)
    return fields


def _lenient_object(line: bytes) -> dict[str, Any] | None:
    """Read an object that is not strictly JSON, as programs write them: NaN is null, what is not UTF-8 is U+FFFD."""
    try:
        value = json.loads(line.decode("utf-8", "replace"), parse_constant=lambda _name: None)
        written = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        return orjson.loads(written) if isinstance(value, dict) else None
    except (ValueError, RecursionError):
        return None


def _joined(position: int, lines: list[bytes]) -> Record:
    while not lines[-1].strip():  # blank lines at the end belong to nobody
        lines.pop()
    return Record(position, b"\n".join(lines).removesuffix(b"\r"), None)
