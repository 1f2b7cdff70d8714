"""What a load is like: how many users there are at a time, and what they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

SLOW_SECONDS = 2.5  # beyond the service level of 2 s
_BURST_EVERY, _BURST_LASTS, _BETWEEN = 60, 15, 0.1  # seconds, seconds, and the share of the users between bursts


def _steady(seconds: float, most: int, duration: float) -> int:  # noqa: ARG001 (all are called alike)
    return most


def _ramp(seconds: float, most: int, duration: float) -> int:
    return max(1, round(most * min(seconds / duration, 1)))


def _burst(seconds: float, most: int, duration: float) -> int:  # noqa: ARG001
    return most if seconds % _BURST_EVERY < _BURST_LASTS else max(1, round(most * _BETWEEN))


SCENARIOS: dict[str, Callable[[float, int, float], int]] = {
    "steady": _steady,
    "ramp": _ramp,
    "burst": _burst,
    "slow": _steady,
    "errors": _steady,
}
"""By name: how many users there are, given the seconds since the start, the most there may be, and all the seconds."""


def asked(scenario: str, share: float, random: Random) -> dict[str, Any]:
    """Return the query of a request: of a share of them, one that is slow, or fails, where the scenario is that."""
    if random.random() >= share:
        return {}
    return {"slow": {"seconds": SLOW_SECONDS}, "errors": {"fail": "true"}}.get(scenario, {})
