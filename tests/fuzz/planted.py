"""A target with a fault, to see that it is found."""

from __future__ import annotations

SEEDS = [b"LOSE"]


def target(data: bytes) -> None:
    """Fail on what differs from the seed by one letter."""
    assert data[:4] != b"LOST"
