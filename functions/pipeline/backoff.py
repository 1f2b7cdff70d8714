"""How long to go on trying a server that cannot answer now."""

import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from functions.pipeline.errors import TransientError


class Backoff(NamedTuple):
    """In seconds: the first pause, the longest pause, and the time from the first try to the last."""

    first: float = 0.25
    longest: float = 8.0
    total: float = 12.0


class Patience:
    """Pauses between tries, ever longer and never twice alike, until the time is over."""

    def __init__(self, backoff: Backoff) -> None:
        """Start the time."""
        self._pause = backoff.first
        self._longest = backoff.longest
        self._end = time.monotonic() + backoff.total

    def wait(self, error: "TransientError", least: float = 0) -> None:
        """Pause before the next try, at least as long as the server asks for, in seconds.

        Raises:
            TransientError: `error`, when that would be too late.
        """
        from random import uniform  # it loads OpenSSL's hashes, and trouble is rare

        pause = max(least, self._pause * uniform(0.5, 1))  # noqa: S311 (many must not come back at once; no secret)
        if time.monotonic() + pause > self._end:
            raise error
        time.sleep(pause)
        self._pause = min(self._pause * 2, self._longest)
