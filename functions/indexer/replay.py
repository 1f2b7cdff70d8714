"""Replay: index again what dead letters stand for, from the batches in the store, as the format reads them now."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import orjson

from functions.pipeline.documents import DEAD_LETTERS, Written, record_id
from functions.pipeline.errors import PermanentError
from functions.pipeline.store import address_bucket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import TracebackType

    from functions.indexer.index import Indexing
    from functions.pipeline.documents import Rows
    from functions.pipeline.sinks import Sink
    from functions.pipeline.store import Store


class DeadLetter(NamedTuple):
    """As much of a dead letter as a replay needs. One of a whole object has neither `target` nor `position`."""

    id: str
    store_key: str
    target: str | None
    position: int | None

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> DeadLetter:
        """Take it from its document, as an index gives it."""
        return cls(document["_id"], document["store_key"], document.get("target"), document.get("position"))

    @property
    def document(self) -> str:
        """The id of the document that was refused."""
        return self.id.removesuffix(f"-{self.target}")

    @property
    def record(self) -> str:
        """The id of its record."""
        return record_id(self.document)


class Outcome(NamedTuple):
    """What became of a dead letter.

    `document` is the body that its record has now in the target index, or would have; None where it has none. `cause`
    says why the dead letter stays: the sink's words, or ours; None when everything is indexed. `records` is how many
    were indexed.
    """

    letter: DeadLetter
    document: bytes | None = None
    cause: str | PermanentError | None = None
    records: int = 0


def replay(
    letters: Iterable[DeadLetter], store: Store, indexing: Callable[..., Indexing], sink: Sink | None
) -> Iterator[Outcome]:
    """Index again the records, or objects, that dead letters stand for: batch by batch in order, each read once.

    Args:
        letters: the dead letters; where one of them stays, the sink has it again by the same id.
        store: where their batches are.
        indexing: makes the indexing of a batch; takes its `key` in the store, and the `sink`.
        sink: where the documents go; None to see, without writing, what they would be.

    Yields:
        What became of each, when its batch is done. Deleting those that went in is up to the caller.

    Raises:
        TransientError: the store or the sink fails for now; what was yielded is done, replay the others later.
    """
    batches: dict[str, list[DeadLetter]] = {}
    for letter in letters:
        batches.setdefault(letter.store_key, []).append(letter)
    for store_key, some in sorted(batches.items()):
        witness = _Witness(sink, some)
        try:
            yield from _replay_batch(indexing(key=_key(store, store_key), sink=witness), some, witness)
        except PermanentError as error:
            yield from (Outcome(letter, cause=error) for letter in some)


def _replay_batch(indexing: Indexing, letters: list[DeadLetter], witness: _Witness) -> Iterator[Outcome]:
    only = {letter.position for letter in letters if letter.position is not None}
    if any(letter.position is None for letter in letters):  # the object as a whole
        tally = indexing.run()
    else:
        indexing.store.get(indexing.key)  # a batch that is gone is the replay's failure, and not another dead letter
        tally = indexing.run(only)
    for letter in letters:
        cause = witness.cause(letter, indexing.damage)
        yield Outcome(letter, witness.document(letter), cause, tally.records)


def _key(store: Store, store_key: str) -> str:
    """Find the key by which the store has what a dead letter names; the inverse of `Store.name`."""
    bucket = address_bucket(store.address)
    if bucket and not store_key.startswith(f"{bucket}/"):
        raise PermanentError(
            "{key} is not in the store {store}. Set PIPELINE_STORE to the bucket that it is in",
            key=store_key,
            store=store.address,
        )
    return store_key.removeprefix(f"{bucket}/") if bucket else store_key


class _Witness:
    """Passes documents on to a sink that somebody else opened, if there is one, and remembers those of some records."""

    def __init__(self, sink: Sink | None, letters: Iterable[DeadLetter]) -> None:
        self._sink = sink
        self._records = {letter.record for letter in letters}
        self._arrived: set[str] = set()
        self._documents: dict[tuple[str, str], bytes] = {}
        self._refused: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def write(self, documents: Iterable[Rows]) -> Written:
        seen = self._seen(documents)
        if self._sink:
            return self._sink.write(seen)
        created: Counter[str] = Counter()
        for kind, rows in seen:
            created[kind] += len(rows)
        return Written(created)

    def document(self, letter: DeadLetter) -> bytes | None:
        """Return the body of the document that a dead letter stands for, as it came by; None if none did."""
        return self._documents.get((letter.document, letter.target or ""))

    def cause(self, letter: DeadLetter, damage: PermanentError | None) -> str | PermanentError | None:
        """Say why a dead letter stays; None when all that it stands for has come by, and was not refused.

        Args:
            letter: the dead letter.
            damage: why its batch could not be read to its end, if it could not.
        """
        if letter.position is None:
            return damage
        if letter.id in self._refused:
            return self._refused[letter.id]
        if letter.record in self._arrived:
            return None
        return damage or PermanentError(
            "{key} has no record at {position} any more. The object was overwritten: run trilog reindex",
            key=letter.store_key,
            position=letter.position,
        )

    def _seen(self, documents: Iterable[Rows]) -> Iterator[Rows]:
        for kind, rows in documents:
            for identity, _, body in rows:
                self._see(kind, identity.decode(), body)
            yield kind, rows

    def _see(self, kind: str, identity: str, body: bytes) -> None:
        if kind == DEAD_LETTERS:
            self._refused[identity] = orjson.loads(body)["reason"]
        elif (record := record_id(identity)) in self._records:
            self._arrived.add(record)
            self._documents[identity, kind] = body
