"""`trilog metrics`: what the batches tell, for Prometheus to scrape."""

from __future__ import annotations

import sys
import time
from collections import deque
from contextlib import contextmanager
from gettext import gettext as _
from threading import Thread
from typing import TYPE_CHECKING

from functions.cli.language import told
from functions.cli.turns import keep_up
from functions.pipeline.config import load
from functions.pipeline.errors import ConfigError, PermanentError, TransientError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from functions.metrics.exposition import Exposition
    from functions.metrics.kafka_lag import KafkaLag
    from functions.metrics.options import MetricsOptions


def metrics(given: Namespace, environment: dict[str, str]) -> int:
    """Serve the metrics until a signal says stop; or count what is new and print them once."""
    from functions.metrics.exposition import Exposition
    from functions.metrics.options import MetricsOptions
    from functions.metrics.run import open_lag, open_projection

    (options,) = load(environment, MetricsOptions)
    lag = open_lag(environment)
    with open_projection(environment, given.prefix) as projection:
        exposition = Exposition(projection, lag)
        if given.once:
            deque(projection.turn(), 0)
            if lag:
                _ask(lag)
            exposition.write()
            sys.stdout.write(exposition.content.decode())
        else:
            with _serving(exposition, options, given.port):
                if lag:
                    Thread(target=_watch, args=(lag, options.interval_s), daemon=True).start()
                keep_up(projection.turn, options.interval_s, exposition.write)
    return 0


def _watch(lag: KafkaLag, interval: float) -> None:
    """Ask how far the readers are behind, again and again; so no scrape waits for a broker."""
    said = ""
    while True:
        said = _ask(lag, said)
        time.sleep(interval)


def _ask(lag: KafkaLag, said: str = "") -> str:
    """Ask once; return the kind of error, and say it unless it was said the time before."""
    try:
        lag.ask()
    except (PermanentError, TransientError) as error:
        if error.template != said:
            print("⚠", told(error), file=sys.stderr, flush=True)
        return error.template
    return ""


@contextmanager
def _serving(exposition: Exposition, options: MetricsOptions, port: int | None) -> Iterator[None]:
    from functions.metrics.exposition import server

    port = options.port if port is None else port
    try:
        listening = server(exposition, options.host, port)
    except OSError as error:
        raise ConfigError(
            "Port {port} of {host} cannot be listened on: {cause}. Choose another: --port",
            port=port,
            host=options.host,
            cause=error.strerror,
        ) from error
    with listening:
        thread = Thread(target=listening.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        address = f"http://{options.host}:{listening.server_address[1]}/metrics"
        print(_("Metrics are at {address}. Ctrl+C ends it.").format(address=address), flush=True)
        yield
        listening.shutdown()
