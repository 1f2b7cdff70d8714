"""Entries: what a document becomes in Loki. The same document always gives the same entry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

import orjson

from functions.pipeline.documents import DEAD_LETTERS, Document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.pipeline.documents import Row

RUN = "ingestion_run"
RUNS_JOB, DEAD_LETTERS_JOB = "ingestion-logs", "trilog-dead-letters"
LEAST, MOST = -(2**63), 2**63 - 1  # of nanoseconds since 1970: what Loki can write
_STATES = ("SUCCESS", "FAILED")
_UNKNOWN = "unknown"
_LONGEST = 200  # characters of a label: each new value is a stream, of which Loki has an index
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_RUN_METADATA = {  # by the paths in the document
    "objet": ("objet", "name"),
    "objet_id": ("objet", "id"),
    "entreprise": ("labels", "entreprise"),
    "transformation": ("objet", "transformation"),
    "debut": ("event", "start"),
    "fin": ("event", "end"),
    "duree_secondes": ("performance", "duree_secondes"),
    "cpu_time_sec": ("performance", "cpu_time_sec"),
    "memory_used_bytes": ("performance", "memory_used_bytes"),
    "memory_used_mb": ("performance", "memory_used_mb"),
    "no_sequence": ("no_sequence",),
}
_DEAD_METADATA = {name: (name,) for name in ("class", "target", "store_key", "position")}


class Entry(NamedTuple):
    """A line of a stream.

    Attributes:
        labels: those of the stream.
        time: in nanoseconds since 1970.
        line: the text.
        metadata: what else is known of it (Loki's structured metadata), all of it text.
        document: what it was made of.
    """

    labels: tuple[tuple[str, str], ...]
    time: int
    line: str
    metadata: dict[str, str]
    document: Document

    @property
    def size(self) -> int:
        """About how many bytes of a request it takes, at most: its stream may be another's, too."""
        texts = (self.line, *self.metadata.values(), *(value for _, value in self.labels))
        return sum(len(each.encode()) + 20 for each in texts) + 40


def run_entry(row: Row) -> Entry:
    """Make the entry of an ingestion run.

    Labels are as the metrics have them, so that both have equal counts: a source or state that is not known is
    "unknown". A zone that there is not is no label.
    """
    document = _document(RUN, row)
    run = orjson.loads(document.body)
    state, source, zone = (_at(run, path) for path in (("etat",), ("labels", "source"), ("labels", "zone")))
    labels = {
        "job": RUNS_JOB,
        "source": _label(source) or _UNKNOWN,
        "etat": state if state in _STATES else _UNKNOWN,
        "zone": _label(zone),
    }
    line = run.get("description") or state or _UNKNOWN
    return _entry(labels, _nanoseconds(document), line, _metadata(document.id, run, _RUN_METADATA), document)


def dead_letter_entry(row: Row) -> Entry:
    """Make the entry of a dead letter: why, at the time when it was written, which Loki always takes."""
    document = _document(DEAD_LETTERS, row)
    letter = orjson.loads(document.body)
    written = document._replace(timestamp=letter["failed_at"])
    metadata = _metadata(document.id, letter, _DEAD_METADATA)
    return _entry({"job": DEAD_LETTERS_JOB}, _nanoseconds(written), letter["reason"], metadata, document)


def _document(kind: str, row: Row) -> Document:
    return Document(kind, row[0].decode(), row[1], row[2])


def _entry(labels: dict[str, str], time: int, line: str, metadata: dict[str, str], document: Document) -> Entry:
    return Entry(tuple((name, value) for name, value in labels.items() if value), time, line, metadata, document)


def _nanoseconds(document: Document) -> int:
    """Return a document's time, with three digits of its id below the microseconds.

    Loki 3.7 takes entries of equal time, line and metadata for one; earlier ones did not look at the metadata
    (https://github.com/grafana/loki/issues/21039).
    """
    since = datetime.fromisoformat(document.timestamp) - _EPOCH
    return since // _MICROSECOND * 1000 + crc32(document.id.encode()) % 1000


def _metadata(identity: str, fields: dict[str, Any], paths: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    found = {name: _at(fields, path) for name, path in paths.items()}
    return {"id": identity, **{name: _text(value) for name, value in found.items() if value is not None}}


def _at(fields: dict[str, Any], path: tuple[str, ...]) -> Any:  # noqa: ANN401 (any JSON value)
    value: Any = fields
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _label(value: object) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""
