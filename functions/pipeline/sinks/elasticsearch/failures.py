"""What can go wrong at Elasticsearch, as the error to raise."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from functions.pipeline.errors import PermanentError, TransientError, Unauthorized

if TYPE_CHECKING:
    from functions.pipeline.errors import TrilogError
    from functions.pipeline.sinks.elasticsearch.options import ElasticsearchOptions

_UNAUTHORIZED, _FORBIDDEN, _TOO_LARGE, _TOO_MANY, _SERVER_ERROR = 401, 403, 413, 429, 500
_HEAD = 10_000  # bytes of a page among which its title is


class RequestTooLarge(PermanentError):  # noqa: N818 (a fact to act on)
    """The server, or a proxy before it, takes no request of this size."""


def cannot_connect(options: ElasticsearchOptions, error: Exception) -> TrilogError:
    """Make the error for a request that got no answer: only a wrong certificate or protocol is for good."""
    if (options.address or "").startswith("https://"):
        import ssl  # a server on the same machine has no TLS

        if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
            return _untrusted(options, error)
    cause = "no answer in time" if isinstance(error, TimeoutError) else getattr(error, "strerror", None) or error
    return TransientError(
        "Cannot connect to Elasticsearch. Host: {host} ({cause}). Start it with: make pipeline-elasticsearch-up",
        host=options.shown,
        cause=cause,
    )


def _untrusted(options: ElasticsearchOptions, error: Exception) -> PermanentError:
    return PermanentError(
        "No secure connection to Elasticsearch at {host} ({cause}). Set ELASTICSEARCH_CA_CERT to the certificate "
        "of its authority, or use http:// if it speaks no TLS",
        host=options.shown,
        cause=getattr(error, "verify_message", None) or getattr(error, "reason", None) or error,
    )


def refused(options: ElasticsearchOptions, status: int, reason: str) -> TrilogError:
    """Make the error for a request as a whole that was answered with a status of 400 or more."""
    if status == _TOO_MANY or status >= _SERVER_ERROR:
        return TransientError(
            "Elasticsearch at {host} cannot take the request now ({status}, {reason}). Run again later",
            host=options.shown,
            status=status,
            reason=reason,
        )
    if status == _UNAUTHORIZED:
        return Unauthorized(
            "Elasticsearch at {host} refuses the credentials ({reason}). "
            "Correct ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USER and ELASTICSEARCH_PASSWORD",
            host=options.shown,
            reason=reason,
        )
    if status == _FORBIDDEN:
        return Unauthorized(
            "Elasticsearch at {host} does not allow it ({reason}). Give the API key or user the cluster privileges "
            "monitor and manage_index_templates, and on the indexes the privilege all",
            host=options.shown,
            reason=reason,
        )
    error = PermanentError(
        "Elasticsearch at {host} refuses the request ({status}, {reason}). Check its address and version: trilog check",
        host=options.shown,
        status=status,
        reason=reason,
    )
    return RequestTooLarge(error.template, **error.values) if status == _TOO_LARGE else error


def not_elasticsearch(options: ElasticsearchOptions, cause: object) -> PermanentError:
    """Make the error for a server that answers like something else."""
    return PermanentError(
        "What answers at {host} is no Elasticsearch ({cause}). Correct ELASTICSEARCH_HOST or ELASTICSEARCH_URL",
        host=options.shown,
        cause=cause,
    )


def unreadable(options: ElasticsearchOptions, body: bytes) -> TransientError:
    """Make the error for an answer that Elasticsearch does not give: a proxy's page, or one that was cut short."""
    return TransientError(
        "The answer from {host} does not come from Elasticsearch ({cause}). Run again later; if this goes on, correct "
        "ELASTICSEARCH_HOST or ELASTICSEARCH_URL",
        host=options.shown,
        cause=reason_of(body),
    )


def reason_of(body: bytes) -> str:
    """Return what an error's body says, in one line: Elasticsearch's words, a page's title, or the start of it."""
    try:
        error: Any = orjson.loads(body)["error"]
        return words(error) if isinstance(error, dict) else str(error)
    except (ValueError, LookupError, TypeError, AttributeError):
        page = re.search(rb"(?is)<title[^>]*>\s*([^<]+)", body[:_HEAD])
        said = b'a page, "%b"' % page[1].strip() if page else body
        return " ".join(said[:200].decode("utf-8", "replace").split()) or "no reason given"


def words(error: dict[str, Any]) -> str:
    """Return an Elasticsearch error object in one line: "type: reason (caused by type: reason)"."""
    said = f"{error.get('type')}: {error.get('reason')}"
    cause = error.get("caused_by") or next(iter(error.get("root_cause", [])), error)
    caused = f"{cause.get('type')}: {cause.get('reason')}"
    return said if caused == said else f"{said} (caused by {caused})"
