"""`trilog trace`: all that the indexes know of a transaction."""

from __future__ import annotations

import shlex
import sys
from datetime import datetime, timedelta
from gettext import gettext as _
from typing import TYPE_CHECKING, Any

import orjson

from functions.cli.drift import trace_day
from functions.cli.exceptions import with_exception
from functions.cli.groups import duration
from functions.cli.report import command_line
from functions.cli.tables import print_table, readable, value_at
from functions.cli.traces import open_links
from functions.pipeline.conditions import AnyOf, Begins, Compare
from functions.pipeline.documents import LOGS
from functions.pipeline.groups import Grouping
from functions.pipeline.kinds import kinds
from functions.pipeline.wiring import open_indexes

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Iterator

    from functions.pipeline.kinds import Kind
    from functions.pipeline.sinks import Indexes

_FOUND_NONE, _FOUND_SEVERAL = 1, 2
_MOST = 20  # candidates that are shown
_REQUEST = ("http_method", "http_path", "status_code")
_HIDDEN = {"_id", "@timestamp", "sequence", "transaction_id", "raw_log", *_REQUEST}


def trace(given: Namespace, environment: dict[str, str]) -> int:
    """Print all that the indexes know of a transaction in the order of time, or the link to its trace.

    An id may be given by its beginning. Returns 1 when the indexes know nothing of it, and 2, with a list, when
    several ids begin so. With --drift: a day's report of drift instead, and the batches that it is of.
    """
    if given.drift:
        return trace_day(given, environment)
    indexes, identity = open_indexes(environment), given.transaction_id
    with indexes.kept_open():
        found = [*_of_transaction(indexes, identity)]
        candidates = [] if found else _candidates(indexes, identity)
        if len(candidates) == 1:
            found = [*_of_transaction(indexes, candidates[0]["id"])]
    if len(candidates) > 1:
        return _ask_back(identity, candidates)
    if not found:
        print(_("no document of transaction {id}").format(id=readable(identity)))
        print(_("Records that have it in their text:"), command_line(f"show --match {shlex.quote(readable(identity))}"))
        return _FOUND_NONE
    if given.open:
        open_links(found, environment)
    else:
        _print_timeline(found, given)
    return 0


def _of_transaction(indexes: Indexes, identity: str) -> Iterator[dict[str, Any]]:
    """Yield the documents that have an id, in whichever field, each with the name of its kind as `index`."""
    for kind in kinds().values():
        if kind.ids:
            where = AnyOf(tuple(Compare(field, "=", identity) for field in kind.ids))
            yield from ({"index": kind.name, **document} for document in indexes.read(kind.name, where=[where]))


def _candidates(indexes: Indexes, start: str) -> list[dict[str, Any]]:
    """Return the ids that begin so, the latest last, with how many documents they have, and when the first was."""
    found: dict[str, dict[str, Any]] = {}
    for kind in kinds().values():
        for field in kind.ids:
            grouping = Grouping(AnyOf(()), field, most=_MOST + 1)
            for each in indexes.groups(kind.name, grouping, where=[Begins(field, start)]):
                known = found.setdefault(each.key, {"id": each.key, "documents": 0, "@timestamp": each.first or ""})
                known["documents"] += each.documents
                known["@timestamp"] = min(known["@timestamp"], each.first or "")
    return sorted(found.values(), key=lambda each: str(each["@timestamp"]))


def _ask_back(start: str, candidates: list[dict[str, Any]]) -> int:
    text = _("several ids begin with {start}; which one?")
    print("✗", text.format(start=readable(start)), file=sys.stderr, flush=True)
    shown = candidates[-_MOST:]
    print_table(shown, ("@timestamp", "documents", "id"), ("documents",))
    if len(candidates) > len(shown):
        print(_("… and others"))
    return _FOUND_SEVERAL


def _print_timeline(found: list[dict[str, Any]], given: Namespace) -> None:
    found.sort(key=lambda document: (document["@timestamp"].removesuffix("Z"), document.get("sequence", 0)))
    rows = list(_timed(found))
    if given.json:
        for each in rows:
            print(orjson.dumps(each).decode())
        return
    if not given.raw:  # a record's text is not shown beside the documents that were made of it
        told = {each["_id"] for each in rows if each["index"] != LOGS}
        rows = [each for each in rows if each["index"] != LOGS or each["_id"] not in told]
    shown = [
        {**each, "offset": f"+{duration(each['offset_ms'])}", "took": duration(each["took_ms"]), "what": _what(each)}
        for each in rows
    ]
    print_table(shown, ("@timestamp", "offset", "took", "index", "what"), ("offset", "took"), kinds()[LOGS].level)


def _timed(documents: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield documents with how long after the first each came, and how long it tells that something took (or None)."""
    first: datetime | None = None
    for each in documents:
        time = datetime.fromisoformat(each["@timestamp"])
        first = first or time
        yield {**each, "offset_ms": (time - first) / timedelta(milliseconds=1), "took_ms": _took(each)}


def _took(document: dict[str, Any]) -> float | None:
    kind: Kind = kinds()[document["index"]]
    if kind.duration is None:
        return None
    value = value_at(document, kind.duration[0])
    return value * kind.duration[1] if isinstance(value, int | float) else None


def _what(document: dict[str, Any]) -> str:
    """Say in one text what a document says of its transaction."""
    if document["index"] == LOGS:
        return with_exception(document)
    request = " ".join(str(document[name]) for name in _REQUEST if name in document)
    hidden = {*_HIDDEN, "index", "offset_ms", "took_ms"}
    lines = (f"{name}: {readable(value)}" for name, value in document.items() if name not in hidden)
    return "\n".join(filter(None, (request, *lines)))
