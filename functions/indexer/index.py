"""Index: turn a batch in the store into documents in a sink."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

from functions.indexer.dead_letters import dead_letter, is_log, position_of, raw_document
from functions.pipeline.batch import batch_time, sequence
from functions.pipeline.compression import decompressed
from functions.pipeline.documents import LOGS, Document
from functions.pipeline.errors import PermanentError
from functions.pipeline.instants import instant
from functions.pipeline.records import split_records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pipeline.documents import Rejection, Written
    from functions.pipeline.formats import Format
    from functions.pipeline.records import Record
    from functions.pipeline.sinks import Sink
    from functions.pipeline.store import Store, StoredObject


@dataclass
class Tally:
    """What became of the records of one batch, or of several: counts by kind of document.

    `dead` counts dead letters by the kind of document that was refused. Nothing is lost while `conserved` holds.
    """

    records: int = 0
    filtered: int = 0
    created: Counter[str] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)

    @property
    def conserved(self) -> bool:
        """Say whether every record that was read is in the log index or is a dead letter."""
        return self.records == self.created[LOGS] + self.duplicates[LOGS] + self.dead[LOGS]

    def add(self, other: Tally) -> None:
        """Count another batch's records too."""
        self.records += other.records
        self.filtered += other.filtered
        self.created += other.created
        self.duplicates += other.duplicates
        self.dead += other.dead

    def count(self, written: Written) -> None:
        """Count what a sink wrote."""
        self.created.update(written.created)
        self.duplicates.update(written.duplicates)


@dataclass
class Indexing:
    """One batch on its way from the store to a sink."""

    key: str
    store: Store
    format: Format
    sink: Sink

    def run(self) -> Tally:
        """Index the batch; doing it again changes nothing.

        Raises:
            TransientError: the store or the sink fails for now; index the batch again later.
            PermanentError: the batch cannot be read, or the sink refuses even its dead letters.
        """
        tally = Tally()
        rejected = self._write(self._documents(tally), tally)
        if rejected:
            self._keep(rejected, tally)
        return tally

    def _documents(self, tally: Tally) -> Iterator[Document]:
        stored = self.store.get(self.key)
        made = batch_time(self.key) or stored.modified
        time = instant(made)
        prefix = blake2b(self.store.name(self.key).encode(), digest_size=16).hexdigest()
        for number, record in enumerate(self._records(stored)):
            event = self.format.parse(record)
            time = event.fields.setdefault("@timestamp", time)  # without one of its own, that of the record before it
            event.fields["sequence"] = sequence(made, number)
            passed = self.format.filter(event)
            tally.records += 1
            tally.filtered += passed
            yield from self.format.route(event, f"{prefix}-{record.position}", passed=passed)

    def _records(self, stored: StoredObject) -> Iterator[Record]:
        chunks = decompressed(stored.chunks, self.key)
        return split_records(chunks, self.key, self.format.begins)

    def _write(self, documents: Iterator[Document], tally: Tally) -> list[Rejection]:
        written = self.sink.write(documents)
        tally.count(written)
        return written.rejected

    def _keep(self, rejected: list[Rejection], tally: Tally) -> None:
        """Keep what was refused: a log document as raw text; anything else, or raw text too, as a dead letter."""
        logs = [each for each in rejected if is_log(each)]
        others = [each for each in rejected if not is_log(each)]
        dead = others + self._write(map(raw_document, logs), tally)
        if self.sink.write(self._dead_letters(dead)).rejected:
            raise PermanentError("{key}: the sink refuses its dead letters too. Run: trilog test-indexes", key=self.key)
        tally.dead.update(each.document.kind for each in dead)

    def _dead_letters(self, rejected: list[Rejection]) -> Iterator[Document]:
        raws = self._raws({position_of(each.document) for each in rejected})
        for each in rejected:
            yield dead_letter(each, raws[position_of(each.document)], self.store.name(self.key))

    def _raws(self, positions: set[int]) -> dict[int, bytes]:
        """Read the batch again for the records at some positions; only what was refused costs memory."""
        if not positions:
            return {}
        records = self._records(self.store.get(self.key))
        return {record.position: record.raw for record in records if record.position in positions}
