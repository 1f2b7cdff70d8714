"""`trilog show`: an index's last documents."""

from __future__ import annotations

from collections import deque
from gettext import gettext as _
from typing import TYPE_CHECKING, Any

from functions.cli.tables import print_table
from functions.pipeline.errors import ConfigError
from functions.pipeline.kinds import kinds
from functions.pipeline.wiring import open_indexes

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable

    from functions.pipeline.kinds import Kind

    Read = Callable[..., Iterable[dict[str, Any]]]  # `Indexes.read`


def show(given: Namespace, environment: dict[str, str]) -> int:
    """Print an index's last documents as a table."""
    kind = kinds()[given.index]
    documents = _chosen(open_indexes(environment).read, kind, given)
    if documents:
        print_table(documents, ("@timestamp", *kind.shown), kind.numbers)
    else:
        print(_("no documents yet"))
    return 0


def _chosen(read: Read, kind: Kind, given: Namespace) -> list[dict[str, Any]]:
    """Return the last documents of a kind, of those that were asked for, oldest first."""
    if given.status and given.status not in kind.statuses:
        known = ", ".join(each.name for each in kinds().values() if given.status in each.statuses)
        raise ConfigError("{kind} has no status. --status is for: {known}", kind=kind.name, known=known)
    choose = kind.statuses.get(given.status)
    if choose:
        return list(deque(choose(read(kind.name)), given.n))
    matching = ({"unread": True} if given.unread else {}) | ({"status": given.status} if given.status else {})
    return list(read(kind.name, newest=given.n, matching=matching))
