"""How far two samples are from each other, and how likely that is by chance.

The scores are defined as Evidently 0.7 defines them, so that a score means the same with and without it: bins by
Sturges' rule over both samples, or one for each value where the reference has few; shares of 0 replaced for PSI; the
standard deviation of the reference as the unit of the Wasserstein distance.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    """A sample of numbers, all finite."""

_BY_VALUE = 20  # distinct values of the reference up to which each is a bin of its own
_LEAST_SHARE, _LEAST_PART = 0.0001, 10**6  # what stands for a share of 0: this, or a millionth of the smallest share
_LEAST_DEVIATION = 0.001  # a reference that hardly varies is no unit
_LEAST_EXPECTED = 5.0  # Cochran's rule: with fewer in a cell, the chi-square distribution does not hold


def shares_of_numbers(reference: Numbers, current: Numbers) -> tuple[Numbers, Numbers]:
    """Return the share of each sample in each bin."""
    values = np.unique(reference)
    if len(values) > _BY_VALUE:
        bins = np.histogram_bin_edges(np.concatenate((reference, current)), bins="sturges")
        return _shares(np.histogram(reference, bins)[0]), _shares(np.histogram(current, bins)[0])
    values = np.union1d(values, current)
    return _shares(_counted(reference, values)), _shares(_counted(current, values))


def shares_of_categories(reference: Mapping[str, int], current: Mapping[str, int]) -> tuple[Numbers, Numbers]:
    """Return the share of each sample in each category, given how often each comes."""
    first, second = _table(reference, current)
    return _shares(first), _shares(second)


def psi(reference: Numbers, current: Numbers) -> float:
    """Return the population stability index of two samples, given their shares: 0 and above."""
    first, second = _without_zeros(reference), _without_zeros(current)
    return float(np.sum((first - second) * np.log(first / second)))


def jensen_shannon(reference: Numbers, current: Numbers) -> float:
    """Return the Jensen-Shannon distance of two samples, given their shares: 0 to 0.83, by natural logarithms."""
    from scipy.spatial.distance import jensenshannon

    return float(np.nan_to_num(jensenshannon(reference, current)))  # of equal shares, rounding can make it NaN


def wasserstein(reference: Numbers, current: Numbers) -> float:
    """Return the first Wasserstein distance of two samples, in standard deviations of the reference."""
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance(reference, current) / max(float(np.std(reference)), _LEAST_DEVIATION))


def kolmogorov_smirnov(reference: Numbers, current: Numbers) -> tuple[float, float]:
    """Return the largest distance of two samples' distribution functions (0 to 1), and its two-sided p-value.

    The p-value is exact up to 10,000 rows and asymptotic above, as SciPy chooses.
    """
    from scipy.stats import ks_2samp

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # "Exact calculation unsuccessful": the asymptotic one is taken
        found = ks_2samp(reference, current)
    return float(found.statistic), float(found.pvalue)


def chi_square(reference: Mapping[str, int], current: Mapping[str, int]) -> float:
    """Return the p-value of the chi-square test that two samples have the same categories.

    Categories are taken together where fewer than 5 are expected in the smaller sample. The totals of both samples
    alone decide which, so the test stays valid.
    """
    from scipy.stats import chi2_contingency

    table = _pooled(np.array(_table(reference, current)))
    if table.shape[1] < 2:  # noqa: PLR2004 (one category is all that there is)
        return 1.0
    return float(chi2_contingency(table, correction=False).pvalue)


def _pooled(table: NDArray[np.int64]) -> NDArray[np.int64]:
    """Take the categories together of which too few are expected, and with them the next one if they are still few."""
    table = table[:, np.argsort(table.sum(axis=0))]
    expected = table.sum(axis=0) * (table.sum(axis=1).min() / table.sum())  # in the smaller sample
    few = int(np.count_nonzero(expected < _LEAST_EXPECTED))
    if expected[:few].sum() < _LEAST_EXPECTED:
        few += 1
    return np.column_stack((table[:, :few].sum(axis=1), table[:, few:]))


def _table(reference: Mapping[str, int], current: Mapping[str, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    names = sorted({*reference, *current})
    first, second = (np.array([each.get(name, 0) for name in names], np.int64) for each in (reference, current))
    return first, second


def _counted(numbers: Numbers, values: Numbers) -> NDArray[np.int64]:
    """Count how often each of the sorted values, which are all that there are, comes."""
    return np.bincount(np.searchsorted(values, numbers), minlength=len(values))


def _shares(counts: NDArray[np.int64]) -> Numbers:
    shares: Numbers = counts / counts.sum()
    return shares


def _without_zeros(shares: Numbers) -> Numbers:
    """Put small shares in the place of those that are 0, which have no logarithm."""
    least = float(np.min(shares[shares != 0]))
    filled: Numbers = np.where(shares == 0, least / _LEAST_PART if least <= _LEAST_SHARE else _LEAST_SHARE, shares)
    return filled
