"""`trilog drift`: how far predictions are from what the model was trained on."""

from __future__ import annotations

import json
from gettext import gettext as _
from typing import TYPE_CHECKING, Any

from functions.cli.tables import print_table
from functions.pipeline.config import load
from functions.pipeline.extras import not_installed
from functions.pipeline.wiring import open_store

if TYPE_CHECKING:
    from argparse import Namespace

DRIFT, TOO_FEW_ROWS = 5, 6
_COLUMNS = ("feature", "method", "score", "threshold", "p_value", "drift", "result")
_MEASURES = ("measure", "reference", "current", "change", "limit", "result")
_LEAST_P = 1e-4  # below, only that it is below is shown


def drift(given: Namespace, environment: dict[str, str]) -> int:
    """Print what was found of each feature; return 5 when there is drift, 6 when there are too few rows to tell."""
    _check_libraries()
    from functions.drift.config import Window
    from functions.drift.options import DriftOptions
    from functions.drift.run import load_config, run

    (options,) = load(environment, DriftOptions)
    config = load_config(environment, given.config or options.config)
    config = config._replace(reference=given.reference or config.reference, place=given.place or config.place)
    found = run(environment, config, Window(given.since, given.until), given.output)
    print(json.dumps(found)) if given.json else _report(found)
    if found["dataset_drift"] or found.get("quality_result") == "worse":
        return DRIFT
    return TOO_FEW_ROWS if found["dataset_drift"] is None else 0


def trace_day(given: Namespace, environment: dict[str, str]) -> int:
    """Print a day's reports of drift, and the batches that they are of."""
    from functions.drift.reports import of_day

    reports = [*of_day(open_store(environment), given.drift)]
    for found, batches in reports:
        _report(found)
        _trace_windows(found, batches)
    if not reports:
        print(_("no report of drift of {day}").format(day=given.drift))
    return 0 if reports else 1


def _trace_windows(found: dict[str, Any], batches: list[dict[str, Any]]) -> None:
    for name, window in found["windows"].items():
        print(f"{name}:", " ".join(f"{key}={value}" for key, value in window.items() if value))
    if batches:
        print_table(map(_batch, batches), ("window", "documents", "first", "batch"), ("documents",))
    print(_("Configuration:"), json.dumps(found["config"]))


def _batch(line: dict[str, Any]) -> dict[str, Any]:
    """Give a batch as the table shows it: how many of its documents are in a window, and the `_id` of the first."""
    first, *_rest = line["ids"]
    return {"window": line["window"], "documents": len(line["ids"]), "first": first, "batch": line["batch"] or ""}


def _check_libraries() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("numpy", "scipy", "yaml") if find_spec(name) is None]
    if missing:
        raise not_installed(missing[0])


def _report(found: dict[str, Any]) -> None:
    print_table([_row(name, each) for name, each in found["features"].items()], _COLUMNS, _COLUMNS[2:5])
    rows = found["rows"]
    print(_("{reference} rows of the reference, {current} of predictions").format(**rows))
    if found["dataset_drift"] is None:
        print("⚠", _("no verdict: too few rows, or no feature that both sides have"))
    elif found["dataset_drift"]:
        print("✗", _("drift, in {share:.0%} of the features").format(share=found["share"]))
    else:
        print("✓", _("no drift"))
    if "quality" in found:
        _report_quality(found)


def _report_quality(found: dict[str, Any]) -> None:
    """Print how well the model predicts, where a target is configured."""
    rows = [
        {
            "measure": name,
            **{side: _number(each[side]) for side in ("reference", "current")},
            "change": "" if each["change"] is None else f"{each['change']:+.4f}",
            "limit": "" if each["limit"] is None else f"{each['limit']:g}",
            "result": each["result"],
        }
        for name, each in found["quality"].items()
    ]
    if rows:
        print_table(rows, _MEASURES, _MEASURES[1:5])
    print(_("{reference} rows of the reference with a target, {current} of predictions").format(**found["labelled"]))
    if found["quality_result"] == "worse":
        print("✗", _("quality is worse than its limits allow"))
    elif found["quality_result"] == "too_few_rows":
        print("⚠", _("quality: too few rows with a target to compare"))


def _row(name: str, feature: dict[str, Any]) -> dict[str, Any]:
    """Give a feature as the table shows it."""
    p_value = feature["p_value"]
    small = p_value is not None and p_value < _LEAST_P
    return {
        "feature": name,
        "method": feature["method"],
        "score": _number(feature["score"]),
        "threshold": f"{feature['threshold']:g}",
        "p_value": f"<{_LEAST_P}" if small else _number(p_value),
        "drift": "✗" if feature["drift"] else "",
        "result": ": ".join((feature["result"], *[", ".join(feature.get("unseen", ()))])).removesuffix(": "),
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
