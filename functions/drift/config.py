"""The file that says how drift is looked for: `config_drift.yaml`; examples/drift/ has one with all that it can say."""

from __future__ import annotations

import re
from datetime import UTC
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.drift.comparison import CATEGORICAL, METHODS, NUMERIC, Limits, Rule
from functions.drift.rows import feature_of
from functions.drift.target import TRANSACTION
from functions.drift.yaml_text import Problems, load_mapping
from functions.pipeline.config import Expected, one_of, text, whole
from functions.pipeline.errors import ConfigError
from functions.pipeline.instants import parsed_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from functions.drift.yaml_text import Part

_UNITS = {"m": 60, "h": 3600, "d": 86400}  # seconds
_MOST_ROWS = 10**9
TYPES = ("numeric", "categorical")
MODELS = ("classification", "regression")
MEASURES = ("accuracy", "precision", "recall", "f1", "roc_auc", "mae", "rmse", "r2")
PLACES = INDEX, BATCHES = ("index", "batches")
ALL = "all"


class Window(NamedTuple):
    """A window of predictions: from a time on (included), until another one (excluded), as documents carry times."""

    since: str | None = None
    until: str | None = None


class FeatureRule(NamedTuple):
    """What is said of one feature; None where it is not said.

    Attributes:
        kind: one of TYPES.
        values: what its values stand for, by their text.
    """

    method: str | None = None
    threshold: float | None = None
    kind: str | None = None
    values: Mapping[str, str] = MappingProxyType({})


class TargetRule(NamedTuple):
    """Where what turned out to be true is known.

    Attributes:
        file: of predictions: a CSV or Parquet file, a path or a key of the store.
        on: the field of predictions, and the column of that file, that has ids.
        column: the column of that file that has the target; None: the only other one.
        reference: the column of the reference, where this is a file; None: `target`, or named as `column`.
        kind: one of MODELS; None: as the values are.
        positive: the class of which precision and the like are; None: the second of two.
    """

    file: str
    on: str = TRANSACTION
    column: str | None = None
    reference: str | None = None
    kind: str | None = None
    positive: str | None = None


class DriftConfig(NamedTuple):
    """How drift is looked for.

    Attributes:
        place: where predictions are read, one of PLACES; None: the index where there is one, else the batches.
        window_s: how far back the current window begins, in seconds; None: with the first prediction.
        schedule_s: how often a run is due, in seconds; None: nobody waits for one.
        share: more than this share of the features must drift for the dataset to drift.
        features: what is said of single features, by their names.
        others: whether other features than these are compared.
        reports: the folder of the store in which reports lie.
        target: where what turned out to be true is known, if it is.
        quality: how much worse than in the reference each measure may be.
    """

    reference: str | Window | None = None
    place: str | None = None
    model: str = "model"
    window_s: float | None = None
    schedule_s: float | None = None
    limits: Limits = Limits()
    share: float = 0.0
    numeric: Rule = NUMERIC
    categorical: Rule = CATEGORICAL
    rename: Mapping[str, str] = MappingProxyType({})
    ignore: frozenset[str] = frozenset()
    features: Mapping[str, FeatureRule] = MappingProxyType({})
    others: bool = True
    reports: str = "reports/drift"
    target: TargetRule | None = None
    quality: Mapping[str, float] = MappingProxyType({})


def told(config: DriftConfig) -> dict[str, Any]:
    """Return a configuration as it is kept beside a report."""
    return {
        **config._asdict(),
        "reference": config.reference._asdict() if isinstance(config.reference, Window) else config.reference,
        "limits": config.limits._asdict(),
        "numeric": config.numeric._asdict(),
        "categorical": config.categorical._asdict(),
        "rename": dict(config.rename),
        "ignore": sorted(config.ignore),
        "target": config.target and config.target._asdict(),
        "quality": dict(config.quality),
        "features": {name: {**rule._asdict(), "values": dict(rule.values)} for name, rule in config.features.items()},
    }


def read_config(content: str, name: str) -> DriftConfig:
    """Read the text of a configuration.

    Raises:
        ConfigError: something in it is wrong; names each mistake with the line that it is in.
    """
    problems = Problems(name)
    part = load_mapping(content, problems)
    config = _config(part)
    problems.raise_any()
    return config


def _config(part: Part) -> DriftConfig:
    features, others = _features(part)
    usual = DriftConfig()
    config = DriftConfig(
        reference=_reference(part),
        place=part.value("from", one_of(*PLACES), None),
        model=part.value("model", text, usual.model),
        window_s=part.value("window", _duration, None),
        schedule_s=part.value("schedule", _duration, None),
        limits=Limits(
            part.value("minimum_rows", whole(1, _MOST_ROWS, "rows"), usual.limits.rows),
            part.value("significance", _significance, usual.limits.significance),
        ),
        share=part.value("dataset_share", _share, usual.share),
        numeric=_rule(part, "numeric", NUMERIC),
        categorical=_rule(part, "categorical", CATEGORICAL),
        rename={name: feature_of(each) for name, each in part.texts("rename").items()},
        ignore=frozenset(map(feature_of, part.names("ignore"))),
        features=features,
        others=others,
        reports=part.value("reports", _folder, usual.reports),
        target=_target(part),
        quality=_quality(part),
    )
    part.refuse_others()
    return config


def _reference(part: Part) -> str | Window | None:
    if not part.is_mapping("reference"):
        reference: str | None = part.value("reference", text, None)
        return reference
    inner = part.part("reference")
    window = Window(inner.value("since", _time, None), inner.value("until", _time, None))
    inner.refuse_others()
    return window


def _target(part: Part) -> TargetRule | None:
    if not part.is_mapping("target"):
        file: str | None = part.value("target", text, None)
        return TargetRule(file) if file else None
    inner = part.part("target")
    rule = TargetRule(
        inner.required("file", text, ""),
        inner.value("on", text, TRANSACTION),
        inner.value("column", text, None),
        inner.value("reference", text, None),
        inner.value("type", one_of(*MODELS), None),
        inner.value("positive", text, None),
    )
    inner.refuse_others()
    return rule


def _quality(part: Part) -> dict[str, float]:
    inner = part.part("quality")
    if [*inner] and "target" not in part:
        part.refuse("quality", ConfigError("quality: there is no target to measure it by. Name one: target"))
    limits = {name: inner.value(name, _positive, None) for name in MEASURES}
    inner.refuse_others()
    return {name: limit for name, limit in limits.items() if limit is not None}


def _rule(part: Part, name: str, usual: Rule) -> Rule:
    inner = part.part(name)
    given = _feature_rule(inner, name)
    inner.refuse_others()
    return chosen_rule(given, usual)


def chosen_rule(given: FeatureRule, usual: Rule) -> Rule:
    """Return a whole rule of what is said: a method without a threshold has its own, not the usual rule's."""
    method = given.method or usual.method
    threshold = usual.threshold if method == usual.method else METHODS[method].threshold
    return Rule(method, threshold if given.threshold is None else given.threshold)


def _features(part: Part) -> tuple[dict[str, FeatureRule], bool]:
    if not part.is_mapping("features"):
        names = part.names("features") or [ALL]
        return {feature_of(name): FeatureRule() for name in names if name != ALL}, ALL in names
    inner, rules = part.part("features"), dict[str, FeatureRule]()
    for name in inner:
        one = inner.part(name)
        kind = one.value("type", one_of(*TYPES), None)
        rules[feature_of(name)] = _feature_rule(one, kind)._replace(kind=kind, values=one.texts("values"))
        one.refuse_others()
    return {name: rule for name, rule in rules.items() if name != ALL}, ALL in rules


def _feature_rule(part: Part, kind: str | None) -> FeatureRule:
    """Read a method and its threshold; a kind of features limits the methods."""
    methods = [name for name, each in METHODS.items() if each.categorical or kind != "categorical"]
    return FeatureRule(part.value("method", one_of(*methods), None), part.value("threshold", _positive, None))


def _duration(value: str) -> float:
    found = re.fullmatch(r"(\d{1,6}) ?([mhd])", value.strip())
    if not found or not int(found[1]):
        raise ValueError("a duration, such as 30m, 24h or 7d")
    return float(int(found[1]) * _UNITS[found[2]])


def _time(value: str) -> str:
    time = parsed_instant(value, UTC)
    if time is None:
        raise ValueError("a time, such as 2025-01-20 or 2025-01-20T10:30Z")
    return time


def _folder(value: str) -> str:
    """Take a folder below `reports/`, where `trilog metrics` looks for reports."""
    folder = value.strip().strip("/")
    if not folder.startswith("reports/") or ".." in folder.split("/"):
        raise ValueError("a folder below reports/, such as reports/drift")
    return folder


def _positive(value: str) -> float:
    return _within(value, lambda number: 0 < number < float("inf"), Expected("a number, more than 0"))


def _share(value: str) -> float:
    return _within(value, lambda number: 0 <= number < 1, Expected("a share, from 0 to less than 1"))


def _significance(value: str) -> float:
    return _within(value, lambda number: 0 < number < 1, Expected("a probability, more than 0 and less than 1"))


def _within(value: str, fits: Callable[[float], bool], expected: Expected) -> float:
    try:
        number = float(value)
    except ValueError:
        raise expected from None
    if not fits(number):
        raise expected
    return number
