"""One spelling for the same category: numbers with and without decimals, and words that stand for 0 and 1."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

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
    spell = spelling((*reference, *current), values)
    return _renamed(reference, spell), _renamed(current, spell)


def spelling(words: Iterable[str], values: Mapping[str, str]) -> Callable[[str], str]:
    """Return what gives each category its one spelling, given all there are; `values` as in `same_spelling`."""

    def said(word: str) -> str:
        return plain(values.get(word, values.get(plain(word), word)))

    there = {said(word).casefold() for word in words}
    pair = next((each for each in _PAIRS if there <= _DIGITS.union(each) and there & _DIGITS and there & {*each}), ())
    digits = {word: str(place) for place, word in enumerate(pair)}
    return lambda word: digits.get(said(word).casefold(), said(word))


def plain(text: str) -> str:
    """Write a number without needless decimals, "1.0" as "1"; anything else without blanks around it."""
    whole, dot, decimals = text.strip().partition(".")
    return whole if dot and whole.removeprefix("-").isdecimal() and not decimals.strip("0") else text.strip()


def _renamed(side: Mapping[str, int], spell: Callable[[str], str]) -> dict[str, int]:
    """Give categories other names; those that get the same one are added up."""
    counts: Counter[str] = Counter()
    for name, count in side.items():
        counts[spell(name)] += count
    return dict(counts)
