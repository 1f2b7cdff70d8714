"""Forgetting on an installation: find, remove, search again, and leave a receipt.

What is going to be removed is noted in the store before, as `receipts/.unfinished-….json`: by the ids of the records,
which say nothing of anybody. Whoever is killed does it again by that note, for one place may not tell any more what is
left in another.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from functions.forget import indexed, reports
from functions.forget.objects import RECEIPTS, Objects, Place
from functions.indexer.configured import configured_indexing
from functions.pipeline.batch import RAW
from functions.pipeline.config import load
from functions.pipeline.errors import PermanentError
from functions.pipeline.instants import instant
from functions.pipeline.redaction import RedactionOptions
from functions.pipeline.store import StoreOptions
from functions.pipeline.wiring import (
    configured_encoding,
    index_environments,
    open_indexes,
    open_sink,
    open_store,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence

    from functions.forget.wanted import Wanted

_BLOCK, _OVERLAP = 1 << 20, 4 << 10  # bytes of a file that are searched at once; and of those, again with the next


@dataclass
class Found:
    """What there is of the records that are wanted.

    Attributes:
        records: their ids.
        objects: where they lie in the store, each with the ids of its records.
        documents: for each index environment, their documents' ids by kind.
        rows: the lists of reports that name them, each with how many it names.
        files: files of the data folder that have the id in their bytes.
        resumed: whether an earlier run was interrupted.
    """

    records: set[str] = field(default_factory=set)
    objects: dict[Place, set[str]] = field(default_factory=dict)
    documents: list[dict[str, set[str]]] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    resumed: bool = False

    def __bool__(self) -> bool:
        """Say whether there is anything."""
        return bool(self.records or self.resumed or self.rows or self.counts()["documents"])

    def counts(self) -> dict[str, Any]:
        """Return the counts, documents by kind, as JSON has them."""
        documents = Counter[str]()
        for each in self.documents:
            documents.update({kind: len(ids) for kind, ids in each.items() if ids})
        return {
            "records": len(self.records),
            "batches": len(self.objects),
            "documents": dict(documents),
            "report_rows": sum(self.rows.values()),
            "files": self.files,
        }


@dataclass
class Done:
    """What became of it: what is left, why a batch could not be changed, and the receipt's key ("": there is none)."""

    left: Found
    refused: dict[str, PermanentError] = field(default_factory=dict)
    receipt: str = ""

    @property
    def complete(self) -> bool:
        """Say whether nothing is left."""
        return not self.refused and not self.left and not self.left.files


class Forgetting:
    """One request to be forgotten, on the installation that an environment describes."""

    def __init__(self, environment: Mapping[str, str], wanted: Wanted, prefixes: Sequence[str] = (RAW,)) -> None:
        """Take the environment, whose records are wanted, and the folders of the store in which batches lie."""
        self._wanted = wanted
        self._environments = index_environments(environment)
        self._store = open_store(environment)
        redaction, self._options = load(environment, RedactionOptions, StoreOptions)
        self._how, self._digest = wanted.digest(redaction.keys or ())
        self._unfinished = f"{RECEIPTS}/.unfinished-{self._digest[:32]}.json"
        indexing = configured_indexing(environment)
        self._indexing = indexing
        self.objects = Objects(self._store, indexing, configured_encoding(environment), prefixes)

    def find(self) -> Found:
        """Search all places for the records, and change nothing."""
        noted = self._store.load(self._unfinished)
        found = self._search()
        found.resumed = noted is not None
        if noted:
            found.records.update(orjson.loads(noted[0])["records"])
        self._complete(found)
        return found

    def remove(self, found: Found, step: Callable[[str], object] = lambda _: None) -> Done:
        """Remove what was found, search again, and leave a receipt if nothing is left.

        Args:
            found: what `find` found.
            step: called with a name before each step; where one is interrupted, all is done again.

        Raises:
            TransientError: a place is away; run again.
        """
        step("note")
        self._note(found)
        step("objects")
        done = Done(Found(), dict(self._erase(found)))
        for environment, documents in zip(self._environments, found.documents, strict=True):
            step("documents")
            self._delete(environment, documents)
            step("tombstones")
            self._write_tombstones(environment, found, done.refused)
        step("rows")
        reports.strike(self._store, found.records)
        step("expunge")
        for environment in self._environments:
            open_indexes(environment).expunge()
        step("search")
        done.left = self._left(found)
        if done.complete:
            step("receipt")
            done.receipt = self._leave_receipt(found)
            self._store.delete(self._unfinished)
        return done

    def _search(self) -> Found:
        found = Found()
        for place in self.objects.places():
            if records := self.objects.chosen(place, self._wanted):
                found.records |= records
                found.objects[place] = records
        for environment in self._environments:
            found.documents.append(indexed.chosen(open_indexes(environment), self._wanted))
            found.records |= indexed.records_of(found.documents[-1])
        return found

    def _complete(self, found: Found) -> None:
        """Add what is known of the records in other places than those that told of them."""
        prefixes = {each.partition("-")[0] for each in found.records}
        for place in self.objects.places() if prefixes else ():
            prefix = self.objects.prefix(place)
            if prefix in prefixes:
                found.objects[place] = {each for each in found.records if each.startswith(f"{prefix}-")}
        for environment, documents in zip(self._environments, found.documents, strict=True):
            for kind, ids in indexed.documents_of(open_indexes(environment), found.records).items():
                documents[kind] |= ids
        found.rows = dict(reports.listed(self._store, found.records))

    def _note(self, found: Found) -> None:
        content = orjson.dumps({"records": sorted(found.records)})
        self._store.put(self._unfinished, content)

    def _erase(self, found: Found) -> Iterator[tuple[str, PermanentError]]:
        """Erase the records in the store; yield the objects that cannot be changed, and why."""
        for place, records in found.objects.items():
            try:
                self.objects.erase(place, records)
            except PermanentError as error:
                yield place.key, error

    def _delete(self, environment: Mapping[str, str], documents: Mapping[str, set[str]]) -> None:
        indexes = open_indexes(environment)
        for kind, ids in documents.items():
            if ids:
                indexes.delete(kind, sorted(ids))

    def _write_tombstones(self, environment: Mapping[str, str], found: Found, refused: Container[str]) -> None:
        """Index what stands in the records' places, so that each record of a batch has its document."""
        with open_sink(environment) as sink:
            for place, records in found.objects.items():
                if not place.cursor and place.key not in refused:
                    positions = {int(each.rpartition("-")[2]) for each in records}
                    self._indexing(place.key, store=self._store, sink=sink).run(positions)

    def _left(self, found: Found) -> Found:
        left = self._search()
        left.rows = dict(reports.listed(self._store, found.records))
        left.files = [*self._files_with_id()]
        return left

    def _files_with_id(self) -> Iterator[str]:
        """Yield the files of the data folder in whose bytes the id stands.

        In a database's file any bytes may be around it. But if somebody else's id has it in it, only words count.
        """
        alone = any(indexed.mentions(open_indexes(each), self._wanted) for each in self._environments)
        for path in sorted(Path(self._options.folder).rglob("*")):
            if path.is_file() and self._has_id(path, alone=alone):
                yield str(path)

    def _has_id(self, path: Path, *, alone: bool) -> bool:
        before = b""
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                if self._wanted.is_in(before + block, alone=alone):
                    return True
                before = block[-_OVERLAP:]
        return False

    def _leave_receipt(self, found: Found) -> str:
        now = datetime.now(UTC)
        counts = {name: value for name, value in found.counts().items() if name != "files"}
        receipt = {"time": instant(now), "identifier": self._digest, "digest": self._how, **counts, "left": 0}
        key = f"{RECEIPTS}/{now:%Y%m%dT%H%M%S.%fZ}-{self._digest[:8]}.json"
        self._store.put(key, orjson.dumps(receipt, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        return key
