"""Formats: how a kind of log is recognised, parsed, filtered and routed to documents. One file each, pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from functions.pipeline.documents import Row
    from functions.pipeline.records import Head, Record


class Format(Protocol):
    """A kind of log."""

    def begins(self, line: bytes) -> Head | None:
        """Find the head of a line (without its end) that begins a text record; others belong to the one before."""

    def route(
        self, record: Record, time: str, sequence: int, identity: bytes, documents: dict[str, list[Row]]
    ) -> tuple[str, bool]:
        """Parse a record, filter it, and add its documents. Never raises: what cannot be read stays as raw text.

        Args:
            record: the record.
            time: that of the record before it (ISO 8601, in UTC), for the case that it tells none.
            sequence: its number, by which records sort as they were logged.
            identity: the id of all its documents.
            documents: where they go, by kind: one to the log index, whatever the filter says.

        Returns:
            The record's time, and whether it passed the filter.
        """
