"""Which batches of a store a command is about, oldest first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from functions.indexer.triggers import is_batch
from functions.pipeline.batch import RAW, batch_time
from functions.pipeline.errors import ConfigError
from functions.pipeline.instants import parsed_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pipeline.store import Store


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
        prefix: the folder of the store in which they lie; others than the collector may drop elsewhere.

    Raises:
        ConfigError: `since` or `until` is no time; or there is nothing in a folder other than the collector's.
    """
    first, end = (text and _moment(text) for text in (since, until))
    found = list(_all(store, prefix))
    if not found and prefix != RAW:
        place = f"{store.address}/{prefix}"
        raise ConfigError("{place}: there is nothing. Name a folder in which objects are dropped", place=place)
    return sorted(each for each in found if (not first or each.time >= first) and (not end or each.time < end))


def _all(store: Store, prefix: str) -> Iterator[Dated]:
    for key, modified, size in store.listed(prefix):
        made = batch_time(key)
        if is_batch(key) and (made or size):  # what is empty, and nobody's batch, may stand for a folder
            yield Dated(made or modified, key)


def _moment(text: str) -> datetime:
    time = parsed_instant(text, UTC)
    if time is None:
        raise ConfigError("{text!r} is not a time. Write it as 2025-01-20 or 2025-01-20T10:30:00Z.", text=text)
    return datetime.fromisoformat(time)
