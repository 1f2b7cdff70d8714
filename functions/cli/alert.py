"""`trilog alert`: the alerts that fire, of the indexes and of the reports of drift; and who is told of them."""

from __future__ import annotations

import json
import sys
from gettext import gettext as _
from typing import TYPE_CHECKING, Any

from functions.cli.tables import readable
from functions.pipeline.config import load
from functions.pipeline.errors import ConfigError
from functions.pipeline.instants import instant
from functions.pipeline.wiring import open_store

if TYPE_CHECKING:
    from argparse import Namespace

    from functions.alerts.alert import Alert
    from functions.alerts.messages import Words
    from functions.alerts.run import Looked

FIRES = 5


def alert(given: Namespace, environment: dict[str, str]) -> int:
    """Print the alerts that fire, and tell people with --send; return 5 when there is one."""
    from functions.alerts.messages import Words
    from functions.alerts.options import AlertOptions
    from functions.alerts.run import look, open_configured, tell

    if given.send and given.until:
        raise ConfigError("--send tells people of now. Leave out --until")
    places = open_configured(environment) if given.send else []
    (options,) = load(environment, AlertOptions)
    words, found = Words(_, options.runbooks_url), look(environment, given.since, given.until)
    print(json.dumps(_told(found, words), ensure_ascii=False)) if given.json else _report(found, words)
    if given.send:
        sent = tell(open_store(environment), places, found.alerts, ("api", "ml"), found.time)
        print(_("{count} messages sent").format(count=sent), file=sys.stderr)
    return FIRES if found.alerts else 0


def _report(found: Looked, words: Words) -> None:
    for each in found.alerts:
        print("✗", each.rule.name, f"({each.rule.severity}):", readable(words.summary(each)))
        for line in words.lines(each):
            print(" ", readable(line))
    requests = sum(counts.requests() for counts in found.services.values())
    text = _("Alerts: {alerts}. Looked at requests: {requests}, services: {services}, reports of drift: {models}")
    counts = {"requests": requests, "services": len(found.services), "models": len(found.models)}
    print("✗" if found.alerts else "✓", text.format(alerts=len(found.alerts), **counts))


def _told(found: Looked, words: Words) -> dict[str, Any]:
    """Return what is printed with --json."""
    requests = {service: counts.requests() for service, counts in found.services.items()}
    alerts = [_object(each, words) for each in found.alerts]
    return {"time": instant(found.time), "requests": requests, "models": [*found.models], "alerts": alerts}


def _object(alert: Alert, words: Words) -> dict[str, Any]:
    return {
        "alert": alert.rule.name,
        "severity": alert.rule.severity,
        "team": alert.rule.team,
        "labels": dict(alert.labels),
        "value": alert.number,
        "summary": words.summary(alert),
        "description": words.description(alert),
        "threshold": words.threshold(alert),
        "runbook": words.runbook(alert),
        "command": alert.command,
    }
