"""`trilog serve ingest` and `trilog serve page`: a function, and the page, as servers on this machine."""

from __future__ import annotations

from gettext import gettext as _
from typing import TYPE_CHECKING

from functions.cli.page import page_language
from functions.cli.signals import on_stop
from functions.cli.times import time
from functions.pipeline.errors import ConfigError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable
    from http.server import ThreadingHTTPServer


def serve_ingest(given: Namespace, environment: dict[str, str]) -> int:
    """Serve until a signal says stop; requests that are under way are answered first."""
    from functions.ingest.run import open_ingest
    from functions.ingest.serve import IngestServer

    ingest = open_ingest(environment, served_here=True)
    text = _("Send records to {address}/logs, or OTLP to {address}/v1/logs. Ctrl+C ends it.")
    return _serve(lambda: IngestServer(ingest, given.port), given.port, text)


def serve_page(given: Namespace, environment: dict[str, str]) -> int:
    """Serve the page until a signal says stop."""
    from functions.pages.run import make_page
    from functions.pages.serve import PageServer

    def made(since: str | None, until: str | None) -> str:
        since, until = (each and time(each) for each in (since, until))
        return make_page(environment, since, until, page_language())

    text = _("Open {address} in a browser. Ctrl+C ends it.")
    return _serve(lambda: PageServer(made, given.port), given.port, text)


def _serve(open_server: Callable[[], ThreadingHTTPServer], port: int, text: str) -> int:
    try:
        server = open_server()
    except OSError as error:
        raise ConfigError(
            "Port {port} of this machine cannot be listened on: {cause}. Choose another: --port",
            port=port,
            cause=error.strerror,
        ) from error
    on_stop(server.shutdown)
    with server:
        host, number, *_others = server.server_address
        print(text.format(address=f"http://{host!s}:{number}"), flush=True)
        server.serve_forever(poll_interval=0.1)
    return 0
