"""`trilog serve ingest` and `trilog serve page`: a function, and the page, as servers on this machine."""

from __future__ import annotations

from argparse import ArgumentError, ArgumentParser
from functools import partial
from gettext import gettext as _
from typing import TYPE_CHECKING

import orjson

from functions.cli.filters import add_filters, chosen
from functions.cli.page import page_language
from functions.cli.signals import on_stop
from functions.pipeline.config import load
from functions.pipeline.documents import LOGS
from functions.pipeline.errors import ConfigError
from functions.pipeline.names import IndexNames
from functions.pipeline.wiring import open_indexes

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Mapping
    from http.server import ThreadingHTTPServer

_MOST = 200  # records that a search finds


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
        asked = _parsed({name: each for name, each in (("since", since), ("until", until)) if each})
        return make_page(environment, asked.since, asked.until, page_language(), live=True)

    text = _("Open {address} in a browser. Ctrl+C ends it.")
    return _serve(lambda: PageServer(made, partial(_records, environment), given.port), given.port, text)


def _records(environment: Mapping[str, str], asked: Mapping[str, str]) -> str:
    """Find the last records that pass the filters of `show`, oldest first; write them as JSON lines."""
    (names,) = load(environment, IndexNames)
    given = _parsed(asked)
    given.index = LOGS
    try:
        found = open_indexes(environment).read(LOGS, newest=_MOST, **chosen(given, names).keywords())
        return "".join(orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE).decode() for each in found)
    except ConfigError as error:
        raise ValueError(str(error)) from error


def _parsed(asked: Mapping[str, str]) -> Namespace:
    """Read the parameters of a request as the options of the same names.

    Raises:
        ValueError: there is no such option, or its value is wrong.
    """
    parser = ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    add_filters(parser)
    try:
        given, unknown = parser.parse_known_args([f"--{name}={value}" for name, value in asked.items()])
    except ArgumentError as error:
        raise ValueError(str(error)) from error
    if unknown:
        raise ValueError(f"no such filter: {unknown[0].removeprefix('--').partition('=')[0]}")
    return given


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
