"""Executions that were started, and of which nothing tells that they ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ENDED = ("completed", "failed")


def lost(documents: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the documents of the starts that have no end, in the order in which they began.

    Only an `execution_id` tells which end is whose: executions without one are not looked at. One that is still
    running has no end yet either.

    Args:
        documents: all executions' documents, in the order of their times. In memory are those that have not ended, and
            the ids of ends without a start.
    """
    started: dict[str, dict[str, Any]] = {}
    ended: set[str] = set()
    for each in documents:
        identity, status = each.get("execution_id"), each.get("status")
        if identity is None:
            continue
        if status in _ENDED and not started.pop(identity, None):
            ended.add(identity)
        elif status == "started" and identity not in ended:  # of two in one millisecond, the end may come first
            started[identity] = each
    yield from started.values()
