"""What one line of a log tells of a request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.routes import OTHER, route_of
from functions.pipeline.services import service_of

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""The bounds of a histogram of how long requests took; 2 s is the service level."""
_METHODS = frozenset(("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"))  # RFC 9110, 5789
_STATUSES = range(100, 600)
_UNKNOWN = "unknown"
_SOURCE = re.compile(r"raw/([^/]+?)(?:-[0-9a-f]{8})?/")  # a source's name ends with a hash where it was shortened


class Request(NamedTuple):
    """A request, as a line has it.

    Attributes:
        service: whose request it is.
        method: HTTP's, in capitals.
        route: see `functions.pipeline.routes`.
        status: the answer's, 100 to 599.
        seconds: how long it took; None where the line does not say.
        own: whether the application wrote the line, and not its server.
    """

    service: str
    method: str
    route: str
    status: int
    seconds: float | None
    own: bool

    @property
    def alike(self) -> tuple[str, str, str, str]:
        """What two lines of the same request have in common."""
        return self.service, self.method, self.route, str(self.status)


def request_of(line: Mapping[str, Any], source: str) -> Request | None:
    """Return the request that a log document tells of; None where it tells of none.

    Args:
        line: the document.
        source: the service, where the line names none.
    """
    status, path = line.get("status_code"), line.get("http_path")
    if not isinstance(status, int) or status not in _STATUSES or not isinstance(path, str):
        return None
    service, own = service_of(line) or source, not _is_access_line(line, path)
    return Request(service, _method(line), route_of(path), status, _seconds(line), own)


def source_of(key: str) -> str:
    """Return the name of the source of a batch, given the batch's key."""
    found = _SOURCE.match(key)
    return found[1] if found else _UNKNOWN


def _seconds(line: Mapping[str, Any]) -> float | None:
    milliseconds = line.get("execution_time_ms")
    return milliseconds / 1000 if isinstance(milliseconds, int | float) and milliseconds >= 0 else None


def _method(line: Mapping[str, Any]) -> str:
    method = line.get("http_method")
    if not isinstance(method, str):
        return _UNKNOWN
    return method.upper() if method.upper() in _METHODS else OTHER


def _is_access_line(line: Mapping[str, Any], path: str) -> bool:
    """Say whether a server wrote the line: these quote the request line, `"POST /predict HTTP/1.1"`."""
    return f'"{line.get("http_method")} {path}' in str(line.get("message"))
