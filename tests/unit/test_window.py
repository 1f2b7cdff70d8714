"""Which lines are new: tried against a model of a Space whose list moves while it is read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from functions.pipeline.sources.window import Page, Rules, read_new, readings

import os

MANY = int(os.environ.get("MANY", "300"))
SMALL = Rules(page=6, window=6, proof=3, overlap=2)
"""Few enough lines for hypothesis to reach every edge."""


@dataclass
class ModelSpace:
    """The list behind /logs_api, with a serial number for every line that it ever held.

    `happenings` come one by one before each page but the first of a run: texts that are logged, or None: the list is emptied.
    """

    keep: int = 1000
    most: int = 100
    gives_total: bool = True
    takes_offset: bool = True
    texts: list[str] = field(default_factory=list)
    oldest: int = 0
    served: set[int] = field(default_factory=set)
    happenings: list[list[str] | None] = field(default_factory=list)
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

    def happen(self, happening: list[str] | None) -> None:
        if happening is None:
            self.clear()
        else:
            self.log(*happening)


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
        self.newest, self.before = len(self.space.texts), self.emitted[-self.rules.window :]
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

    def counts_decide(self) -> bool:
        in_reach = self.first_run or self.before[-1] in self.space.served
        return self.space.gives_total and not self.disturbed and in_reach

    def lines_decide(self) -> bool:
        seen, texts = self.seen(), self.space.texts
        shortest = min(self.rules.proof, self.rules.overlap, max(1, len(seen) // 2))
        shown = range(min(self.space.served, default=0), len(texts) if self.space.served else 0)
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

    def lines(self, strokes: list[tuple[int, str]]) -> list[str]:
        made = []
        for seconds, message in strokes:
            self.second += seconds
            made.append(f"{self.second} {message}")
        return made


def strokes(most: int) -> st.SearchStrategy[list[tuple[int, str]]]:
    """A few lines: after how many seconds, and what."""
    return st.lists(st.tuples(st.sampled_from([1, 1, 1, 0]), st.sampled_from("ab")), max_size=most)


MEANWHILE = st.lists(st.one_of(strokes(5), strokes(12), st.none()), max_size=4)
LIMITS = st.one_of(st.none(), st.integers(1, 12))
RUNS = st.lists(st.tuples(st.one_of(strokes(12), st.none()), MEANWHILE, LIMITS, st.integers(1, 20)), max_size=8)


@settings(max_examples=MANY, deadline=None)
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
        space.happen(before if before is None else clock.lines(before))
        space.happenings = [each if each is None else clock.lines(each) for each in meanwhile]
        decided = reader.run_and_check(size, limit)
        event(f"decidable: {decided}")
        event(f"gap: {reader.gaps}")
        if not decided:
            return


@settings(max_examples=MANY, deadline=None)
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
