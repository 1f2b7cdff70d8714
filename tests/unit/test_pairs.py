"""Two lines of one request: told apart from lines of two requests."""

import json

from hypothesis import given
from hypothesis import strategies as st

from functions.metrics.pairs import WINDOW, Pairs

PREDICT = ("api", "POST", "/predict", "200")
OTHER = ("api", "GET", "/health", "200")


def test_the_other_writer_s_line_is_of_the_same_request_and_may_tell_the_duration():
    pairs = Pairs()
    assert pairs.first(PREDICT, own=False, timed=False) == (True, False)
    assert pairs.first(PREDICT, own=True, timed=True) == (False, True)
    assert pairs.first(PREDICT, own=True, timed=True) == (True, True)
    assert pairs.first(PREDICT, own=False, timed=True) == (False, False)  # Gunicorn's, whose duration is another
    assert pairs.waiting() == []


def test_lines_of_one_writer_are_of_as_many_requests():
    pairs = Pairs()
    assert [pairs.first(PREDICT, own=False, timed=True) for _ in range(3)] == [(True, True)] * 3
    assert [new for new, _ in (pairs.first(PREDICT, own=True, timed=True) for _ in range(5))] == [False] * 3 + [
        True
    ] * 2


def test_lines_that_differ_are_of_two_requests():
    pairs = Pairs()
    for request in (PREDICT, OTHER, (*PREDICT[:3], "500"), ("other", *PREDICT[1:])):
        assert pairs.first(request, own=len(request[0]) > 3, timed=False)[0]


def test_a_line_waits_for_so_many_lines():
    for lines, new in ((WINDOW - 2, False), (WINDOW - 1, True)):
        pairs = Pairs()
        pairs.first(PREDICT, own=False, timed=False)
        for _ in range(lines):
            pairs.first(OTHER, own=False, timed=False)
        assert pairs.first(PREDICT, own=True, timed=False)[0] == new


def test_what_waits_is_bounded_whatever_comes():
    pairs = Pairs()
    for number in range(20 * WINDOW):
        pairs.first((f"/{number}",), own=False, timed=False)
        pairs.first(PREDICT, own=False, timed=False)
    assert sum(map(len, pairs._waiting.values())) <= 3 * WINDOW  # noqa: SLF001 (what it has in memory)
    assert len(pairs.waiting()) <= WINDOW


lines = st.lists(st.tuples(st.sampled_from([PREDICT, OTHER]), st.booleans(), st.booleans()), max_size=300)


@given(lines, st.sets(st.integers(0, 300)))
def test_where_a_batch_ends_changes_nothing(given_lines: list, ends: set[int]):
    """Also not where what waits was written as JSON between two batches."""
    whole, parted, found = Pairs(), Pairs(), []
    for number, (request, own, timed) in enumerate(given_lines):
        if number in ends:
            parted = Pairs(json.loads(json.dumps(parted.waiting())))
        found.append((whole.first(request, own=own, timed=timed), parted.first(request, own=own, timed=timed)))
    assert all(one == other for one, other in found)


@given(lines.filter(lambda given_lines: len(given_lines) < WINDOW))
def test_there_are_as_many_requests_as_the_more_eager_writer_has_lines(given_lines: list):
    """Within the window, counted from either end."""
    pairs = Pairs()
    found = [pairs.first(request, own=own, timed=False)[0] for request, own, _ in given_lines]
    for asked in (PREDICT, OTHER):
        own = [each for request, each, _ in given_lines if request == asked]
        counted = sum(new for new, (request, _, _) in zip(found, given_lines, strict=True) if request == asked)
        assert max(own.count(True), own.count(False)) <= counted <= len(own)
