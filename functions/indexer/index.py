"""Index: turn a batch in the store into documents in a sink."""

from __future__ import annotations

import gc
from collections import Counter, defaultdict
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain, islice
from typing import TYPE_CHECKING

from functions.indexer.marks import BEGIN, Mark, Marks
from functions.pipeline.batch import batch_time, sequences
from functions.pipeline.borders import Borders
from functions.pipeline.codecs import decoded
from functions.pipeline.codecs.bounds import Stored
from functions.pipeline.codecs.charsets import UTF_8
from functions.pipeline.coverage import Coverage
from functions.pipeline.documents import LOGS, Document, as_rows, id_prefix
from functions.pipeline.errors import ObjectError, PermanentError
from functions.pipeline.framing import split
from functions.pipeline.instants import instant
from functions.pipeline.reader import SAMPLE
from functions.pipeline.redaction.matches import Matches
from functions.pipeline.telemetry import Untraced

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator

    from functions.pipeline.documents import Rejection, Row, Rows, Written
    from functions.pipeline.parser import Parser
    from functions.pipeline.reader import Reader
    from functions.pipeline.records import Record
    from functions.pipeline.redaction import Redaction
    from functions.pipeline.sinks import Sink
    from functions.pipeline.store import Store, StoredObject
    from functions.pipeline.telemetry import Tracing

PORTION = 64 << 10  # bytes of records whose documents go to the sink at once: they stay in the processor's cache
_AT_ONCE = 300  # portions of one kind that are written before what was refused of them is kept: some 20,000 lines
_UNTRACED = Untraced()
OBJECT = "object"  # among the kinds that dead letters are counted by: the whole batch


class Tally:
    """What became of the records of one batch, or of several: counts by kind of document.

    `dead` counts dead letters by the kind of document that was refused. Nothing is lost while `conserved` holds.
    """

    def __init__(self, records: int = 0, filtered: int = 0, matches: Matches | None = None) -> None:
        self.records, self.filtered = records, filtered
        self.created, self.duplicates, self.dead = Counter[str](), Counter[str](), Counter[str]()
        self.coverage, self.matches = Coverage(), matches or Matches()

    @property
    def unaccounted(self) -> int:
        """Count the records that are neither in the log index nor dead letters; below 0, too many are there."""
        return self.records - self.created[LOGS] - self.duplicates[LOGS] - self.dead[LOGS]

    @property
    def conserved(self) -> bool:
        """Say whether every record that was read is in the log index or is a dead letter."""
        return self.unaccounted == 0

    def add(self, other: Tally) -> None:
        """Count another batch's records too."""
        self.records += other.records
        self.filtered += other.filtered
        self.created += other.created
        self.duplicates += other.duplicates
        self.dead += other.dead
        self.coverage.add(other.coverage)
        self.matches.add(other.matches)

    def count(self, written: Written) -> None:
        """Count what a sink wrote."""
        self.created.update(written.created)
        self.duplicates.update(written.duplicates)


class Indexing:
    """One batch on its way from the store to a sink.

    `redaction` hides what must not be stored: a batch may come from others than the collector. `check` is called now
    and then, and raises when there is no time left. `encoding` is the charset of lines that are not UTF-8. `tracing`
    has a span of it, in the trace in which the batch was put. `begin` says how far the batch is indexed already, and
    `marks` how far it is by now; `enough` says whether to stop as soon as that is further. `stopped` tells that it has
    stopped, `damage` why a batch could not be read, or not to its end.
    """

    def __init__(  # noqa: PLR0913 (what indexing is made of)
        self,
        key: str,
        store: Store,
        parser: Parser,
        sink: Sink,
        redaction: Redaction | None = None,
        *,
        check: Callable[[], object] = lambda: None,
        encoding: str = UTF_8,
        tracing: Tracing = _UNTRACED,
        begin: Callable[[StoredObject], Mark] = lambda _: BEGIN,
        enough: Callable[[], bool] = lambda: False,
    ) -> None:
        self.key, self.store, self.parser, self.sink = key, store, parser, sink
        self.redaction, self.check, self.encoding, self.tracing = redaction, check, encoding, tracing
        self.begin, self.enough = begin, enough
        self.marks, self.stopped, self._plain = Marks(BEGIN), False, False
        self.damage: ObjectError | None = None

    def run(self, only: Container[int] | None = None) -> Tally:
        """Index the batch, or only the records at some positions; doing it again changes nothing.

        What can be read of a damaged batch is indexed, and the batch itself becomes a dead letter.

        Raises:
            TransientError: the store or the sink fails for now; index the batch again later.
            PermanentError: the store refuses the batch, or the sink refuses even dead letters.
        """
        tally = Tally(matches=self.redaction.matches() if self.redaction else Matches())
        stored = self._stored()
        with self.tracing.span("index", {"trilog.batch": self.key}, stored.traceparent if stored else ""):
            if stored:
                self.marks = Marks(self.begin(stored))
                self._write_all(self._documents(stored, tally, only), tally)
            if self.damage and not self.stopped:
                self._keep_object(self.damage, stored, tally)
        return tally

    def ids(self, coverage: Coverage) -> Iterator[tuple[str, str]]:
        """Yield the kinds and the ids of the batch's documents, record by record, and count how these are read."""
        stored = self._stored()
        if not stored:
            return
        parsing, time = self.parser.open(self._made(stored)), ""
        for record in chain.from_iterable(self._records(stored, parsing.reader)):
            documents: defaultdict[str, list[Row]] = defaultdict(list)
            time, _ = parsing.parse(record, time, 0, f"{self.prefix}-{record[0]}".encode(), documents)
            for kind, rows in documents.items():
                yield from ((kind, identity.decode()) for identity, _, _ in rows)
        coverage.add(parsing.counted())

    @property
    def advanced(self) -> bool:
        """Whether the sink has something of it by now that it had not when it began."""
        return self.marks.advanced

    @property
    def prefix(self) -> str:
        """What the ids of the batch's records begin with."""
        return id_prefix(self.store.name(self.key))

    def _stored(self) -> StoredObject | None:
        try:
            return self.store.get(self.key)
        except ObjectError as error:
            self.damage = error
            return None

    def _documents(self, stored: StoredObject, tally: Tally, only: Container[int] | None) -> Iterator[Rows]:
        """Yield the documents, by kind and in portions."""
        made, begun = self._made(stored), self.marks.last
        parsing, mark = self.parser.open(made), begun
        borders = Borders(parsing.reader, begun.border)
        time, identity, parse = begun.border.time or instant(made), f"{self.prefix}-%d".encode(), parsing.parse
        documents: defaultdict[str, list[Row]] = defaultdict(list)
        size, filtered, count = 0, 0, begun.border.records
        numbers = sequences(made, count)  # which never end
        for records in self._records(stored, parsing.reader, tally.matches, borders):
            borders.reach(count, time)
            done, count = max(begun.done - count, 0), count + len(records)
            if done:
                time = _last_time(zip(records[:done], numbers, strict=False), time, parse)
                records = records[done:]  # noqa: PLW2901 (the others are not of interest)
            for record, number in zip(records, numbers, strict=False):
                position = record[0]
                if only is not None and position not in only:
                    time, _ = parse(record, time, number, b"", defaultdict(list))  # the next record may have its time
                    continue
                time, passed = parse(record, time, number, identity % position, documents)
                if passed:
                    filtered += 1
                size += len(record[1])
                if size > PORTION:
                    yield from self._given(documents, tally)
                    self.marks.note(mark)
                    size = 0
            mark = Mark(borders.last, max(count, begun.done), self._plain and borders.last.offset > 0)
            if self.marks.advanced and self.enough():
                self.stopped = True
                break
        tally.filtered += filtered
        tally.coverage.add(parsing.counted())
        yield from self._given(documents, tally)
        self.marks.note(mark)

    def _given(self, documents: dict[str, list[Row]], tally: Tally) -> Iterator[Rows]:
        """Yield documents that have been made, and forget them."""
        tally.records += len(documents[LOGS])
        yield from map(self.marks.count, documents.items())
        documents.clear()

    def _made(self, stored: StoredObject) -> datetime:
        return batch_time(self.key) or stored.modified

    def _reader(self, stored: StoredObject) -> Reader:
        return self.parser.open(self._made(stored)).reader

    def _records(
        self, stored: StoredObject, reader: Reader, matches: Matches | None = None, borders: Borders | None = None
    ) -> Iterator[list[Record]]:
        mark = self.marks.last if borders else BEGIN
        chunks, skip = (self._ends(stored, mark), SAMPLE) if mark.plain else (stored.chunks, mark.border.offset)
        lists = split(self._content(chunks, plain=mark.plain), self.key, reader, borders, skip)
        redaction = self.redaction
        if not redaction or not redaction.active:
            return lists
        from functions.pipeline.redacted import redacted_record

        return ([redacted_record(each, redaction, reader, matches) for each in records] for records in lists)

    def _ends(self, stored: StoredObject, mark: Mark) -> Iterator[bytes]:
        """Yield the first bytes of the batch, which tell what it is, and then what comes behind the mark's border.

        A line end is between them, or they would be one line for whoever decodes lines.
        """
        head = b""
        while len(head) < SAMPLE and (chunk := next(stored.chunks, None)):
            head += chunk
        yield head[: SAMPLE - 1] + b"\n"
        yield from self.store.get(self.key, mark.border.offset, stored.version).chunks

    def _content(self, chunks: Iterable[bytes], *, plain: bool) -> Iterator[bytes]:
        """Yield what can be read of the batch, in bounded pieces; see by how many bytes these are if it is plain."""
        stored, given, self._plain = Stored(chunks), 0, plain
        try:
            for piece in decoded(stored, self.key, self.encoding):
                self.check()
                given += len(piece)
                self._plain = given == stored.size
                yield piece
        except ObjectError as error:
            self.damage = error

    def _write_all(self, documents: Iterator[Rows], tally: Tally) -> None:
        """Write documents, and keep what is refused before there is too much of it."""
        with _no_collector():
            for first in documents:
                rejected = self._write(chain([first], islice(documents, _AT_ONCE)), tally, self.marks.confirm)
                self._keep(rejected, tally)
                self.marks.end_write()

    def _write(
        self, documents: Iterable[Rows], tally: Tally, confirm: Callable[[int], None] | None = None
    ) -> list[Rejection]:
        with self.tracing.span("bulk", {}):
            confirming = confirm and getattr(self.sink, "write_confirming", None)
            written = confirming(documents, confirm) if confirming else self.sink.write(documents)
        tally.count(written)
        return written.rejected

    def _keep(self, rejected: list[Rejection], tally: Tally) -> None:
        """Keep what was refused: a log document as raw text; anything else, or raw text too, as a dead letter."""
        if not rejected:
            return
        from functions.indexer.dead_letters import is_given_up, is_log, raw_document  # trouble is rare

        logs = [each for each in rejected if is_log(each) and not is_given_up(each)]
        dead = [each for each in rejected if not is_log(each) or is_given_up(each)]
        dead += self._write(as_rows(map(raw_document, logs)), tally)
        self._bury(self._dead_letters(dead))
        tally.dead.update(each.document.kind for each in dead)

    def _keep_object(self, damage: ObjectError, stored: StoredObject | None, tally: Tally) -> None:
        from functions.indexer.dead_letters import class_of, object_dead_letter  # as above

        kind = class_of(damage)
        made = batch_time(self.key) or (stored.modified if stored else datetime.now(UTC))
        letter = object_dead_letter(self.store.name(self.key), self.prefix, kind, str(damage), instant(made))
        self._bury([letter])
        tally.dead[OBJECT] += 1

    def _bury(self, dead_letters: Iterable[Document]) -> None:
        """Write dead letters; those that are too large are cut."""
        from functions.indexer.dead_letters import shortened  # as above

        rejected = self.sink.write(as_rows(dead_letters)).rejected
        if self.sink.write(as_rows(map(shortened, rejected))).rejected:
            raise PermanentError("{key}: the sink refuses its dead letters too. Run: trilog test-indexes", key=self.key)

    def _dead_letters(self, rejected: list[Rejection]) -> Iterator[Document]:
        from functions.indexer.dead_letters import dead_letter, position_of  # as above

        raws = self._raws({position_of(each.document) for each in rejected})
        for each in rejected:
            yield dead_letter(each, raws.get(position_of(each.document), b""), self.store.name(self.key))

    def _raws(self, positions: set[int]) -> dict[int, bytes]:
        """Read the batch again for the records at some positions; only what was refused costs memory."""
        stored = self._stored() if positions else None
        lists = self._records(stored, self._reader(stored)) if stored else iter(())
        found = ((record[0], record[1]) for record in chain.from_iterable(lists) if record[0] in positions)
        return dict(islice(found, len(positions)))  # and not a record further


def _last_time(records: Iterable[tuple[Record, int]], time: str, parse: Callable[..., tuple[str, bool]]) -> str:
    """Return the time that records whose documents are not wanted leave to the next one, which may have none."""
    for record, number in records:
        time, _ = parse(record, time, number, b"", defaultdict(list))
    return time


@contextmanager
def _no_collector() -> Iterator[None]:
    """Keep the garbage collector from looking at every document on its way: records leave no cycles behind."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
