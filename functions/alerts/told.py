"""What people have been told: one JSON object in the store, so that nothing is told twice, and each end once.

A run that sends says so there before: of two at the same time, one is turned away. The claim of a run that was killed
ends by itself.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from functions.alerts.alert import Alert
from functions.alerts.messages import Message
from functions.alerts.rules import RULES
from functions.pipeline.errors import PermanentError, TransientError
from functions.pipeline.instants import instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from functions.alerts.alert import Key
    from functions.pipeline.store import Store

KEY = "cursors/.alerts.json"  # no source's cursor begins with a dot
REPEAT = timedelta(hours=4)  # as `repeat_interval` of alertmanager.yml
_CLAIM = timedelta(minutes=2)  # longer than a run sends
_TEXTS = ("value", "threshold", "command")


class Told(NamedTuple):
    """An alert that people have been told, and when, by place."""

    alert: Alert
    places: dict[str, datetime]


class Memory:
    """What people have been told, by the alerts' keys."""

    def __init__(self, told: dict[Key, Told], firing: Iterable[Alert], teams: frozenset[str], now: datetime) -> None:
        """Take what was told, the alerts that fire now, and the teams whose alerts have been looked at."""
        self.told, self._now, self._teams = told, now, teams
        self._firing = {each.key: each for each in firing}
        critical = {each.subject for each in self._firing.values() if each.rule.severity == "critical"}
        self._quiet = {
            key for key, each in self._firing.items() if each.rule.severity != "critical" and each.subject in critical
        }

    def messages(self, place: str) -> Iterator[Message]:
        """Yield what a place has to be told now: what is new, what goes on, and what has ended."""
        groups: dict[tuple[str, ...], tuple[list[Alert], list[Alert]]] = {}
        for key, alert in self._firing.items():
            if key not in self._quiet:
                groups.setdefault(alert.group, ([], []))[0].append(alert)
        for alert in self._ended(place):
            groups.setdefault(alert.group, ([], []))[1].append(alert)
        for firing, resolved in groups.values():
            if resolved or any(self._is_due(each.key, place) for each in firing):
                yield Message(firing, resolved)

    def mark(self, place: str, message: Message) -> None:
        """Note that a place has been told."""
        for alert in message.firing:
            places = self.told[alert.key].places if alert.key in self.told else {}
            self.told[alert.key] = Told(alert, places | {place: self._now})
        for alert in message.resolved:
            self.told[alert.key].places.pop(place)

    def forget(self, places: Iterable[str]) -> None:
        """Forget what has ended, and been told so at the places that there are."""
        there = {*places}
        for key, (alert, marks) in [*self.told.items()]:
            if not marks or (self._has_ended(alert) and not marks.keys() & there):
                del self.told[key]

    def _ended(self, place: str) -> Iterator[Alert]:
        return (alert for alert, places in self.told.values() if place in places and self._has_ended(alert))

    def _has_ended(self, alert: Alert) -> bool:
        return alert.rule.team in self._teams and alert.key not in self._firing

    def _is_due(self, key: Key, place: str) -> bool:
        last = self.told[key].places.get(place) if key in self.told else None
        return last is None or self._now - last >= REPEAT


def load(store: Store, now: datetime) -> tuple[dict[Key, Told], str | None]:
    """Return what was told, and the version of the object that says so.

    Raises:
        TransientError: another run is sending.
        PermanentError: the object is damaged.
    """
    found = store.load(KEY)
    if found is None:
        return {}, None
    try:
        told, until = _read(found[0])
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise PermanentError("{key} is damaged. Delete it: what goes on is then told again", key=KEY) from error
    if until and now < until <= now + 2 * _CLAIM:  # no clock is so wrong that one could last longer
        raise TransientError("Another run is sending alerts. Run again in a few minutes")
    return told, found[1]


@contextmanager
def claimed(store: Store, told: dict[Key, Told], version: str | None, now: datetime) -> Iterator[None]:
    """Let nobody else send within the block; keep what was told by its end, however it ends.

    Raises:
        Conflict: another run has just begun to.
    """
    claim = store.save(KEY, _content(told, now + _CLAIM), version)
    try:
        yield
    finally:
        store.save(KEY, _content(told, None), claim)


def _content(told: dict[Key, Told], sending_until: datetime | None) -> bytes:
    content = {
        "sending_until": sending_until and instant(sending_until),
        "alerts": [
            {
                "name": alert.rule.name,
                "labels": dict(alert.labels),
                "told": {place: instant(time) for place, time in places.items()},
                **{name: getattr(alert, name) for name in (*_TEXTS, "number")},
            }
            for alert, places in told.values()
        ],
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _read(content: bytes) -> tuple[dict[Key, Told], datetime | None]:
    """Return what was told, and until when a run is sending; raise what nonsense raises."""
    kept = orjson.loads(content)
    told = [_told(each) for each in kept["alerts"] if each["name"] in RULES]
    until = kept["sending_until"]
    return {each.alert.key: each for each in told}, until and _time(until)


def _told(kept: dict[str, Any]) -> Told:
    value, threshold, command = (str(kept[name]) for name in _TEXTS)
    labels = tuple((name, str(label)) for name, label in kept["labels"].items())
    alert = Alert(RULES[kept["name"]], labels, value, threshold, command, float(kept["number"]))
    return Told(alert, {place: _time(time) for place, time in kept["told"].items()})


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(text)
    return time
