"""What commands do alike that push batches to a server: once, or until a signal says stop."""

from __future__ import annotations

import sys
from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from functions.cli.turns import keep_up

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from functions.projection.pushing import PushingProjection

    Open = Callable[[dict[str, str], str, float], AbstractContextManager[PushingProjection]]


class Texts(NamedTuple):
    """What is said, in the user's language: at the beginning, of what was pushed, and of what was refused.

    They have {place}; {count} and {batches}; {count}, {query} (what finds the dead letters) and {reason} in them.
    """

    begun: str
    pushed: str
    refused: str


_PATIENCE = 30.0  # seconds that a single turn tries a server that is away


def push(given: Namespace, environment: dict[str, str], open_projection: Open, texts: Texts, query: str) -> None:
    """Push what is new until a signal says stop, or once.

    Args:
        given: the command's arguments.
        environment: the configuration.
        open_projection: opens what is pushed.
        texts: what to say.
        query: what finds the dead letters where things are pushed to.
    """
    patience = _PATIENCE if given.once else given.interval
    with open_projection(environment, given.prefix, patience) as projection:
        report = _Report(projection, texts, query)
        if given.once:
            deque(projection.turn(), 0)
            report.tell()
        else:
            print(texts.begun.format(place=projection.place), flush=True)
            keep_up(projection.turn, given.interval, report.tell_news)


class _Report:
    """Tells what was pushed since it was told last."""

    def __init__(self, projection: PushingProjection, texts: Texts, query: str) -> None:
        self._projection, self._texts, self._query = projection, texts, query
        self._told = 0, 0, 0

    def tell_news(self) -> None:
        """Print a line with the time, if there is anything to tell."""
        if self._told[0] != self._projection.taken:
            print(f"{datetime.now().astimezone():%H:%M:%S}", end=" ")
            self.tell()

    def tell(self) -> None:
        """Print how much was pushed; and how much was refused, if anything was, with the last reason."""
        found = self._projection.taken, self._projection.pushed, self._projection.refused
        batches, pushed, refused = (now - before for now, before in zip(found, self._told, strict=True))
        self._told = found
        print(self._texts.pushed.format(count=pushed, batches=batches), flush=True)
        if refused:
            said = self._texts.refused.format(count=refused, query=self._query, reason=self._projection.refusal or "-")
            print("⚠", said, file=sys.stderr, flush=True)
