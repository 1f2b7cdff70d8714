"""Which batches of a store a command is about, oldest first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from functions.indexer.triggers import is_batch
from functions.pipeline.batch import batch_time
from functions.pipeline.errors import ConfigError
from functions.pipeline.instants import parsed_instant

if TYPE_CHECKING:
    from functions.pipeline.store import Store


RAW = "raw"  # where the collector puts its batches


class Dated(NamedTuple):
    """A batch's time, and its key; in the order in which batches are gone through."""

    time: datetime
    key: str


def dated_batches(store: Store, since: str | None = None, until: str | None = None, prefix: str = RAW) -> list[Dated]:
    """List a store's batches, oldest first; of those made at the same time, by key.

    A batch's time is that of its key. The key of an object that somebody else dropped tells none: then it is when the
    object was last written. So what arrives later comes later in the list.

    Args:
        store: the store.
        since: the time (ISO 8601) from which on batches count, itself included.
        until: the time before which they count.
        prefix: what lies under it (a folder of keys); others than the collector may drop elsewhere.

    Raises:
        ConfigError: `since` or `until` is no time.
    """
    first, end = (text and _moment(text) for text in (since, until))
    found = (Dated(batch_time(key) or modified, key) for key, modified in store.dated(prefix) if is_batch(key))
    return sorted(each for each in found if (not first or each.time >= first) and (not end or each.time < end))


def _moment(text: str) -> datetime:
    time = parsed_instant(text, UTC)
    if time is None:
        raise ConfigError("{text!r} is not a time. Write it as 2025-01-20 or 2025-01-20T10:30:00Z.", text=text)
    return datetime.fromisoformat(time)
