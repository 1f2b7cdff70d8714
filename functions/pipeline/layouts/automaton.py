"""The automaton of a regular expression: which of its characters may follow which, and in how many ways.

It is Glushkov's: a position for each character of the expression, an edge for each way from one to the next. Where
several edges match the same text, a backtracking matcher may try them all; `backtracking` looks for those.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

ANY = (1 << 257) - 1  # all bytes, and the end of the expression
END = 1 << 256
_BYTES = ANY ^ END
_MOST = 2_000  # positions
_FEW = 8  # repetitions that are written out, to be exact
_MANY = 1_000  # repetitions that are as good as without an end
_CATEGORIES = {
    "CATEGORY_DIGIT": rb"\d",
    "CATEGORY_NOT_DIGIT": rb"\D",
    "CATEGORY_SPACE": rb"\s",
    "CATEGORY_NOT_SPACE": rb"\S",
    "CATEGORY_WORD": rb"\w",
    "CATEGORY_NOT_WORD": rb"\W",
}
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}


class TooLargeError(ValueError):
    """An expression has too many parts to be examined."""


class Way(NamedTuple):
    """A position, and which bytes may come next (END: the expression may end)."""

    position: int
    mask: int


class Fragment(NamedTuple):
    """A part of an expression.

    Attributes:
        skips: what may come next where the part matches nothing; one for each way to match nothing, two at most.
        first: where a match begins.
        last: where a match ends.
    """

    skips: tuple[int, ...]
    first: tuple[Way, ...]
    last: tuple[Way, ...]


_EMPTY = Fragment((ANY,), (), ())


class Automaton:
    """An expression's positions and edges.

    Attributes:
        sets: the bytes at each position, as the bits of a number.
        endless: whether a position is in a repeat without an end.
        edges: for each position, those that may follow, with the bytes for which they do.
        whole: the expression.
        asides: the automata of its lookaheads.
        looks_far: whether a lookahead without an end is in a repeat without one.
    """

    def __init__(self, parts: Any, flags: int) -> None:  # noqa: ANN401 (as the parser of `re` gives it)
        self.sets: list[int] = []
        self.endless: list[bool] = []
        self.edges: list[list[Way]] = []
        self.asides: list[Automaton] = []
        self.looks_far = False
        self.whole = self._sequence(parts, flags, endless=False)

    @classmethod
    def of(cls, expression: bytes) -> Automaton:
        """Make the automaton of an expression for bytes.

        Raises:
            TooLargeError: it has more than 2,000 positions.
            re.error, OverflowError, RecursionError: it is no expression.
        """
        from re import _parser  # type: ignore[attr-defined]  # private, but the only parser there is

        parsed = _parser.parse(expression)
        return cls(parsed, parsed.state.flags)

    def _sequence(self, parts: Any, flags: int, *, endless: bool) -> Fragment:  # noqa: ANN401
        whole = _EMPTY
        for operation, argument in parts:
            whole = self._joined(whole, self._part(str(operation), argument, flags, endless=endless))
        return whole

    def _part(self, operation: str, argument: Any, flags: int, *, endless: bool) -> Fragment:  # noqa: ANN401, PLR0911
        """Read one operation: a line or two for each."""
        if operation in _REPEATS:
            return self._repeat(operation, argument, flags, endless=endless)
        if operation == "SUBPATTERN":
            _, more, less, parts = argument
            return self._sequence(parts, flags & ~less | more, endless=endless)
        if operation == "BRANCH":
            return _either([self._sequence(each, flags, endless=endless) for each in argument[1]])
        if operation == "GROUPREF_EXISTS":
            branches = [self._sequence(each or (), flags, endless=endless) for each in argument[1:]]
            return _either(branches)
        if operation == "ATOMIC_GROUP":
            return self._atomic(argument, flags, endless=endless)
        if operation in {"ASSERT", "ASSERT_NOT"}:
            return self._lookaround(operation, argument, flags, endless=endless)
        if operation == "AT":
            return Fragment((_BYTES,), (), ())
        if operation == "GROUPREF":  # any text
            return self._loop(self._position(_BYTES, endless=endless), 0)
        return self._position(_set(operation, argument, flags), endless=endless)

    def _position(self, members: int, *, endless: bool) -> Fragment:
        if len(self.sets) >= _MOST:
            raise TooLargeError
        self.sets.append(members)
        self.endless.append(endless)
        self.edges.append([])
        way = (Way(len(self.sets) - 1, ANY),)
        return Fragment((), way, way)

    def _joined(self, before: Fragment, after: Fragment) -> Fragment:
        self._connect(before.last, after.first)
        first = before.first + tuple(
            Way(position, mask & skip) for skip in before.skips for position, mask in after.first
        )
        last = after.last + tuple(Way(position, mask & skip) for skip in after.skips for position, mask in before.last)
        skips = tuple(one & other for one in before.skips for other in after.skips)
        return Fragment(skips[:2], first, last)

    def _connect(self, last: tuple[Way, ...], first: tuple[Way, ...]) -> None:
        for position, leaving in last:
            for following, entering in first:
                label = self.sets[following] & leaving & entering
                if label:
                    self.edges[position].append(Way(following, label))

    def _repeat(self, operation: str, argument: Any, flags: int, *, endless: bool) -> Fragment:  # noqa: ANN401
        least, most, parts = argument
        unended = not isinstance(most, int) or most > _MANY
        if operation == "POSSESSIVE_REPEAT" and unended and (only := _only_set(parts, flags)):
            return self._possessive(only, least)
        if unended or (most > _FEW and (least < most or _repeats(parts))):
            body = self._sequence(parts, flags, endless=endless or unended)
            return self._loop(body, least)
        whole = _EMPTY
        for place in range(most, 0, -1):  # from the last one on: each but the first ones may be missing, with the rest
            each = self._joined(self._sequence(parts, flags, endless=endless), whole)
            whole = each if place <= least else each._replace(skips=(ANY, *each.skips)[:2])
        return whole

    def _loop(self, body: Fragment, least: int) -> Fragment:
        self._connect(body.last, body.first)
        return body if least else body._replace(skips=(ANY, *body.skips)[:2])

    def _possessive(self, members: int, least: int) -> Fragment:
        """Repeat a character as long as it comes: what follows is another one."""
        body = self._loop(self._position(members, endless=True), least)
        ((position, _),) = body.last
        return Fragment(tuple(skip & ~members for skip in body.skips), body.first, (Way(position, ANY & ~members),))

    def _atomic(self, parts: Any, flags: int, *, endless: bool) -> Fragment:  # noqa: ANN401
        if len(parts) == 1 and str(parts[0][0]) == "MAX_REPEAT":
            return self._repeat("POSSESSIVE_REPEAT", parts[0][1], flags, endless=endless)
        return self._sequence(parts, flags, endless=endless)

    def _lookaround(self, operation: str, argument: Any, flags: int, *, endless: bool) -> Fragment:  # noqa: ANN401
        """Let a lookaround say what may come next, as far as its first character tells."""
        direction, parts = argument
        if direction < 0:
            return Fragment((_BYTES,), (), ())
        aside = Automaton(parts, flags)
        self.asides.append(aside)
        self.looks_far |= endless and any(aside.endless)
        first = 0
        for position, mask in aside.whole.first:
            first |= aside.sets[position] & mask
        if operation == "ASSERT":
            return Fragment((_BYTES if aside.whole.skips else first,), (), ())
        only = _only_set(parts, flags)
        return Fragment((_BYTES & ~only if only else _BYTES,), (), ())


def _either(branches: list[Fragment]) -> Fragment:
    skips = tuple(skip for each in branches for skip in each.skips)
    first = tuple(way for each in branches for way in each.first)
    return Fragment(skips[:2], first, tuple(way for each in branches for way in each.last))


def _repeats(parts: Any) -> bool:  # noqa: ANN401
    """Say whether there is a repeat in an expression."""
    return "_REPEAT" in repr(parts)


def _only_set(parts: Any, flags: int) -> int:  # noqa: ANN401
    """Return the bytes of an expression that is a single character; 0 for any other."""
    if len(parts) != 1:
        return 0
    operation, argument = str(parts[0][0]), parts[0][1]
    if operation == "SUBPATTERN":
        return _only_set(argument[3], flags & ~argument[2] | argument[1])
    return _set(operation, argument, flags) if operation in {"LITERAL", "NOT_LITERAL", "ANY", "IN"} else 0


def _set(operation: str, argument: Any, flags: int) -> int:  # noqa: ANN401
    if operation == "ANY":
        return _BYTES if flags & re.DOTALL else _BYTES & ~(1 << 10)
    if operation == "NOT_LITERAL":
        return _BYTES & ~_folded(1 << argument, flags)
    if operation == "IN":
        negated = str(argument[0][0]) == "NEGATE"
        members = 0
        for each, value in argument[negated:]:
            members |= _members(str(each), value)
        members = _folded(members, flags)
        return _BYTES & ~members if negated else members
    return _folded(1 << argument, flags)


def _members(operation: str, value: Any) -> int:  # noqa: ANN401
    if operation == "LITERAL":
        return int(1 << value)
    if operation == "RANGE":
        return int((1 << value[1] + 1) - (1 << value[0]))
    return _category(_CATEGORIES[str(value)])


@cache
def _category(expression: bytes) -> int:
    matches = re.compile(expression).match
    return sum(1 << each for each in range(256) if matches(bytes((each,))))


def _folded(members: int, flags: int) -> int:
    if flags & re.IGNORECASE:
        for upper in range(65, 91):
            both = 1 << upper | 1 << upper + 32
            members |= both if members & both else 0
    return members
