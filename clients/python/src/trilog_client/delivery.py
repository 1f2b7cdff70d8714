"""What sends records in the background, for one process."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from trilog_client.backoff import pause
from trilog_client.destinations import RefusedError, UnavailableError
from trilog_client.losses import Losses, Outage

if TYPE_CHECKING:
    from collections.abc import Callable

    from trilog_client.batches import Batch
    from trilog_client.destinations import Destination
    from trilog_client.limits import Limits
    from trilog_client.memory import Memory
    from trilog_client.spooling import Spooling

_IDLE: Final = 60.0  # seconds after which a thread without work looks around


class Sender:
    """Sends the batches of a source, one after the other.

    Args:
        source: where they come from.
        destination: where they go.
        limits: how long to wait between two tries.
        losses: where refused records are counted.
        settle: called with how many records of this process are sent or refused.
    """

    def __init__(
        self,
        source: Memory | Spooling,
        destination: Destination,
        limits: Limits,
        losses: Losses,
        settle: Callable[[int, int], None],
    ) -> None:
        self._source = source
        self._destination = destination
        self._limits = limits
        self._losses = losses
        self._settle = settle
        self._outage = Outage()
        self._closing = threading.Event()
        self._deadline = 0.0
        self._last_try_made = False

    def run(self) -> None:
        """Send until `close` is called and nothing is left, or nothing more can be sent in time."""
        try:
            while not (self._closing.is_set() and (self._source.empty() or self._late(0))):
                found = self._next()
                if found is not None and not self._delivered(*found):
                    return
                self._losses.report()
        finally:
            self._destination.close()

    def close(self, deadline: float) -> None:
        """End `run`, by `time.monotonic` at the latest; a request that is going on may take longer."""
        self._deadline = deadline
        self._closing.set()

    def _next(self) -> tuple[Batch, int] | None:
        try:
            return self._source.next(_IDLE)
        except OSError as error:  # the spool cannot be read
            self._outage.failed(f"TRILOG_SPOOL: {error}", told_at_once=True)
            self._closing.wait(1)
            return None

    def _delivered(self, batch: Batch, own: int) -> bool:
        """Send a batch until it is taken or refused; return False where time was up before."""
        failures = 0
        while batch.records and (error := self._tried(batch)) is not None:
            if isinstance(error, RefusedError):
                self._losses.add(str(error), batch.records)
                self._done(batch, own, sent=0)
                return True
            failures += 1
            self._outage.failed(str(error), told_at_once=error.told_at_once)
            if not self._waited(pause(failures, self._limits.longest_pause, error.retry_after)):
                return False
        self._done(batch, own, sent=batch.records)
        return True

    def _tried(self, batch: Batch) -> RefusedError | UnavailableError | None:
        """Send a batch once; return what came in between, None where it was taken."""
        try:
            self._destination.send(batch)
        except (RefusedError, UnavailableError) as error:
            return error
        except Exception as error:  # noqa: BLE001 - whatever it is, this thread goes on
            return UnavailableError(f"{self._destination.name}: {type(error).__name__}: {error}")
        self._outage.over(self._destination.name)
        return None

    def _done(self, batch: Batch, own: int, sent: int) -> None:
        self._source.done(batch)
        self._settle(own, sent)

    def _waited(self, seconds: float) -> bool:
        """Wait before the next try, or until the process is to end; return False if there is no time for one."""
        until = time.monotonic() + seconds
        while not self._closing.is_set():
            left = until - time.monotonic()
            if left <= 0 or self._closing.wait(min(1, left)):
                return True
            self._losses.report()
        return not self._source.durable() and self._has_time(until - time.monotonic())

    def _has_time(self, seconds: float) -> bool:
        """Wait where there is time for it before the end; where there is not, the last try is made at once."""
        if self._late(seconds):
            last, self._last_try_made = not self._last_try_made, True
            return last
        time.sleep(seconds)
        return True

    def _late(self, seconds: float) -> bool:
        return time.monotonic() + seconds >= self._deadline
