"""When each source was last heard of."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from functions.metrics.request import source_of
from functions.pages.panels import N_, Panel
from functions.pipeline.batch import RAW, batch_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pages.asked import Asked


def freshness(asked: Asked) -> Iterator[Panel]:
    """Show when the last batch of each source was made, and how many there are."""
    last: dict[str, str] = {}
    batches: Counter[str] = Counter()
    for key, changed, _ in asked.store.listed(RAW):
        source, time = source_of(key), (batch_time(key) or changed).isoformat()
        last[source] = max(last.get(source, ""), time)
        batches[source] += 1
    yield Panel(
        N_("Last batches"),
        "table",
        columns=((N_("Source"), "text"), (N_("Last batch"), "time"), (N_("Age"), "age"), (N_("Batches"), "count")),
        rows=[[source, time, time, batches[source]] for source, time in last.items()],
        empty=N_("There are no batches in the store."),
    )
