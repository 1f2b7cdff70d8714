"""The threads of a client in one process: started by the first record, and ended with the process."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from trilog_client.delivery import Sender
from trilog_client.memory import Memory
from trilog_client.spool import Spool
from trilog_client.spooling import Spooling
from trilog_client.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from trilog_client.destinations import Destination
    from trilog_client.losses import Losses
    from trilog_client.settings import Settings


class Background:
    """Takes records in any thread and sends them in another."""

    def __init__(self, settings: Settings, destination: Destination, losses: Losses) -> None:
        limits = settings.limits
        self._losses = losses
        self._exit_timeout = limits.exit_timeout
        self._destination = destination
        self._hurry = threading.Event()
        self._settled = threading.Condition()
        self._own_settled = 0
        self.sent = 0
        self._threads: list[threading.Thread] = []
        self._starting = threading.RLock()
        self._started = self._closed = False
        self._waiting = Waiting(limits.queue_records, limits.queue_bytes)
        folder = settings.spool_folder()
        self._spooling = folder and Spooling(Spool(folder, limits), self._waiting, limits, self._hurry)
        source = self._spooling or Memory(self._waiting, limits, self._hurry)
        self._sender = Sender(source, destination, limits, losses, self._settle)

    def put(self, record: bytes) -> None:
        """Take a record, or count it as dropped; neither waits nor raises."""
        if self._closed:
            self._losses.add("they came after the client was closed")
            self._losses.report()
        elif not self._waiting.put(record):
            self._losses.add("the queue was full")
        if not self._started:
            self._start()

    def flush(self, timeout: float) -> bool:
        """Wait until all that was put so far is sent or refused; return False if that takes longer."""
        wanted = self._waiting.accepted
        done = self._done_within(timeout, lambda: self._own_settled >= wanted)
        self._hurry.clear()
        self._losses.report(now=True)
        return done

    def close(self, timeout: float) -> None:
        """Send what is left, for so many seconds at most, and say what could not be sent."""
        if self._closed:
            return
        self._closed = True
        self._sender.close(time.monotonic() + timeout)
        if self._spooling:
            self._spooling.close()
        if self._waiting and not self._threads:  # the interpreter starts no more threads
            self._run_here()
        self._done_within(timeout, lambda: not any(thread.is_alive() for thread in self._threads))
        self._count_lost()
        self._losses.report(now=True)

    def abandon(self) -> None:
        """Leave all of it to the parent of this process."""
        self._destination.abandon()
        if self._spooling:
            self._spooling.abandon()

    def _start(self) -> None:
        with self._starting:
            if self._started:
                return
            self._started = True
            for target in self._targets():
                self._threads += _thread(target)
            _close_with_child(self, self._exit_timeout)

    def _targets(self) -> list[Callable[[], None]]:
        return [*([self._spooling.write] if self._spooling else []), self._sender.run]

    def _run_here(self) -> None:
        for target in self._targets():
            target()

    def _settle(self, own: int, sent: int) -> None:
        with self._settled:
            self._own_settled += own
            self.sent += sent
            self._settled.notify_all()

    def _done_within(self, timeout: float, done: Callable[[], bool]) -> bool:
        until = time.monotonic() + timeout
        self._waiting.wake()
        with self._settled:
            while not done() and (left := until - time.monotonic()) > 0:
                self._hurry.set()  # again: another flush may have cleared it
                self._settled.wait(min(0.02, left))
            return done()

    def _count_lost(self) -> None:
        kept = self._spooling.kept() if self._spooling else 0
        lost = self._waiting.accepted - self._own_settled - kept
        if lost > 0:
            self._losses.add("the process ended before they could be sent", lost)


def _thread(target: Callable[[], None]) -> list[threading.Thread]:
    thread = threading.Thread(target=target, name="trilog-client", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # the interpreter shuts down
        return []
    return [thread]


def _close_with_child(background: Background, timeout: float) -> None:
    """Have a child of `multiprocessing` send what is left: it ends without running what `atexit` knows."""
    process: Any = sys.modules.get("multiprocessing.process")
    if process is not None and process.parent_process() is not None:
        from multiprocessing.util import Finalize

        Finalize(None, background.close, args=(timeout,), exitpriority=-100)
