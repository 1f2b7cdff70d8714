"""The functions on one machine: collect, and index each batch as it arrives.

Example:
    >>> pipeline = LogsPipeline()
    >>> if pipeline.check_prerequisites():
    ...     print(pipeline.run_once(limit=100)["collected"])
"""

from __future__ import annotations

import importlib.util
import time
from bisect import bisect_right
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from pathlib import Path
from threading import Event as Flag
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.alerts.options import AlertOptions
from functions.collector.collect import Collection, CollectorOptions
from functions.drift.options import DriftOptions
from functions.forget.retention import RetentionOptions
from functions.indexer.configured import configured_indexing
from functions.indexer.index import OBJECT, Indexing, Tally
from functions.indexer.progress import Progress
from functions.indexer.replay import DeadLetter, Outcome, replay
from functions.indexer.selection import dated_batches
from functions.indexer.triggers import Message, messages
from functions.indexer.verify import Audit, verdicts
from functions.ingest.ingest import IngestOptions
from functions.ingest.tokens import TokenOptions
from functions.metrics.options import MetricsOptions
from functions.pipeline.batch import RAW
from functions.pipeline.config import Options, load, number, setting, variables
from functions.pipeline.config import environment as process_environment
from functions.pipeline.documents import DEAD_LETTERS, LOGS
from functions.pipeline.errors import NoSuchPlace, PermanentError, TransientError, TrilogError
from functions.pipeline.extras import not_installed
from functions.pipeline.kinds import kinds
from functions.pipeline.names import IndexNames
from functions.pipeline.own import own, written
from functions.pipeline.queue import Held, QueueOptions
from functions.pipeline.redaction.matches import Matches, summed
from functions.pipeline.watching import Watch
from functions.pipeline.wiring import (
    all_options,
    is_path,
    open_indexes,
    open_queue,
    open_sink,
    open_source,
    open_store,
    open_topic,
)
from functions.producer.options import ProducerOptions
from functions.traces.links import JaegerOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from functions.indexer.selection import Dated
    from functions.indexer.verify import Verdict
    from functions.pipeline.documents import Rows, Written
    from functions.pipeline.sinks import Sink
    from functions.pipeline.store import Store

_LIBRARIES = (
    "obstore",
    "orjson",
    "isal",
    "duckdb",
    "zstandard",
    "dotenv",
    "rich",
)


class LocalOptions(Options):
    """How often a continuous run looks for new lines."""

    poll_interval_s: float = setting("PIPELINE_POLL_INTERVAL", number(0.1, "seconds"), 10.0)


_HEARTBEAT = 0.2  # seconds between two looks at what became of a topic's group
OPTIONS = all_options()
ALL_OPTIONS = (
    *OPTIONS,
    CollectorOptions,
    LocalOptions,
    ProducerOptions,
    RetentionOptions,
    QueueOptions,
    IngestOptions,
    TokenOptions,
    MetricsOptions,
    DriftOptions,
    AlertOptions,
    JaegerOptions,
)
"""All that can be configured on one machine, but the language of messages."""


class Check(NamedTuple):
    """One thing that a run needs: what it is, what was found, and what is wrong with it (None: nothing)."""

    name: str
    found: str
    error: TrilogError | None = None


@dataclass
class Run:
    """What one run did, or several together.

    `recovered` lines were collected by a run that ended before it indexed them; `matches` are those of the redaction in
    the lines collected; `resumed` is how many batches an interrupted `reindex` had done.
    """

    tally: Tally = field(default_factory=Tally)
    collected: int = 0
    recovered: int = 0
    gaps: int = 0
    matches: Matches = field(default_factory=Matches)
    batches: int = 0
    resumed: int = 0
    seconds: float = 0.0

    @property
    def dead_objects(self) -> int:
        """How many batches became dead letters because they cannot be read, or not to their end."""
        return self.tally.dead[OBJECT]

    @property
    def redacted(self) -> dict[str, int]:
        """How many values each redaction rule hid, when lines were collected and when batches were indexed."""
        return dict(summed((self.matches, self.tally.matches)).hidden)

    @property
    def redaction_rules_without_a_match(self) -> list[str]:
        """The redaction rules that matched nothing in what was read.

        Where lines were collected, these decide: in their batches, what a pattern matched has been replaced already.
        """
        matches = self.matches if self.collected else self.tally.matches
        return [rule for rule in matches.unmatched if self.tally.records and not self.tally.matches.hidden[rule]]

    @property
    def found(self) -> list[str]:
        """The kinds that a report has a line for: not those with an index of their own of which there was nothing."""
        counts = self.tally.created + self.tally.duplicates + self.tally.dead
        return [name for name, each in kinds().items() if name != DEAD_LETTERS and (counts[name] or not each.own_index)]

    def add(self, other: Run) -> None:
        """Count another run too."""
        self.tally.add(other.tally)
        self.collected += other.collected
        self.recovered += other.recovered
        self.gaps += other.gaps
        self.matches.add(other.matches)
        self.batches += other.batches
        self.seconds += other.seconds

    def count(self, collections: Sequence[Collection], seconds: float) -> None:
        """Count what has been collected until now."""
        self.collected = sum(each.lines for each in collections)
        self.recovered = sum(each.recovered for each in collections)
        self.gaps = sum(each.gaps for each in collections)
        self.matches = summed(each.matches for each in collections)
        self.batches, self.seconds = sum(each.arrived for each in collections), seconds

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
            "indexes": {names.base(kind): _counts(tally, kind) for kind in self.found},
            "dead_objects": self.dead_objects,
            "conserved": tally.conserved,
            **tally.coverage.summary(),
            "redacted": self.redacted,
            "redaction_rules_without_a_match": self.redaction_rules_without_a_match,
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
        place: where lines come from, as `trilog --source` takes it, or several such places; None: as configured.
        progress: called after each batch with what the run has done so far.
        seen: called with the documents of each record, by kind, before they are written.

    Raises:
        ConfigError: variables are wrong; names all of them.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        place: str | Sequence[str] | None = None,
        progress: Callable[[Run], None] = lambda _: None,
        seen: Callable[[Rows], None] | None = None,
    ) -> None:
        self.environment = process_environment(Path(".env")) if environment is None else environment
        self.names, self._collector, self._options, *_ = load(
            self.environment, IndexNames, CollectorOptions, LocalOptions, *OPTIONS
        )
        places = [place] if place is None or isinstance(place, str) else place
        self._places: list[str | None] = list(dict.fromkeys(places)) or [None]
        self._topics = dict[str | None, Any]()
        self._progress, self._seen = progress, seen
        self.stopping = Flag()

    @cached_property
    def store(self) -> Store:
        """The object store, opened once."""
        return open_store(self.environment)

    @cached_property
    def _indexing(self) -> partial[Indexing]:
        """Make a batch that can be indexed, of its key and a sink."""
        return partial(configured_indexing(self.environment), store=self.store)

    def checks(self) -> Iterator[Check]:
        """Try what a run needs, one thing after the other."""
        missing = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
        yield Check("libraries", str(len(_LIBRARIES)), not_installed(missing[0]) if missing else None)
        if check := self._check_own():
            yield check
        for place in self._places:
            yield _tried("source", partial(self._check_source, place))
        yield _tried("store", lambda: self.store.check())  # noqa: PLW0108 (opening it may fail as well)
        yield _tried("sink", lambda: open_indexes(self.environment).check())

    def _check_own(self) -> Check | None:
        """Try the user's own configuration, if there is one."""

        def found() -> str:
            read = own(self.environment)
            return f"{read.source} (layouts: {len(read.layouts)})" if read else ""

        check = _tried("configuration", found)
        return check if check.found or check.error else None

    def _check_source(self, place: str | None) -> str:
        topic = open_topic(self.environment, place)
        if topic:
            return topic.check()
        source = open_source(self.environment, place)
        found = source.check()
        return found if len(self._places) == 1 else f"{source.name}: {found}"

    def check_prerequisites(self) -> bool:
        """Say whether all that a run needs is there."""
        return all(check.error is None for check in self.checks())

    def run_once(self, limit: int | None = None) -> dict[str, Any]:
        """Collect the source's new lines, at most `limit` of them, and index them.

        Returns:
            The counts, as `Run.summary` describes them.

        Raises:
            TransientError: something outside is down. What was collected is safe, and the next run goes on with it.
            PermanentError: a problem that retrying will not fix.
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
        try:
            while not self.stopping.is_set():
                try:
                    yield self._turn(limit)
                except TransientError as error:
                    yield error
                self._rest(interval)
        finally:
            self._close()

    def run(self, limit: int | None = None) -> Run:
        """Do what `run_once` does; return the counts as they are."""
        try:
            return self._turn(limit)
        finally:
            self._close()

    def _turn(self, limit: int | None) -> Run:
        """Run once; what is open stays open for the next turn."""
        own(self.environment)  # what is wrong there is told before a line is collected
        run, begun, failures = Run(), time.perf_counter(), list[TransientError | PermanentError]()
        collections = list[Collection]()
        with ExitStack() as stack:
            sink = cache(lambda: self._watched(stack.enter_context(open_sink(self.environment))))
            for collection in self._collections(failures):
                collections.append(collection)
                left = None if limit is None else limit - run.collected
                try:
                    for tally in self._index(collection, left, sink):
                        run.tally.add(tally)
                        run.count(collections, time.perf_counter() - begun)
                        self._progress(run)
                except (TransientError, PermanentError) as error:  # which keeps no other source from being read
                    failures.append(error)
                run.count(collections, time.perf_counter() - begun)
        if failures:
            raise _together(failures)
        return run

    def _collections(self, failures: list[TransientError | PermanentError]) -> Iterator[Collection]:
        """Yield a collection for each source, and for each partition of a topic that is ours."""
        begin = partial(Collection, store=self.store, options=self._collector, stopping=self.stopping)
        places = {place: self._topic(place) for place in self._places}
        sources = {place: open_source(self.environment, place) for place, topic in places.items() if not topic}
        for place, topic in places.items():
            if topic is None:
                yield begin(sources[place])
                continue
            try:
                for partition in topic.partitions():
                    yield begin(partition, stored=partition.stored)
            except (TransientError, PermanentError) as error:  # which keeps no other source from being read
                failures.append(error)

    def _topic(self, place: str | None) -> Any:  # noqa: ANN401 (no adapter is known here)
        """Return the topic at a place, opened once; None where there is another source."""
        if place not in self._topics:
            self._topics[place] = open_topic(self.environment, place)
        return self._topics[place]

    def _watched(self, sink: Sink) -> Sink | _Watched:
        return sink if self._seen is None else _Watched(sink, self._seen)

    @cached_property
    def _watch(self) -> Watch | None:
        """What says when a file of the sources changes; None where no source is files."""
        places = [place or self.environment.get("PIPELINE_SOURCE", "") for place in self._places]
        files = [each.removeprefix("file://") for each in places if is_path(each)]
        return Watch(files, self.stopping) if files else None

    def _rest(self, seconds: float) -> None:
        """Wait for the next turn, until a file changes, or until `stopping` is set."""
        if self._watch and not any(self._topics.values()):
            self._watch.wait(seconds)
            return
        ends, topics = time.monotonic() + seconds, [each for each in self._topics.values() if each]
        while topics and time.monotonic() < ends and not self.stopping.is_set():
            for each in topics:
                each.rest(_HEARTBEAT)
        self.stopping.wait(ends - time.monotonic())

    def _close(self) -> None:
        """Leave the topics to others."""
        for each in self._topics.values():
            if each:
                each.close()
        self._topics.clear()

    def reindex(
        self,
        since: str | None = None,
        until: str | None = None,
        *,
        prefix: str = RAW,
        restart: bool = False,
        progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> Run:
        """Index the batches in the store again, oldest first: after the indexes were cleared, or changed.

        Doing it again changes nothing. One that was interrupted goes on when the same is asked for again, with the same
        configuration: after the last batch that it had done, unless that batch is no longer in the indexes.

        Args:
            since: the time (ISO 8601) from which on batches count, as `dated_batches` has it.
            until: the time before which they count.
            prefix: the folder of keys in which they lie.
            restart: start over instead of resuming.
            progress: called after each batch with how many are done, and how many there are.
        """
        own(self.environment)
        run, begun = Run(), time.perf_counter()
        batches = dated_batches(self.store, since, until, prefix)
        steps = Progress(self.store, repr((since, until, prefix, self._configuration())))
        last = None if restart else self._last_done(steps)
        if last:
            run.resumed = bisect_right(batches, last)
        else:
            steps.forget()
        with open_sink(self.environment) as sink, steps:
            for batch in batches[run.resumed :]:
                tally = self._indexing(batch.key, sink=sink).run()
                run.tally.add(tally)
                if tally.records:  # by those, the next run sees whether it may go on
                    steps.mark(batch)
                run.batches, run.seconds = run.batches + 1, time.perf_counter() - begun
                progress(run.resumed + run.batches, len(batches))
        return run

    def verify(
        self,
        since: str | None = None,
        *,
        prefix: str = RAW,
        progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> Audit:
        """Read the batches in the store again, and look for each of their records in the indexes.

        Args:
            since: the time (ISO 8601) from which on batches count, as `dated_batches` has it.
            prefix: the folder of keys in which they lie.
            progress: called with how many batches are done, and how many there are.
        """
        audit, batches = Audit(), dated_batches(self.store, since, prefix=prefix)
        for verdict in self._verdicts(batches):
            audit.add(verdict)
            progress(audit.batches, len(batches))
        return audit

    def _verdicts(self, batches: Iterable[Dated]) -> Iterator[Verdict]:
        sink = open_sink(self.environment)  # a batch has one, but its ids do not need it: nothing is opened
        return verdicts((self._indexing(each.key, sink=sink) for each in batches), open_indexes(self.environment))

    def _configuration(self) -> list[tuple[str, str | None]]:
        """Return what decides what a batch becomes, as it was written.

        The redaction key does too; other secrets do not, and a hash of them could be used to try passwords.
        """
        known = [each.name for each in variables(OPTIONS) if not each.secret or each.name == "PIPELINE_REDACT_KEY"]
        settings = [(name, self.environment.get(name)) for name in known]
        own = written(self.environment)
        return [*settings, own] if own else settings

    def _last_done(self, steps: Progress) -> Dated | None:
        """Return the last batch that an interrupted `reindex` had done; None when it is no longer in the indexes."""
        last = steps.last()
        return last if last and all(verdict.whole for verdict in self._verdicts([last])) else None

    def replay(self, dead_letters: Iterable[Mapping[str, Any]], *, dry_run: bool = False) -> list[Outcome]:
        """Index again what dead letters stand for, and delete those that are now fully indexed.

        Args:
            dead_letters: their documents, as the indexes give them.
            dry_run: only say what would be indexed; the sink is not asked. Only this way outcomes have a `document`.
        """
        letters = [DeadLetter.read(each) for each in dead_letters]
        if dry_run:
            return list(replay(letters, self.store, self._indexing, None))
        outcomes: list[Outcome] = []
        try:
            with open_sink(self.environment) as sink:
                done = replay(letters, self.store, self._indexing, sink)
                outcomes.extend(each._replace(document=None) for each in done)  # all of these may be large
        finally:  # also of a replay that was cut short
            gone = [each.letter.id for each in outcomes if each.cause is None]
            if gone:
                open_indexes(self.environment).delete(DEAD_LETTERS, gone)
        return outcomes

    def given_up(self, most: int) -> list[tuple[Held, Message]]:
        """Look at messages in the dead letter queue of a deployment, each with the objects that it names."""
        found = open_queue(self.environment).peek(most)
        news = (messages({"eventSource": "aws:sqs", "body": each.body})[0] for each in found)
        return list(zip(found, news, strict=True))

    def _index(self, collection: Collection, limit: int | None, sink: Callable[[], Any]) -> Iterator[Tally]:
        """Index each batch before the next is asked for: that tells the collector that the last one has arrived."""
        for batch in collection.batches(limit):
            yield self._indexing(batch.key, sink=sink()).run()  # only a run with news takes the index


class _Watched:
    """A sink whose documents somebody sees."""

    def __init__(self, sink: Sink, seen: Callable[[Rows], None]) -> None:
        self._sink, self._seen = sink, seen

    def write(self, documents: Iterable[Rows]) -> Written:
        """Write documents, and show them."""
        return self._sink.write(self._shown(documents))

    def _shown(self, documents: Iterable[Rows]) -> Iterator[Rows]:
        for each in documents:
            self._seen(each)
            yield each


def _together(failures: Sequence[TransientError | PermanentError]) -> TransientError | PermanentError:
    """Make one error of those of several sources, a line each; of what they have in common."""
    if len(failures) == 1:
        return failures[0]
    values = {f"source_{number}": each for number, each in enumerate(failures)}
    same = (kind for kind in (TransientError, NoSuchPlace) if all(isinstance(each, kind) for each in failures))
    kind = next(same, PermanentError)
    return kind("\n".join(f"{{{name}}}" for name in values), **values)


def _tried(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, check())
    except TrilogError as error:
        return Check(name, "", error)
