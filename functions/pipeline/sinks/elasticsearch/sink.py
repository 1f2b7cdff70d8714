"""Writes documents to Elasticsearch: one `_bulk` request after another, over one connection, while the next is made.

What the server says of a document decides: 201 created, 200 or 409 there already, 429 or 5xx tried again, any other 4xx
rejected, unless it is the index that cannot take documents. Nothing else is asked on the way, once the templates are
known to be there.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self, TypeVar

import orjson

from functions.pipeline.backoff import Backoff, Patience
from functions.pipeline.connection import Connection
from functions.pipeline.documents import Rejection, Written, as_rows
from functions.pipeline.errors import ConfigError, PermanentError, TransientError, Unauthorized
from functions.pipeline.kinds import kinds
from functions.pipeline.sinks.elasticsearch.body import Body, BodySize
from functions.pipeline.sinks.elasticsearch.failures import RequestTooLarge, reason_of, refused, unreadable
from functions.pipeline.sinks.elasticsearch.overlap import Overlap
from functions.pipeline.sinks.elasticsearch.results import (
    CREATED,
    FILTER,
    OK,
    THERE,
    THERE_ALREADY,
    Leftover,
    Mismatch,
    Result,
    results,
)
from functions.pipeline.sinks.elasticsearch.server import server_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import TracebackType

    from functions.pipeline.connection import Response
    from functions.pipeline.documents import Document, Former, Row, Rows
    from functions.pipeline.names import IndexNames
    from functions.pipeline.sinks.elasticsearch.options import ElasticsearchOptions

_ACTION_SIZE = 100  # bytes, about, of the line that names a document's index and id
_BULK = f"/_bulk?filter_path={FILTER}"
_JSON = {"Content-Type": "application/json"}
_NDJSON_GZIP = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
_TEMPLATES = "/_index_template?filter_path=index_templates.name"

_UNAUTHORIZED, _FORBIDDEN, _TOO_LARGE, _TOO_MANY, _SERVER_ERROR = 401, 403, 413, 429, 500
_INDEX_ERRORS = {  # refusals of which no document is the cause: every other one would be refused as well
    "index_closed_exception",
    "index_not_found_exception",  # and it may not be created
    "invalid_alias_name_exception",  # an index stands where a period's alias should
    "invalid_index_name_exception",
    "validation_exception",  # the cluster has as many shards as it may have
}

T = TypeVar("T")


class ElasticsearchSink:
    """Takes documents for Elasticsearch; see `functions.pipeline.sinks.Sink`."""

    def __init__(
        self,
        options: ElasticsearchOptions,
        names: IndexNames,
        backoff: Backoff = Backoff(),  # noqa: B008 (a tuple cannot change)
        timeout: float = 30.0,
    ) -> None:
        """Take where to write and what the indexes are called; `timeout` is in seconds, for each answer.

        Raises:
            ConfigError: no address is configured.
        """
        if options.address is None:
            raise ConfigError("No Elasticsearch is configured. Set ELASTICSEARCH_HOST or ELASTICSEARCH_URL")
        self._options = options
        self._names = names
        self._backoff = backoff
        self._connection = Connection(server_of(options), timeout)
        self._size = BodySize()
        self._has_templates = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def write(self, documents: Iterable[Rows]) -> Written:
        """Write all the documents; see `functions.pipeline.sinks.Sink.write`."""
        return self.write_confirming(documents, lambda _: None)

    def write_confirming(self, documents: Iterable[Rows], confirm: Callable[[int], None]) -> Written:
        """Write all the documents; see `functions.pipeline.sinks.ConfirmingSink`."""
        if not self._has_templates:
            self._make_templates()
            self._has_templates = True
        written = Written()
        leftovers: list[Leftover] = []
        with Overlap() as requests:
            for body in self._bodies(documents):
                requests.start(partial(self._write_and_confirm, body, written, leftovers, confirm))
        if leftovers:
            self._insist(leftovers, written)
        return written

    def forget(self, former: Former) -> int:
        """Delete the documents of an object's former content; return how many there were."""
        from functions.pipeline.sinks.elasticsearch.former import delete_former  # rare

        return delete_former(self._ask, self._names, former)

    def _ask(self, path: str, body: bytes, content_type: str) -> Any:  # noqa: ANN401 (what is answered)
        send = partial(self._answer, "POST", path, body, {"Content-Type": content_type})
        return self._exchange(send, Patience(self._backoff), partial(self._read, reader=lambda said: said))

    def _make_templates(self) -> None:
        """Create the index templates that are missing, without the client that the administration uses: it is heavy."""
        patience = Patience(self._backoff)
        for kind in self._missing_templates(patience):
            self._make_template(kind, patience)

    def _missing_templates(self, patience: Patience) -> list[str]:
        found = self._exchange(partial(self._answer, "GET", _TEMPLATES), patience, self._templates)
        return [kind for kind in kinds() if self._names.base(kind) not in found]

    def _make_template(self, kind: str, patience: Patience) -> None:
        from functions.pipeline.sinks.elasticsearch.expected import index_template

        body = orjson.dumps(index_template(kind, self._names))
        path = f"/_index_template/{self._names.base(kind)}?create=true"  # it overwrites nothing
        try:
            self._exchange(partial(self._answer, "PUT", path, body, _JSON), patience)
        except PermanentError:
            if kind in self._missing_templates(patience):
                raise  # else another run has just made it

    def _bodies(self, documents: Iterable[Rows]) -> Iterator[Body]:
        """Yield the documents, as many at a time as one request takes."""
        body, whole = Body(self._names), 0
        for kind, rows in documents:
            for some, size in self._divided(rows):
                if len(body) and body.size + size > self._size.bytes:
                    body.whole = whole
                    yield body
                    body = Body(self._names)
                body.add(kind, some)
            whole += 1
        if len(body):
            body.whole = whole
            yield body

    def _divided(self, rows: list[Row]) -> Iterator[tuple[list[Row], int]]:
        """Divide what is more than a whole request; yield its parts, each with its size in bytes."""
        if not rows:
            return
        size = sum(len(body) + _ACTION_SIZE for _, _, body in rows)
        if size <= self._size.bytes or len(rows) <= 1:
            yield rows, size
            return
        middle = len(rows) // 2
        yield from self._divided(rows[:middle])
        yield from self._divided(rows[middle:])

    def _write_and_confirm(
        self, body: Body, written: Written, leftovers: list[Leftover], confirm: Callable[[int], None]
    ) -> None:
        self._write_body(body, written, leftovers)
        if not leftovers and not written.rejected:
            confirm(body.whole)

    def _write_body(self, body: Body, written: Written, leftovers: list[Leftover]) -> None:
        """Write the documents of a request; leave over what the server refuses though it takes the others."""
        patience = Patience(self._backoff)
        while True:
            try:
                found = self._exchange(self._sending(body), patience, partial(self._results, body=body))
            except RequestTooLarge as refusal:
                self._write_halves(list(body.documents()), written, leftovers, str(refusal.values["reason"]))
                return
            except TransientError as error:
                if any(earlier for _, _, earlier in leftovers) or not ("status" in error.values or len(body) == 1):
                    raise  # the server is away, or this is the second request that fails
                leftovers += _left(body, error)
                return
            self._size.taken(body.size)
            again = self._sort(body, found, written)
            if not again or self._are_few(again, len(body)):
                leftovers += again
                return
            if len(again) < len(body):  # a server that takes some, but not all at once, is not waited for in vain
                patience = Patience(self._backoff)
            patience.wait(self._busy(again))
            body = self._body([document for document, _, _ in again])

    def _sending(self, body: Body) -> Callable[[], Response]:
        return partial(self._answer, "POST", _BULK, body.content(), _NDJSON_GZIP)

    def _insist(self, leftovers: list[Leftover], written: Written) -> None:
        """Write what was left over, or give it up; see `leftovers.insist`."""
        from functions.pipeline.sinks.elasticsearch.leftovers import insist  # trouble is rare

        insist(leftovers, partial(self._send_again, written=written), self._busy, self._backoff, written)

    def _send_again(self, leftovers: list[Leftover], written: Written) -> list[Leftover]:
        """Send documents once more in one request; return those that are not taken."""
        body = self._body([document for document, _, _ in leftovers])
        try:
            found = self._results(self._sending(body)(), body)
        except RequestTooLarge as refusal:
            left: list[Leftover] = []
            self._write_halves(list(body.documents()), written, left, str(refusal.values["reason"]))
            return left
        except TransientError as error:
            return _left(body, error)
        return self._sort(body, found, written)

    def _write_halves(
        self, documents: list[Document], written: Written, leftovers: list[Leftover], reason: str
    ) -> None:
        if len(documents) == 1:
            written.rejected.append(Rejection(documents[0], _TOO_LARGE, f"too large for one request: {reason}"))
            return
        self._size.refused(sum(len(document.body) for document in documents))
        middle = len(documents) // 2
        self._write_body(self._body(documents[:middle]), written, leftovers)
        self._write_body(self._body(documents[middle:]), written, leftovers)

    def _body(self, documents: list[Document]) -> Body:
        body = Body(self._names)
        for kind, some in as_rows(documents):
            body.add(kind, some)
        return body

    def _exchange(
        self, send: Callable[[], Response], patience: Patience, read: Callable[[Response], T] = attrgetter("body")
    ) -> T:
        """Send a request until it is answered for good, and the answer can be read; return what it says."""
        while True:
            try:
                return read(send())
            except TransientError as error:
                patience.wait(error)

    def _answer(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        response = self._connection.request(method, path, body, headers)
        if response.status == OK:
            return response
        raise refused(self._options, response.status, reason_of(response.body))

    def _results(self, response: Response, body: Body) -> list[Result]:
        if response.body == body.created():
            return [Result(CREATED)] * len(body)  # as most answers are; reading them would cost more than comparing
        try:
            return self._read(response, partial(results, body=body))
        except Mismatch as error:
            raise unreadable(self._options, str(error).encode()) from error

    def _templates(self, response: Response) -> set[str]:
        return self._read(response, lambda said: {each["name"] for each in said.get("index_templates", [])})

    def _read(self, response: Response, reader: Callable[[Any], T]) -> T:
        """Read an answer; what Elasticsearch does not answer is a proxy's, or broken, and may be better next time."""
        try:
            return reader(orjson.loads(response.body))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise unreadable(self._options, response.body) from error

    def _sort(self, body: Body, found: list[Result], written: Written) -> list[Leftover]:
        """Count what became of each document; return those that are not taken for now."""
        statuses = [result.status for result in found]
        for (kind, status), count in Counter(zip(body.kinds(), statuses, strict=True)).items():
            if status == CREATED:
                written.created[kind] = written.created.get(kind, 0) + count
            elif status in THERE_ALREADY:
                written.duplicates[kind] = written.duplicates.get(kind, 0) + count
        if THERE.issuperset(statuses):
            return []
        again: list[Leftover] = []
        for document, result in zip(body.documents(), found, strict=True):
            if result.status == _TOO_MANY or result.status >= _SERVER_ERROR:
                again.append((document, result, None))
            elif result.status not in THERE:
                written.rejected.append(self._rejection(document, result))
        return again

    def _are_few(self, again: list[Leftover], sent: int) -> bool:
        from functions.pipeline.sinks.elasticsearch.leftovers import are_few  # as above

        return are_few(again, sent)

    def _busy(self, again: list[Leftover]) -> TransientError:
        _, result, error = again[-1]
        return error or TransientError(
            "Elasticsearch at {host} refuses {count} of the documents for now ({cause}). Run again later",
            host=self._options.shown,
            count=len(again),
            cause=f"{result.status}, {result.cause}",
        )

    def _rejection(self, document: Document, result: Result) -> Rejection:
        unauthorized = result.status in (_UNAUTHORIZED, _FORBIDDEN)
        if unauthorized or result.error in _INDEX_ERRORS:
            error = PermanentError(
                "Elasticsearch cannot write to {index} ({cause}). Remove the cause; trilog test-indexes may tell more",
                index=self._names.index(document.kind, document.timestamp),
                cause=result.cause,
            )
            raise Unauthorized(error.template, **error.values) if unauthorized else error
        return Rejection(document, result.status, result.cause)


def _left(body: Body, error: TransientError) -> list[Leftover]:
    """Return the documents of a request that failed as a whole."""
    result = Result(int(str(error.values.get("status", 0))), "", str(error.values.get("reason", error)))
    return [(document, result, error) for document in body.documents()]
