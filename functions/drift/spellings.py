"""One spelling for the same category: numbers with and without decimals, and words that stand for 0 and 1."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DIGITS = frozenset("01")
_PAIRS = (("no", "yes"), ("false", "true"), ("f", "m"), ("n", "y"), ("non", "oui"), ("female", "male"))
"""Words for 0 and 1, in alphabetical order: so scikit-learn's LabelEncoder, which made such digits, numbers them."""


def same_spelling(
    reference: Mapping[str, int], current: Mapping[str, int], values: Mapping[str, str]
) -> tuple[dict[str, int], dict[str, int]]:
    """Spell the categories of two windows alike, given how often each comes.

    Args:
        reference: how often each category comes there.
        current: likewise.
        values: what stands for what, as the user said. Where he said nothing, words and digits for yes and no, and for
            male and female, are the same if both are used.
    """
    first, second = (
        _renamed(side, lambda word: values.get(word, values.get(plain(word), word))) for side in (reference, current)
    )
    words = {word.casefold() for word in (*first, *second)}
    pair = next((each for each in _PAIRS if words <= _DIGITS.union(each) and words & _DIGITS and words & {*each}), ())
    digits = {word: str(place) for place, word in enumerate(pair)}
    if not digits:
        return first, second
    first, second = (_renamed(side, lambda word: digits.get(word.casefold(), word)) for side in (first, second))
    return first, second


def plain(text: str) -> str:
    """Write a number without needless decimals, "1.0" as "1"; anything else without blanks around it."""
    whole, dot, decimals = text.strip().partition(".")
    return whole if dot and whole.removeprefix("-").isdecimal() and not decimals.strip("0") else text.strip()


def _renamed(side: Mapping[str, int], spell: Callable[[str], str]) -> dict[str, int]:
    """Give categories other names; those that get the same one are added up."""
    counts: Counter[str] = Counter()
    for name, count in side.items():
        counts[plain(spell(name))] += count
    return dict(counts)
