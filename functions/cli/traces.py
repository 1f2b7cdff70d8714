"""`trilog traces`: the transactions in the batches, as traces over OTLP; and the links to them."""

from __future__ import annotations

import sys
from gettext import gettext as _
from typing import TYPE_CHECKING, Any

from functions.cli.pushes import Texts, push
from functions.pipeline.config import load
from functions.traces.links import JaegerOptions, links

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Mapping

_REFUSED = "trilog-dead-letters"


def traces(given: Namespace, environment: dict[str, str]) -> int:
    """Send what is new until a signal says stop, or once."""
    from functions.traces.run import open_projection

    texts = Texts(
        begun=_("Traces go to {place}. Ctrl+C ends it."),
        pushed=_("{count} spans sent (batches: {batches})"),
        refused=_("{count} dead letters; among the traces of the service {query} ({reason})"),
    )
    push(given, environment, open_projection, texts, _REFUSED)
    return 0


def open_links(documents: Iterable[dict[str, Any]], environment: Mapping[str, str]) -> None:
    """Print the links to the traces of documents; on a terminal, show them in the browser, too."""
    import webbrowser

    (options,) = load(environment, JaegerOptions)
    for each in links(options, documents):
        print(each)
        if sys.stdout.isatty():
            webbrowser.open(each)
