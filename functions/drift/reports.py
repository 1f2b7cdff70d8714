"""The reports in the store: the latest one, and one for each day, with what it was made of."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta
from io import BytesIO
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from functions.pipeline.batch import RAW
from functions.pipeline.documents import id_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from functions.drift.windows import Table
    from functions.pipeline.store import Store

REPORTS = "reports/drift"
LATEST = "drift_report_latest"
_ROOT = REPORTS.partition("/")[0]
_ROWS = "_rows.jsonl.gz"


class Place(NamedTuple):
    """Where reports lie: a store, and a folder in it."""

    store: Store
    folder: str = REPORTS

    def key(self, name: str) -> str:
        """Return the key of a report."""
        return f"{self.folder}/{name}" if self.folder else name


def put(place: Place, day: str, found: dict[str, Any], html: str, made_of: bytes) -> None:
    """Put a report: as that of a day ("2025-10-10"), in the place of an earlier one, then as the latest.

    Args:
        place: where.
        day: the one whose predictions were compared.
        found: what was found.
        html: the same as a page.
        made_of: the rows of both windows; see `rows_of`.
    """
    body = orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    place.store.put(place.key(f"drift_history/{day}_drift{_ROWS}"), made_of)
    for name in (f"drift_history/{day}_drift", LATEST):
        place.store.put(place.key(f"{name}.html"), html.encode())
        place.store.put(place.key(f"{name}.json"), body)


def rows_of(store: Store, tables: Sequence[Table]) -> bytes:
    """List the documents that windows are made of: gzipped JSON, a line for each batch.

    A line has the window's name, the batch's key (null for one that is not in the store's folder of batches), and the
    `_id`s of its documents, in order.
    """
    keys = {id_prefix(store.name(key)): key for key in store.keys(RAW)} if tables else {}
    listed = BytesIO()
    with gzip.GzipFile(fileobj=listed, mode="wb", compresslevel=6, mtime=0) as file:
        for table in tables:
            for prefix, ids in groupby(table.ids(), lambda identity: identity.rpartition("-")[0]):
                line = {"window": table.name, "batch": keys.get(prefix), "ids": [*ids]}
                file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    return listed.getvalue()


def end_of(found: dict[str, Any]) -> datetime:
    """Return the last instant of the window that a report is of; its day is the one that the report is kept under."""
    run, until = datetime.fromisoformat(found["time"]), found["windows"]["current"]["until"]
    return min(datetime.fromisoformat(until) - timedelta(microseconds=1), run) if until else run


def of_day(store: Store, day: str) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Yield the reports of a day, of each folder of reports, and the lines of `rows_of` that are beside each."""
    for key, found in _ending(store, f"/drift_history/{day}_drift.json"):
        rows = store.load(key.removesuffix(".json") + _ROWS)
        yield found, [orjson.loads(line) for line in gzip.decompress(rows[0]).splitlines()] if rows else []


def history(store: Store, most: int) -> list[tuple[str, dict[str, Any]]]:
    """Return the last reports of all folders, at most so many, with their days ("2025-10-10"), the oldest first."""
    end = "_drift.json"
    keys = [key for key in store.keys(_ROOT) if "/drift_history/" in key and key.endswith(end)]
    last = sorted((key.rpartition("/")[2].removesuffix(end), key) for key in keys)[-most:]
    return [(day, orjson.loads(found[0])) for day, key in last if (found := store.load(key))]


def latest(store: Store) -> Iterator[dict[str, Any]]:
    """Yield the latest report of each folder of reports."""
    return (found for _, found in _ending(store, f"/{LATEST}.json"))


def _ending(store: Store, end: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for key in store.keys(_ROOT):
        if key.endswith(end) and (found := store.load(key)):
            yield key, orjson.loads(found[0])
