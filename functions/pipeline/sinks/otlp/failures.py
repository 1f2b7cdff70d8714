"""What can go wrong where OTLP is taken, as the error to raise.

https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pipeline.errors import PermanentError, TransientError, Unauthorized

if TYPE_CHECKING:
    from functions.pipeline.errors import TrilogError

_UNAUTHORIZED, _FORBIDDEN, _TOO_MANY, _SERVER_ERROR = 401, 403, 429, 500
_SHOWN = 500  # characters of an answer


def unreachable(address: str, error: Exception) -> TrilogError:
    """Make the error for a request that got no answer: only a wrong certificate or protocol is for good."""
    if address.startswith("https://"):
        import ssl  # a server on the same machine has no TLS

        if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
            return PermanentError(
                "No secure connection to {address} ({cause}). Set SSL_CERT_FILE to the certificate of its authority, "
                "or use http:// if it speaks no TLS",
                address=address,
                cause=getattr(error, "verify_message", None) or getattr(error, "reason", None) or error,
            )
    cause = "no answer in time" if isinstance(error, TimeoutError) else getattr(error, "strerror", None) or error
    return TransientError(
        "Cannot connect to {address}, which should take traces ({cause}). Start a Jaeger with: make jaeger-up",
        address=address,
        cause=cause,
    )


def refused(address: str, status: int, reason: str) -> TrilogError:
    """Make the error for a request that is not taken, for now or for good.

    OTLP has 429, 502, 503 and 504 tried again. So is any other 5xx: a batch that was given up would be missing.
    """
    values = {"address": address, "status": status, "reason": reason}
    if status == _TOO_MANY or status >= _SERVER_ERROR:
        return TransientError("{address} cannot take traces now ({status}, {reason}). Run again later", **values)
    if status in (_UNAUTHORIZED, _FORBIDDEN):
        return Unauthorized(
            "{address} does not let us in ({status}, {reason}). Correct OTEL_EXPORTER_OTLP_HEADERS", **values
        )
    return PermanentError(
        "{address} takes no traces ({status}, {reason}). Check OTEL_EXPORTER_OTLP_ENDPOINT: it is of OTLP over HTTP, "
        "whose usual port is 4318",
        **values,
    )


def reason_of(body: bytes) -> str:
    """Return what an answer says, in one line, without what would command a terminal: it may quote what was sent."""
    said = " ".join(body[: 4 * _SHOWN].decode("utf-8", "replace").split())
    return "".join(each if each.isprintable() else "\ufffd" for each in said[:_SHOWN]) or "no reason given"
