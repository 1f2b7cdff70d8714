"""The records that a page's search goes through where no server does: the latest ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from functions.pages.panels import short
from functions.pipeline.documents import LOGS

if TYPE_CHECKING:
    from functions.pages.asked import Asked

_MOST = 300
_LONGEST = 4000  # characters of a text in one
_ROOM = 1 << 20  # bytes of JSON for all of them


def latest(asked: Asked) -> list[dict[str, Any]]:
    """Return the latest records, oldest first: at most 300, of about 1 MiB.

    Those that could be read are without the text that they were read from.
    """
    kept: list[dict[str, Any]] = []
    left = _ROOM
    for record in reversed(asked.newest(LOGS, _MOST)):
        made = _read(record)
        left -= len(orjson.dumps(made))
        if left < 0:
            break
        kept.append(made)
    return kept[::-1]


def _read(record: dict[str, Any]) -> dict[str, Any]:
    left_out = set() if record.get("unread") else {"raw_log"}
    return {name: short(value, _LONGEST) for name, value in record.items() if name not in left_out}
