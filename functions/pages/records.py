"""The records that a page's search goes through where no server does: the latest ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.documents import LOGS

if TYPE_CHECKING:
    from functions.pages.asked import Asked

_MOST = 300


def latest(asked: Asked) -> list[dict[str, Any]]:
    """Return the latest records, oldest first; those that could be read without the text that they were read from."""
    return [_read(each) for each in asked.newest(LOGS, _MOST)]


def _read(record: dict[str, Any]) -> dict[str, Any]:
    left_out = set() if record.get("unread") else {"raw_log"}
    return {name: value for name, value in record.items() if name not in left_out}
