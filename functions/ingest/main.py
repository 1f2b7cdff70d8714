"""The ingest function on functions-framework (Google Cloud)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import functions_framework

from functions.ingest.messages import Request
from functions.ingest.run import answered, open_ingest
from functions.pipeline.config import environment

if TYPE_CHECKING:
    from flask import Request as FlaskRequest

    from functions.ingest.ingest import Ingest


@cache  # made by an instance's first request, and kept by it; errors are not kept
def opened() -> Ingest:
    """Return this instance's ingest function."""
    return open_ingest(environment(), served_here=True)


@functions_framework.http
def ingest(request: FlaskRequest) -> tuple[bytes, int, dict[str, str]]:
    """Answer a request."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    taken = Request(request.method, request.path, headers, request.stream.read, request.remote_addr)
    answer = answered(opened, taken)
    return answer.body, answer.status, answer.headers
