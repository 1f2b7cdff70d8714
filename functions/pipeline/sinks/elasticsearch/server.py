"""Elasticsearch as the server of a connection."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from functions.pipeline.connection import Server
from functions.pipeline.sinks.elasticsearch.failures import cannot_connect
from functions.pipeline.sinks.elasticsearch.options import tls_context

if TYPE_CHECKING:
    from functions.pipeline.sinks.elasticsearch.options import ElasticsearchOptions


def server_of(options: ElasticsearchOptions) -> Server:
    """Return whom a connection is to, and how it signs in there."""
    return Server(
        name=f"Elasticsearch at {options.shown}",
        address=options.address or "",
        authorization=options.authorization,
        headers={},
        unreachable=partial(cannot_connect, options),
        tls_context=partial(tls_context, options),
    )
