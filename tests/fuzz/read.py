"""What must hold of the records of any bytes, and of their documents."""

from __future__ import annotations

import json
import time
import zlib
from collections import defaultdict
from typing import TYPE_CHECKING

import orjson

from functions.pipeline.ansi import stripped
from functions.pipeline.documents import LOGS
from functions.pipeline.framing import split_records
from functions.pipeline.kinds import kinds
from functions.pipeline.parser import Parser, ParserOptions

if TYPE_CHECKING:
    from functions.pipeline.documents import Row
    from functions.pipeline.records import Record

_PARSER = Parser(ParserOptions())
_TIME = "2025-01-20T10:30:00.000Z"
_NO_INK = str.maketrans("", "", "[],\ufeff")
# Bytes of a long line, and how many times a part of it: it may take that much longer than the part, _UNEVEN times, and
# _SPARE seconds, as times differ beside busy neighbours. What is quadratic takes _PARTS times more.
_LONG, _PARTS = 1 << 20, 16
_UNEVEN, _SPARE = 3, 1.0
_SELDOM = 256  # of so many inputs, one is made a long line


def records(chunks: list[bytes], content: bytes, key: str = "raw/a.log") -> list[Record]:
    """Split content, which must give the same in chunks as in one piece; check the records and their documents."""
    found = list(split_records(chunks, key, _PARSER.open().reader))
    assert found == list(split_records([content], key, _PARSER.open().reader)) or "NaN" in repr(found)
    positions = [record[0] for record in found]
    assert len(positions) == len(set(positions)), "each is at a place of its own"
    assert key.endswith(".json") or not bare(found) or positions == sorted(positions), "they come in order"
    told = _TIME
    for number, record in enumerate(found):
        told = _parsed(record, told, number)
    return found


def nothing_lost(found: list[Record], content: bytes) -> None:
    """Check that the records have all the ink of content without envelopes, in order, and no other.

    Ink is what is left of text without blanks, colours, byte order marks, and the brackets and commas of arrays.
    """
    assert ink(b"\n".join(map(_sent, found))) == ink(content)


def _sent(record: Record) -> bytes:
    """Return the text of a record in no envelope as it was sent."""
    _, raw, *_, origin = record
    if origin is None or origin.envelope or origin.sent is None:
        return raw
    sent: str = json.loads(b'"' + origin.sent + b'"')
    return sent.encode()


def ink(text: bytes) -> str:
    """Return the ink of a text; see above."""
    plain = b"\n".join(map(_uncoloured, text.decode("utf-8", "replace").encode().split(b"\n")))
    return "".join(plain.decode("utf-8", "replace").translate(_NO_INK).split())


def _uncoloured(line: bytes) -> bytes:
    """Return a line without colours, nor those that appear when others are taken out."""
    while (plain := stripped(line)) != line:
        line = plain
    return line


def bare(found: list[Record]) -> bool:
    """Say whether no record was in an envelope."""
    return not any(origin and origin.envelope for *_, origin in found)


def in_time(data: bytes) -> None:
    """Check that a line of 1 MiB made of the data is read in linear time; seldom, as that costs as much as many."""
    if not data.strip() or zlib.crc32(data) % _SELDOM:
        return
    line = data.replace(b"\n", b" ")
    part, long = (_long_lines(line, size) for size in (_LONG // _PARTS, _LONG))
    for short, whole in zip(part, long, strict=True):
        limit = _SPARE + _UNEVEN * _PARTS * _seconds(short)
        taken = _seconds(whole)
        assert taken < limit, f"{taken:.1f} s, of at most {limit:.1f} s, for {whole[:300]!r}…"


def _long_lines(line: bytes, size: int) -> list[bytes]:
    return [line * (size // len(line)), line + b" " * size, line + line[-1:] * size]


def _seconds(line: bytes) -> float:
    """Return the processor time, in seconds, that reading a line takes."""
    parsing, told, start = _PARSER.open(), _TIME, time.process_time()
    for record in split_records([line], "raw/a.log", parsing.reader):
        told, _ = parsing.parse(record, told, 1, b"a-1", defaultdict(list))
    return time.process_time() - start


def _parsed(record: Record, told: str, number: int) -> str:
    """Make a record's documents, and check them; return its time."""
    position, raw, text, _, _, origin = record
    assert json.loads(b'"' + text + b'"') == raw.decode()
    sent = text if origin is None or origin.sent is None else origin.sent
    documents: defaultdict[str, list[Row]] = defaultdict(list)
    identity = b"a-%d" % position
    told, _ = _PARSER.open().parse(record, told, number, identity, documents)
    assert documents.keys() <= set(kinds())
    ((_, _, body),) = documents[LOGS]
    assert orjson.loads(body)["raw_log"] == json.loads(b'"' + sent + b'"')
    for rows in documents.values():
        ((mine, own, body),) = rows
        fields = orjson.loads(body)
        assert (mine, own, fields["sequence"]) == (identity, fields["@timestamp"], number)
    return told
