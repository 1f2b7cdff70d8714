"""What can go wrong at Loki, as the error to raise."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from functions.pipeline.errors import PermanentError, TransientError, Unauthorized

if TYPE_CHECKING:
    from functions.pipeline.errors import TrilogError
    from functions.pipeline.sinks.loki.options import LokiOptions

_UNAUTHORIZED, _FORBIDDEN, _TOO_MANY, _SERVER_ERROR = 401, 403, 429, 500
_SHOWN = 500  # characters of an answer
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')  # values of labels, which others choose
_STREAMS = b"aximum active stream limit exceeded"  # a refusal, though it says 429: trying again makes no room
_COUNTS = re.compile(r"(?:^|; )(\d+) errors like: |total ignored: (\d+) out of ")


def unreachable(options: LokiOptions, error: Exception) -> TrilogError:
    """Make the error for a request that got no answer: only a wrong certificate or protocol is for good."""
    if (options.url or "").startswith("https://"):
        import ssl  # a server on the same machine has no TLS

        if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
            return PermanentError(
                "No secure connection to Loki at {host} ({cause}). Set SSL_CERT_FILE to the certificate of its "
                "authority, or use http:// if it speaks no TLS",
                host=options.shown,
                cause=getattr(error, "verify_message", None) or getattr(error, "reason", None) or error,
            )
    cause = "no answer in time" if isinstance(error, TimeoutError) else getattr(error, "strerror", None) or error
    return TransientError(
        "Cannot connect to Loki. Host: {host} ({cause}). Start it with: make loki-up", host=options.shown, cause=cause
    )


def refused(options: LokiOptions, status: int, reason: str) -> TrilogError:
    """Make the error for a push as a whole that Loki does not take, for now or for good."""
    if status == _TOO_MANY or status >= _SERVER_ERROR:
        return TransientError(
            "Loki at {host} cannot take the push now ({status}, {reason}). Run again later",
            host=options.shown,
            status=status,
            reason=reason,
        )
    if status in (_UNAUTHORIZED, _FORBIDDEN):
        return Unauthorized(
            "Loki at {host} does not let us in ({status}, {reason}). Correct LOKI_USERNAME and LOKI_PASSWORD, or "
            "LOKI_BEARER_TOKEN; where it has several tenants, LOKI_TENANT",
            host=options.shown,
            status=status,
            reason=reason,
        )
    return PermanentError(
        "Loki at {host} refuses the push ({status}, {reason}). Check LOKI_URL: {host}/ready should answer",
        host=options.shown,
        status=status,
        reason=reason,
    )


def no_more_streams(status: int, body: bytes) -> bool:
    """Say whether an answer refuses new streams (Loki's pkg/validation/validate.go), not the rate."""
    return status == _TOO_MANY and _STREAMS in body


def reason_of(body: bytes) -> str:
    """Return what an answer says, in one line, without what would command a terminal: it may quote labels."""
    said = " ".join(body[: 4 * _SHOWN].decode("utf-8", "replace").split())
    return "".join(each if each.isprintable() else "\ufffd" for each in said[:_SHOWN]) or "no reason given"


def refused_count(body: bytes) -> int:
    """Return how many entries of a push an answer says were refused; 0 where it does not say.

    Loki 3 says it in two ways (its pkg/util/errors.go and pkg/ingester/stream.go). Of one entry alone it does not.
    """
    counts = _COUNTS.findall(_QUOTED.sub("", body.decode("utf-8", "replace")))
    return sum(int(several or ignored) for several, ignored in counts)
