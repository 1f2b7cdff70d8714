"""The Space and the collector: what a Space may answer, and the clock."""

from __future__ import annotations

import gzip
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.collector import handler as collector
from functions.pipeline.errors import PermanentError, TransientError
from tests.faults.space import misbehaving_space

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.pipeline import Case
    from tests.faults.space import Space

LATER = (TransientError, PermanentError)
HTML = b"<html><body>Your Space is taking a break</body></html>"


@pytest.fixture
def space(case: Case, monkeypatch: pytest.MonkeyPatch) -> Iterator[Space]:
    """A Space that the collector reads from; its first 100 lines are in the store already."""
    with misbehaving_space() as space:
        for name, value in {"GRADIO_URL": space.url, "GRADIO_TIMEOUT": "2", "PIPELINE_BATCH_SIZE": "70"}.items():
            monkeypatch.setenv(name, value)
        space.say(case.planted, 100)
        assert collect()["lines"] == 100
        yield space


def collect() -> dict[str, Any]:
    return collector.handler({}, None)


@pytest.mark.fault("HTML instead of an API, 429, 500, 503", "the next run reads on", within=60)
@pytest.mark.parametrize("status", [200, 429, 500, 503])
def test_what_a_space_held_back_is_read_by_the_next_run(case: Case, space: Space, status: int):
    space.say(case.planted, 250)
    space.answer = (status, "text/html", HTML)
    with pytest.raises(LATER, match=re.escape(space.url)):
        collect()
    space.answer = None
    assert collect()["lines"] == 250
    case.judge()


@pytest.mark.fault("half a stream, of the first page and of the second", "the next run reads on", within=60)
@pytest.mark.parametrize("spared", [0, 1])
def test_a_page_that_breaks_off_is_read_again_by_the_next_run(case: Case, space: Space, spared: int):
    space.say(case.planted, 250)
    space.cut, space.spared = 0.5, space.pages + spared
    with pytest.raises(TransientError):
        collect()
    space.cut = 1
    assert collect()["lines"] == 250
    case.judge()


@pytest.mark.fault(
    "no answer for a minute (GRADIO_TIMEOUT=2), from the start and in the middle",
    "the run ends in time, the next one reads on",
    within=60,
)
@pytest.mark.parametrize("spared", [0, 1])
def test_a_space_that_says_nothing_is_left_in_time(case: Case, space: Space, spared: int):
    space.say(case.planted, 250)
    space.spared = space.pages + spared
    space.speaking.clear()
    with pytest.raises(TransientError, match="GRADIO_TIMEOUT"):
        collect()
    space.speaking.set()
    assert collect()["lines"] == 250
    case.judge()


@pytest.mark.fault(
    "the Space restarts, and its log is empty again", "what it logs then is read; the gap is reported", within=30
)
def test_a_space_that_restarts_is_read_on_and_the_gap_is_told(case: Case, space: Space):
    space.log.clear()
    assert collect()["gaps"] == 0
    space.say(case.planted, 30)
    counts = collect()
    assert (counts["lines"], counts["gaps"]) == (30, 1)
    space.say(case.planted, 120)
    counts = collect()
    assert (counts["lines"], counts["gaps"]) == (120, 0)
    case.judge()


class SteppingClock(datetime):
    """A clock that goes back an hour each time that it is read."""

    readings = 0

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        cls.readings += 1
        return datetime.now(tz) - timedelta(hours=cls.readings)


@pytest.mark.fault("a clock that steps back", "batches keep the order of the lines all the same", within=30)
def test_batches_sort_in_the_order_of_their_lines_though_the_clock_steps_back(
    case: Case, space: Space, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("functions.pipeline.batch.datetime", SteppingClock)
    for _ in range(3):
        space.say(case.planted, 150)
        assert collect()["lines"] == 150
    case.judge()
    assert SteppingClock.readings > 3
    batches = [gzip.decompress(path.read_bytes()).decode() for path in sorted(case.store.glob("raw/**/*.gz"))]
    assert [int(number) for number in re.findall(r"<(\d+)>", "".join(batches))] == list(range(550))
