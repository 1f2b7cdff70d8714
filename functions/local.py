"""The functions on one machine: collect, and index each batch as it arrives.

Example:
    >>> pipeline = LogsPipeline()
    >>> if pipeline.check_prerequisites():
    ...     print(pipeline.run_once(limit=100)["collected"])
"""

from __future__ import annotations

import importlib.util
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Event as Flag
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.collector.collect import Collection, CollectorOptions
from functions.indexer.index import Indexing, Tally
from functions.pipeline.config import environment as process_environment
from functions.pipeline.config import load, number, setting
from functions.pipeline.documents import KINDS, LOGS
from functions.pipeline.errors import TransientError, TrilogError
from functions.pipeline.names import IndexNames
from functions.pipeline.wiring import OPTIONS, open_format, open_indexes, open_sink, open_source, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from functions.pipeline.store import Store

_LIBRARIES = ("obstore", "orjson", "isal", "duckdb", "elasticsearch", "gradio_client", "zstandard", "dotenv", "rich")


@dataclass(frozen=True)
class LocalOptions:
    """How often a continuous run looks for new lines."""

    poll_interval_s: float = setting("PIPELINE_POLL_INTERVAL", number(0.1, "seconds"), 10.0)


ALL_OPTIONS = (*OPTIONS, CollectorOptions, LocalOptions)
"""All that can be configured on one machine, but the language of messages."""


class Check(NamedTuple):
    """One thing that a run needs: what it is, what was found, and what is wrong with it (None: nothing)."""

    name: str
    found: str
    error: TrilogError | None = None


@dataclass
class Run:
    """What one run did, or several together."""

    tally: Tally = field(default_factory=Tally)
    collected: int = 0
    recovered: int = 0
    gaps: int = 0
    batches: int = 0
    seconds: float = 0.0

    def add(self, other: Run) -> None:
        """Count another run too."""
        self.tally.add(other.tally)
        self.collected += other.collected
        self.recovered += other.recovered
        self.gaps += other.gaps
        self.batches += other.batches
        self.seconds += other.seconds

    def count(self, collection: Collection, seconds: float) -> None:
        """Count what has been collected until now."""
        self.collected, self.recovered, self.gaps = collection.lines, collection.recovered, collection.gaps
        self.batches, self.seconds = collection.arrived, seconds

    def summary(self, names: IndexNames) -> dict[str, Any]:
        """Return the counts as JSON has them: the seeds' three, then all the others.

        `indexed` is how many records are in the log index after the run; `indexes` has, for each index, the documents
        that are new, those that were there already and were written again, and those that became dead letters.
        """
        tally = self.tally
        return {
            "collected": self.collected,
            "filtered": tally.filtered,
            "indexed": tally.created[LOGS] + tally.duplicates[LOGS],
            "recovered": self.recovered,
            "gaps": self.gaps,
            "batches": self.batches,
            "records": tally.records,
            "indexes": {names.base(kind): _counts(tally, kind) for kind in KINDS[:3]},
            "conserved": tally.conserved,
            "seconds": round(self.seconds, 3),
        }


def _counts(tally: Tally, kind: str) -> dict[str, int]:
    return {
        "documents": tally.created[kind],
        "duplicates": tally.duplicates[kind],
        "dead_letters": tally.dead[kind],
    }


class LogsPipeline:
    """The whole pipeline on one machine, configured by environment variables.

    Args:
        environment: variables to use instead of the process's own and those of the file `.env`.
        place: the URL of a Space or a path to log files, instead of the Space at GRADIO_URL.
        progress: called after each batch with what the run has done so far.

    Raises:
        ConfigError: variables are wrong; names all of them.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        place: str | None = None,
        progress: Callable[[Run], None] = lambda _: None,
    ) -> None:
        self.environment = process_environment(Path(".env")) if environment is None else environment
        self.names, self._collector, self._options, *_ = load(
            self.environment, IndexNames, CollectorOptions, LocalOptions, *OPTIONS
        )
        self._place = place
        self._progress = progress
        self.stopping = Flag()

    @cached_property
    def store(self) -> Store:
        """The object store, opened once."""
        return open_store(self.environment)

    def checks(self) -> Iterator[Check]:
        """Try what a run needs, one thing after the other."""
        missing = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
        problem = TrilogError("{names} not installed. Run: make install-dev", names=", ".join(missing))
        yield Check("libraries", str(len(_LIBRARIES)), problem if missing else None)
        yield _tried("source", lambda: open_source(self.environment, self._place).check())
        yield _tried("store", lambda: self.store.check())  # noqa: PLW0108 (opening it may fail as well)
        yield _tried("sink", lambda: open_indexes(self.environment).check())

    def check_prerequisites(self) -> bool:
        """Say whether all that a run needs is there."""
        return all(check.error is None for check in self.checks())

    def run_once(self, limit: int | None = None) -> dict[str, Any]:
        """Collect the source's new lines, at most `limit` of them, and index them.

        Returns:
            The counts, as `Run.summary` describes them.

        Raises:
            TransientError: something outside is down. What was collected is safe, and the next run goes on with it.
            PermanentError: something is wrong that another run cannot mend.
        """
        return self.run(limit).summary(self.names)

    def run_continuous(self, limit: int | None = None, poll_interval: float | None = None) -> dict[str, Any]:
        """Run every `poll_interval` seconds (PIPELINE_POLL_INTERVAL by default) until `stopping` is set.

        A run that something outside made fail is tried again at the next turn.

        Returns:
            The counts of all runs together.
        """
        total = Run()
        for run in self.runs(limit, poll_interval):
            if isinstance(run, Run):
                total.add(run)
        return total.summary(self.names)

    def runs(self, limit: int | None = None, poll_interval: float | None = None) -> Iterator[Run | TransientError]:
        """Yield what each turn of a continuous run did, or what made it fail for now, until `stopping` is set."""
        interval = self._options.poll_interval_s if poll_interval is None else poll_interval
        while not self.stopping.is_set():
            try:
                yield self.run(limit)
            except TransientError as error:
                yield error
            self.stopping.wait(interval)

    def run(self, limit: int | None = None) -> Run:
        """Do what `run_once` does; return the counts as they are."""
        run, begun = Run(), time.perf_counter()
        collection = Collection(open_source(self.environment, self._place), self.store, self._collector, self.stopping)
        with ExitStack() as stack:
            for tally in self._index(collection, limit, stack):
                run.tally.add(tally)
                run.count(collection, time.perf_counter() - begun)
                self._progress(run)
        run.count(collection, time.perf_counter() - begun)
        return run

    def reindex(self) -> Run:
        """Index all the batches in the store again, oldest first: after the indexes were cleared, or changed."""
        run, begun = Run(), time.perf_counter()
        log_format = open_format(self.environment)
        with open_sink(self.environment) as sink:
            for key in sorted(self.store.keys("raw")):
                run.tally.add(Indexing(key, self.store, log_format, sink).run())
                run.batches, run.seconds = run.batches + 1, time.perf_counter() - begun
                self._progress(run)
        return run

    def _index(self, collection: Collection, limit: int | None, stack: ExitStack) -> Iterator[Tally]:
        """Index each batch before the next is asked for: that tells the collector that the last one has arrived."""
        sink, log_format = None, open_format(self.environment)
        for batch in collection.batches(limit):
            sink = sink or stack.enter_context(open_sink(self.environment))  # only a run with news takes the index
            yield Indexing(batch.key, collection.store, log_format, sink).run()


def _tried(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, check())
    except TrilogError as error:
        return Check(name, "", error)
