"""The alerts on drift: the conditions of `infra/prometheus/rules/drift.yml` on the latest report of each model."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.alerts.alert import Alert, duration, percentage
from functions.alerts.rules import FEATURE, LATE, MODEL, NO_RUN, SHARE_OVER
from functions.drift.reports import end_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_RUN = "trilog drift --config config_drift.yaml"


def drift_alerts(reports: Iterable[dict[str, Any]], now: datetime) -> Iterator[Alert]:
    """Yield the alerts that fire; of several reports of a model, the last one counts."""
    for model, found in {each["model"]: each for each in reports}.items():
        yield from _of_model(model, found)
        yield from _of_run(model, found, now)


def _of_model(model: str, found: dict[str, Any]) -> Iterator[Alert]:
    """Yield what a run's verdict is about; a run without a verdict says nothing."""
    if found["dataset_drift"] is None:
        return
    command = f"trilog trace --drift {end_of(found):%Y-%m-%d}"
    for feature, each in found["features"].items():
        if each["drift"] and each["score"] is not None:
            labels = (("model", model), ("feature", feature), ("method", each["method"]))
            score, threshold = (f"{each[name]:.3g}" for name in ("score", "threshold"))
            yield Alert(FEATURE, labels, score, threshold, command, each["score"])
    if found["share"] > SHARE_OVER:
        share = found["share"]
        yield Alert(MODEL, (("model", model),), percentage(share), MODEL.threshold, command, share)


def _of_run(model: str, found: dict[str, Any], now: datetime) -> Iterator[Alert]:
    """Yield whether a run did not happen, where one is due."""
    schedule = found["config"]["schedule_s"]
    age = (now - datetime.fromisoformat(found["time"])).total_seconds()
    if schedule and age > LATE * schedule:
        yield Alert(NO_RUN, (("model", model),), duration(age), duration(LATE * schedule), _RUN, age)
