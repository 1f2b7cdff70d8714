"""The core of the ingest function: a request in, a response out, and in between a batch in the store.

A request is answered with success after its batch is stored, never before; one that is repeated gets the same batch.
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from functools import partial
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from functions.ingest.bodies import plain_body
from functions.ingest.messages import Refusal, Response
from functions.ingest.records import media_type, records
from functions.pipeline.batch import pushed_batch
from functions.pipeline.config import Options, setting, whole
from functions.pipeline.deadline import OutOfTime, within
from functions.pipeline.errors import Conflict, TransientError, TrilogError
from functions.pipeline.packed import as_text
from functions.pipeline.telemetry import log, log_failure, ms_since

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.ingest.messages import Request
    from functions.ingest.tokens import Tokens
    from functions.pipeline.batch import Batch
    from functions.pipeline.redaction import Matches, Redaction
    from functions.pipeline.store import Store

LOGS, OTLP = "/logs", "/v1/logs"
_WAIT = 1.0  # seconds for a place among the requests that are worked on, before 429
_STORE_TIME = 10.0  # seconds for the store, before 503; what is stored later is what a retry would store
_RETRY_AFTER = "5"  # seconds


class IngestOptions(Options):
    """How much is taken at once."""

    most_bytes: int = setting("PIPELINE_INGEST_MAX_BYTES", whole(1024, 1 << 30, "bytes"), 20 << 20)
    at_once: int = setting("PIPELINE_INGEST_CONCURRENCY", whole(1, 1000, "requests"), 8)


class Ingest:
    """Answers requests, several at once."""

    def __init__(self, store: Store, redaction: Redaction, tokens: Tokens, options: IngestOptions) -> None:
        self._store = store
        self._redaction = redaction
        self._tokens = tokens
        self._most = options.most_bytes
        self._places = BoundedSemaphore(options.at_once)

    def answer(self, request: Request) -> Response:
        """Answer a request; never raises what is Trilog's own."""
        begun = time.perf_counter()
        try:
            return self._answered(request, begun)
        except Refusal as refusal:
            log("WARNING", str(refusal), function="ingest", status=refusal.status, ms=ms_since(begun))
            return failure(request, refusal.status, str(refusal), refusal.headers)
        except TrilogError as error:
            return unavailable(request, error)

    def _answered(self, request: Request, begun: float) -> Response:
        path = _route(request)
        self._tokens.admit(request)
        with self._place():
            return self._otlp(request, begun) if path == OTLP else self._logs(request, begun)

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Keep to so many requests at once: each has its body in memory."""
        if not self._places.acquire(timeout=_WAIT):
            raise Refusal(429, "Too many requests at once. Send this one again", {"Retry-After": "1"})
        try:
            yield
        finally:
            self._places.release()

    def _logs(self, request: Request, begun: float) -> Response:
        name = _name(request)
        matches = self._redaction.matches()
        lines = records(plain_body(request, self._most), request.headers.get("content-type", ""))
        count = sum(1 for line in lines if line.strip())
        if self._redaction.active:
            from functions.ingest.otlp_redaction import redacted_line

            lines = [redacted_line(line, self._redaction, matches) for line in lines]
        key = self._kept(lines, name, matches) if count else None
        _log(key, count, matches, begun)
        return _json(202, {"key": key, "records": count}, {})

    def _otlp(self, request: Request, begun: float) -> Response:
        from functions.ingest.otlp import logs
        from functions.ingest.otlp_answers import success

        encoding, name, matches = _encoding(request), _name(request), self._redaction.matches()
        hide = None
        if self._redaction.active:
            from functions.ingest.otlp_redaction import redacted

            hide = partial(redacted, redaction=self._redaction, matches=matches)
        found = logs(plain_body(request, self._most), encoding, hide)
        key = self._kept(found.lines, name, matches) if found.records else None
        _log(key, found.records, matches, begun, refused=found.refused)
        return success(encoding, found.refused)

    def _kept(self, lines: list[bytes], name: str | None, matches: Matches) -> str:
        """Store lines, redacted; return the key of their batch."""
        if self._redaction.active:
            lines = self._redaction.lines([as_text(line) for line in lines], matches)
        batch = pushed_batch(lines, name)
        try:
            within(_STORE_TIME, lambda: self._store_once(batch, named=name is not None))
        except OutOfTime:
            raise TransientError("{key}: the store does not answer in time", key=batch.key) from None
        return batch.key

    def _store_once(self, batch: Batch, *, named: bool) -> None:
        try:
            self._store.save(batch.key, batch.body, None)
        except Conflict:
            if named:
                self._compare(batch)

    def _compare(self, batch: Batch) -> None:
        """Make sure that what is stored by a sender's name is this batch, and not another one."""
        import gzip  # only a retry needs it

        found = self._store.load(batch.key)
        if found is None:
            raise TransientError("{key} has just been deleted", key=batch.key)
        if gzip.decompress(found[0]) != gzip.decompress(batch.body):
            raise Refusal(422, "This Idempotency-Key was used for other records. Send each batch with a key of its own")


def failure(request: Request, status: int, message: str, headers: dict[str, str]) -> Response:
    """Answer with an error, as the sender expects it; to OTLP in the request's encoding."""
    if request.path.rstrip("/") != OTLP:
        return _json(status, {"error": message}, headers)
    from functions.ingest.otlp import JSON, PROTOBUF
    from functions.ingest.otlp_answers import failure as otlp_failure

    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return otlp_failure(PROTOBUF if sent == PROTOBUF else JSON, status, message, headers)


def unavailable(request: Request, error: TrilogError) -> Response:
    """Answer what the sender cannot help; what the store or the configuration lacks is logged, for their owner."""
    log_failure(error, function="ingest", status=503)
    said = "This server is not configured rightly; its log says what to correct. Send this again then"
    if isinstance(error, TransientError):
        said = "The store, or what keeps the tokens, does not answer for now. Send this again"
    return failure(request, 503, said, {"Retry-After": _RETRY_AFTER})


def _route(request: Request) -> str:
    path = request.path.rstrip("/")
    if path not in {LOGS, OTLP}:
        raise Refusal(404, "{path!r}: there is nothing. Send records to /logs, or OTLP to /v1/logs", path=path[:100])
    if request.method != "POST":
        method = request.method[:20]
        raise Refusal(405, "{path}: {method} is not allowed. Send a POST", {"Allow": "POST"}, path=path, method=method)
    return path


def _encoding(request: Request) -> str:
    from functions.ingest.otlp import JSON, PROTOBUF

    sent = media_type(request.headers.get("content-type", "")).name
    if sent in {JSON, PROTOBUF}:
        return sent
    raise Refusal(
        415, "Content-Type: {sent!r} is no encoding of OTLP. Send {protobuf} or {json}",
        sent=sent[:100], protobuf=PROTOBUF, json=JSON,
    )  # fmt: skip


def _name(request: Request) -> str | None:
    """Return what the sender calls the batch, so that a retry is known."""
    name = request.headers.get("idempotency-key")
    if name is not None and not re.fullmatch(r"[!-~](?:[ -~]{0,253}[!-~])?", name):
        raise Refusal(422, "Idempotency-Key: expected 1 to 255 letters, digits and signs, such as a UUID")
    return name


def _json(status: int, content: dict[str, Any], headers: dict[str, str]) -> Response:
    import json

    return Response(status, {**headers, "Content-Type": "application/json"}, json.dumps(content).encode())


def _log(key: str | None, count: int, matches: Matches, begun: float, **fields: object) -> None:
    log(
        "INFO",
        "ingested",
        function="ingest",
        key=key,
        records=count,
        **fields,
        redacted=dict(matches.hidden),
        ms=ms_since(begun),
    )
