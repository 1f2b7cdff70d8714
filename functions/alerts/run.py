"""A run as the environment configures it: what fires, and who is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from functions.alerts.api import api_alerts
from functions.alerts.drift import drift_alerts
from functions.alerts.language import translation
from functions.alerts.options import AlertOptions
from functions.alerts.places import open_places
from functions.alerts.requests import FIELDS, Counts, counted
from functions.alerts.rules import LONGEST, ML
from functions.alerts.told import Memory, claimed, load
from functions.drift.reports import latest
from functions.metrics.request import source_of
from functions.pipeline.batch import RAW, batch_time
from functions.pipeline.config import load as load_options
from functions.pipeline.deadline import OutOfTime, within
from functions.pipeline.documents import LOGS, id_prefix
from functions.pipeline.errors import ConfigError, PermanentError, TransientError
from functions.pipeline.instants import instant
from functions.pipeline.names import IndexNames
from functions.pipeline.wiring import open_indexes, open_store

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from functions.alerts.alert import Alert
    from functions.alerts.messages import Message
    from functions.alerts.places import Place
    from functions.pipeline.store import Store

_EARLIER = timedelta(days=1)  # before its records a batch may have been written, by clocks that differ
_LONGEST = 30.0  # seconds for a message, however slowly an answer to it drips


class Looked(NamedTuple):
    """What was looked at, and what fires.

    Attributes:
        time: the end of all windows.
        services: the requests of each, by name.
        models: those that have a report of drift.
        alerts: those that fire.
    """

    time: datetime
    services: Mapping[str, Counts]
    models: Sequence[str]
    alerts: Sequence[Alert]


def look(environment: Mapping[str, str], since: str | None = None, until: str | None = None) -> Looked:
    """Evaluate the conditions of the alerts on the log index, and on the latest reports of drift.

    Args:
        environment: where the indexes and the store are.
        since: what was before (ISO 8601) does not count; None: the longest window, 3 days.
        until: the end of all windows; None: now.

    Raises:
        TransientError: the index or the store is away.
        PermanentError: one of them refuses.
    """
    now = datetime.fromisoformat(until) if until else datetime.now(UTC)
    begin = max(instant(now - timedelta(seconds=LONGEST)), since or "")
    store, (names,) = open_store(environment), load_options(environment, IndexNames)
    documents = open_indexes(environment).read(
        LOGS, since=begin, until=instant(now), matching={"status_code": None}, fields=FIELDS
    )
    services = counted(documents, now, _Logs(store, datetime.fromisoformat(begin)))
    reports = [*latest(store)]
    alerts = [*api_alerts(services, now, names.base(LOGS)), *drift_alerts(reports, now)]
    return Looked(now, services, sorted({each["model"] for each in reports}), alerts)


class _Logs:
    """Finds the log and the source that a document is of, by its `_id`."""

    def __init__(self, store: Store, begin: datetime) -> None:
        """Take the store that has the batches, and the time of the first document."""
        self._store, self._begin = store, begin - _EARLIER
        self._found: dict[str, tuple[str, str]] | None = None

    def __call__(self, identity: str) -> tuple[str, str]:
        """Return the names of a log, and of its source; the objects are listed for the first document."""
        prefix = identity.rpartition("-")[0]
        if self._found is None:
            listed = self._store.listed(RAW)
            names = {id_prefix(self._store.name(key)): _names(key) for key, at, _ in listed if at >= self._begin}
            self._found = names
        return self._found.get(prefix) or (prefix, source_of(""))


def _names(key: str) -> tuple[str, str]:
    """Name a batch's log, which is its source's, or its own where it tells no time; and the source."""
    return (key.split("/")[1] if batch_time(key) else key), source_of(key)


def open_configured(environment: Mapping[str, str]) -> list[Place]:
    """Open the places that the environment names.

    Raises:
        ConfigError: there is none, or one of them lacks something.
    """
    (options,) = load_options(environment, AlertOptions)
    if not options.anybody:
        raise ConfigError(
            "Nobody to tell. Set ALERT_SLACK_URL_FILE, ALERT_SLACK_URL or ALERT_EMAIL_TO (docs/alerting.md)"
        )
    return open_places(options, translation(options.language))


def tell(store: Store, places: Sequence[Place], alerts: Sequence[Alert], teams: Collection[str], now: datetime) -> int:
    """Tell people what is new, what goes on after 4 hours, and what has ended; return how many messages were sent.

    A place that fails is told by the next run, and keeps no other from being told.

    Args:
        store: which remembers what was told.
        places: where messages go.
        alerts: those that fire.
        teams: those whose alerts have been looked at: others have not ended.
        now: the time.

    Raises:
        TransientError: a message was not taken, or another run is sending.
        PermanentError: one never will be.
    """
    told, version = load(store, now)
    memory = Memory(told, alerts, frozenset(teams), now)
    if not any(True for place in places for _ in memory.messages(place.name)):
        return 0
    sent, failures = 0, list[TransientError | PermanentError]()
    with claimed(store, told, version, now):
        for place in places:
            try:
                for message in [*memory.messages(place.name)]:
                    _send(place, message)
                    memory.mark(place.name, message)
                    sent += 1
            except (TransientError, PermanentError) as error:  # which keeps no other place from being told
                failures.append(error)
        memory.forget(place.name for place in places)
    if failures:
        raise _together(failures)
    return sent


def _send(place: Place, message: Message) -> None:
    try:
        within(_LONGEST, lambda: place.send(message))
    except OutOfTime:
        raise TransientError(
            "{place}: no complete answer within {seconds:.0f} s", place=place.name, seconds=_LONGEST
        ) from None


def tell_drift(environment: Mapping[str, str]) -> int:
    """Tell people of drift alone, by the latest reports, as `tell` does; raise what that and `open_configured` do."""
    store, now = open_store(environment), datetime.now(UTC)
    return tell(store, open_configured(environment), [*drift_alerts(latest(store), now)], (ML,), now)


def _together(failures: Sequence[TransientError | PermanentError]) -> TransientError | PermanentError:
    """Make one error of those of several places, a line each; a permanent one if any of them is."""
    if len(failures) == 1:
        return failures[0]
    values = {f"place_{number}": each for number, each in enumerate(failures)}
    kind = TransientError if all(isinstance(each, TransientError) for each in failures) else PermanentError
    return kind("\n".join(f"{{{name}}}" for name in values), **values)
