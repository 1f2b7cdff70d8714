"""What people are told of alerts: the texts of `infra/alertmanager/templates`, without links to dashboards."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from functions.alerts.alert import Alert

N_ = str  # marks a text for the catalogue that is translated elsewhere
_MOST = 5  # alerts that a message has in full
_SUMMARY, _SUBJECT, _DESCRIPTION, _VALUE, _COMMAND = 150, 70, 300, 60, 300  # characters


class Message(NamedTuple):
    """Alerts of one group: those that fire, and those that have ended."""

    firing: Sequence[Alert]
    resolved: Sequence[Alert]


class Words:
    """Says alerts in a language. Their values come from logs: each is on one line, and cut where it is long."""

    def __init__(self, translate: Callable[[str], str], runbooks_url: str | None) -> None:
        """Take what translates a text, and the address that runbooks have before their paths."""
        self._translate = translate
        self._runbooks = f"{runbooks_url}/" if runbooks_url else ""

    def summary(self, alert: Alert) -> str:
        """Return what is wrong, in a few words."""
        return self._filled(alert.rule.summary, alert)

    def lines(self, alert: Alert) -> Iterator[str]:
        """Yield what there is to know: the description, the value, the threshold, the runbook, and the command."""
        yield self.description(alert)[:_DESCRIPTION]
        yield self._said(N_("Value: {value}"), value=_cut(alert.value, _VALUE))
        yield self._said(N_("Threshold: {threshold}"), threshold=self.threshold(alert)[:_VALUE])
        yield self._said(N_("Runbook: {page}"), page=self.runbook(alert))
        yield self._said(N_("Records: {command}"), command=_cut(alert.command, _COMMAND))

    def description(self, alert: Alert) -> str:
        """Return what is wrong, by how much."""
        return self._filled(alert.rule.description, alert)

    def threshold(self, alert: Alert) -> str:
        """Return what the value is compared with."""
        return self._filled(alert.rule.threshold, alert)

    def runbook(self, alert: Alert) -> str:
        """Return where the runbook is."""
        return f"{self._runbooks}docs/runbooks/{alert.rule.name}.md"

    def title(self, message: Message, longest: int = _SUMMARY) -> str:
        """Return the state, and the summary of the first alert."""
        alerts = message.firing or message.resolved
        state = alerts[0].rule.severity.upper() if message.firing else self._said(N_("RESOLVED"))
        several = self._said(N_("{count} alerts"), count=len(alerts))
        return f"[{state}] {self.summary(alerts[0])[:longest]}" + (f" ({several})" if len(alerts) > 1 else "")

    def subject(self, message: Message) -> str:
        """Return the title as an e-mail has it."""
        return self.title(message, _SUBJECT)

    def text(self, message: Message, *, titles: bool) -> str:
        """Return all of a message, with the summary of each alert or without."""
        parts = [*self._parts(message.firing, titles=titles)]
        if message.resolved:
            parts += [self._said(N_("Resolved:")), *self._parts(message.resolved, titles=titles)]
        return "\n\n".join(parts) + "\n"

    def _parts(self, alerts: Sequence[Alert], *, titles: bool) -> Iterator[str]:
        for alert in alerts[:_MOST]:
            yield "\n".join([*([self.summary(alert)[:_SUMMARY]] if titles else ()), *self.lines(alert)])
        if len(alerts) > _MOST:
            yield self._said(N_("… {count} alerts in all"), count=len(alerts))

    def _filled(self, template: str, alert: Alert) -> str:
        return self._said(template, **dict(alert.labels), value=alert.value, threshold=alert.threshold)

    def _said(self, template: str, **values: object) -> str:
        return one_line(self._translate(template).format(**values))


def one_line(text: str) -> str:
    """Put a text on one line, without what would command whatever shows it."""
    return " ".join("".join(" " if unicodedata.category(each)[0] == "C" else each for each in text).split())


def _cut(text: str, longest: int) -> str:
    return one_line(text[: 4 * longest])[:longest]
