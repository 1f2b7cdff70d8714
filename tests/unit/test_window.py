"""Which lines are new: tried against a model of a Space whose list moves while it is read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from functions.pipeline.errors import PermanentError
from functions.pipeline.fingerprints import Fingerprints
from functions.pipeline.sources.gradio import GradioSource
from functions.pipeline.sources.gradio_options import GradioOptions
from functions.pipeline.sources.window import RULES, Page, Rules, check_position, read_new, readings

SMALL = Rules(page=6, window=6, proof=3, overlap=2)
"""Few enough lines for hypothesis to reach every edge."""


@dataclass
class ModelSpace:
    """The list behind /logs_api, with a serial number for every line that it ever held.

    `happenings` come one by one before each page but the first of a run: texts are logged, at None the list is emptied.
    """

    keep: int = 1000
    most: int = 100
    gives_total: bool = True
    takes_offset: bool = True
    texts: list[str] = field(default_factory=list)
    oldest: int = 0
    served: set[int] = field(default_factory=set)
    happenings: list[list[str | None]] = field(default_factory=list)
    pages: int = 0
    disturbed: bool = False

    def log(self, *texts: str) -> None:
        self.texts += texts
        if len(self.texts) - self.oldest > self.keep:
            self.oldest = len(self.texts) - self.keep
            self.disturbed = True

    def clear(self) -> None:
        self.disturbed = self.disturbed or self.oldest < len(self.texts)
        self.oldest = len(self.texts)

    def fetch(self, limit: int, offset: int) -> Page | None:
        assert 1 <= limit <= 100
        if offset and not self.takes_offset:
            return None
        if self.pages and self.happenings:
            self.happen(self.happenings.pop(0))
        self.pages += 1
        end = max(self.oldest, len(self.texts) - offset)
        start = max(self.oldest, end - min(limit, self.most))
        self.served |= set(range(start, end))
        lines = [self.texts[serial].encode() for serial in reversed(range(start, end))]
        return Page(lines, len(self.texts) - self.oldest if self.gives_total else None)

    def happen(self, happenings: list[str | None]) -> None:
        for each in happenings:
            if each is None:
                self.clear()
            else:
                self.log(each)


class Reader:
    """Reads a model Space run after run, and knows from the serial numbers what each run should have given."""

    def __init__(self, space: ModelSpace, rules: Rules = SMALL) -> None:
        self.space = space
        self.rules = rules
        self.position = None
        self.first_run = True
        self.emitted: list[int] = []
        self.before: list[int] = []
        self.gaps = 0

    def run(self, size: int = 1000, limit: int | None = None) -> list[str]:
        self.space.served, self.space.pages = set(), 0
        self.oldest, self.newest = self.space.oldest, len(self.space.texts)
        self.before = self.emitted[-self.rules.window :]
        self.first_run = self.position is None
        self.disturbed, self.space.disturbed = self.space.disturbed, False
        news = read_new(self.space.fetch, self.position, self.rules)
        lines, self.gaps = [], 0
        for reading in readings(news, self.position, size, limit, self.rules):
            assert 0 < len(reading.lines) <= size
            lines += [line.decode() for line in reading.lines]
            self.position = json.loads(json.dumps(reading.position))
            self.gaps += reading.gaps
        self.space.disturbed |= self.disturbed and not lines
        self.disturbed |= self.space.disturbed
        return lines

    def run_and_check(self, size: int = 1000, limit: int | None = None) -> bool:
        """Run, and assert that exactly the unseen lines came, in order, and that a gap was counted if there is one.

        Returns:
            whether that could be told: False where the lines repeat so that nobody could know.
        """
        lines = self.run(size, limit)
        if not self.counts_decide() and not self.lines_decide():
            return False
        seen, done = self.seen(), self.emitted[-1] if self.emitted else -1
        new = [serial for serial in seen if serial > done][:limit]
        assert lines == [self.space.texts[serial] for serial in new]
        if not self.first_run:
            assert self.gaps == int(bool(new) and done not in seen)
        self.emitted += new
        return True

    def seen(self) -> list[int]:
        """The serials of what this run was shown of the list as it stood when the run began, oldest first."""
        return sorted(serial for serial in self.space.served if serial < self.newest)

    def in_reach(self) -> list[int]:
        """The serials of what this run could have been shown, had it asked."""
        there = range(self.space.oldest if self.space.takes_offset else self.newest, self.newest)
        return sorted({*self.seen(), *there} - {*range(self.oldest)})

    def counts_decide(self) -> bool:
        in_reach = self.first_run or self.before[-1] in self.in_reach()
        return self.space.gives_total and not self.disturbed and in_reach

    def lines_decide(self) -> bool:
        seen, texts = self.in_reach(), self.space.texts
        shortest = min(self.rules.proof, self.rules.overlap, max(1, len(seen) // 2))
        shown = range(min([*seen, *self.space.served], default=len(texts)), len(texts))
        known = [texts[serial] for serial in sorted({*self.before, *shown})]
        stretches = [tuple(known[at : at + shortest]) for at in range(len(known) - shortest + 1)]
        fits = [end for end in range(1, len(seen) + 1) if self.fits([texts[serial] for serial in seen[:end]])]
        true = [at + 1 for at, serial in enumerate(seen) if self.before and serial == self.before[-1]]
        return len(stretches) == len(set(stretches)) and fits == true

    def fits(self, lines: list[str]) -> bool:
        window = [self.space.texts[serial] for serial in self.before]
        size = min(len(lines), len(window))
        return bool(window) and lines[len(lines) - size :] == window[len(window) - size :]


class Clock:
    """Makes texts with timestamps in seconds, several in one second, the same ones again too."""

    def __init__(self) -> None:
        self.second = 0

    def lines(self, strokes: list[tuple[int, str] | None]) -> list[str | None]:
        made: list[str | None] = []
        for stroke in strokes:
            self.second += stroke[0] if stroke else 1
            made.append(f"{self.second} {stroke[1]}" if stroke else None)
        return made


LINE = st.tuples(st.sampled_from([1, 1, 1, 0]), st.sampled_from("ab"))
LINES = st.one_of(
    st.lists(LINE, max_size=4),
    st.lists(LINE, max_size=12),
    st.just([None]),
    st.lists(LINE, max_size=9).map(lambda lines: [None, *lines]),
)
"""A few lines: after how many seconds, and what; perhaps the list is emptied first."""
LIMITS = st.one_of(st.none(), st.integers(1, 12))
RUNS = st.lists(st.tuples(LINES, st.lists(LINES, max_size=4), LIMITS, st.integers(1, 20)), max_size=8)


@settings(max_examples=300, deadline=None)
@given(
    runs=RUNS,
    keep=st.sampled_from([5, 9, 14, 25, 1000]),
    most=st.sampled_from([4, 6, 100]),
    gives_total=st.booleans(),
    takes_offset=st.sampled_from([True, True, True, False]),
)
def test_every_line_that_a_run_is_shown_comes_once_and_in_order(runs, keep, most, gives_total, takes_offset):
    """Provided that it can be known, as `read_new` states it; `run_and_check` has the condition."""
    space, clock = ModelSpace(keep, most, gives_total, takes_offset), Clock()
    reader = Reader(space)
    for before, meanwhile, limit, size in runs:
        space.happen(clock.lines(before))
        space.happenings = [clock.lines(each) for each in meanwhile]
        decided = reader.run_and_check(size, limit)
        event(f"decidable: {decided}")
        event(f"gap: {reader.gaps}")
        if not decided:
            return


@settings(max_examples=300, deadline=None)
@given(
    runs=st.lists(
        st.tuples(st.text("ab", max_size=15), st.lists(st.text("ab", max_size=9), max_size=4), LIMITS), max_size=8
    )
)
def test_the_count_of_lines_decides_when_all_lines_look_alike(runs):
    """With `total`, and nothing trimmed or emptied, no repetition whatever leads astray."""
    space = ModelSpace()
    reader = Reader(space)
    for before, meanwhile, limit in runs:
        space.log(*before)
        space.happenings = [list(each) for each in meanwhile]
        assert reader.run_and_check(limit=limit)
    reader.run_and_check()
    assert reader.emitted == list(range(reader.newest))


def numbered(count, first=0):
    return [f"line {number}" for number in range(first, first + count)]


@pytest.fixture
def space():
    """A Space as in the field: it keeps 1,000 lines, and gives at most 100 at once."""
    return ModelSpace()


@pytest.fixture
def reader(space):
    return Reader(space, RULES)


def test_a_first_run_gives_all_lines_oldest_first(space, reader):
    space.log(*numbered(523))
    assert reader.run() == numbered(523)
    assert reader.gaps == 0


def test_a_line_sent_twice_is_kept_twice(space, reader):
    space.log("12:00:00 a", "12:00:00 b", "12:00:00 b")
    reader.run()
    space.log("12:00:00 b", "12:00:00 b", "12:00:01 a")
    assert reader.run() == ["12:00:00 b", "12:00:00 b", "12:00:01 a"]


def test_nothing_new_gives_nothing(space, reader):
    space.log(*numbered(150))
    reader.run()
    assert reader.run() == []


def test_few_new_lines_cost_one_request(space, reader):
    space.log(*numbered(900))
    reader.run()
    space.log(*numbered(50, 900))
    assert len(reader.run()) == 50
    assert space.pages == 1


def test_a_list_that_one_page_holds_costs_one_request(space, reader):
    space.log(*numbered(30))
    reader.run()
    assert space.pages == 1


def test_lines_that_arrive_between_pages_come_next_time(space, reader):
    space.log(*numbered(300))
    space.happenings = [numbered(7, 300), numbered(60, 307)]
    assert reader.run() == numbered(300)
    assert reader.run() == numbered(67, 300)


@pytest.mark.parametrize("gives_total", [True, False])
def test_more_arriving_between_two_pages_than_a_page_holds_loses_nothing(space, reader, gives_total):
    space.gives_total = gives_total
    space.log(*numbered(300))
    space.happenings = [numbered(170, 300)]
    assert reader.run() == numbered(300)
    assert reader.run() == numbered(170, 300)


def test_an_emptied_list_is_no_error(space, reader):
    space.log(*numbered(20))
    reader.run()
    position = reader.position
    space.clear()
    assert reader.run() == []
    assert reader.position == position


def test_what_follows_an_emptied_list_is_new_and_maybe_not_all(space, reader):
    space.log(*numbered(20))
    reader.run()
    space.clear()
    space.log("start")
    assert (reader.run(), reader.gaps) == (["start"], 1)
    space.log("next")
    assert (reader.run(), reader.gaps) == (["next"], 0)


def test_a_restart_that_begins_with_the_lines_last_seen_is_recognised_by_the_count(space, reader):
    space.log("boot", "start", "ready")
    reader.run()
    space.clear()
    space.log("ready", "go")
    assert (reader.run(), reader.gaps) == (["ready", "go"], 1)


@pytest.mark.parametrize("gives_total", [True, False])
@pytest.mark.parametrize("then", [0, 130, 1000])
def test_a_list_emptied_while_it_is_read_gives_what_was_read(space, reader, then, gives_total):
    space.gives_total = gives_total
    space.log(*numbered(300))
    space.happenings = [[None, *numbered(then, 300)]]
    assert (reader.run(), reader.gaps) == (numbered(100, 200), 1)
    assert space.pages <= 5
    assert (reader.run(), reader.gaps) == (numbered(then, 300), int(then > 0))


def test_a_list_shorter_than_the_window_still_tells_what_is_new(space, reader):
    space.keep = 30
    space.log(*numbered(60))
    reader.run()
    space.log(*numbered(25, 60))
    assert (reader.run(), reader.gaps) == (numbered(25, 60), 0)


def test_when_all_that_was_seen_is_gone_the_whole_list_is_new_and_a_gap_is_counted(space, reader):
    space.log(*numbered(300))
    reader.run()
    space.log(*numbered(1200, 300))
    assert reader.run(size=400) == numbered(1000, 500)
    assert reader.gaps == 1


def test_an_old_space_without_offset_gives_its_one_page(space, reader):
    space.takes_offset = False
    space.log(*numbered(500))
    assert (reader.run(), reader.gaps) == (numbered(100, 400), 0)
    space.log(*numbered(99, 500))
    assert (reader.run(), reader.gaps) == (numbered(99, 500), 0)
    space.log(*numbered(100, 599))
    assert (reader.run(), reader.gaps) == (numbered(100, 599), 1)


@pytest.mark.parametrize("most", [50, 12])
def test_a_space_that_gives_fewer_than_asked_is_read_to_the_end(space, reader, most):
    space.most, space.gives_total = most, False
    space.log(*numbered(300))
    assert reader.run() == numbered(300)


def test_a_limit_takes_the_oldest_and_leaves_the_rest_for_the_next_run(space, reader):
    space.keep = 500
    space.log(*["same"] * 500)
    taken = [len(reader.run(limit=200)) for _ in range(4)]
    assert taken == [200, 200, 100, 0]


def test_lines_alike_are_counted_where_the_space_does_not_count(space, reader):
    space.gives_total = False
    for count in (2, 1, 1, 3):
        space.log(*["same"] * count)
        assert reader.run() == ["same"] * count


def test_one_line_that_looks_like_the_last_one_is_not_taken_for_it(space, reader):
    space.keep = 300
    space.log(*numbered(299), "same")
    reader.run()
    new = [*numbered(20, 299), "same", *numbered(99, 319)]  # the oldest line of the first page looks like the last one
    space.log(*new)
    assert reader.run() == new


def test_a_long_run_of_the_same_line_is_read_back_to_its_begin(space, reader):
    space.keep = 300
    space.log(*numbered(300), *["same"] * 99)
    reader.run()
    space.log(*["same"] * 40)
    assert reader.run() == ["same"] * 40


class Miscounting:
    """Makes a Space count its lines a moment before or after giving them, and so some too few or too many."""

    def __init__(self, space, errors):
        self.exact, self.errors = space.fetch, iter(errors)

    def fetch(self, limit, offset):
        page = self.exact(limit, offset)
        return page._replace(total=page.total + next(self.errors, 0))


@pytest.mark.parametrize("errors", [[1], [0, 1], [1, -1], [0, 0, 0, 0, 1], [0, 0, 0, 0, 2, 1], [1, 0, 0, 0, -1]])
@pytest.mark.parametrize("meanwhile", [3, 170])
def test_a_count_that_is_a_little_wrong_does_not_mislead(space, reader, errors, meanwhile):
    space.fetch = Miscounting(space, errors).fetch
    space.log(*numbered(260))
    space.happenings = [numbered(meanwhile, 260)]
    assert reader.run() == numbered(260)
    space.log(*numbered(20, 260 + meanwhile))
    assert (reader.run(), reader.gaps) == (numbered(meanwhile + 20, 260), 0)


def test_a_count_too_small_by_one_does_not_hide_the_oldest_line(space, reader):
    space.fetch = Miscounting(space, [-1]).fetch
    space.log(*numbered(101))
    assert reader.run() == numbered(101)


def test_a_list_of_few_lines_is_met_in_spite_of_a_wrong_count(space, reader):
    space.fetch = Miscounting(space, [0, 1]).fetch
    space.log("a", "b")
    reader.run()
    space.log("c")
    assert (reader.run(), reader.gaps) == (["c"], 0)


def test_every_reading_has_the_position_after_it(space, reader):
    space.log(*numbered(250))
    for reading in readings(read_new(space.fetch, None), None, size=100):
        reader.position = reading.position
        rest = [line.decode() for line in read_new(space.fetch, reader.position).lines]
        assert rest == numbered(250)[250 - len(rest) :]
        assert reading.lines[-1].decode() == f"line {249 - len(rest)}"


def test_the_position_does_not_grow(space, reader):
    sizes = set()
    for run in range(1, 12):
        space.log(*numbered(100, 1000 * run))
        reader.run()
        sizes.add(len(json.dumps(reader.position["window"])))
    assert sizes == {100 * 20}


def test_an_older_key_is_needed_until_the_lines_that_it_marked_have_left_the_window(space, reader):
    old, new = b"old" * 6, b"new" * 6
    for keys, count in (([old], 100), ([new, old], 99), ([new, old], 1)):
        reader.rules = Rules(fingerprints=Fingerprints(keys))
        first = len(space.texts)
        space.log(*numbered(count, first))
        if first:
            source = GradioSource(GradioOptions("http://127.0.0.1:9"), fingerprints=Fingerprints([new]))
            with pytest.raises(PermanentError, match="another PIPELINE_REDACT_KEY"):
                next(source.read(reader.position, 10))
        assert reader.run() == numbered(count, first)
    reader.rules = Rules(fingerprints=Fingerprints([new]))
    check_position(reader.position, "space", reader.rules.fingerprints)
    space.log(*numbered(5, 200))
    assert reader.run() == numbered(5, 200)
