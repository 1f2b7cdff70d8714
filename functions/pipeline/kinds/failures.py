"""What tells that a document is of a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pipeline.conditions import AnyOf, Compare, one_of
from functions.pipeline.kinds.templates import columns
from functions.pipeline.levels import LEVELS

if TYPE_CHECKING:
    from functions.pipeline.conditions import Condition
    from functions.pipeline.kinds import Kind

_SERVER_ERROR = "500"  # and above: the HTTP status of a request that failed by the server's fault


def failed(kind: Kind) -> AnyOf:
    """Return what tells that a document is of a failure: its level, the status of its request, or its own field."""
    conditions: list[Condition] = [Compare(*kind.failure[:1], "=", kind.failure[1])] if kind.failure else []
    if kind.level:
        conditions.append(one_of(kind.level, LEVELS[LEVELS.index("ERROR") :]))
    if "status_code" in columns(kind.name):
        conditions.append(Compare("status_code", ">=", _SERVER_ERROR))
    return AnyOf(tuple(conditions))
