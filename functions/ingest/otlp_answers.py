"""What is answered to OTLP, in the request's own encoding. So little of protobuf is written without its library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from functions.ingest.messages import Response
from functions.ingest.otlp import JSON, PROTOBUF

if TYPE_CHECKING:
    from collections.abc import Mapping

# google.rpc.Code, by the HTTP status that goes with it.
_CODES = {400: 3, 401: 16, 404: 5, 405: 12, 413: 3, 415: 3, 429: 8, 503: 14}
_INTERNAL = 13
_UNREADABLE = 422


def success(encoding: str, refused: int) -> Response:
    """Answer a request of which all records are stored, or all but some (ExportLogsServiceResponse)."""
    if not refused:
        return Response(200, {"Content-Type": encoding}, b"" if encoding == PROTOBUF else b"{}")
    why = "Records that are not valid, nested too deeply, or larger than 8 MiB are not stored"
    if encoding == PROTOBUF:
        return Response(200, {"Content-Type": PROTOBUF}, _text(1, _number(1, refused) + _text(2, why.encode())))
    partial = {"rejectedLogRecords": str(refused), "errorMessage": why}
    return Response(200, {"Content-Type": JSON}, orjson.dumps({"partialSuccess": partial}))


def failure(encoding: str, status: int, message: str, headers: Mapping[str, str]) -> Response:
    """Answer a request of which nothing is stored (google.rpc.Status)."""
    status = (
        400 if status == _UNREADABLE else status
    )  # the specification has one status for all that is wrong in a body
    code = _CODES.get(status, _INTERNAL)
    if encoding == PROTOBUF:
        return Response(
            status,
            {**headers, "Content-Type": PROTOBUF},
            _number(1, code) + _text(2, message.encode("utf-8", "replace")),
        )
    return Response(status, {**headers, "Content-Type": JSON}, orjson.dumps({"code": code, "message": message}))


def _number(field: int, value: int) -> bytes:
    return bytes([field << 3]) + _varint(value)


def _text(field: int, content: bytes) -> bytes:
    return bytes([field << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    low, rest = value & 127, value >> 7
    return bytes([low | 128]) + _varint(rest) if rest else bytes([low])
