"""What the panels of a dashboard ask of Prometheus, and what it answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator

_DASHBOARDS = Path(__file__).parents[2] / "infra" / "grafana" / "dashboards"
_SHOWN = ("stat", "bargauge")  # panels of a few numbers
STEPS = 96  # points of a range
_UNITS = {"percentunit": (100.0, " %"), "s": (1.0, " s"), "bytes": (1 / (1 << 20), " MiB")}


class Answer(NamedTuple):
    """A number: the panel that shows it, what it is called there, and how it is written."""

    panel: str
    called: str
    number: str


def dashboard(language: str) -> dict[str, Any]:
    """Return the dashboard of ingestion runs in a language, "fr" or "en"."""
    read: dict[str, Any] = json.loads((_DASHBOARDS / f"ingestion-{language}.json").read_text("utf-8"))
    return read


def expanded(expr: str, dashboard: dict[str, Any], seconds: int = 86400) -> str:
    """Return an expression with the values of the dashboard's variables, as they are when it is opened.

    Args:
        expr: it has variables, $name or ${name}.
        dashboard: it defines them.
        seconds: its range.

    Raises:
        KeyError: a variable is not defined.
    """
    step = max(seconds // STEPS, 1)
    values = {"__range": f"{seconds}s", "__interval": f"{step}s", "__interval_ms": str(step * 1000)}
    for variable in dashboard["templating"]["list"]:
        value = variable["current"]["value"]
        values[variable["name"]] = variable["allValue"] if value == ["$__all"] else value
    return re.sub(r"\$(\w+)|\$\{(\w+)\}", lambda found: values[found[1] or found[2]], expr)


def answers(dashboard: dict[str, Any], prometheus: str, seconds: int) -> Iterator[Answer]:
    """Ask a Prometheus for the numbers of the panels that have few, in their order.

    Args:
        dashboard: a dashboard.
        prometheus: the server's address.
        seconds: the dashboard's range.

    Raises:
        URLError: the server does not answer.
    """
    for panel in dashboard["panels"]:
        unit = panel.get("fieldConfig", {}).get("defaults", {}).get("unit", "")
        for target in panel.get("targets", ()) if panel["type"] in _SHOWN else ():
            if target["datasource"]["type"] == "prometheus":
                for labels, value in ask(prometheus, expanded(target["expr"], dashboard, seconds)):
                    called = re.sub(r"{{(\w+)}}", lambda found, of=labels: of[found[1]], target["legendFormat"])
                    yield Answer(panel["title"], called, _written(value, unit))


def ask(prometheus: str, expr: str) -> Iterator[tuple[dict[str, str], float]]:
    """Yield what an expression gives now: labels, and a number; raise URLError when the server does not answer."""
    asked = f"{prometheus}/api/v1/query?{urlencode({'query': expr})}"
    with urlopen(asked, timeout=30) as answer:  # noqa: S310 (an address of this machine)
        for series in json.load(answer)["data"]["result"]:
            yield series["metric"], float(series["value"][1])


def _written(value: float, unit: str) -> str:
    factor, mark = _UNITS.get(unit, (1.0, ""))
    return f"{round(value * factor, 2):,g}{mark}"
