"""How commands that go on without end are ended."""

from __future__ import annotations

import signal
from _thread import start_new_thread
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def on_stop(stop: Callable[[], object]) -> None:
    """Call `stop`, once and in a thread of its own, on Ctrl+C, and when the system asks this process to end.

    In the handler itself it could wait for ever, for a lock that is held by what was interrupted: `Event.set` takes one
    that `Event.wait` has at times, and that the `set` of a first signal has when a second one comes.
    """
    asked: list[object] = []

    def handle(*_: object) -> None:
        mine = object()
        asked.append(mine)  # another signal may interrupt this anywhere: who is first, the list tells
        if asked[0] is mine:
            start_new_thread(stop, ())

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl+C be a KeyboardInterrupt in DuckDB's queries too, which raise an error of their own in its place."""
    try:
        yield
    except RuntimeError as error:
        if str(error) != "Query interrupted":
            raise
        raise KeyboardInterrupt from error
