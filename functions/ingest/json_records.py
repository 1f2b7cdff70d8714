"""JSON records in a body: one object, an array, or values one after the other (NDJSON), as they were written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from functions.ingest.messages import Refusal
from functions.pipeline.loose_json import DECODER

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

MOST_RECORDS = 100_000  # of a body
LARGEST_RECORD = 8 << 20  # bytes: the indexer cuts longer lines than 10 MiB
_BLANKS = re.compile(r"[ \t\r\n]*")
_LINE_ENDS = re.compile(r"[\r\n][ \t\r\n]*")  # within a value, they stand between its parts, never in a text


def json_records(body: bytes) -> list[bytes]:
    """Return the records of a body of JSON in UTF-8, each as one line: an object as it was sent, or a text by itself.

    Raises:
        Refusal: the body is not JSON, or something in it is no record (422, with the position); a record is too large,
            or there are too many (413).
    """
    text = _text(body)
    found: list[bytes] = []
    for record in _records(text):
        if len(found) == MOST_RECORDS:
            raise too_many()
        if len(record) > LARGEST_RECORD:
            raise Refusal(
                413,
                "Record {number} has more than {most} bytes. Shorten it",
                number=len(found) + 1,
                most=LARGEST_RECORD,
            )
        found.append(record)
    return found


def too_many() -> Refusal:
    """Say that a body has too many records."""
    return Refusal(413, "The body has more than {most} records. Send them in several requests", most=MOST_RECORDS)


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise Refusal(
            422,
            "The body is not JSON: byte {byte}, in line {line}, is no UTF-8. Name another charset in Content-Type, or "
            "send lines that are not JSON as text/plain",
            byte=error.start,
            line=line,
        ) from None


def _records(text: str) -> Iterator[bytes]:
    at = _next(text, 0)
    while at < len(text):
        if text[at] == "[":
            at = yield from _elements(text, _next(text, at + 1))
        else:
            record, at = _record(text, at)
            yield record
        at = _next(text, at)


def _elements(text: str, at: int) -> Generator[bytes, None, int]:
    """Yield the elements of an array from the first one on; return where it ends."""
    while text[at : at + 1] != "]":
        record, end = _record(text, at)
        yield record
        at = _next(text, end)
        if text[at : at + 1] == ",":
            at = _next(text, at + 1)
            if text[at : at + 1] == "]":
                raise _wrong(text, at, "a comma before the array's end")
        elif text[at : at + 1] != "]":
            raise _wrong(text, at, "expected a comma or the array's end")
    return at + 1


def _record(text: str, at: int) -> tuple[bytes, int]:
    try:
        value, end = DECODER.raw_decode(text, at)
    except RecursionError:
        raise _wrong(text, at, "it is nested too deeply") from None
    except ValueError as error:
        # JSONDecodeError says what and where; other errors, of numbers, may quote the text.
        raise _wrong(text, getattr(error, "pos", at), getattr(error, "msg", "not a value")) from None
    if isinstance(value, str):
        return value.encode("utf-8", "replace"), end
    if not isinstance(value, dict):
        raise _wrong(text, at, "not a record; expected an object or a text")
    written = text[at:end]
    if "\n" in written or "\r" in written:
        written = _LINE_ENDS.sub("", written)
    return written.encode("utf-8", "replace"), end


def _next(text: str, at: int) -> int:
    return _BLANKS.match(text, at).end()  # type: ignore[union-attr]  # it matches everywhere


def _wrong(text: str, at: int, cause: str) -> Refusal:
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    return Refusal(
        422,
        "The body is not JSON at line {line}, column {column} (byte {byte}): {cause}. Correct it, or send lines that "
        "are not JSON as text/plain",
        line=line,
        column=column,
        byte=len(text[:at].encode("utf-8", "replace")),
        cause=cause,
    )
