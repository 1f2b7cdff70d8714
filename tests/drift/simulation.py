"""How often drift is found where there is none, and missed where there is some.

Run `make bench-drift`.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from functions.drift.comparison import CATEGORICAL, METHODS, NUMERIC, Limits, Rule, Side
from functions.drift.verdict import Pair, Verdict, judge

if TYPE_CHECKING:
    from numpy.random import Generator

LIMITS = Limits()
KINDS = 6
WORDS = np.array(["a", "b", "c", "d", "e", "f"])
SHARES = (0.4, 0.25, 0.15, 0.1, 0.07, 0.03)


class Setting(NamedTuple):
    """What is simulated: so many features and rows, one of the features moved by so many standard deviations."""

    features: int
    reference: int
    current: int
    shift: float = 0.0
    method: str = NUMERIC.method  # of numbers


def side(values) -> Side:
    if values.dtype.kind == "f":
        return Side(len(values), len(values), numbers=values, numeric=True)
    return Side(len(values), len(values), categories=Counter(values.tolist()))


def drawn(kind: int, rows: int, draw: Generator, shift: float = 0.0):
    """Draw a feature of one of six kinds: normal, skewed, ages, yes or no, words, seldom yes."""
    if kind == 0:
        return draw.normal(shift, size=rows)
    if kind == 1:
        values = draw.exponential(size=rows)  # of deviation 1
        return values + shift
    if kind == 2:  # whole years
        return np.round(draw.normal(60 + 10 * shift, 10, size=rows)).astype(float)
    if kind in {3, 5}:  # yes or no, a usual one and a rare one
        share = 0.5 if kind == 3 else 0.02
        return np.where(draw.random(rows) < share + shift * np.sqrt(share * (1 - share)), "1", "0")
    return draw.choice(WORDS, rows, p=moved(shift))


def moved(shift: float):
    """Move as much of the first category to the last as the indicator of that needs for the shift."""
    part = shift * np.sqrt(SHARES[-1] * (1 - SHARES[-1]))
    return [SHARES[0] - part, *SHARES[1:-1], SHARES[-1] + part]


def run(setting: Setting, draw: Generator, moving: int = 0) -> Verdict:
    """Judge a run whose first feature, of the kind `moving`, moves."""
    pairs = {}
    for number in range(setting.features):
        kind = (number + moving) % KINDS
        shift = 0.0 if number else setting.shift
        rule = CATEGORICAL if kind >= 3 else Rule(setting.method, METHODS[setting.method].threshold)
        first = side(drawn(kind, setting.reference, draw))
        pairs[str(number)] = Pair(rule, first, side(drawn(kind, setting.current, draw, shift)))
    return judge(pairs.items(), (setting.reference, setting.current), LIMITS)


def alarms(setting: Setting, runs: int, seed: int = 1) -> float:
    """Return the share of runs in which there is drift; where a feature moves, that it is in that one."""
    draw = np.random.default_rng(seed)
    found = 0
    for number in range(runs):
        verdict = run(setting, draw, number % KINDS)
        found += verdict.findings["0"].drift if setting.shift else bool(verdict.drift)
    return found / runs


def main() -> None:
    arguments = ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=2000)
    runs = arguments.parse_args().runs
    sys.stdout.write(
        "| features | reference | current | moved by | method | runs | alarms |\n|---|---|---|---|---|---|---|\n"
    )
    for method in ("wasserstein", "ks", "psi", "jensenshannon"):
        for features, reference, current, shift in (
            (15, 1000, 500, 0.0),
            (15, 200, 100, 0.0),
            (100, 1000, 1000, 0.0),
            (4, 1000, 500, 0.5),
            (15, 1000, 1000, 0.5),
        ):
            setting = Setting(features, reference, current, shift, method)
            share = alarms(setting, runs)
            sys.stdout.write(f"| {features} | {reference} | {current} | {shift} | {method} | {runs} | {share:.2%} |\n")
        million = Setting(6, 1_000_000, 1_000_000, 0.05, method)
        share = alarms(million, 12)
        sys.stdout.write(f"| 6 | 1,000,000 | 1,000,000 | 0.05 | {method} | 12 | {share:.2%} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
