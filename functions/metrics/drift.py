"""What Prometheus is told of drift: the latest report of each model, as it is in the store."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from prometheus_client.core import GaugeMetricFamily

from functions.drift.reports import end_of, latest
from functions.pipeline.errors import PermanentError, TransientError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.pipeline.store import Store

_PAUSE = 60.0  # seconds between two looks into the store
_MODEL, _FEATURE = ("model",), ("model", "feature")


class DriftReports:
    """The latest reports, read again after a minute."""

    def __init__(self, store: Store) -> None:
        self._store, self._read = store, float("-inf")
        self._reports: dict[str, dict[str, Any]] = {}

    def families(self) -> Iterator[GaugeMetricFamily]:
        """Yield the metrics; none where no run has put a report. Where the store fails, they stay as they were."""
        if time.monotonic() - self._read >= _PAUSE:
            try:
                self._reports = {each["model"]: each for each in latest(self._store)}
                self._read = time.monotonic()
            except (TransientError, PermanentError):  # that a run is missing is what an alert says then
                pass
        if self._reports:
            yield from _of_features(self._reports)
            yield from _of_runs(self._reports)
            yield from _of_quality(self._reports)


def _of_features(reports: dict[str, dict[str, Any]]) -> Iterator[GaugeMetricFamily]:
    scores = _family("model_drift_score", "The score of a feature by its method.", (*_FEATURE, "method"))
    thresholds = _family("model_drift_threshold", "The threshold of that score.", (*_FEATURE, "method"))
    drifted = _family("model_drift_feature_detected", "Whether a feature has drifted: 1, or 0.", _FEATURE)
    for model, found in reports.items():
        for feature, each in found["features"].items():
            if each["score"] is not None:
                scores.add_metric((model, feature, each["method"]), each["score"])
                thresholds.add_metric((model, feature, each["method"]), each["threshold"])
            if found["dataset_drift"] is not None:
                drifted.add_metric((model, feature), each["drift"])
    yield from (scores, thresholds, drifted)


def _of_runs(reports: dict[str, dict[str, Any]]) -> Iterator[GaugeMetricFamily]:
    detected = _family("model_drift_detected", "Whether the last run found drift: 1, or 0; absent: no verdict.", _MODEL)
    share = _family("model_drift_share", "The share of a model's features that have drifted.", _MODEL)
    rows = _family("model_drift_rows", "Rows that the last run compared.", ("model", "window"))
    last = _family("model_drift_last_run_timestamp_seconds", "When the last run was, in Unix seconds.", _MODEL)
    ends = _family("model_drift_window_end_timestamp_seconds", "Until when the last run compared.", _MODEL)
    due = _family("model_drift_schedule_seconds", "How often a run is due, where a schedule is configured.", _MODEL)
    for model, found in reports.items():
        if found["dataset_drift"] is not None:
            detected.add_metric((model,), found["dataset_drift"])
            share.add_metric((model,), found["share"])
        for window, count in found["rows"].items():
            rows.add_metric((model, window), count)
        last.add_metric((model,), datetime.fromisoformat(found["time"]).timestamp())
        ends.add_metric((model,), end_of(found).timestamp())
        if found["config"]["schedule_s"]:
            due.add_metric((model,), found["config"]["schedule_s"])
    yield from (detected, share, rows, last, ends, due)


def _of_quality(reports: dict[str, dict[str, Any]]) -> Iterator[GaugeMetricFamily]:
    quality = _family("model_quality", "A measure of a model's quality.", ("model", "window", "measure"))
    for model, found in reports.items():
        for measure, each in found.get("quality", {}).items():
            for window in ("reference", "current"):
                if each[window] is not None:
                    quality.add_metric((model, window, measure), each[window])
    if quality.samples:
        yield quality


def _family(name: str, help_text: str, labels: tuple[str, ...]) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, labels=labels)
