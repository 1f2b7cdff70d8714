"""The ingest function as the environment configures it, the same on every platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.ingest.ingest import Ingest, IngestOptions, unavailable
from functions.ingest.tokens import Tokens
from functions.pipeline.config import load
from functions.pipeline.errors import TrilogError
from functions.pipeline.secrets import resolved
from functions.pipeline.wiring import ingest_options, open_redaction, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from functions.ingest.messages import Request, Response


def answered(opened: Callable[[], Ingest], request: Request) -> Response:
    """Answer a request by the function that is opened by the first one."""
    try:
        ingest = opened()
    except TrilogError as error:
        return unavailable(request, error)
    return ingest.answer(request)


def open_ingest(environment: Mapping[str, str], *, served_here: bool) -> Ingest:
    """Open the ingest function.

    Args:
        environment: the configuration.
        served_here: whether requests may come from this machine, and tell so.

    Raises:
        ConfigError: the configuration cannot work; without tokens it cannot, unless requests come from this machine.
        TransientError: a secret cannot be had now.
    """
    classes = ingest_options()
    tokens = Tokens(environment, served_here=served_here)
    found = resolved(environment, classes)
    *_, options = load(found, *classes, IngestOptions)
    return Ingest(open_store(found), open_redaction(found), tokens, options)
