"""The features of both windows, one pair at a time: as numbers or as categories, by the rule that holds for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.drift.comparison import METHODS, Rule, Side
from functions.drift.config import FeatureRule, chosen_rule
from functions.drift.spellings import same_spelling
from functions.drift.verdict import Pair
from functions.pipeline.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.drift.config import DriftConfig
    from functions.drift.windows import Table

_FEW = 5  # distinct numbers that are categories; Evidently takes as many for such
_MANY = 1000  # categories
_NEARLY = 4  # times as many as there are, at most, an estimate of distinct values says


def pairs(reference: Table, current: Table, config: DriftConfig) -> Iterator[tuple[str, Pair]]:
    """Yield each feature that is compared, and the names of those that are only on one side.

    Raises:
        ConfigError: a feature has a method that does not compare what the reference has of it.
    """
    for name in names(reference, current, config):
        given = config.features.get(name)
        yield name, _pair(name, reference, current, config, given)


def names(reference: Table, current: Table, config: DriftConfig) -> list[str]:
    """Return the names of the features, in the order of the reference; then those that only predictions have."""
    there = [*reference.columns, *sorted(current.columns.keys() - reference.columns.keys()), *sorted(current.others)]
    found = [*dict.fromkeys((*there, *config.features))]
    return [name for name in found if (config.others or name in config.features) and name not in config.ignore]


def _pair(name: str, reference: Table, current: Table, config: DriftConfig, given: FeatureRule | None) -> Pair:
    rule = given or FeatureRule()
    required = given is not None
    if name not in reference.columns or name not in current.columns:
        usual = chosen_rule(rule, config.numeric)
        there, here = _facts(reference, name), _facts(current, name)
        return Pair(usual, there, here, required=required)
    if _is_numeric(name, reference, rule):
        chosen = chosen_rule(rule, config.numeric)
        return Pair(chosen, _numbers(reference, name), _numbers(current, name), required=required)
    chosen = chosen_rule(rule, config.categorical)
    _check(name, chosen)
    many = reference.facts[name].distinct > _MANY
    first, second = (each.categories(name, _MANY) for each in (reference, current))
    first, second = same_spelling(first, second, rule.values)
    there, here = _categories(reference, name, first), _categories(current, name, second)
    return Pair(chosen, there, here, required=required, many=many)


def _is_numeric(name: str, reference: Table, rule: FeatureRule) -> bool:
    """Say whether a feature is compared as numbers: as the rule says, or if the reference has more than a few."""
    if rule.kind:
        return rule.kind == "numeric"
    if not _mostly_numbers(reference, name):
        return False
    facts = reference.facts[name]
    only_numeric = rule.method is not None and not METHODS[rule.method].categorical
    few = facts.distinct <= _FEW * _NEARLY and len(reference.categories(name, _FEW + 1)) <= _FEW
    return only_numeric or not few


def _check(name: str, rule: Rule) -> None:
    if not METHODS[rule.method].categorical:
        known = ", ".join(method for method, each in METHODS.items() if each.categorical)
        raise ConfigError(
            "{feature}: {method} compares numbers, and the reference has categories. Choose one of {known}",
            feature=name,
            method=rule.method,
            known=known,
        )


def _mostly_numbers(table: Table, name: str) -> bool:
    facts = table.facts[name]
    return facts.numbers * 2 > facts.values


def _numbers(table: Table, name: str) -> Side:
    return _facts_of(table, name)._replace(numbers=table.numbers(name))


def _categories(table: Table, name: str, counts: dict[str, int]) -> Side:
    """Describe a feature by how often each category comes; words that stand for 0 and 1 count as numbers."""
    numeric = sum(count for category, count in counts.items() if _is_number(category)) * 2 > table.facts[name].values
    return _facts_of(table, name)._replace(categories=counts, numeric=numeric)


def _facts(table: Table, name: str) -> Side | None:
    if name in table.others:
        return Side(table.rows, table.rows)
    return _facts_of(table, name) if name in table.columns else None


def _facts_of(table: Table, name: str) -> Side:
    return Side(table.rows, table.facts[name].values, numeric=_mostly_numbers(table, name))


def _is_number(text: str) -> bool:
    try:
        return bool(float(text) - float(text) == 0)  # finite
    except ValueError:
        return False
