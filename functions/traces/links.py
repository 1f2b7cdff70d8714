"""Links to traces in Jaeger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.config import Options, http_url, setting
from functions.pipeline.trace_ids import trace_id_of

if TYPE_CHECKING:
    from collections.abc import Iterable


class JaegerOptions(Options):
    """Where Jaeger's pages are."""

    url: str = setting("JAEGER_URL", http_url, "http://localhost:16686")


def links(options: JaegerOptions, documents: Iterable[dict[str, Any]]) -> list[str]:
    """Return the links to the traces that a transaction's documents are part of: mostly one.

    Where a document names a trace, the traces that they name; else the one that is the transaction's own.
    """
    documents = list(documents)
    named = {each["trace_id"]: None for each in documents if "trace_id" in each}
    own = {trace_id_of(each["transaction_id"]): None for each in documents if "transaction_id" in each}
    return [f"{options.url}/trace/{each}" for each in named or own]
