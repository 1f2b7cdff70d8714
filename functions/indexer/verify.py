"""Verify: is every record of the batches in the store in the log index, or else a dead letter?

So is every other document that a record gives, by the configuration at hand, in the index of its kind.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from functions.indexer.index import OBJECT
from functions.pipeline.coverage import Coverage
from functions.pipeline.documents import DEAD_LETTERS, LOGS, record_id
from functions.pipeline.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from functions.indexer.index import Indexing
    from functions.pipeline.sinks import Indexes

PAGE = 50_000  # ids looked for at once, of one batch or of many: some 10 MB

_Page = defaultdict[str, dict[str, "Verdict"]]  # by kind, and by id


@dataclass
class Verdict:
    """What was found of one batch.

    Of its `records`, `dead` are dead letters instead of log documents, and `missing` are neither; `first_missing` is
    the position of the first of those. `missing_documents` counts, by kind, those of other kinds that are neither.
    `unreadable` says why the batch cannot be read, or not to its end; that is `told` when there is a dead letter for
    it. `coverage` counts how the records are read.
    """

    key: str
    records: int = 0
    dead: int = 0
    missing: int = 0
    first_missing: int | None = None
    missing_documents: Counter[str] = field(default_factory=Counter)
    unreadable: PermanentError | None = None
    told: bool = False
    coverage: Coverage = field(default_factory=Coverage)

    @property
    def whole(self) -> bool:
        """Say whether everything of the batch is in its index or is a dead letter."""
        return not self.missing and not self.missing_documents and (self.unreadable is None or self.told)

    def miss(self, kind: str, identity: str) -> None:
        """Count a record, or a document of another kind, that is nowhere."""
        if kind != LOGS:
            self.missing_documents[kind] += 1
            return
        self.missing += 1
        if self.first_missing is None:
            self.first_missing = int(record_id(identity).rpartition("-")[2])


@dataclass
class Audit:
    """What was found of many batches; `broken` has the verdicts on those that are not whole."""

    batches: int = 0
    records: int = 0
    dead: int = 0
    missing: int = 0
    missing_documents: int = 0
    dead_objects: int = 0
    coverage: Coverage = field(default_factory=Coverage)
    broken: list[Verdict] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        """Count another batch."""
        self.batches += 1
        self.records += verdict.records
        self.dead += verdict.dead
        self.missing += verdict.missing
        self.missing_documents += verdict.missing_documents.total()
        self.dead_objects += verdict.told
        self.coverage.add(verdict.coverage)
        if not verdict.whole:
            self.broken.append(verdict)

    def counts(self) -> dict[str, int]:
        """Return the counts; `records` is the sum of the next three, `missing_documents` those of other kinds."""
        return {
            "batches": self.batches,
            "records": self.records,
            "indexed": self.records - self.dead - self.missing,
            "dead_letters": self.dead,
            "missing": self.missing,
            "missing_documents": self.missing_documents,
            "dead_objects": self.dead_objects,
        }

    def summary(self) -> dict[str, Any]:
        """Return the counts as JSON has them, and the batches that are not whole."""
        not_whole = list(map(_line, self.broken))
        return {**self.counts(), **self.coverage.summary(), "whole": not self.broken, "not_whole": not_whole}


def _line(verdict: Verdict) -> dict[str, Any]:
    found: dict[str, Any] = {"key": verdict.key, "records": verdict.records, "missing": verdict.missing}
    if verdict.first_missing is not None:
        found["first_missing"] = verdict.first_missing
    if verdict.missing_documents:
        found["missing_documents"] = dict(verdict.missing_documents)
    if verdict.unreadable and not verdict.told:
        found["reason"] = str(verdict.unreadable)
    return found


def verdicts(batches: Iterable[Indexing], indexes: Indexes) -> Iterator[Verdict]:
    """Yield a verdict on each batch, in their order, in memory that grows neither with a batch nor with their number.

    Raises:
        TransientError, PermanentError: the store or the indexes cannot be asked; there are no verdicts then.
    """
    waiting: list[Verdict] = []
    page: _Page = defaultdict(dict)
    looked_for = 0
    for batch in batches:
        waiting.append(Verdict(batch.key))
        for kind, identity in _ids(batch, waiting[-1], indexes):
            page[kind][identity] = waiting[-1]
            looked_for += 1
            if looked_for == PAGE:
                _judge(page, indexes)
                yield from waiting[:-1]
                waiting, looked_for = waiting[-1:], 0
                page.clear()
    _judge(page, indexes)
    yield from waiting


def _ids(batch: Indexing, verdict: Verdict, indexes: Indexes) -> Iterator[tuple[str, str]]:
    """Yield the kinds and the ids of a batch's documents, as far as it can be read."""
    try:
        for kind, identity in batch.ids(verdict.coverage):
            verdict.records += kind == LOGS
            yield kind, identity
    except PermanentError as error:
        verdict.unreadable = error
    if batch.damage:
        verdict.unreadable = batch.damage
        verdict.told = not indexes.missing(DEAD_LETTERS, {f"{batch.prefix}-{OBJECT}"})


def _judge(page: _Page, indexes: Indexes) -> None:
    """Find out which ids are in their kind's index, which have a dead letter, and which are nowhere."""
    for kind, ids in page.items():
        absent = indexes.missing(kind, ids)
        letters = {identity: f"{identity}-{kind}" for identity in ids if identity in absent}
        nowhere = indexes.missing(DEAD_LETTERS, letters.values()) if letters else set()
        for identity, letter in letters.items():
            if letter in nowhere:
                ids[identity].miss(kind, identity)
            else:
                ids[identity].dead += kind == LOGS
