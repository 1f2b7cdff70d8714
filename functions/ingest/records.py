"""The records of a body that is sent to /logs: JSON in any arrangement, or plain lines."""

from __future__ import annotations

from typing import NamedTuple

from functions.ingest.json_records import MOST_RECORDS, json_records, too_many
from functions.ingest.messages import Refusal

_JSON = {"application/json", "text/json", "application/ndjson", "application/x-ndjson", "application/jsonl"}
_JSON |= {"application/x-jsonlines", "application/jsonlines", "application/stream+json", "application/json-lines"}
_UNKNOWN = {"", "application/octet-stream", "*/*"}
_UTF_8 = "utf-8"


class MediaType(NamedTuple):
    """A Content-Type: its type in lower case, without parameters, and the charset that it names."""

    name: str
    charset: str = _UTF_8


def media_type(header: str) -> MediaType:
    """Read a Content-Type.

    Raises:
        Refusal: it names a charset that is not known (415).
    """
    name, *parameters = (each.strip() for each in header.split(";"))
    given = dict(each.lower().partition("=")[::2] for each in parameters)
    charset = given.get("charset", "").strip(" \"'")
    if charset in {"", "utf-8", "utf8", "us-ascii"}:
        return MediaType(name.lower())
    from functions.pipeline.codecs.options import encoding

    try:
        return MediaType(name.lower(), encoding(charset[:40]))
    except ValueError as error:
        raise Refusal(
            415, "Content-Type: the charset {charset!r} is not known. Send UTF-8", charset=charset[:40]
        ) from error


def records(body: bytes, content_type: str) -> list[bytes]:
    """Return the lines to keep of a body, in UTF-8, without line ends: a record each, or part of one.

    A body whose type is not named is JSON if it is so as a whole, else plain lines.

    Raises:
        Refusal: the type is not supported, or the body is not text (415); what is named JSON is not (422, with the
            position); there are too many records, or one is too large (413).
    """
    name, charset = media_type(content_type)
    if name in _JSON or name.endswith("+json"):
        return json_records(_utf8(body, charset))
    if name.startswith("text/"):
        return _lines(body, charset)
    if name not in _UNKNOWN:
        raise _unsupported(name)
    if body.lstrip()[:1] in {b"{", b"["}:
        try:
            return json_records(body)
        except Refusal as refusal:
            if refusal.status == 413:  # noqa: PLR2004 (too large as lines, too)
                raise
    return _lines(body, charset)


def _lines(body: bytes, charset: str) -> list[bytes]:
    if body.count(b"\n") > MOST_RECORDS:
        raise too_many()
    if not body.isascii() or b"\0" in body or body.startswith(b"%PDF-"):
        body = _as_text(body, charset)
    lines = body.split(b"\n")
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _as_text(body: bytes, charset: str) -> bytes:
    """Return what is text in some charset in UTF-8; refuse what is not text, or compressed and does not say so."""
    from functions.pipeline.codecs import HEAD, decoded, is_compressed
    from functions.pipeline.errors import NotText

    if is_compressed(body[:HEAD]):
        raise Refusal(415, "The body is compressed, but has no Content-Encoding. Add the header Content-Encoding: gzip")
    try:
        return b"".join(decoded([body], "The body", charset))
    except NotText as error:
        kind = error.values.get("kind")
        raise Refusal(415, "The body is not text but {kind}. Send lines of text, or JSON", kind=kind) from error


def _utf8(body: bytes, charset: str) -> bytes:
    if charset == _UTF_8:
        return body
    from functions.pipeline.codecs.charsets import as_utf8

    return b"".join(as_utf8([body], charset))


def _unsupported(name: str) -> Refusal:
    hint = _HINTS.get(name, "")
    return Refusal(
        415,
        "Content-Type: {name!r} is not supported{hint}. Send application/x-ndjson, application/json or text/plain",
        name=name[:100],
        hint=f" ({hint})" if hint else "",
    )


_HINTS = {
    "application/x-www-form-urlencoded": "curl names it unless it is told otherwise, with -H",
    "application/msgpack": "Fluent Bit sends it unless it is told otherwise, with format json_lines",
    "application/x-protobuf": "OpenTelemetry sends it, to /v1/logs",
}
