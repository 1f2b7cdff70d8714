"""What the indexes have of records: their documents in the indexes of all kinds, and dead letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.indexer.replay import DeadLetter
from functions.pipeline.documents import DEAD_LETTERS, LOGS, PARTS
from functions.pipeline.expressions import compiled
from functions.pipeline.kinds import kinds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.forget.wanted import Wanted
    from functions.pipeline.sinks import Indexes

_RECORD = r"[0-9a-f]{32}-\d+"  # the dead letter of a whole object has no number


def chosen(indexes: Indexes, wanted: Wanted) -> dict[str, set[str]]:
    """Return the ids of the documents that are chosen, by kind."""
    return {
        kind: {
            document["_id"]
            for where in wanted.conditions(kind)
            for document in indexes.read(kind, where=where)
            if wanted.is_chosen(kind, document)
        }
        for kind in kinds()
    }


def mentions(indexes: Indexes, wanted: Wanted) -> bool:
    """Say whether a text has the id of the transaction, be it in a longer word, which is somebody else's id."""
    return wanted.in_texts and any(True for where in wanted.conditions(LOGS) for _ in indexes.read(LOGS, where=where))


def records_of(found: Mapping[str, set[str]]) -> set[str]:
    """Return the ids of the records that documents and dead letters are of."""
    return {record[0] for ids in found.values() for each in ids if (record := compiled(_RECORD).match(each))}


def documents_of(indexes: Indexes, records: set[str]) -> dict[str, set[str]]:
    """Return the ids of all documents that the indexes have of records, by kind."""
    found = {}
    for kind, each in kinds().items():
        if kind != DEAD_LETTERS:
            ids = {record + part.decode() for record in records for _, part in PARTS} if each.part_of else records
            found[kind] = ids - indexes.missing(kind, ids)
    letters = (DeadLetter.read(each) for each in indexes.read(DEAD_LETTERS, fields=("store_key", "target")))
    found[DEAD_LETTERS] = {each.id for each in letters if each.record in records}
    return found
