"""OpenTelemetry's logs (OTLP): a request becomes lines of OTLP/JSON, as `functions.pipeline.envelopes.otlp` reads them.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from functions.ingest.json_records import LARGEST_RECORD, MOST_RECORDS, too_many
from functions.ingest.messages import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Hide = Callable[[dict[str, Any]], dict[str, Any]]

JSON, PROTOBUF = "application/json", "application/x-protobuf"
_MOST_PARTS = 2_000_000  # objects and arrays of a request in JSON: each takes memory, however short it is written
_LINE = 1 << 20  # bytes of records in one line, beyond which the next one begins
_END = b"]}]}]}"


class Logs(NamedTuple):
    """What a request brings.

    Attributes:
        lines: OTLP/JSON, each the records of one scope, or some of them.
        records: how many there are in all lines.
        refused: how many are in none, for they are no records, or too large.
    """

    lines: list[bytes]
    records: int
    refused: int


def logs(body: bytes, encoding: str, hide: Hide | None = None) -> Logs:
    """Read a request in an encoding, JSON or PROTOBUF.

    Args:
        body: the request.
        encoding: JSON or PROTOBUF.
        hide: redacts a resource, a scope or a record; None where there is nothing to hide.

    Raises:
        Refusal: the request cannot be read at all (400), or has too many records or parts (413).
    """
    refused = 0
    if encoding == PROTOBUF:
        from functions.ingest.otlp_protobuf import as_json

        sent, refused = as_json(body)
    else:
        sent = _from_json(body)
    lines, records = [], 0
    for resource in _listed(sent, "resourceLogs"):
        for line, count, without in _of_resource(resource, hide):
            records, refused = records + count, refused + without
            if records > MOST_RECORDS:
                raise too_many()
            if count:
                lines.append(line)
    return Logs(lines, records, refused)


def _from_json(body: bytes) -> dict[str, Any]:
    if body.count(b"{") + body.count(b"[") > _MOST_PARTS:
        raise too_many()
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _wrong(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    if not isinstance(sent, dict):
        raise _wrong("it is no object")
    if "resource_logs" in sent:
        raise _wrong("its members are to be named in lowerCamelCase (resourceLogs)")
    resources = sent.get("resourceLogs")
    if resources is not None and not isinstance(resources, list):
        raise _wrong("resourceLogs is no array")
    return sent


def _wrong(cause: str) -> Refusal:
    return Refusal(400, "The body is not a request of OTLP in JSON: {cause}. Correct it", cause=cause)


def _of_resource(resource: object, hide: Hide | None) -> Iterator[tuple[bytes, int, int]]:
    """Yield lines, each with its count of records, and of those that are left out."""
    if not isinstance(resource, dict):
        yield b"", 0, 1
        return
    for scope in _listed(resource, "scopeLogs"):
        if not isinstance(scope, dict):
            yield b"", 0, 1
            continue
        found = _listed(scope, "logRecords")
        outer = _written(_emptied(resource, "scopeLogs"), hide)
        inner = _written(_emptied(scope, "logRecords"), hide)
        if outer is None or inner is None or len(outer) + len(inner) > LARGEST_RECORD:
            yield b"", 0, len(found)
            continue
        begin = b'{"resourceLogs":[' + _opened(outer) + _opened(inner)
        yield from _lines(begin, found, hide)


def _lines(begin: bytes, found: list[Any], hide: Hide | None) -> Iterator[tuple[bytes, int, int]]:
    records: list[bytes] = []
    size = refused = 0
    for each in found:
        record = _written(each, hide) if isinstance(each, dict) else None
        if record is None or len(record) > LARGEST_RECORD:
            refused += 1
            continue
        if records and size + len(record) > _LINE:
            yield begin + b",".join(records) + _END, len(records), 0
            records, size = [], 0
        records.append(record)
        size += len(record)
    yield begin + b",".join(records) + _END, len(records), refused


def _written(part: dict[str, Any], hide: Hide | None) -> bytes | None:
    """Write a part of a request as JSON; None for one that is nested too deeply."""
    try:
        return orjson.dumps(hide(part) if hide else part)
    except (RecursionError, orjson.JSONEncodeError):
        return None


def _emptied(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an object with one of its members null, and last."""
    return {**{each: value for each, value in holder.items() if each != name}, name: None}


def _opened(holder: bytes) -> bytes:
    """Return an object, whose list is null and last, up to the beginning of that list."""
    return holder.removesuffix(b"null}") + b"["


def _listed(holder: dict[str, Any], name: str) -> list[Any]:
    found = holder.get(name)
    return found if isinstance(found, list) else []
