"""`trilog loki`: the ingestion runs in the batches, as log lines in Loki."""

from __future__ import annotations

from gettext import gettext as _
from typing import TYPE_CHECKING

from functions.cli.pushes import Texts, push

if TYPE_CHECKING:
    from argparse import Namespace

_REFUSED = '{job="trilog-dead-letters"}'


def loki(given: Namespace, environment: dict[str, str]) -> int:
    """Push what is new to Loki until a signal says stop, or once."""
    from functions.loki.run import open_projection

    texts = Texts(
        begun=_("Runs go to {place}. Ctrl+C ends it."),
        pushed=_("{count} runs pushed to Loki (batches: {batches})"),
        refused=_("{count} dead letters; in Loki: {query} ({reason})"),
    )
    push(given, environment, open_projection, texts, _REFUSED)
    return 0
