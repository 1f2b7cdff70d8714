"""Sends the spans of transactions over OTLP/HTTP in protobuf; documents of other kinds are for other sinks.

A request that was taken in part is not sent again, as OTLP demands; which of its spans were refused is not told, so all
documents that it had spans of become dead letters, and the count of the refused is in the reason.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Self

import orjson

from functions.pipeline.backoff import Backoff, Patience
from functions.pipeline.connection import Connection, Server
from functions.pipeline.documents import DEAD_LETTERS, LOGS, Rejection, Written
from functions.pipeline.errors import TransientError
from functions.pipeline.sinks.otlp.failures import reason_of, refused, unreachable
from functions.pipeline.sinks.otlp.spans import MOST, PERFORMANCE, dead_letter_spans, inference_spans, request_spans

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

    from functions.pipeline.connection import Response
    from functions.pipeline.documents import Row, Rows
    from functions.pipeline.otlp_options import OtlpOptions
    from functions.pipeline.sinks.otlp.spans import Span

_MOST_SPANS = 512  # in a request, as OpenTelemetry's own exporters have; each has a few kilobytes at most
_TAKEN, _BAD, _TOO_LARGE = 200, 400, 413


class OtlpSink:
    """Takes documents for whatever takes OTLP; see `functions.pipeline.sinks.Sink`.

    Attributes:
        place: where the spans go, for people.
        refusal: the server's words for the last spans that it refused; "": none so far.
    """

    def __init__(
        self,
        options: OtlpOptions,
        backoff: Backoff = Backoff(),  # noqa: B008 (a tuple cannot change)
        timeout: float = 30.0,
    ) -> None:
        """Take where to send; `timeout` is in seconds, for each answer.

        Raises:
            ConfigError: no address is configured, or it is none, or the headers are none.
        """
        self.place, self._service, self._backoff = options.url, options.service, backoff
        self.refusal, self._taken = "", 0
        self._secrets = [each.encode() for each in options.headers.values() if each]
        self._connection = Connection(_server(self.place, options.headers), timeout)
        self._events: Mapping[bytes, bytes] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def taken(self) -> int:
        """Return how many spans were taken since it was asked last."""
        taken, self._taken = self._taken, 0
        return taken

    def write(self, documents: Iterable[Rows]) -> Written:
        """Send the spans of requests, inferences and dead letters; see `functions.pipeline.sinks.Sink.write`.

        All documents that are not refused count as created: those of other kinds are not for this sink to miss, and
        OTLP does not tell whether a span had been there already.

        Raises:
            TransientError: the server is away, or cannot take spans now.
            PermanentError: the server refuses every request: the sign-in, address or certificate is wrong.
        """
        written = Written()
        rejected: dict[tuple[str, str], Rejection] = {}
        for spans in _portions(self._spans(documents, written, rejected)):
            self._send(spans, rejected)
        for (kind, _), each in rejected.items():
            written.created[kind] -= 1
            written.rejected.append(each)
        return written

    def _spans(
        self, documents: Iterable[Rows], written: Written, rejected: dict[tuple[str, str], Rejection]
    ) -> Iterator[Span]:
        """Yield the spans of documents, and count all documents."""
        for kind, rows in documents:
            written.created[kind] = written.created.get(kind, 0) + len(rows)
            if kind == LOGS:  # those of the records whose other documents come next
                self._events = {identity: body for identity, _, body in rows}
            for each in (span for row in rows for span in self._spans_of(kind, row)):
                if each.start >= 0 and each.end <= MOST:
                    yield each
                else:
                    self._refuse([each], _BAD, "its time is before 1970 or after 2262", rejected)

    def _spans_of(self, kind: str, row: Row) -> Iterable[Span]:
        if kind == LOGS:
            return request_spans(row, self._service)
        if kind == PERFORMANCE:
            return inference_spans(row, orjson.loads(self._events.get(row[0], b"{}")), self._service)
        return dead_letter_spans(row) if kind == DEAD_LETTERS else ()

    def _send(self, spans: list[Span], rejected: dict[tuple[str, str], Rejection]) -> None:
        from functions.pipeline.sinks.otlp import body

        response = self._exchange(body.content(spans))
        if response.status == _TAKEN:
            count, why = body.refused(response.body)
            self._taken += max(0, len(spans) - count)
            if count:
                said = f"{count} of {len(spans)} spans in the request were refused: {self._reason(why.encode())}"
                self._refuse(spans, _BAD, said, rejected)
        elif response.status == _TOO_LARGE and len(spans) > 1:
            middle = len(spans) // 2
            self._send(spans[:middle], rejected)
            self._send(spans[middle:], rejected)
        else:
            self._refuse(spans, response.status, self._failure(response), rejected)

    def _refuse(self, spans: list[Span], status: int, reason: str, rejected: dict[tuple[str, str], Rejection]) -> None:
        self.refusal = reason
        _reject(spans, status, reason, rejected)

    def _exchange(self, content: bytes) -> Response:
        """Send a request until it is answered for good: taken, in part perhaps, or bad (400), or too large (413)."""
        from functions.pipeline.sinks.otlp.body import HEADERS

        patience = Patience(self._backoff)
        while True:
            pause = 0.0
            try:
                response = self._connection.request("POST", "", content, HEADERS)
                if response.status in (_TAKEN, _BAD, _TOO_LARGE):
                    return response
                pause = _retry_after(response.headers)
                raise refused(self.place, response.status, self._failure(response))
            except TransientError as error:
                patience.wait(error, pause)

    def _failure(self, response: Response) -> str:
        from functions.pipeline.sinks.otlp.body import failure

        return self._reason(failure(response.body, _header(response.headers, "content-type")))

    def _reason(self, said: bytes) -> str:
        """Return why, without the values of the headers, which an answer may quote."""
        for secret in self._secrets:
            said = said.replace(secret, b"***")
        return reason_of(said)


def _portions(spans: Iterable[Span]) -> Iterator[list[Span]]:
    """Yield spans as many at a time as a request takes."""
    portion: list[Span] = []
    for each in spans:
        portion.append(each)
        if len(portion) == _MOST_SPANS:
            yield portion
            portion = []
    if portion:
        yield portion


def _reject(spans: Iterable[Span], status: int, reason: str, rejected: dict[tuple[str, str], Rejection]) -> None:
    """Reject the documents that spans were made of, each once."""
    for each in spans:
        rejected.setdefault((each.document.kind, each.document.id), Rejection(each.document, status, reason))


def _server(address: str, headers: dict[str, str]) -> Server:
    return Server(
        name=address,
        address=address,
        authorization=headers.get("authorization"),
        headers={name: value for name, value in headers.items() if name != "authorization"},
        unreachable=partial(unreachable, address),
        tls_context=_tls_context,
    )


def _tls_context() -> ssl.SSLContext:
    import ssl  # a server on the same machine has no TLS

    return ssl.create_default_context()


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for each, value in headers.items() if each.lower() == name), "")


def _retry_after(headers: Mapping[str, Any]) -> float:
    """Return the seconds that an answer asks to wait; a date is not waited for."""
    said = _header(headers, "retry-after")
    return float(said) if said.isascii() and said.isdigit() else 0.0
