"""`trilog trace`: all that the indexes know of a transaction."""

from __future__ import annotations

from gettext import gettext as _
from typing import TYPE_CHECKING, Any

from functions.cli.drift import trace_day
from functions.cli.tables import print_table, readable
from functions.cli.traces import open_links
from functions.pipeline.documents import LOGS
from functions.pipeline.kinds import kinds
from functions.pipeline.wiring import open_indexes

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable

    from functions.pipeline.kinds import Kind

    Read = Callable[..., Iterable[dict[str, Any]]]  # `Indexes.read`


def trace(given: Namespace, environment: dict[str, str]) -> int:
    """Print all that the indexes know of a transaction, or the link to its trace; return 1 when they know nothing.

    With --drift: a day's report of drift instead, and the batches that it is of.
    """
    if given.drift:
        return trace_day(given, environment)
    read = open_indexes(environment).read
    found = [
        {"index": each.name, "what": _what(each.name, document), **document}
        for each in kinds().values()
        for document in _of_transaction(read, each, given.transaction_id)
    ]
    if not found:
        print(_("no document of transaction {id}").format(id=given.transaction_id))
        return 1
    if given.open:
        open_links(found, environment)
        return 0
    found.sort(key=lambda document: document["@timestamp"])
    print_table(found, ("@timestamp", "index", "what"))
    return 0


def _of_transaction(read: Read, kind: Kind, identity: str) -> Iterable[dict[str, Any]]:
    """Return the documents of a kind that have an id, in whichever field."""
    found = (document for field in kind.ids for document in read(kind.name, matching={field: identity}))
    return {document["_id"]: document for document in found}.values()


def _what(kind: str, document: dict[str, Any]) -> str:
    """Say in one text what a document says of its transaction."""
    if kind == LOGS:
        return str(document.get("message", ""))
    hidden = {"_id", "@timestamp", "transaction_id", "raw_log"}
    return "\n".join(f"{name}: {readable(value)}" for name, value in document.items() if name not in hidden)
