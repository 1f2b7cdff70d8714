"""What a run found, as a page: one HTML file that needs nothing from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Any

_STYLE = """
.trilog { font: 15px/1.5 system-ui, sans-serif; color: #1d2733; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
.trilog h1 { font-size: 1.5rem; margin: 0 0 .25rem }
.trilog h2 { font-size: 1.2rem; margin: 2rem 0 .25rem }
.trilog .said { display: inline-block; padding: .3rem .8rem; border-radius: .3rem; font-weight: 600; color: #fff }
.trilog .drift { background: #b3261e } .trilog .none { background: #146c2e } .trilog .unknown { background: #7a5900 }
.trilog table { border-collapse: collapse; width: 100%; margin-top: 1rem; font-variant-numeric: tabular-nums }
.trilog th, .trilog td { text-align: left; padding: .35rem .7rem; border-bottom: 1px solid #d8dee6 }
.trilog th { border-bottom: 2px solid #8894a3 } .trilog .number { text-align: right }
.trilog tr.drifted { background: #fdecea } .trilog .bar { height: .55rem; background: #d8dee6; min-width: 8rem }
.trilog .bar div { height: 100%; background: #3b6ea5 } .trilog tr.drifted .bar div { background: #b3261e }
"""
_COLUMNS = ("Feature", "Method", "Score", "Threshold", "", "p-value", "Result", "Without a value")
_NUMBERS = {"Score", "Threshold", "p-value"}
_QUALITY = {
    "measured": "",
    "worse": "A measure is worse than its limit allows.",
    "too_few_rows": "Too few to measure both sides.",
}
_SCALE = 2.0  # a bar is full at so many times the threshold


def page(found: dict[str, Any]) -> str:
    """Write the whole page."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Drift of {escape(found["model"])}</title></head>
<body>{section(found)}</body></html>
"""


def section(found: dict[str, Any]) -> str:
    """Write what stands in the page: the verdict, then a row for each feature."""
    rows, windows = found["rows"], found["windows"]
    titles = "".join(f'<th{_class(title)} scope="col">{title}</th>' for title in _COLUMNS)
    features = "\n".join(_row(name, each) for name, each in found["features"].items())
    return f"""<style>{_STYLE}</style><main class="trilog">
<h1>Drift of {escape(found["model"])}</h1>
<p>{escape(found["time"])}. Reference: {escape(_window(windows["reference"]))}, {rows["reference"]:,} rows.
Predictions: {escape(_window(windows["current"]))}, {rows["current"]:,} rows.</p>
<p>{_said(found)}</p>
<table><thead><tr>{titles}</tr></thead><tbody>
{features}
</tbody></table>{_quality(found) if "quality" in found else ""}</main>"""


def _quality(found: dict[str, Any]) -> str:
    """Write how well the model predicts: a row for each measure."""
    labelled = found["labelled"]
    titles = "".join(
        f'<th class="number" scope="col">{title}</th>' for title in ("Reference", "Predictions", "Change", "Limit")
    )
    rows = "\n".join(_measure(name, each) for name, each in found["quality"].items())
    return f"""
<h2>Quality</h2>
<p>Rows with a target: {labelled["reference"]:,} of the reference, {labelled["current"]:,} of predictions.
{escape(_QUALITY[found["quality_result"]])}</p>
<table><thead><tr><th scope="col">Measure</th>{titles}<th scope="col">Result</th></tr></thead><tbody>
{rows}
</tbody></table>"""


def _measure(name: str, measure: dict[str, Any]) -> str:
    numbers = (
        _decimals(measure["reference"], "{:.4f}"),
        _decimals(measure["current"], "{:.4f}"),
        _decimals(measure["change"], "{:+.4f}"),
        _decimals(measure["limit"], "{:g}"),
    )
    worse = ' class="drifted"' if measure["result"] == "worse" else ""
    cells = "".join(f'<td class="number">{each}</td>' for each in numbers)
    return f"<tr{worse}><td>{escape(name)}</td>{cells}<td>{escape(measure['result'].replace('_', ' '))}</td></tr>"


def _decimals(number: float | None, form: str) -> str:
    return "" if number is None else form.format(number)


def _said(found: dict[str, Any]) -> str:
    if found["dataset_drift"] is None:
        return '<span class="said unknown">No verdict: too few rows, or nothing that both sides have</span>'
    if found["dataset_drift"]:
        return f'<span class="said drift">Drift, in {found["share"]:.0%} of the features</span>'
    return '<span class="said none">No drift</span>'


def _row(name: str, feature: dict[str, Any]) -> str:
    score, threshold = feature["score"], feature["threshold"]
    unseen = f": {', '.join(feature['unseen'])}" if "unseen" in feature else ""
    compared = score is not None
    cells = (
        ("", escape(name)),
        ("", escape(feature["method"]) if compared else ""),
        (' class="number"', f"{score:.4f}" if compared else ""),
        (' class="number"', f"{threshold:g}" if compared else ""),
        ("", _bar(score / threshold) if compared and feature["method"] != "ks" else ""),
        (' class="number"', f"{feature['p_value']:.3g}" if compared else ""),
        ("", escape(feature["result"].replace("_", " ") + unseen)),
        ("", _nulls(feature["nulls"])),
    )
    drifted = ' class="drifted"' if feature["drift"] else ""
    return f"<tr{drifted}>{''.join(f'<td{attribute}>{content}</td>' for attribute, content in cells)}</tr>"


def _bar(times: float) -> str:
    return f'<div class="bar"><div style="width: {min(times / _SCALE, 1):.1%}"></div></div>'


def _nulls(nulls: dict[str, float | None]) -> str:
    told = ["?" if share is None else f"{share:.1%}" for share in nulls.values()]
    return " → ".join(told) if any(nulls.values()) else ""


def _class(title: str) -> str:
    return ' class="number"' if title in _NUMBERS else ""


def _window(window: dict[str, str | None]) -> str:
    if "file" in window:
        return str(window["file"])
    return f"{window['since'] or 'the first'} to {window['until'] or 'the last'}"
