"""How long to wait before something is tried again."""

from __future__ import annotations

import random
from typing import Final

_FIRST: Final = 0.5  # seconds
_MOST_DOUBLINGS: Final = 20


def pause(failures: int, longest: float, retry_after: float) -> float:
    """Return the seconds to wait: twice as many after each failure, half of them by chance, and never too few.

    Args:
        failures: how many there were in a row, from 1.
        longest: the most seconds, unless the server asks for more.
        retry_after: the seconds that the server asks for; clients come back spread over a tenth more.
    """
    seconds = min(longest, _FIRST * 2.0 ** min(failures - 1, _MOST_DOUBLINGS))
    return max(seconds * random.uniform(0.5, 1), retry_after * random.uniform(1, 1.1))  # noqa: S311 - no secret
