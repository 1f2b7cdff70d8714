"""`trilog loki`: the ingestion runs in the batches, as log lines in Loki."""

from __future__ import annotations

import sys
from collections import deque
from datetime import datetime
from gettext import gettext as _
from typing import TYPE_CHECKING

from functions.cli.turns import keep_up

if TYPE_CHECKING:
    from argparse import Namespace

    from functions.loki.projection import LokiProjection

_PATIENCE = 30.0  # seconds that a single turn tries a Loki that is away


def loki(given: Namespace, environment: dict[str, str]) -> int:
    """Push what is new to Loki until a signal says stop, or once."""
    from functions.loki.run import open_projection

    patience = _PATIENCE if given.once else given.interval
    with open_projection(environment, given.prefix, patience) as projection:
        report = _Report(projection)
        if given.once:
            deque(projection.turn(), 0)
            report.tell()
        else:
            print(_("Runs go to {loki}. Ctrl+C ends it.").format(loki=projection.place), flush=True)
            keep_up(projection.turn, given.interval, report.tell_news)
    return 0


class _Report:
    """Tells what was pushed since it was told last."""

    def __init__(self, projection: LokiProjection) -> None:
        self._projection = projection
        self._told = 0, 0, 0

    def tell_news(self) -> None:
        """Print a line with the time, if there is anything to tell."""
        if self._told[0] != self._projection.taken:
            print(f"{datetime.now().astimezone():%H:%M:%S}", end=" ")
            self.tell()

    def tell(self) -> None:
        """Print how many runs were pushed; and how many entries were refused, if any were, with the last reason."""
        found = self._projection.taken, self._projection.runs, self._projection.refused
        batches, runs, refused = (now - before for now, before in zip(found, self._told, strict=True))
        self._told = found
        print(_("{runs} runs pushed to Loki (batches: {batches})").format(runs=runs, batches=batches), flush=True)
        if refused:
            text = _("{count} dead letters; in Loki: {query} ({reason})")
            query = '{job="trilog-dead-letters"}'
            said = text.format(count=refused, query=query, reason=self._projection.refusal or "-")
            print("⚠", said, file=sys.stderr, flush=True)
