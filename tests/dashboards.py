"""Grafana's dashboards without Grafana: their panels, what they ask, and whether it is answered.

`check_panels(prometheus_url, loki_url)` asks servers with data what the panels of a dashboard ask; it returns those
without an answer.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from examples.observability.panels import STEPS, expanded

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "infra" / "grafana" / "dashboards").glob("*.json"))
DAY = 86400
_CATEGORIES = {"X-Loki-Response-Encoding-Flags": "categorize-labels"}  # as Grafana asks it


class Target(NamedTuple):
    """What a panel asks: of which kind of data source, the expression, what the answers are called."""

    panel: str
    ref_id: str
    kind: str
    expr: str
    called: str
    instant: bool
    columns: list[str]  # which the answers must have, by the panel's steps
    lines: int  # at most; 0: the answers are no log lines


def read(file: Path) -> dict[str, Any]:
    """Return a dashboard."""
    return json.loads(file.read_text("utf-8"))


def targets(dashboard: dict[str, Any]) -> Iterator[Target]:
    """Yield what the panels of a dashboard ask."""
    for panel in dashboard["panels"]:
        for each in panel.get("targets", ()):
            instant = each.get("instant", False) or each.get("queryType") == "instant"
            columns = _columns(panel)
            kind, called = each["datasource"]["type"], each.get("legendFormat", "")
            yield Target(
                panel["title"], each["refId"], kind, each["expr"], called, instant, columns, each.get("maxLines", 0)
            )


def _columns(panel: dict[str, Any]) -> list[str]:
    steps = {each["id"]: each["options"] for each in panel.get("transformations", ())}
    return steps.get("filterFieldsByName", {}).get("include", {}).get("names", [])


def files_of(name: str) -> list[Path]:
    """Return the files of a dashboard, English and French."""
    return [file for file in FILES if file.stem in {f"{name}-en", f"{name}-fr"}]


def check_panels(
    prometheus_url: str, loki_url: str = "", *, name: str = "ingestion", seconds: int = DAY, ends: float | None = None
) -> list[str]:
    """Ask two servers what all panels of a dashboard ask; return what is wrong, a line for each expression.

    Args:
        prometheus_url: such as http://127.0.0.1:9090.
        loki_url: such as http://127.0.0.1:3100, if the dashboard asks Loki.
        name: the dashboard's.
        seconds: its range.
        ends: when it ends for Loki, which has the runs' own times, in Unix seconds; now unless given. For
            Prometheus it ends now.
    """
    servers = {"prometheus": (prometheus_url, None), "loki": (loki_url, ends)}
    wrong = []
    for file in files_of(name):
        dashboard = read(file)
        for target in targets(dashboard):
            url, end = servers[target.kind]
            expr = expanded(target.expr, dashboard, seconds)
            found = ask(url, target, expr, seconds, end or time.time())
            wrong += [
                f"{file.name}, {target.panel} {target.ref_id}: {each}: {expr}" for each in _lacking(target, found)
            ]
    return wrong


def ask(url: str, target: Target, expr: str, seconds: int, end: float) -> list[dict[str, Any]] | str:
    """Return a server's answers, or why it gave none."""
    path = "/loki/api/v1/query" if target.kind == "loki" else "/api/v1/query"
    asked: dict[str, object] = {"query": expr, "time": end}
    if not target.instant:
        path += "_range"
        asked = {"query": expr, "start": end - seconds, "end": end, "step": max(seconds // STEPS, 1)}
        asked |= {"limit": target.lines, "direction": "backward"} if target.lines else {}
    headers = _CATEGORIES if target.lines else {}
    try:
        with urlopen(Request(f"{url}{path}?{urlencode(asked)}", headers=headers), timeout=60) as answer:  # noqa: S310
            return json.load(answer)["data"]["result"]
    except HTTPError as error:
        return f"{error.code} {error.read().decode(errors='replace').strip()}"


def _lacking(target: Target, found: list[dict[str, Any]] | str) -> Iterator[str]:
    """Yield what an answer lacks: rows, numbers, the labels that the legend names, the columns of a table."""
    if isinstance(found, str) or not found:
        yield found or "no answer"
        return
    if target.lines:
        names = set().union(*(run.keys() for run in runs(found)))
        if lacking := {*target.columns} - names:
            yield f"no {', '.join(sorted(lacking))}"
        return
    if all(value == "NaN" for series in found for _, value in series.get("values") or [series["value"]]):
        yield "no number"
    for label in re.findall(r"{{(\w+)}}", target.called):
        if any(not series["metric"].get(label) for series in found):
            yield f"no {label}"


def runs(found: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return the log lines of an answer, the newest first: all their labels, as Grafana puts them together."""
    lines = [
        (int(at), {**stream["stream"], **labels.get("structuredMetadata", {}), **labels.get("parsed", {})})
        for stream in found
        for at, _, labels in stream["values"]
    ]
    return [run for _, run in sorted(lines, key=lambda each: -each[0])]
