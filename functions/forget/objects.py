"""The objects that hold records: the batches in the store, and those on their way there, in cursors."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from functions.forget.erasure import erased, packed, plain
from functions.indexer.selection import dated_batches
from functions.pipeline.batch import RAW, batch_time
from functions.pipeline.codecs import decoded
from functions.pipeline.codecs.charsets import UTF_8
from functions.pipeline.documents import DEAD_LETTERS, LOGS, Written, id_prefix, record_id
from functions.pipeline.errors import PermanentError
from functions.pipeline.framing import split_records
from functions.pipeline.store import Store, StoredObject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType

    from functions.forget.wanted import Wanted
    from functions.indexer.index import Indexing
    from functions.pipeline.documents import Row, Rows

RECEIPTS = "receipts"
LARGEST = 128 << 20  # bytes of text, which take ten times as much memory; more than a collector puts into a batch

_CURSORS = "cursors"


class Place(NamedTuple):
    """Where an object's bytes lie: under its own key, or in a cursor."""

    key: str
    cursor: str = ""


class _Draft(Store):
    """A store in which one object has other bytes."""

    def __init__(self, store: Store, body: bytes, modified: datetime) -> None:
        super().__init__(store.address)
        self._draft = StoredObject(iter([body]), modified, size=len(body))

    def get(self, key: str, offset: int = 0, version: str = "") -> StoredObject:  # noqa: ARG002 (whatever is asked)
        return self._draft


class _Noting:
    """A sink that notes something of each document, and keeps none."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def write(self, documents: Iterable[Rows]) -> Written:
        created: dict[str, int] = {}
        for kind, rows in documents:
            created[kind] = created.get(kind, 0) + len(rows)
            self._note(kind, rows)
        return Written(created)

    def _note(self, kind: str, rows: Iterable[Row]) -> None:
        raise NotImplementedError


class _Chosen(_Noting):
    """Notes which records are chosen."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self.records = set[str]()

    def _note(self, kind: str, rows: Iterable[Row]) -> None:
        if kind != DEAD_LETTERS:
            self.records.update(map(record_id, self._wanted.chosen(kind, rows)))


class _Digests(_Noting):
    """Notes what each document is known by: its time, and a digest of its body."""

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], tuple[str, bytes]] = {}

    def _note(self, kind: str, rows: Iterable[Row]) -> None:
        for identity, time, body in rows:
            self.documents[kind, identity.decode()] = time, blake2b(body, digest_size=16).digest()


class Objects:
    """The objects of a store that hold records.

    Attributes:
        damaged: the keys of those that could not be read to their end; what is behind was not searched.
    """

    def __init__(
        self, store: Store, indexing: Callable[..., Indexing], encoding: str = UTF_8, prefixes: Sequence[str] = (RAW,)
    ) -> None:
        """Take the store, what makes the indexing of an object, the charset of odd lines, and the batches' folders."""
        self._store, self._indexing, self._encoding, self._prefixes = store, indexing, encoding, prefixes
        self.damaged = set[str]()

    def places(self) -> Iterator[Place]:
        """List the objects; what is on its way comes first, for it would be put again."""
        for cursor in self._store.keys(_CURSORS):
            found = self._store.load(cursor) if cursor.endswith(".json") else None
            if found and (batch := _on_its_way(found[0])):
                yield Place(batch["key"], cursor)
        for prefix in self._prefixes:
            yield from (Place(each.key) for each in dated_batches(self._store, prefix=prefix))

    def prefix(self, place: Place) -> str:
        """Return what the ids of an object's records begin with."""
        return id_prefix(self._store.name(place.key))

    def chosen(self, place: Place, wanted: Wanted) -> set[str]:
        """Return the ids of the records of an object that are chosen, as far as it can be read."""
        sink, store = _Chosen(wanted), self._store
        if place.cursor:
            body, modified, _ = self._read(place)
            store = _Draft(store, body, modified)
        indexing = self._indexing(place.key, store=store, sink=sink)
        indexing.run()
        if indexing.damage:
            self.damaged.add(place.key)
        return sink.records

    def erase(self, place: Place, records: set[str]) -> None:
        """Overwrite records in an object; all others, and their documents, stay as they are.

        Raises:
            PermanentError: that cannot be done; the object stays as it was.
            TransientError: the object was written meanwhile, or the store is away.
        """
        body, modified, save = self._read(place)
        positions, before = self._positions(place.key, body, modified), self._documents(place.key, body, modified)
        gone = {int(each.rpartition("-")[2]): each for each in records}
        times = {at: before[LOGS, each][0] for at, each in gone.items() if (LOGS, each) in before and at in positions}
        if not times:
            return
        text, compression = self._text(place.key, body)
        for inside in (False, True):
            changed = packed(erased(text, positions, times, inside=inside), compression)
            after = self._documents(place.key, changed, modified)
            differing = (key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
            if all(record_id(identity) in records for _, identity in differing):
                save(changed)
                return
        raise PermanentError("other records would be read in another way")

    def _read(self, place: Place) -> tuple[bytes, datetime, Callable[[bytes], object]]:
        """Return an object's bytes, when it was made, and what writes others in their place."""
        if place.cursor:
            content, version = self._store.load(place.cursor) or (b"{}", "")
            cursor = json.loads(content)
            modified = batch_time(place.key) or datetime.now(UTC)

            def save(body: bytes) -> object:
                cursor["batch"]["body"] = b64encode(body).decode()
                return self._store.save(place.cursor, json.dumps(cursor).encode(), version)

            return b64decode(cursor["batch"]["body"]), modified, save
        stored = self._store.get(place.key)
        body = b"".join(stored.chunks)
        return body, stored.modified, lambda changed: self._store.rewrite(place.key, changed, stored)

    def _text(self, key: str, body: bytes) -> tuple[bytes, str]:
        try:
            text, compression = plain(body)
        except (OSError, EOFError, ValueError) as error:  # which the modules of compressions raise
            raise PermanentError("it is damaged ({cause})", cause=error) from error
        if b"".join(decoded([body], key, self._encoding)) != text:
            raise PermanentError("it is no UTF-8 text in gzip, bzip2, xz or nothing")
        return text, compression

    def _positions(self, key: str, body: bytes, modified: datetime) -> dict[int, bytes]:
        reader = self._indexing(key, store=self._store, sink=_Digests()).parser.open(batch_time(key) or modified).reader
        chunks, size = list[bytes](), 0
        for chunk in decoded([body], key, self._encoding):
            chunks.append(chunk)
            size += len(chunk)
            if size > LARGEST:
                raise PermanentError("it has more than {size} bytes of text", size=LARGEST)
        return {record[0]: record[1] for record in split_records(chunks, key, reader)}

    def _documents(self, key: str, body: bytes, modified: datetime) -> dict[tuple[str, str], tuple[str, bytes]]:
        sink = _Digests()
        self._indexing(key, store=_Draft(self._store, body, modified), sink=sink).run()
        return sink.documents


def _on_its_way(content: bytes) -> dict[str, Any] | None:
    try:
        cursor = json.loads(content)
    except ValueError:
        return None
    batch = cursor.get("batch") if isinstance(cursor, dict) else None
    return batch if isinstance(batch, dict) and {"key", "body"} <= batch.keys() else None
