"""Dead letters: what cannot be indexed, a document or a whole object, kept with what one needs to act on it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from functions.pipeline.documents import DEAD_LETTERS, LOGS, Document, record_id
from functions.pipeline.errors import MissingObject, NotText, OddKey
from functions.pipeline.instants import instant

if TYPE_CHECKING:
    from functions.pipeline.documents import Rejection
    from functions.pipeline.errors import ObjectError

TOO_LARGE, CORRUPT_OBJECT, MISSING_OBJECT, NOT_TEXT = "too large", "corrupt object", "missing object", "not text"
GIVES_UP, ODD_KEY = "gives_up", "odd key"
_NO_ANSWER, _TOO_LARGE_STATUS, _TOO_MANY, _SERVER_ERROR = 0, 413, 429, 500
_SHOWN = 10_000  # characters of a record that is too large
_REMEDIES = {
    "mapping": "a value does not fit the mapping: correct the format, or the mapping (trilog test-indexes compares it)",
    TOO_LARGE: "the document exceeds what the sink takes in one request: raise its limit",
    "rejected": "the sink refuses the document for the reason above: remove the cause",
    GIVES_UP: "the sink takes other documents, but not this one: look for the reason above in the log of its server",
    CORRUPT_OBJECT: "what comes before the damage is indexed: put the object again, whole, under the same key",
    NOT_TEXT: "remove the object, or put lines of text or JSON under the same key",
    ODD_KEY: "copy the object to a key without control characters, empty parts, . and ..",
    MISSING_OBJECT: "the object was deleted, has expired, or is in another store: put it again under the same key",
}


def raw_document(rejection: Rejection) -> Document:
    """Reduce a refused log document to its plain fields, which no mapping can refuse, and say what was wrong."""
    fields = orjson.loads(rejection.document.body)
    kept = {name: value for name, value in fields.items() if not isinstance(value, dict | list)}
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
    identity = f"{document.id}-{document.kind}"
    fields = {
        "@timestamp": document.timestamp,
        "failed_at": instant(datetime.now(UTC)),
        "reason": rejection.reason,
        "class": kind,
        "status": rejection.status or None,
        "target": document.kind,
        "transaction_id": orjson.loads(document.body).get("transaction_id"),
        "raw_log": raw.decode("utf-8", "replace"),
        "document": document.body.decode(),
        "store_key": store_key,
        "position": position_of(document),
        "hint": _hint(kind, identity),
    }
    present = {name: value for name, value in fields.items() if value is not None}
    letter = Document(DEAD_LETTERS, identity, document.timestamp, orjson.dumps(present))
    return _cut(letter) if kind in {TOO_LARGE, GIVES_UP} else letter  # or the sink would not take the letter either


def shortened(rejection: Rejection) -> Document:
    """Cut a dead letter that the sink refused as too large; leave one that it refused for another reason."""
    return _cut(rejection.document) if rejection.status == _TOO_LARGE_STATUS else rejection.document


def _cut(letter: Document) -> Document:
    """Leave out what a letter quotes, but for its beginning: the whole record is in the batch."""
    fields = orjson.loads(letter.body)
    fields.pop("document", None)
    if "raw_log" in fields:
        fields["raw_log"] = fields["raw_log"][:_SHOWN]
    return letter._replace(body=orjson.dumps(fields))


def object_dead_letter(store_key: str, prefix: str, kind: str, reason: str, time: str) -> Document:
    """Make the document that stands for an object that cannot be read, or not to its end.

    Args:
        store_key: the object, as `Store.name` names it.
        prefix: what the ids of its records begin with; so it has one dead letter, however often it is tried.
        kind: CORRUPT_OBJECT, MISSING_OBJECT or NOT_TEXT.
        reason: what was wrong, in words.
        time: the object's own time (ISO 8601), the same each time where there is one: it decides the index's period.
    """
    identity = f"{prefix}-object"
    fields = {
        "@timestamp": time,
        "failed_at": instant(datetime.now(UTC)),
        "reason": reason,
        "class": kind,
        "store_key": store_key,
        "hint": _hint(kind, identity),
    }
    return Document(DEAD_LETTERS, identity, time, orjson.dumps(fields))


def class_of(damage: ObjectError) -> str:
    """Name the class of the dead letter of an object."""
    if isinstance(damage, NotText):
        return NOT_TEXT
    if isinstance(damage, OddKey):
        return ODD_KEY
    return MISSING_OBJECT if isinstance(damage, MissingObject) else CORRUPT_OBJECT


def position_of(document: Document) -> int:
    """Return the position of a document's record in its batch."""
    return int(record_id(document.id).rpartition("-")[2])


def is_log(rejection: Rejection) -> bool:
    """Say whether it is the log document of a record that was refused."""
    return rejection.document.kind == LOGS


def is_given_up(rejection: Rejection) -> bool:
    """Say whether the sink gave a document up that it could not take, and did not refuse it for what is in it."""
    status = rejection.status
    return status in {_NO_ANSWER, _TOO_MANY} or status >= _SERVER_ERROR


def _hint(kind: str, identity: str) -> str:
    return f"{_REMEDIES[kind]}; then run: trilog dead-letters replay {identity}"


def _class(rejection: Rejection) -> str:
    if rejection.status == _TOO_LARGE_STATUS:
        return TOO_LARGE
    if is_given_up(rejection):
        return GIVES_UP
    return "mapping" if "parsing" in rejection.reason else "rejected"
