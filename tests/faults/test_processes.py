"""Processes: killed at any point, and several at once. Of 100 that are killed, each program has a third."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.pipeline import found_in_store, joined
from tests.faults.processes import Worker, started, worker
from tests.faults.space import misbehaving_space

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.faults.pipeline import Case
    from tests.faults.space import Space

pytestmark = pytest.mark.timeout(180)


def one_after_another(name: str) -> Iterator[Worker]:
    """Start workers; while one works, the next is getting ready."""
    with ExitStack() as stack:
        ready = stack.enter_context(worker(name))
        while True:
            current, ready = ready, stack.enter_context(worker(name))
            yield current


def killed(times: int, name: str, event: Callable[[], Any]) -> Iterator[Any]:
    """Run a function so many times, and kill it; yield its answer, or None where it was killed before it had one.

    The first two runs and the last one are not killed. The moments are spread over the time that the second run took.
    """
    moments = random.Random(times)  # noqa: S311 (no secret)
    workers = one_after_another(name)
    for _ in range(2):  # the first makes indexes, which takes longer
        each = next(workers)
        each.begin(event())
        begun = time.monotonic()
        answer = each.finish()
        longest = time.monotonic() - begun
        yield answer
    for _ in range(times):
        each = next(workers)
        each.begin(event())
        time.sleep(moments.uniform(0, longest))
        yield each.kill()
    last = next(workers)
    last.begin(event())
    yield last.finish()
    workers.close()


@pytest.mark.fault("the indexer killed 34 times", "what it had not finished comes again", within=120)
@pytest.mark.usefixtures("elasticsearch")
def test_a_killed_indexer_loses_and_doubles_nothing(case: Case):
    def event() -> Any:
        case.plant(f"raw/{len(case.planted.places):05}.log.gz", 500)
        return case.queue.event()

    unanswered = 0
    for answer in killed(34, "indexer", event):
        if answer is None:
            unanswered += 1
        else:
            assert answer == {"batchItemFailures": []}
            case.queue.messages.clear()
    assert unanswered >= 5
    assert case.queue.messages == {}
    assert case.judge().dead == 0


@pytest.fixture
def space(case: Case, monkeypatch: pytest.MonkeyPatch) -> Iterator[Space]:
    """A Space that the collector reads from."""
    with misbehaving_space() as space:
        monkeypatch.setenv("GRADIO_URL", space.url)
        monkeypatch.setenv("PIPELINE_BATCH_SIZE", "1")  # so that most of the time is spent on writing them
        space.say(case.planted, 100)
        yield space


@pytest.mark.fault("the collector killed 33 times", "the next run puts the batch that was on its way", within=120)
def test_a_killed_collector_loses_and_doubles_nothing(case: Case, space: Space):
    def event() -> Any:
        space.say(case.planted, 90)
        return {}

    answers = [*killed(33, "collector", event)]
    assert answers.count(None) >= 5
    assert answers[-1]["complete"]
    case.judge()


ONCE = ("-m", "functions", "--once", "--json", "--source", "api.log")


@pytest.mark.fault("the command line killed 33 times", "the next run goes on where it was", within=150)
def test_a_killed_command_line_loses_and_doubles_nothing(case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIPELINE_BATCH_SIZE", "50")
    moments, longest, killed_at_work = random.Random(33), 0.0, 0  # noqa: S311 (no secret)
    for run in range(35):
        with (folder / "api.log").open("ab") as file:
            file.write(joined(case.planted.lines(200)))
        begun = time.monotonic()
        with started(ONCE, folder) as process:
            if run in (0, 34):
                out, error = process.communicate(timeout=60)
                assert process.returncode == 0, out + error
                longest = time.monotonic() - begun
            else:
                time.sleep(moments.uniform(longest / 4, longest))  # the first quarter is Python's own start
                killed_at_work += process.poll() is None
    assert killed_at_work >= 5
    case.judge()
    assert case.planted.judge(found_in_store(case.store))[1:3] == (0, 0)


@pytest.mark.fault("two collectors of one source at once", "each line is taken by one of them", within=60)
def test_two_collectors_at_once_take_each_line_once(case: Case, space: Space):
    for _ in range(3):
        space.say(case.planted, 300)
        with worker("collector") as first, worker("collector") as second:
            first.begin({})
            second.begin({})
            counts = [each.finish() for each in (first, second)]
        assert sum(each["lines"] for each in counts if each) >= 300
    case.judge()


@pytest.mark.fault("two indexers of the same objects at once", "they write the same documents", within=60)
@pytest.mark.usefixtures("elasticsearch")
def test_two_indexers_at_once_write_the_same_documents(case: Case):
    for number in range(5):
        case.plant(f"raw/{number}.log.gz", 1000)
    with worker("indexer") as first, worker("indexer") as second:
        first.begin(case.queue.event())
        second.begin(case.queue.event())
        assert [each.finish() for each in (first, second)] == [{"batchItemFailures": []}] * 2
    assert case.judge(handed_back=[]).dead == 0
