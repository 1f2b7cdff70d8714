"""Which lines of a Space's log are new: pages are fitted together, then laid against the last lines emitted.

A Space shows only its newest lines, newest first, by offset. While one reads, new lines push all others down, the
oldest fall off the end, and the list may be emptied. So nothing here trusts an offset: each further page repeats some
lines already read, and where they repeat says how far the list has moved meanwhile. Pure but for calling `fetch`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from functions.pipeline.fingerprints import PLAIN, Fingerprints
from functions.pipeline.sources import Position, Reading, unreadable_position

if TYPE_CHECKING:
    from collections.abc import Iterator


class Page(NamedTuple):
    """One answer of a Space: lines, newest first, and how many lines the Space holds in all (None: it does not say)."""

    lines: list[bytes]
    total: int | None = None


Fetch = Callable[[int, int], Page | None]
"""Asks for `limit` lines from the `offset`-th newest on. None: this Space cannot be asked for older lines."""


class Rules(NamedTuple):
    """How much is read and remembered, in lines, and how.

    Attributes:
        page: asked for at once.
        window: of the last emitted lines, remembered in the position.
        proof: that must be found again in a row before reading stops short of the list's end.
        overlap: of those already read, asked for again with each further page.
        fingerprints: what lines are remembered by.
    """

    page: int = 100
    window: int = 100
    proof: int = 50
    overlap: int = 20
    fingerprints: Fingerprints = PLAIN


RULES = Rules()
FINGERPRINT_SIZE = 8  # bytes
_MISFITS = 3  # pages that meet nothing read before; then the list is taken to have been emptied


class News(NamedTuple):
    """What is new, oldest first, how many lines the Space held before it, and whether lines may have been lost."""

    lines: list[bytes]
    held: int
    gap: bool


def check_position(position: Position | None, source: str, fingerprints: Fingerprints = PLAIN) -> None:
    """Raise the error of `unreadable_position` unless `readings` made the position, or that of `Fingerprints.check`."""
    if position is None:
        return
    window, held = position.get("window"), position.get("held")
    if (
        not isinstance(window, list)
        or not all(isinstance(fingerprint, str) for fingerprint in window)
        or not isinstance(held, int)
    ):
        raise unreadable_position(source)
    fingerprints.check(window, source)


def read_new(fetch: Fetch, position: Position | None, rules: Rules = RULES) -> News:
    """Read back from the newest line until the last emitted one is met, or the end of the list.

    With `total` given, and nothing trimmed or emptied since the last run, the result is exact, whatever repeats.
    Otherwise it is exact as long as no `overlap` (nor `proof`) successive lines come twice, with their timestamps; and,
    where fewer than `proof` emitted lines are left in the list, as long as these fit at one place only. A list that was
    emptied is recognised by its `total` or its lines; not so one that was emptied and got the lines last emitted again.

    When the last emitted line is no longer in the list, all of it is new, and lines may have been lost: a gap. On the
    first run that is a gap only if the list was emptied while being read.
    """
    snapshot = Snapshot(fetch, rules, fingerprinter(position, rules.fingerprints))
    past = Past(position, rules)
    while not snapshot.complete and not past.is_surely_met_by(snapshot):
        snapshot.grow()
    new = past.new_lines_in(snapshot)
    if new is None:
        gap = bool(snapshot.lines) and (position is not None or snapshot.torn)
        return News(snapshot.lines, _held_before(snapshot, len(snapshot.lines), 0), gap)
    return News(snapshot.lines[len(snapshot.lines) - new :], _held_before(snapshot, new, past.held), gap=False)


def readings(
    news: News, position: Position | None, size: int, limit: int | None = None, rules: Rules = RULES
) -> Iterator[Reading]:
    """Cut the oldest `limit` new lines into readings of at most `size`, each with the position after it."""
    window, fingerprint = position["window"] if position else [], fingerprinter(position, rules.fingerprints)
    count = len(news.lines) if limit is None else min(limit, len(news.lines))
    for start in range(0, count, size):
        lines = news.lines[start : min(start + size, count)]
        window = (window + [fingerprint(line) for line in lines])[-rules.window :]
        after: Position = {"window": window, "held": news.held + start + len(lines)}
        yield Reading(lines, after, gaps=int(news.gap and start == 0))


class Snapshot:
    """The newest part of the list as it stood when the first page was read, oldest first. Grows towards older lines.

    Attributes:
        lines, fingerprints: the lines, and what they are compared by.
        total: how many lines the Space held then, if it says so.
        complete: there are no older lines, or none that can still be read.
        torn: there were older lines, but the list was emptied before they could be read.
    """

    def __init__(self, fetch: Fetch, rules: Rules, fingerprint: Callable[[bytes], str]) -> None:
        self._fetch, self._rules, self._fingerprint = fetch, rules, fingerprint
        first = fetch(rules.page, 0) or Page([])
        self.lines = first.lines[::-1]
        self.fingerprints = [fingerprint(line) for line in self.lines]
        self.total = first.total
        self.complete = self._is_last(first, 0)
        self.torn = False
        # Half a page at most, lest a Space that gives few lines at once give the same ones for ever.
        self._overlap = min(rules.overlap, max(1, len(self.lines) // 2))
        self._arrived = 0  # since the first page, as far as later pages have shown
        self._misfits = 0

    def grow(self) -> None:
        """Read one more page, and put what is older in front."""
        offset = len(self.lines) + self._arrived - self._overlap
        page = self._fetch(self._rules.page, offset)
        if page is None:
            self.complete = True
        elif self._was_emptied(page, offset):
            self.complete = self.torn = True
        else:
            self.complete = self._is_last(page, offset)
            self._join(Page(page.lines[::-1], page.total))

    def _is_last(self, page: Page, offset: int) -> bool:
        """Tell whether the page ends where the list ends. A short one alone does not: some give fewer than asked."""
        end = offset + len(page.lines)
        return not page.lines or (page.total is not None and end >= page.total and len(page.lines) < self._rules.page)

    def _was_emptied(self, page: Page, offset: int) -> bool:
        """Tell whether so many lines have gone that new ones cannot have pushed them out."""
        if page.total is not None:
            return page.total < len(self.lines)
        return not page.lines and offset < len(self.lines)

    def _join(self, older: Page) -> None:
        fingerprints = [self._fingerprint(line) for line in older.lines]
        more = 0 if self.total is None or older.total is None else older.total - self.total - self._arrived
        reach = self._reach(fingerprints, self._overlap + more)
        if reach is None:
            self._miss(len(fingerprints), more)
            return
        self._arrived += reach - self._overlap
        if reach < len(fingerprints):
            self.lines[:0] = older.lines[: len(fingerprints) - reach]
            self.fingerprints[:0] = fingerprints[: len(fingerprints) - reach]
        elif reach == self._overlap:  # the list did not move, and showed nothing more
            self.complete = True

    def _reach(self, older: list[str], counted: int) -> int | None:
        """Find how far the newest end of an older page lies beyond the oldest line here, in lines.

        The smallest fit that is at least the overlap asked for, and at least as far as `counted`. Where the page must
        show that place and does not fit there, the count is wrong, and the lines alone decide.
        """
        furthest = len(self.fingerprints)
        for least in (max(self._overlap, counted), self._overlap if counted <= furthest else furthest + 1):
            for reach in range(least, furthest + 1):
                size = min(reach, len(older))
                if self.fingerprints[reach - size : reach] == older[len(older) - size :]:
                    return reach
        return None

    def _miss(self, size: int, more: int) -> None:
        """Look further down: so much has arrived that the page held only lines newer than these."""
        # A little short of the count, which may be too high by some lines.
        if self._overlap + more > len(self.fingerprints):
            self._arrived += more - self._overlap // 2
        else:
            self._arrived += max(1, size - self._overlap)
            self._misfits += 1
        if self.complete or self._misfits == _MISFITS:
            self.complete = self.torn = True


class Past:
    """What the position tells about the lines already emitted."""

    def __init__(self, position: Position | None, rules: Rules) -> None:
        self.window: list[str] = position["window"] if position else []
        self.held: int = position["held"] if position else 0
        self._proof = min(rules.proof, len(self.window))

    def is_surely_met_by(self, snapshot: Snapshot) -> bool:
        """Tell whether older lines than these could not change what is new."""
        likely = self._likely(snapshot, self._fits(snapshot.fingerprints))
        return len(likely) == 1 and likely[0].overlap >= self._proof

    def new_lines_in(self, snapshot: Snapshot) -> int | None:
        """Return how many of the snapshot's newest lines are new; None if the emitted ones are not in it.

        Of several places that the counts allow, the one with the fewest new lines. If they allow none, they were taken
        a moment before or after their pages: then a proof decides.
        """
        fits = self._fits(snapshot.fingerprints)
        places = self._likely(snapshot, fits) or self._proven(fits)
        return min((fit.new for fit in places), default=None)

    def _fits(self, fingerprints: list[str]) -> list[Fit]:
        """Find every place where the last emitted line may be."""
        if not self.window:
            return []
        ends = (end for end in range(len(fingerprints), 0, -1) if fingerprints[end - 1] == self.window[-1])
        fits = (Fit(len(fingerprints) - end, min(end, len(self.window))) for end in ends)
        return [fit for fit in fits if fit.matches(fingerprints, self.window)]

    def _proven(self, fits: list[Fit]) -> list[Fit]:
        return [fit for fit in fits if fit.overlap >= self._proof]

    def _likely(self, snapshot: Snapshot, fits: list[Fit]) -> list[Fit]:
        """Keep the fits that agree with the counts of lines.

        A list shrinks only by being emptied: where it did, a chance fit is not enough. Otherwise at least as many lines
        are new as it holds now more than it held then; exactly as many, as long as none has been trimmed. A Space that
        gives no count holds at least what was read.
        """
        if snapshot.total is not None and snapshot.total < self.held:
            return self._proven(fits)
        holds = len(snapshot.lines) if snapshot.total is None else snapshot.total
        return [fit for fit in fits if fit.new >= holds - self.held]


class Fit(NamedTuple):
    """A place in a snapshot where the emitted lines may end: `new` lines follow, `overlap` lines before it match."""

    new: int
    overlap: int

    def matches(self, fingerprints: list[str], window: list[str]) -> bool:
        """Tell whether all the lines before it are the emitted ones, as far back as both go."""
        end = len(fingerprints) - self.new
        return fingerprints[end - self.overlap : end] == window[-self.overlap :]


def _held_before(snapshot: Snapshot, new: int, counted: int) -> int:
    """Return how many lines the Space held before the new ones; `counted` (at most so many) if it does not say."""
    return counted if snapshot.total is None else snapshot.total - new


def fingerprinter(position: Position | None, fingerprints: Fingerprints) -> Callable[[bytes], str]:
    """Return what fingerprints a line: as the position's window does, if it is there, else by the newest key.

    So lines that are equal are fingerprinted alike, whatever keys the window's fingerprints were made by.
    """
    window = set(position["window"]) if position else set()

    def fingerprint(line: bytes) -> str:
        first, *others = fingerprints.all(line, FINGERPRINT_SIZE)
        return first if first in window else next((each for each in others if each in window), first)

    return fingerprint
