"""Writes documents to Elasticsearch: one `_bulk` request after another, over one connection.

What the server says of a document decides: 201 created, 200 or 409 there already, 429 or 5xx tried again, any other 4xx
rejected, unless it is the index that cannot take documents. Nothing else is asked on the way, once the templates are
known to be there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import orjson

from functions.pipeline.documents import KINDS, Rejection, Written
from functions.pipeline.errors import ConfigError, PermanentError, TransientError
from functions.pipeline.sinks.elasticsearch.backoff import Backoff, Patience
from functions.pipeline.sinks.elasticsearch.connection import Connection
from functions.pipeline.sinks.elasticsearch.failures import not_elasticsearch, reason_of, refused, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

    from functions.pipeline.documents import Document
    from functions.pipeline.names import IndexNames
    from functions.pipeline.sinks.elasticsearch.connection import Response
    from functions.pipeline.sinks.elasticsearch.options import ElasticsearchOptions

_BODY_SIZE = 5 * 1024 * 1024  # bytes before compression: larger is no faster, and takes memory on both sides
_ACTION_SIZE = 100  # bytes, about, of the line that names a document's index and id
_BULK = "/_bulk?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by"
_JSON = {"Content-Type": "application/json"}
_NDJSON_GZIP = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
_TEMPLATES = "/_index_template?filter_path=index_templates.name"

_OK, _CREATED, _UNAUTHORIZED, _FORBIDDEN = 200, 201, 401, 403
_CONFLICT, _TOO_LARGE, _TOO_MANY, _SERVER_ERROR = 409, 413, 429, 500
_INDEX_ERRORS = {  # refusals of which no document is the cause: every other one would be refused as well
    "index_closed_exception",
    "index_not_found_exception",  # and it may not be created
    "invalid_alias_name_exception",  # an index stands where a period's alias should
    "invalid_index_name_exception",
    "validation_exception",  # the cluster has as many shards as it may have
}


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
        self._connection = Connection(options, timeout)
        self._body_size = _BODY_SIZE
        self._has_templates = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def write(self, documents: Iterable[Document]) -> Written:
        """Write all the documents; see `functions.pipeline.sinks.Sink.write`."""
        if not self._has_templates:
            self._make_templates()
            self._has_templates = True
        written = Written()
        for batch in self._batches(documents):
            self._write_batch(batch, written)
        return written

    def _make_templates(self) -> None:
        """Create the index templates that are missing, without the client that the administration uses: it is heavy."""
        patience = Patience(self._backoff)
        for kind in self._missing_templates(patience):
            self._make_template(kind, patience)

    def _missing_templates(self, patience: Patience) -> list[str]:
        response = self._exchange("GET", _TEMPLATES, None, patience)
        found = {each["name"] for each in self._content(response).get("index_templates", [])}
        return [kind for kind in KINDS if self._names.base(kind) not in found]

    def _make_template(self, kind: str, patience: Patience) -> None:
        from functions.pipeline.sinks.elasticsearch.expected import index_template

        body = orjson.dumps(index_template(kind, self._names))
        path = f"/_index_template/{self._names.base(kind)}?create=true"  # it overwrites nothing
        try:
            self._exchange("PUT", path, body, patience, _JSON)
        except PermanentError:
            if kind in self._missing_templates(patience):
                raise  # else another run has just made it

    def _batches(self, documents: Iterable[Document]) -> Iterator[list[Document]]:
        """Yield the documents, as many at a time as one body takes, in one list that is used again for the next."""
        batch: list[Document] = []
        size = 0
        for document in documents:
            length = len(document.body) + _ACTION_SIZE
            if batch and size + length > self._body_size:
                yield batch
                batch.clear()
                size = 0
            batch.append(document)
            size += length
        if batch:
            yield batch

    def _write_batch(self, batch: list[Document], written: Written) -> None:
        patience = Patience(self._backoff)
        while batch:
            response = self._exchange("POST", _BULK, self._body(batch), patience, _NDJSON_GZIP)
            if response.status == _TOO_LARGE:
                self._write_halves(batch, written, reason_of(response.body))
                return
            batch, busy = self._sort(batch, self._results(response, len(batch)), written)
            if busy:
                patience.wait(busy)

    def _write_halves(self, batch: list[Document], written: Written, reason: str) -> None:
        if len(batch) == 1:
            written.rejected.append(Rejection(batch[0], _TOO_LARGE, f"too large for one request: {reason}"))
            return
        self._body_size = min(self._body_size, sum(len(document.body) for document in batch) // 2)
        middle = len(batch) // 2
        self._write_batch(batch[:middle], written)
        self._write_batch(batch[middle:], written)

    def _body(self, batch: list[Document]) -> bytes:
        from isal import igzip

        lines: list[bytes] = []
        for document in batch:
            index = self._names.index(document.kind, document.timestamp)
            lines += (orjson.dumps({"index": {"_index": index, "_id": document.id}}), document.body)
        lines.append(b"")
        return bytes(igzip.compress(b"\n".join(lines), 1))

    def _exchange(
        self, method: str, path: str, body: bytes | None, patience: Patience, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Send a request until it is answered for good: done (2xx), or too large (413)."""
        while True:
            try:
                return self._answer(method, path, body, headers)
            except TransientError as error:
                patience.wait(error)

    def _answer(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None) -> Response:
        response = self._connection.request(method, path, body, headers)
        if response.status in (_OK, _TOO_LARGE):
            return response
        raise refused(self._options, response.status, reason_of(response.body))

    def _results(self, response: Response, expected: int) -> list[dict[str, Any]]:
        results = [each["index"] for each in self._content(response).get("items", [])]
        if len(results) != expected:
            raise not_elasticsearch(self._options, f"{len(results)} results for {expected} documents")
        return results

    def _content(self, response: Response) -> dict[str, Any]:
        try:
            content = orjson.loads(response.body)
        except orjson.JSONDecodeError as error:
            raise not_elasticsearch(self._options, reason_of(response.body)) from error
        if not isinstance(content, dict):
            raise not_elasticsearch(self._options, reason_of(response.body))
        return content

    def _sort(
        self, batch: list[Document], results: list[dict[str, Any]], written: Written
    ) -> tuple[list[Document], TransientError | None]:
        """Count what became of each document; return those to send again, and why."""
        again: list[Document] = []
        busy = ""
        for document, result in zip(batch, results, strict=True):
            status = result["status"]
            if status == _CREATED:
                _count(written.created, document)
            elif status in (_OK, _CONFLICT):
                _count(written.duplicates, document)
            elif status == _TOO_MANY or status >= _SERVER_ERROR:
                again.append(document)
                busy = f"{status}, {words(result['error'])}"
            else:
                written.rejected.append(self._rejection(document, result))
        return again, self._busy(len(again), busy) if again else None

    def _busy(self, count: int, cause: str) -> TransientError:
        return TransientError(
            "Elasticsearch at {host} refuses {count} of the documents for now ({cause}). Run again later",
            host=self._options.shown,
            count=count,
            cause=cause,
        )

    def _rejection(self, document: Document, result: dict[str, Any]) -> Rejection:
        status, error = result["status"], result["error"]
        if status in (_UNAUTHORIZED, _FORBIDDEN) or error["type"] in _INDEX_ERRORS:
            raise PermanentError(
                "Elasticsearch cannot write to {index} ({cause}). Remove the cause; trilog test-indexes may tell more",
                index=self._names.index(document.kind, document.timestamp),
                cause=words(error),
            )
        return Rejection(document, status, words(error))


def _count(counts: dict[str, int], document: Document) -> None:
    counts[document.kind] = counts.get(document.kind, 0) + 1
