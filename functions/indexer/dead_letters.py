"""Dead letters: documents that a sink refuses for good, kept with what one needs to act on them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from functions.pipeline.documents import DEAD_LETTERS, LOGS, Document
from functions.pipeline.instants import instant

if TYPE_CHECKING:
    from functions.pipeline.documents import Rejection

_TOO_LARGE = 413
_HINTS = {
    "mapping": "a value does not fit the mapping: correct the template or the sender, then index the batch again",
    "too large": "the document exceeds what the sink takes in one request: raise its limit, then index the batch again",
    "rejected": "the sink refuses the document for the reason above: remove the cause, then index the batch again",
}


def raw_document(rejection: Rejection) -> Document:
    """Reduce a refused log document to its text and time, which no mapping can refuse, and say what was wrong."""
    fields = orjson.loads(rejection.document.body)
    kept = {name: fields[name] for name in ("@timestamp", "level", "message", "raw_log") if name in fields}
    kept["error"] = {"type": _class(rejection), "message": rejection.reason}
    return rejection.document._replace(body=orjson.dumps(kept))


def dead_letter(rejection: Rejection, raw: bytes, store_key: str) -> Document:
    """Make the document that stands for one that was refused.

    Args:
        rejection: what was refused, and why.
        raw: the record that it came from.
        store_key: the batch in which the record is.
    """
    document = rejection.document
    kind = _class(rejection)
    fields = {
        "@timestamp": document.timestamp,
        "failed_at": instant(datetime.now(UTC)),
        "reason": rejection.reason,
        "class": kind,
        "status": rejection.status,
        "target": document.kind,
        "raw_log": raw.decode("utf-8", "replace"),
        "document": document.body.decode(),
        "store_key": store_key,
        "position": position_of(document),
        "hint": _HINTS[kind],
    }
    return Document(DEAD_LETTERS, f"{document.id}-{document.kind}", document.timestamp, orjson.dumps(fields))


def position_of(document: Document) -> int:
    """Return the position of a document's record in its batch."""
    return int(document.id.rpartition("-")[2])


def is_log(rejection: Rejection) -> bool:
    """Say whether it is the log document of a record that was refused."""
    return rejection.document.kind == LOGS


def _class(rejection: Rejection) -> str:
    if rejection.status == _TOO_LARGE:
        return "too large"
    return "mapping" if "parsing" in rejection.reason else "rejected"
