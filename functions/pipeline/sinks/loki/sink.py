"""Pushes ingestion runs and dead letters to Loki; documents of other kinds are for other sinks.

Loki answers 204 when it has a whole push. 400 says that it refused some entries and has the others: which ones, is
found out by pushing halves again, down to single entries. What it has already does not harm: it is the same entry.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Self

from functions.pipeline.backoff import Backoff, Patience
from functions.pipeline.connection import Connection, Server
from functions.pipeline.documents import DEAD_LETTERS, Rejection, Written
from functions.pipeline.errors import ConfigError, TransientError
from functions.pipeline.sinks.loki.body import HEADERS, compressed, content, in_order
from functions.pipeline.sinks.loki.entries import LEAST, MOST, RUN, dead_letter_entry, run_entry
from functions.pipeline.sinks.loki.failures import no_more_streams, reason_of, refused, refused_count, unreachable

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

    from functions.pipeline.connection import Response
    from functions.pipeline.documents import Rows
    from functions.pipeline.sinks.loki.entries import Entry
    from functions.pipeline.sinks.loki.options import LokiOptions

_PUSH = "/loki/api/v1/push"
_PUSH_SIZE = 1 << 20  # bytes before compression, as Alloy sends them; a usual Loki takes 6 MB at once
_TAKEN, _BAD, _TOO_LARGE = (200, 204), 400, 413
_ENTRY_OF = {RUN: run_entry, DEAD_LETTERS: dead_letter_entry}


class LokiSink:
    """Takes documents for Loki; see `functions.pipeline.sinks.Sink`.

    Attributes:
        place: the Loki, and the tenant there, for people.
        refusal: Loki's words for the last entries that it refused; "": none so far.
    """

    def __init__(
        self,
        options: LokiOptions,
        backoff: Backoff = Backoff(),  # noqa: B008 (a tuple cannot change)
        timeout: float = 30.0,
    ) -> None:
        """Take where to push; `timeout` is in seconds, for each answer.

        Raises:
            ConfigError: no address is configured.
        """
        if options.url is None:
            raise ConfigError("No Loki is configured. Set LOKI_URL")
        self._options = options
        self._backoff = backoff
        self.place = f"{options.url} ({options.tenant})" if options.tenant else options.url
        self.refusal = ""
        self._connection = Connection(_server(options, options.url), timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def write(self, documents: Iterable[Rows]) -> Written:
        """Push the runs and the dead letters; see `functions.pipeline.sinks.Sink.write`.

        Documents of other kinds count as created: it is not for this sink to miss them. Loki does not tell whether it
        had an entry already, so those count as created, too.

        Raises:
            TransientError: Loki is away, or cannot take the push now.
            PermanentError: Loki refuses every push: its sign-in, address or certificate is wrong.
        """
        written = Written()
        for entries in _portions(documents, written):
            self._push(in_order(entries), written)
        for each in written.rejected:
            written.created[each.document.kind] -= 1
        return written

    def _push(self, entries: list[Entry], written: Written) -> None:
        response = self._exchange(entries)
        if response.status in _TAKEN:
            return
        count = refused_count(response.body) if response.status == _BAD else 0
        if len(entries) == 1 or count == len(entries):
            self.refusal = reason_of(response.body)
            written.rejected += [Rejection(each.document, response.status, self.refusal) for each in entries]
            return
        middle = len(entries) // 2
        self._push(entries[:middle], written)
        self._push(entries[middle:], written)

    def _exchange(self, entries: list[Entry]) -> Response:
        """Send a push until it is answered for good: taken, or not all of it (400, 413)."""
        body, patience = compressed(content(entries)), Patience(self._backoff)
        while True:
            pause = 0.0
            try:
                response = self._connection.request("POST", _PUSH, body, HEADERS)
                if response.status in (*_TAKEN, _BAD, _TOO_LARGE) or no_more_streams(response.status, response.body):
                    return response
                pause = _retry_after(response.headers)
                raise refused(self._options, response.status, reason_of(response.body))
            except TransientError as error:
                patience.wait(error, pause)


def _portions(documents: Iterable[Rows], written: Written) -> Iterator[list[Entry]]:
    """Yield the entries of documents, as many at a time as a push takes, and count all documents."""
    entries: list[Entry] = []
    size = 0
    for kind, rows in documents:
        written.created[kind] = written.created.get(kind, 0) + len(rows)
        for each in map(_ENTRY_OF[kind], rows) if kind in _ENTRY_OF else ():
            if not LEAST <= each.time <= MOST:  # Loki would refuse the whole push, and quote it
                written.rejected.append(Rejection(each.document, _BAD, "its time is before 1677 or after 2262"))
                continue
            if entries and size + each.size > _PUSH_SIZE:
                yield entries
                entries, size = [], 0
            entries.append(each)
            size += each.size
    if entries:
        yield entries


def _server(options: LokiOptions, address: str) -> Server:
    return Server(
        name=f"Loki at {options.shown}",
        address=address,
        authorization=options.authorization,
        headers=options.headers,
        unreachable=partial(unreachable, options),
        tls_context=_tls_context,
    )


def _tls_context() -> ssl.SSLContext:
    import ssl  # a server on the same machine has no TLS

    return ssl.create_default_context()


def _retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds that an answer asks to wait; a date is not waited for."""
    said = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(said) if said.isascii() and said.isdigit() else 0.0
