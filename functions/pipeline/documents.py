"""A document: what one record becomes in one index. Made once, as bytes; every sink takes the same bytes."""

from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LOGS, DEAD_LETTERS = "logs", "dead-letters"
"""The kinds that are more than one among others: every record is in the first, or stands for itself in the second."""


class Document(NamedTuple):
    """One document, ready for any sink.

    `kind` is the name of a kind, and decides the index together with the configured names. `id` is the same for all
    the documents of one record, and for every redelivery of it: letters, digits and dashes; where a kind has several of
    one record, a dot and the place of each, in two digits from 00, are behind it. `timestamp` is the record's
    own time, ISO 8601 in UTC with 3 or 6 decimals ("2025-01-20T10:30:00.000Z"). `body` is the document as one line of
    JSON in UTF-8.
    """

    kind: str
    id: str
    timestamp: str
    body: bytes


Row = tuple[bytes, str, bytes]
"""A document on the way to a sink: its id, its timestamp and its body, as `Document` describes them."""

Rows = tuple[str, list[Row]]
"""Documents of one kind. Bare tuples: at the rate of an indexer, objects with named fields cost twice as much."""


def as_rows(documents: "Iterable[Document]") -> "Iterator[Rows]":
    """Yield documents as a sink takes them, one at a time: for the few that go a way of their own."""
    for kind, identity, timestamp, body in documents:
        yield kind, [(identity.encode(), timestamp, body)]


MOST_PARTS = 100
"""How many documents of one kind a record has at most. With two digits for each, ids sort as the parts do."""

PARTS = tuple((rank, b".%02d" % (rank - 1)) for rank in range(1, MOST_PARTS + 1))
"""The ranks of a record's documents of one kind, and what stands behind the record's id in the id of each."""


def record_id(identity: str) -> str:
    """Return the id of a document's record: its own, or what stands before its place."""
    return identity.partition(".")[0]


def id_prefix(name: str) -> str:
    """Return what the ids of an object's documents begin with, before a dash, given the object's name in its store."""
    return blake2b(name.encode(), digest_size=16).hexdigest()


class Former(NamedTuple):
    """The documents of the content that an object had before.

    Attributes:
        name: the object's name in its store.
        prefix: what the ids of its documents begin with, before a dash.
        numbers: the first and the last number that its records can have, by which they sort.
    """

    name: str
    prefix: str
    numbers: tuple[int, int]


class Rejection(NamedTuple):
    """A document that the sink refuses for good, with the sink's own word for why."""

    document: Document
    status: int
    reason: str


class Written:  # no data class: making one takes more of a cold start than most modules do
    """What became of the documents of one write, by kind.

    Every document that was handed over is counted once: `created`, `duplicates` (its id was there already and its
    content was written again) or `rejected`.
    """

    def __init__(self, created: dict[str, int] | None = None) -> None:
        self.created = created or {}
        self.duplicates: dict[str, int] = {}
        self.rejected: list[Rejection] = []
