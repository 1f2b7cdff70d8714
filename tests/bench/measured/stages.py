"""Where the time goes: the way of a line, cut off after each stage.

python -m tests.bench.measured.stages STORE KEY
"""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from functions.indexer.index import Indexing
from functions.pipeline.codecs import decoded
from functions.pipeline.documents import Written
from functions.pipeline.framing import split_records
from functions.pipeline.names import IndexNames
from functions.pipeline.sinks.elasticsearch.body import Body
from functions.pipeline.wiring import open_parser, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from functions.pipeline.documents import Rows

_ROUNDS = 5


class _Discarding:
    """A sink that takes documents, and does nothing with them or only makes the requests that it would send."""

    def __init__(self, *, make: bool) -> None:
        self._make = make

    def write(self, documents: Iterable[Rows]) -> Written:
        body = Body(IndexNames())
        for kind, rows in documents:
            if self._make and rows:
                body.add(kind, rows)
        return Written()


def stages(store: str, key: str) -> dict[str, float]:
    """Measure, in seconds of CPU, what each stage adds; the least of some rounds."""
    environment = {"PIPELINE_STORE": store}
    opened, parser = open_store(environment), open_parser(environment)

    def content() -> Iterable[bytes]:
        return decoded(opened.get(key).chunks, key)

    def indexed(sink: Any) -> None:
        Indexing(key, opened, parser, sink).run()

    ways: dict[str, Callable[[], object]] = {
        "nothing": lambda: None,
        "inflate": lambda: deque(content(), 0),
        "split into records, escape": lambda: deque(split_records(content(), key, parser.open().reader), 0),
        "parse, filter, route, write as JSON": lambda: indexed(_Discarding(make=False)),
        "make and compress requests": lambda: indexed(_Discarding(make=True)),
    }
    rounds = [{name: _seconds(way) for name, way in ways.items()} for _ in range(_ROUNDS)]  # turn and turn about
    least = {name: min(each[name] for each in rounds) for name in ways}
    return {name: round(least[name] - least[before], 4) for before, name in pairwise(least)}


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    sys.stdout.write(json.dumps(stages(*sys.argv[1:])))
