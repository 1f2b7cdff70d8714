"""Load: many lines through the indexer's handler, in two processes, from a queue that sends some messages twice."""

from __future__ import annotations

import gzip
import json
import os
import random
import time
from collections import Counter, deque
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from functions.pipeline.kinds import kinds
from functions.pipeline.names import IndexNames
from tests.bench.logs import lines
from tests.faults.pipeline import Queue
from tests.faults.processes import started

if TYPE_CHECKING:
    import io
    import subprocess

_LARGEST, _FEWEST = 20_000, 50  # lines of an object; objects
_MESSAGES = 5  # of an invocation
_WORKERS = 2
_AGAIN = 0.05  # share of the messages that come again when they are finished
_AT_ONCE = 0.03  # share of those that both workers have at once
_MOST_DELIVERIES = 10  # of a message, then it goes to the dead letter queue


class Backlog:
    """The messages that wait, and how often each was delivered; several workers take from it."""

    def __init__(self, queue: Queue) -> None:
        self._bodies = dict(queue.messages)
        self._waiting = deque(self._bodies)
        self._chance = random.Random(2)  # noqa: S311 (no secret)
        self._lock = Lock()
        self.deliveries = Counter[str]()

    def take(self) -> dict[str, Any]:
        """Take the next messages, as an event; some stay, and will be with another worker at the same time."""
        with self._lock:
            names = [self._waiting.popleft() for _ in range(min(_MESSAGES, len(self._waiting)))]
            again = [name for name in names if not self.deliveries[name] and self._chance.random() < _AT_ONCE]
            self._waiting.extendleft(again)
            self.deliveries.update(names)
        records = ({"messageId": name, "body": self._bodies[name], "eventSource": "aws:sqs"} for name in names)
        return {"Records": list(records)}

    def finish(self, names: set[str], handed_back: set[str]) -> None:
        """Put back what an invocation handed back, and some of what it did not; nothing for ever."""
        with self._lock:
            again = (name for name in sorted(names) if name in handed_back or self._chance.random() < _AGAIN)
            self._waiting.extend(name for name in again if self.deliveries[name] < _MOST_DELIVERIES)

    def __len__(self) -> int:
        return len(self._waiting)


class Load(NamedTuple):
    """What came of it: how many lines, the documents expected and found by index, and how it went.

    `messages` were sent, `again` is how often one came once more, `left` is how many were not finished. `peaks` has for
    each process the most memory used, in bytes, after each invocation; `seconds` is the time taken.
    """

    lines: int
    expected: dict[str, int]
    found: dict[str, int]
    messages: int
    again: int
    left: int
    peaks: list[list[int]]
    seconds: float

    @property
    def lost(self) -> int:
        """Documents that are not there."""
        return sum(self.expected[index] - self.found[index] for index in self.expected)

    @property
    def doubled(self) -> int:
        """Documents that should not be there."""
        return self.found.get("strange", 0)

    @property
    def early_peak(self) -> int:
        """The most memory of a process when a fifth was done."""
        return max(each[len(each) // 5] for each in self.peaks if each)

    @property
    def peak(self) -> int:
        """The most memory of a process at the end."""
        return max(each[-1] for each in self.peaks if each)


def load(count: int) -> Load:
    """Send so many lines through, in objects of 20,000 or less."""
    with TemporaryDirectory(prefix="trilog-load-") as place, ExitStack() as stack:
        folder, queue, (size, objects) = Path(place), Queue(), divided(count)
        content = log(size)
        _fill(folder, queue, content, objects)
        url = strict_elasticsearch(stack, folder, content)
        workers = [_worker(stack, folder, url) for _ in range(_WORKERS)]
        backlog, begun = Backlog(queue), time.monotonic()
        peaks = _drain(backlog, workers)
        seconds = time.monotonic() - begun
        found = httpx.get(f"{url}/_found", timeout=60).json()
    messages, deliveries = len(backlog.deliveries), backlog.deliveries.total()
    return Load(
        objects * size, expected(content, objects), found, messages, deliveries - messages, len(backlog), peaks, seconds
    )


def divided(count: int) -> tuple[int, int]:
    """Divide lines into objects: how many lines each has, and how many objects there are."""
    size = min(_LARGEST, count // _FEWEST)
    return size, count // size


def log(size: int) -> bytes:
    """Make an object of so many lines."""
    return "".join(f"{line}\n" for line in lines(size)).encode()


def expected(content: bytes, objects: int) -> dict[str, int]:
    """Count the documents that so many objects become, by index."""
    return {index: len(each) * objects for index, each in _places(content).items()}


def strict_elasticsearch(stack: ExitStack, folder: Path, content: bytes) -> str:
    """Run the server, for objects with this content; return its address."""
    places = folder / "places"
    places.write_text(json.dumps(_places(content)))
    server = stack.enter_context(started(["-m", "tests.faults.strict_elasticsearch", str(places)]))
    return f"http://127.0.0.1:{server.stdout.readline().strip()}"


def _worker(stack: ExitStack, store: Path, url: str) -> subprocess.Popen[str]:
    settings = {"PIPELINE_STORE": f"file://{store}", "ELASTICSEARCH_URL": url, "ELASTICSEARCH_INDEX": "ml-api-logs"}
    return stack.enter_context(started(["-m", "tests.faults.worker", "indexer"], **settings))


def _fill(folder: Path, queue: Queue, content: bytes, objects: int) -> None:
    """Put objects, alike but for their names."""
    (folder / "content").write_bytes(gzip.compress(content, 1))
    (folder / "raw").mkdir()
    for number in range(objects):
        os.link(folder / "content", folder / "raw" / f"{number:06}.log.gz")
        queue.announce(f"raw/{number:06}.log.gz")


def _places(content: bytes) -> dict[str, list[str]]:
    """Say how documents' ids end, by index: where the record begins, as the lines are made, not as they are parsed."""
    places: dict[str, list[str]] = {IndexNames().base(kind): [] for kind in kinds()}
    position = 0
    for line in content.splitlines(keepends=True):
        places["ml-api-logs"].append(f"{position}")
        if b" POST /predict - 200 - " in line:
            places["ml-api-message"].append(f"{position}")
        elif b'"performance_metrics"' in line:
            places["ml-api-perfs"].append(f"{position}")
            places["ml-api-top-func"].append(f"{position}.00")  # each has one
        position += len(line)
    return places


def _drain(backlog: Backlog, workers: list[subprocess.Popen[str]]) -> list[list[int]]:
    """Have the workers take from the backlog until nothing is left; return the most memory of each, as it grew."""
    peaks: list[list[int]] = [[] for _ in workers]
    threads = [Thread(target=_work, args=(backlog, *each)) for each in zip(workers, peaks, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return peaks


def _work(backlog: Backlog, worker: subprocess.Popen[str], peaks: list[int]) -> None:
    assert worker.stdout.readline() == "ready\n"
    while event := backlog.take():
        if not event["Records"]:
            return
        answer = _ask(worker.stdin, worker.stdout, event)
        handed_back = {each["itemIdentifier"] for each in answer["answer"]["batchItemFailures"]}
        backlog.finish({each["messageId"] for each in event["Records"]}, handed_back)
        peaks.append(answer["peak"])


def _ask(commands: io.TextIOBase, answers: io.TextIOBase, event: object) -> dict[str, Any]:
    commands.write(json.dumps(event) + "\n")
    commands.flush()
    while not (line := answers.readline()).startswith('{"answer"'):  # the function's own log comes before
        assert line, "the process ended"
    answer: dict[str, Any] = json.loads(line)
    return answer
