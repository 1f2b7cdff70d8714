"""The ingest function on AWS Lambda: a function URL invokes it, or an HTTP API (both by payload version 2.0)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from functions.ingest.messages import Request
from functions.ingest.run import answered, open_ingest
from functions.pipeline.config import environment
from functions.pipeline.errors import ConfigError

if TYPE_CHECKING:
    from functions.ingest.ingest import Ingest
    from functions.ingest.messages import Response


@cache  # made by a container's first invocation, and kept by it; errors are not kept
def ingest() -> Ingest:
    """Return this container's ingest function."""
    return open_ingest(environment(), served_here=False)


def handler(event: Any, context: object) -> dict[str, Any]:  # noqa: ANN401, ARG001 (whatever invokes it)
    """Answer a request.

    Raises:
        ConfigError: the function is invoked by something else than a function URL or an HTTP API.
    """
    return _answer(answered(ingest, _request(event)))


def _request(event: Any) -> Request:  # noqa: ANN401 (likewise)
    match event:
        case {"rawPath": str(path), "requestContext": {"http": {"method": str(method)}, **context}}:
            path = f"/{path}".removeprefix(f"//{context.get('stage')}/").lstrip("/")  # only an HTTP API has it in front
            headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
            return Request(method, f"/{path}", headers, BytesIO(_body(event)).read)
    raise ConfigError(
        "The ingest function takes requests of a function URL or an HTTP API, in payload version 2.0. Change what "
        "invokes it"
    )


def _body(event: dict[str, Any]) -> bytes:
    body = event.get("body") or ""
    return b64decode(body) if event.get("isBase64Encoded") else str(body).encode("utf-8", "replace")


def _answer(response: Response) -> dict[str, Any]:
    return {
        "statusCode": response.status,
        "headers": response.headers,
        "body": b64encode(response.body).decode(),
        "isBase64Encoded": True,
    }
