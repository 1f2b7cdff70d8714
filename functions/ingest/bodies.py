"""A request's body: read, and inflated, never further than a bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.ingest.messages import Refusal
from functions.pipeline.errors import ObjectError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from functions.ingest.messages import Request

_NAMES = {"gzip": "gzip", "x-gzip": "gzip", "zstd": "zstd", "deflate": "deflate"}
_MOST_CODINGS = 2  # a proxy may compress what was compressed
_PIECE = 1 << 20


def plain_body(request: Request, most: int) -> bytes:
    """Read a request's body, and undo its Content-Encoding.

    Args:
        request: whose body has not been read.
        most: the bytes that the body may have, as it is sent and inflated.

    Raises:
        Refusal: it is larger (413: nothing is inflated further), is in an encoding that is not known (415), or is
            damaged (422).
    """
    codings = _codings(request.headers.get("content-encoding", ""))
    body = _read(request, most)
    for coding in reversed(codings):
        body = _inflated(body, coding, most)
    return body


def _codings(header: str) -> list[str]:
    codings = [each.strip().lower() for each in header.split(",")]
    codings = [each for each in codings if each not in {"", "identity"}]
    if len(codings) > _MOST_CODINGS or not _NAMES.keys() >= {*codings}:
        raise Refusal(
            415,
            "Content-Encoding: {coding!r} is not supported. Send the body as it is, or in gzip, zstd or deflate",
            {"Accept-Encoding": "gzip, zstd, deflate"},
            coding=header[:100],
        )
    return [_NAMES[each] for each in codings]


def _read(request: Request, most: int) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > most:
        raise _too_large(most)
    return _bounded(iter(lambda: request.read(_PIECE), b""), most)


def _bounded(pieces: Iterable[bytes], most: int) -> bytes:
    held, size = [], 0
    for piece in pieces:
        size += len(piece)
        if size > most:
            raise _too_large(most)
        held.append(piece)
    return b"".join(held)


def _inflated(body: bytes, coding: str, most: int) -> bytes:
    try:
        return _bounded(_decoder(coding)([body], "The body"), most)
    except ObjectError as error:
        raise Refusal(
            422, "The body is damaged: it is not {coding}, as its Content-Encoding says. Send it again", coding=coding
        ) from error


def _decoder(coding: str) -> Callable[[Iterable[bytes], str], Iterator[bytes]]:
    if coding == "gzip":
        from functions.pipeline.codecs.gzip import decompressed
    elif coding == "zstd":
        from functions.pipeline.codecs.zstd import decompressed
    else:
        from functions.pipeline.codecs.zlib import decompressed
    return decompressed


def _too_large(most: int) -> Refusal:
    return Refusal(
        413,
        "The body has more than {most} bytes, inflated or as it was sent. Send it in several requests, or raise "
        "PIPELINE_INGEST_MAX_BYTES",
        most=most,
    )
