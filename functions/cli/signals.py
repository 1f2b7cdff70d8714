"""How commands that go on without end are ended."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def on_stop(stop: Callable[[], object]) -> None:
    """Call `stop` on Ctrl+C, and when the system asks this process to end."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop())
