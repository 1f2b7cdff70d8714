"""The body of a push: entries by stream, in the order of their times, compressed."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions.pipeline.sinks.loki.entries import Entry

_LEVEL = 1  # higher levels take more time than they save on the way
HEADERS = {"Content-Type": "application/json", "Content-Encoding": "gzip"}


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries stream by stream, and in each by time: what is too old stands together."""
    return sorted(entries, key=attrgetter("labels", "time"))


def content(entries: Iterable[Entry]) -> bytes:
    """Return the body for entries that are in order."""
    return orjson.dumps(
        {
            "streams": [
                {"stream": dict(labels), "values": [(str(each.time), each.line, each.metadata) for each in some]}
                for labels, some in groupby(entries, key=attrgetter("labels"))
            ]
        }
    )


def compressed(body: bytes) -> bytes:
    """Compress a body as `HEADERS` say."""
    from isal.igzip import compress

    return compress(body, _LEVEL)
