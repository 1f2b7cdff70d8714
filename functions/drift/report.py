"""What a run found, as one JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.drift.config import Window, told

if TYPE_CHECKING:
    from functions.drift.config import DriftConfig
    from functions.drift.quality import Change, Quality
    from functions.drift.verdict import Finding, Verdict

_DIGITS = 9  # decimals; a score is reproducible to more than are worth reading


def summary(verdict: Verdict, config: DriftConfig, time: str, window: Window) -> dict[str, Any]:
    """Return the object: the verdict of the dataset, then of each feature, and how it was found.

    `share` is that of the features with drift among those that could be judged. `score` and `p_value` are null where
    nothing was compared; `p_value` is corrected for the number of comparisons. `nulls` are the shares of rows without a
    value.
    """
    reference, current = verdict.rows
    return {
        "model": config.model,
        "time": time,
        "dataset_drift": verdict.drift,
        "share": round(verdict.share, _DIGITS),
        "rows": {"reference": reference, "current": current},
        "windows": {"reference": _reference(config.reference), "current": window._asdict()},
        "features": {name: _feature(each) for name, each in verdict.findings.items()},
        "config": told(config),
    }


def _reference(reference: str | Window | None) -> dict[str, str | None]:
    return reference._asdict() if isinstance(reference, Window) else {"file": reference}


def _feature(finding: Finding) -> dict[str, Any]:
    reference, current = finding.nulls
    return {
        "score": finding.score,
        "threshold": finding.rule.threshold,
        "method": finding.rule.method,
        "drift": finding.drift,
        "result": finding.result.value,
        "p_value": finding.p_value,
        "type": None if finding.score is None else "numeric" if finding.numeric else "categorical",
        "nulls": {"reference": _rounded(reference), "current": _rounded(current)},
        **({"unseen": list(finding.unseen)} if finding.unseen else {}),
    }


def told_quality(quality: Quality) -> dict[str, Any]:
    """Return the members of a report that say how well the model predicts.

    `quality` has each measure of both windows, null where it is not known, and by how much it has changed; `labelled`
    how many rows have a target.
    """
    reference, current = quality.rows
    return {
        "quality": {name: _change(each) for name, each in quality.changes.items()},
        "labelled": {"reference": reference, "current": current},
        "quality_result": quality.result.value,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "reference": _rounded(change.reference),
        "current": _rounded(change.current),
        "change": _rounded(change.change),
        "limit": change.limit,
        "result": change.result.value,
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, _DIGITS)
