"""Reports of drift: which rows they are made of is listed beside them, by the documents' ids."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import orjson

from functions.pipeline.documents import record_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pipeline.store import Store

_REPORTS, _ROWS = "reports/", "_rows.jsonl.gz"


def listed(store: Store, records: set[str]) -> Iterator[tuple[str, int]]:
    """Yield the keys of the lists that have some of the records, and how many each has."""
    for key, lines, _ in _lists(store):
        if count := sum(record_id(each) in records for line in lines for each in line["ids"]):
            yield key, count


def strike(store: Store, records: set[str]) -> None:
    """Take the records out of the lists; the figures of the reports stay, for they are of all rows together."""
    for key, lines, version in _lists(store):
        left = [{**line, "ids": [each for each in line["ids"] if record_id(each) not in records]} for line in lines]
        if left != lines:
            content = b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in left)
            store.save(key, gzip.compress(content, compresslevel=6, mtime=0), version)


def _lists(store: Store) -> Iterator[tuple[str, list[dict[str, list[str]]], str]]:
    for key in store.keys(_REPORTS.rstrip("/")):
        if key.endswith(_ROWS) and (found := store.load(key)):
            yield key, [orjson.loads(line) for line in gzip.decompress(found[0]).splitlines()], found[1]
