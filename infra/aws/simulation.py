# ruff: noqa: INP001 (a folder of scripts, not a package)
"""A simulation of the way from the bucket to Elasticsearch: drops, SQS, Lambda's pollers, the indexer, the server.

Discrete events: each thing that takes time is a generator that yields its pauses in seconds. The same situation always
has the same outcome. What it takes for granted of AWS is in docs/scale.md, with where AWS says so.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from functions.pipeline.backoff import Backoff

if TYPE_CHECKING:
    from collections.abc import Generator

    Process = Generator[float, None, None]

FIRST_POLLERS, MORE_POLLERS, MOST_POLLERS = 5, 300, 1250  # at once; more each minute; at once at most
MOST_IN_FLIGHT = 120_000  # messages that were received, and neither deleted nor visible again
STORE_S, SERVER_S = 0.05, 0.01  # until the store's first byte; the way to Elasticsearch and back
_THROTTLED_S, _LONGEST_THROTTLED_S = 1.0, 60.0
_SEED = 5
_NEVER = (0.0, 0.0)


class Rules(NamedTuple):
    """What a deployment is configured to do, in seconds and messages."""

    work_s: float  # from an invocation's start until it hands back what is not finished
    visibility_s: float
    receives: int
    messages: int  # in one invocation
    backoff: Backoff = Backoff()


class Situation(NamedTuple):
    """Objects that arrive, an indexer that takes so long for them, and a server that takes so much."""

    objects: float  # a second
    lines: int  # of each
    index_s: float  # CPU of one object, at the function's memory
    cold_s: float
    pollers: int  # maximumConcurrency
    server: float  # lines a second
    waiting: float  # lines that it lets wait; more are refused with 429
    rules: Rules
    environments: int = 1000  # of the account's concurrency, what others leave to the indexer
    seconds: float = 600.0  # of arrivals
    outage: tuple[float, float] = _NEVER  # of the server, from and until


@dataclass
class Message:
    """A drop on its way."""

    arrived: float
    receives: int = 0


@dataclass
class Outcome:
    """What was counted; `ages` are the seconds from each drop to its last document."""

    arrived: int = 0
    dead: int = 0
    invocations: int = 0
    cold: int = 0
    throttled: int = 0
    refused: int = 0
    handed_back: int = 0
    concurrency: int = 0
    in_flight: int = 0
    billed_s: float = 0.0
    end: float = 0.0
    ages: list[float] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        """Say whether each drop is indexed or in the dead letter queue."""
        return self.arrived == len(self.ages) + self.dead

    def age(self, part: float) -> float:
        """Return the age, in seconds, that such a part of the drops did not exceed."""
        ages = sorted(self.ages)
        return ages[min(int(part * len(ages)), len(ages) - 1)] if ages else 0.0


class Simulation:
    """One situation, from the first drop until each is indexed or dead."""

    def __init__(self, situation: Situation) -> None:
        self._is = situation
        self._rules = situation.rules
        self._random = Random(_SEED)  # noqa: S311 (no secret: the same each time is what is wanted)
        self._now = 0.0
        self._events: list[tuple[float, int, Process]] = []
        self._numbers = count()
        self._queue: deque[Message] = deque()
        self._polling = self._running = self._idle = self._in_flight = 0
        self._server_free = 0.0
        self._arriving = True
        self._outcome = Outcome()

    def run(self) -> Outcome:
        """Let it happen, and return what was counted."""
        self._start(self._arrivals())
        self._start(self._growth())
        while self._events:
            self._now, _, process = heappop(self._events)
            pause = next(process, None)
            if pause is not None:
                self._start(process, pause)
        return self._outcome

    def _start(self, process: Process, pause: float = 0.0) -> None:
        heappush(self._events, (self._now + pause, next(self._numbers), process))

    def _arrivals(self) -> Process:
        while self._now < self._is.seconds:
            yield self._random.expovariate(self._is.objects)
            self._queue.append(Message(self._now))
            self._outcome.arrived += 1
            self._poll()
        self._arriving = False

    def _growth(self) -> Process:
        """Look at the queue each second, for there may be more pollers by now."""
        while self._arriving or not self._outcome.settled:
            self._poll()
            yield 1.0

    def _poll(self) -> None:
        grown = FIRST_POLLERS + int(self._now / 60 * MORE_POLLERS)
        most = min(self._is.pollers, grown, MOST_POLLERS)
        while self._queue and self._polling < most and self._in_flight < MOST_IN_FLIGHT:
            received = self._received()
            if received:
                self._polling += 1
                self._start(self._invocation(received))

    def _received(self) -> list[Message]:
        """Receive some messages; one that was received too often goes to the dead letter queue instead."""
        some = [self._queue.popleft() for _ in range(min(len(self._queue), self._rules.messages))]
        received = [each for each in some if each.receives < self._rules.receives]
        for each in received:
            each.receives += 1
        self._outcome.dead += len(some) - len(received)
        self._in_flight += len(received)
        self._outcome.in_flight = max(self._outcome.in_flight, self._in_flight)
        return received

    def _invocation(self, messages: list[Message]) -> Process:
        until = self._now + self._rules.visibility_s
        unfinished = messages
        if (yield from self._enter(until)):
            begun = self._now
            yield from self._cold_start()
            unfinished = yield from self._index_all(messages, begun + self._rules.work_s)
            self._outcome.billed_s += self._now - begun
            self._running -= 1
            self._idle += 1
        self._polling -= 1
        self._start(self._come_again(unfinished, until))
        self._poll()

    def _enter(self, until: float) -> Generator[float, None, bool]:
        """Wait while the function is throttled; Lambda gives up when the messages are visible again."""
        pause = _THROTTLED_S
        while self._running >= self._is.environments:
            self._outcome.throttled += 1
            if self._now + pause > until:
                return False
            yield pause * self._random.uniform(0.5, 1)
            pause = min(pause * 2, _LONGEST_THROTTLED_S)
        self._running += 1
        self._outcome.invocations += 1
        self._outcome.concurrency = max(self._outcome.concurrency, self._running)
        return True

    def _cold_start(self) -> Process:
        if self._idle:
            self._idle -= 1
        else:
            self._outcome.cold += 1
            yield self._is.cold_s

    def _index_all(self, messages: list[Message], deadline: float) -> Generator[float, None, list[Message]]:
        """Index one object after the other; return the messages of those that are not finished."""
        unfinished = []
        for message in messages:
            if self._now < deadline and (yield from self._index(deadline)):
                self._in_flight -= 1
                self._outcome.ages.append(self._now - message.arrived)
                self._outcome.end = self._now
            else:
                unfinished.append(message)
        return unfinished

    def _index(self, deadline: float) -> Generator[float, None, bool]:
        yield STORE_S + self._is.index_s
        end = min(self._now + self._rules.backoff.total, deadline)
        pause = self._rules.backoff.first
        while (answer := self._answer()) is None:
            self._outcome.refused += 1
            jittered = pause * self._random.uniform(0.5, 1)
            if self._now + jittered > end:
                return False
            yield jittered
            pause = min(pause * 2, self._rules.backoff.longest)
        yield answer
        return True

    def _answer(self) -> float | None:
        """Return the seconds until the server has taken an object; None if it refuses."""
        free = max(self._server_free, self._now)
        down = self._is.outage[0] <= self._now < self._is.outage[1]
        if down or (free - self._now) * self._is.server > self._is.waiting:
            return None
        self._server_free = free + self._is.lines / self._is.server
        return SERVER_S + self._server_free - self._now

    def _come_again(self, messages: list[Message], visible: float) -> Process:
        if messages:
            self._outcome.handed_back += len(messages)
            yield max(visible - self._now, 0.0)
            self._in_flight -= len(messages)
            self._queue.extend(messages)
            self._poll()
