"""How a projection keeps up with the store, turn by turn, until somebody says stop."""

from __future__ import annotations

import sys
import time
from threading import Event
from typing import TYPE_CHECKING

from functions.cli.language import told
from functions.cli.signals import on_stop
from functions.pipeline.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def keep_up(turn: Callable[[], Iterable[object]], interval: float, show: Callable[[], object]) -> None:
    """Take what is new, again and again, until a signal says stop; the batch at hand is finished first.

    Args:
        turn: takes a batch for each item that it yields.
        interval: seconds from one turn to the next, and at most from one `show` to the next.
        show: tells what has changed.
    """
    stopping = Event()
    on_stop(stopping.set)
    while not stopping.is_set():
        begun = time.monotonic()
        try:
            for _taken in turn():
                if stopping.is_set():
                    break
                if time.monotonic() > begun + interval:  # a long turn is shown meanwhile
                    show()
                    begun = time.monotonic()
        except TransientError as error:  # what was taken stays; the rest is taken at the next turn
            print("⚠", told(error), file=sys.stderr, flush=True)
        show()
        stopping.wait(interval)
