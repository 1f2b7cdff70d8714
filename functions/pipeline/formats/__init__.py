"""Formats: how a kind of log is recognised, parsed, filtered and routed to documents. One file each, pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from functions.pipeline.documents import Document
    from functions.pipeline.records import Record


class Event(NamedTuple):
    """A record after parsing.

    `fields` are those of its document in the log index, absent ones left out, with the time (`@timestamp`) if it has
    one of its own. `metrics` are those of its performance document, if it carries any.
    """

    fields: dict[str, Any]
    metrics: dict[str, Any] | None = None


class Format(Protocol):
    """A kind of log."""

    def begins(self, line: bytes) -> bool:
        """Say whether a line (without its end) begins a text record; if not, it belongs to the record before it."""

    def parse(self, record: Record) -> Event:
        """Read a record. Never raises: what cannot be read stays as raw text."""

    def filter(self, event: Event) -> bool:
        """Say whether an event may go on to the indexes other than the log index."""

    def route(self, event: Event, record_id: str, *, passed: bool) -> list[Document]:
        """Make an event's documents, the one for the log index first. `event` has a time by now."""
