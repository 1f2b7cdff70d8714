"""What is newly indexed, as it comes."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from functions.pipeline.batch import sequences
from functions.pipeline.conditions import Compare
from functions.pipeline.instants import instant
from functions.pipeline.kinds.templates import columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from functions.pipeline.conditions import Condition

    Read = Callable[..., Iterable[dict[str, Any]]]  # `Indexes.read`

PAUSE = 1.0  # seconds between two looks
_LATE = timedelta(minutes=1)  # a batch that was made longer ago is indexed, or will be by hand


def new(read: Read, kind: str, **wanted: Any) -> Iterator[list[dict[str, Any]]]:  # noqa: ANN401 (`Indexes.read`'s)
    """Yield the documents that are indexed from now on, as they are found, oldest first; without end.

    They are known by when their batches were made, not by their own times, which may be of any day.
    """
    seen = {each["_id"] for each in _recent(read, kind, **wanted)}
    while True:
        recent = _recent(read, kind, **wanted)
        found = [each for each in recent if each["_id"] not in seen]
        seen = {each["_id"] for each in recent}
        if found:
            yield found
        time.sleep(PAUSE)


def _recent(read: Read, kind: str, where: tuple[Condition, ...], **wanted: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    since = datetime.now(UTC) - _LATE
    new = (
        Compare("sequence", ">=", str(next(sequences(since))))
        if "sequence" in columns(kind)
        else Compare("failed_at", ">=", instant(since))  # dead letters
    )
    return list(read(kind, where=(*where, new), **wanted))
