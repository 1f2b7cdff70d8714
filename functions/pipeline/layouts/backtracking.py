"""Regular expressions of users, refused where a line could keep them busy: they may try too many ways to match it.

Which do is told by the expression's automaton (Weideman et al., "Analyzing Matching Time Behavior of Backtracking
Regular Expression Matchers by Using Ambiguity of NFA", 2016): time is exponential where a repeat can match the same
text in two ways, and more than linear where two repeats can share a text between them. What the automaton does not
tell, backreferences and lookaheads in repeats, a trial tells: the expression is given lines made to keep it busy.
"""

from __future__ import annotations

import re
import time
from collections import deque
from itertools import permutations
from typing import TYPE_CHECKING

from functions.pipeline.config import Expected
from functions.pipeline.layouts.automaton import END, Automaton, TooLargeError, Way

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LONGEST = 4_000  # characters of an expression
_MOST_STATES = 50_000  # that are looked at
_TRIAL = 8_192  # bytes of a line
_LIMIT_S = 0.1  # for such a line: one without backtracking takes a thousandth of that
_PRINTABLE = sum(1 << each for each in range(33, 127))

Edges = list[list[Way]]


def examined(expression: bytes, *, goes_on: bool = False) -> re.Pattern[bytes]:
    """Compile an expression for `match` that takes no more than linear time.

    Args:
        expression: the expression.
        goes_on: something must follow what it matches.

    Raises:
        Expected: it is no expression, or one that may take too long.
    """
    if len(expression) > _LONGEST:
        raise Expected("a pattern of at most {count} characters", count=_LONGEST)
    try:
        compiled = re.compile(expression)
        automaton = Automaton.of(expression)
    except TooLargeError as error:
        raise Expected("a pattern with fewer parts and smaller repeats") from error
    except (re.error, OverflowError, RecursionError) as error:
        raise Expected("a regular expression ({cause})", cause=error) from error
    _examine(automaton, goes_on=goes_on)
    _try(compiled, automaton)
    return compiled


def _examine(automaton: Automaton, *, goes_on: bool) -> None:
    edges = [list(each) for each in automaton.edges]
    if not goes_on:
        for position, mask in automaton.whole.last:
            if mask & END:  # it has matched: no other way is tried
                edges[position] = []
    _look_for_exponential(automaton, edges)
    _look_for_shared(automaton, edges)
    for aside in automaton.asides:
        _examine(aside, goes_on=False)


def _look_for_exponential(automaton: Automaton, edges: Edges) -> None:
    budget = _Budget()
    if automaton.looks_far:
        raise Expected("a pattern whose repeats have no lookahead with a repeat of its own in them")
    if any(_is_ambiguous(edges, loop, budget) for loop in _loops(edges)):
        raise Expected(
            "a pattern without a repeat that can match the same text in several ways, for that takes exponential "
            "time: a repeat within a repeat, or alternatives that begin alike"
        )


def _look_for_shared(automaton: Automaton, edges: Edges) -> None:
    budget, reach = _Budget(), _reach(edges)
    endless = [loop for loop in _loops(edges) if any(automaton.endless[each] for each in loop)]
    for one, other in permutations(endless, 2):
        if reach[one[0]] >> other[0] & 1 and _shares(edges, one, other, budget):
            raise Expected(
                "a pattern in which no two repeats can share a text between them, for that takes time beyond measure "
                "on a long line: put between them what neither matches, give one an end ({{1,100}} instead of +), or "
                "let the first keep what it has (++ instead of +)"
            )


class _Budget:
    """How many states may still be looked at."""

    def __init__(self) -> None:
        self._left = _MOST_STATES

    def spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Expected("a pattern with fewer parts and smaller repeats")


def _reach(edges: Edges) -> list[int]:
    """Return the positions that each one leads to, as the bits of a number."""
    reach = [0] * len(edges)
    changed = True
    while changed:
        changed = False
        for position in reversed(range(len(edges))):
            found = reach[position]
            for following, _ in edges[position]:
                found |= 1 << following | reach[following]
            if found != reach[position]:
                reach[position], changed = found, True
    return reach


def _loops(edges: Edges) -> list[list[int]]:
    """Return the positions that lead to each other and back, in groups."""
    reach = _reach(edges)
    groups: dict[int, list[int]] = {}
    for position in range(len(edges)):
        if reach[position] >> position & 1:
            groups.setdefault(reach[position], []).append(position)  # who reach the same, and themselves
    return [part for group in groups.values() for part in _connected(group, reach)]


def _connected(group: list[int], reach: list[int]) -> Iterator[list[int]]:
    while group:
        first = group[0]
        part = [each for each in group if reach[first] >> each & 1 and reach[each] >> first & 1]
        yield part
        group = [each for each in group if each not in part]


def _is_ambiguous(edges: Edges, loop: list[int], budget: _Budget) -> bool:
    """Say whether a loop can match the same text in two ways: two ways part, and come together again."""
    inside = set(loop)
    within = {each: [way for way in edges[each] if way[0] in inside] for each in loop}
    seen: set[tuple[int, int]] = set()
    waiting = [(each, each) for each in loop]
    while waiting:
        one, other = waiting.pop()
        budget.spend()
        for here, (next_one, label) in enumerate(within[one]):
            for there, (next_other, and_label) in enumerate(within[other]):
                if not label & and_label or (one == other and there <= here):
                    continue
                if next_one == next_other:
                    return True
                pair = min(next_one, next_other), max(next_one, next_other)
                if pair not in seen:
                    seen.add(pair)
                    waiting.append(pair)
    return False


def _shares(edges: Edges, one: list[int], other: list[int], budget: _Budget) -> bool:
    """Say whether some text can be matched by a loop, by another one, and by both, the first part by the first."""
    return any(_shares_from(edges, here, there, budget) for here in one for there in other)


def _shares_from(edges: Edges, here: int, there: int, budget: _Budget) -> bool:
    seen = {(here, here, there)}
    waiting = [(here, here, there)]
    while waiting:
        stays, moves, follows = waiting.pop()
        budget.spend()
        for first, label in edges[stays]:
            for second, and_label in edges[moves]:
                both = label & and_label
                for third, also in edges[follows] if both else ():
                    if not both & also:
                        continue
                    state = first, second, third
                    if state == (here, there, there):
                        return True
                    if state not in seen:
                        seen.add(state)
                        waiting.append(state)
    return False


def _try(compiled: re.Pattern[bytes], automaton: Automaton) -> None:
    """Match lines that go round in each loop, longer and longer, and do not match in the end."""
    for start, again in _attacks(automaton):
        count = 1
        while len(start) + count * len(again) <= _TRIAL:
            line = start + again * count
            if max(_seconds(compiled, line), _seconds(compiled, line + b"\0")) > _LIMIT_S:
                raise Expected("a quicker pattern: {count} characters keep this one busy", count=len(line))
            count += max(1, count // 8)


def _seconds(compiled: re.Pattern[bytes], line: bytes) -> float:
    began = time.thread_time()
    compiled.match(line)
    return time.thread_time() - began


def _attacks(automaton: Automaton) -> Iterator[tuple[bytes, bytes]]:
    """Yield what leads into each loop, and what leads round in it."""
    edges = automaton.edges
    entries = [Way(position, automaton.sets[position] & mask) for position, mask in automaton.whole.first]
    for loop in _loops(edges):
        again = _path(edges, edges[loop[0]], loop[0])
        start = _path(edges, entries, loop[0])
        if start is not None and again:
            yield start, again
    for aside in automaton.asides:
        yield from _attacks(aside)


def _path(edges: Edges, entries: Iterable[Way], goal: int) -> bytes | None:
    """Return the shortest text that leads to a position; None where none does."""
    waiting = deque((position, bytes((_byte(label),))) for position, label in entries if label & ~END)
    seen: set[int] = set()
    while waiting:
        position, text = waiting.popleft()
        if position == goal:
            return text
        if position not in seen:
            seen.add(position)
            waiting.extend((following, text + bytes((_byte(label),))) for following, label in edges[position])
    return None


def _byte(label: int) -> int:
    """Choose one of some bytes, a letter or a sign if there is one."""
    label = label & _PRINTABLE or label & ~END
    return (label & -label).bit_length() - 1
