"""What was not sent: counted by its reason, and said through `logging`, but not again and again."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from contextlib import suppress
from typing import Final

LOGGER: Final = logging.getLogger("trilog_client")
_SECONDS: Final = 60.0  # between two warnings of a kind


def say(level: int, message: str) -> None:
    """Log a message; the application's handlers and filters may do what they like, an exception included."""
    with suppress(Exception):
        LOGGER.log(level, "%s", message)


class Losses:
    """The records that were dropped."""

    def __init__(self) -> None:
        self._dropped: Counter[str] = Counter()
        self._said: Counter[str] = Counter()
        self._due = 0.0
        self._lock = threading.RLock()

    def add(self, reason: str, records: int = 1) -> None:
        """Count records that were dropped for a reason; saying so is left to `report`."""
        with self._lock:
            self._dropped[reason] += records

    def counts(self) -> dict[str, int]:
        """Return how many records were dropped for which reason."""
        with self._lock:
            return dict(self._dropped)

    def report(self, *, now: bool = False) -> None:
        """Warn of what was dropped since the last warning, if that is a minute ago or if it is to be said now."""
        with self._lock:
            new = self._dropped - self._said
            if not new or not (now or time.monotonic() >= self._due):
                return
            self._said = self._dropped.copy()
            self._due = time.monotonic() + _SECONDS
        reasons = "; ".join(f"{count} because {reason}" for reason, count in new.items())
        say(logging.WARNING, f"{sum(new.values())} records were dropped: {reasons}")


class Outage:
    """Whether the destination takes batches, which is said when that changes, once a minute at most."""

    def __init__(self) -> None:
        self._failures = 0
        self._due = 0.0
        self._told = False

    def failed(self, reason: str, *, told_at_once: bool) -> None:
        """Take note that a batch could not be sent; the third failure in a row is the first that is said."""
        self._failures += 1
        if (told_at_once or self._failures >= 3) and time.monotonic() >= self._due:  # noqa: PLR2004
            self._due = time.monotonic() + _SECONDS
            self._told = True
            say(logging.WARNING, f"{reason}. The records wait, and are sent when it is available again")

    def over(self, name: str) -> None:
        """Take note that a batch was sent."""
        if self._told:
            say(logging.INFO, f"{name} takes records again")
        self._failures, self._told = 0, False
