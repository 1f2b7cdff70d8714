"""`trilog serve ingest`: a function as a server on this machine."""

from __future__ import annotations

from gettext import gettext as _
from typing import TYPE_CHECKING

from functions.cli.signals import on_stop
from functions.pipeline.errors import ConfigError

if TYPE_CHECKING:
    from argparse import Namespace


def serve_ingest(given: Namespace, environment: dict[str, str]) -> int:
    """Serve until a signal says stop; requests that are under way are answered first."""
    from functions.ingest.run import open_ingest
    from functions.ingest.serve import HOST, IngestServer

    ingest = open_ingest(environment, served_here=True)
    try:
        server = IngestServer(ingest, given.port)
    except OSError as error:
        raise ConfigError(
            "Port {port} of this machine cannot be listened on: {cause}. Choose another: --port",
            port=given.port,
            cause=error.strerror,
        ) from error
    on_stop(server.shutdown)
    with server:
        text = _("Send records to {logs}, or OTLP to {otlp}. Ctrl+C ends it.")
        address = f"http://{HOST}:{server.server_address[1]}"
        print(text.format(logs=f"{address}/logs", otlp=f"{address}/v1/logs"), flush=True)
        server.serve_forever(poll_interval=0.1)
    return 0
