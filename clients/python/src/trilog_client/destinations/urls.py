"""Which destination a URL names.

All of them are imported here and at once: a process that is forked while one of its threads imports a module cannot
import that module any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from trilog_client.destinations.file import FileDestination
from trilog_client.destinations.http import HttpDestination
from trilog_client.destinations.output import OutputDestination

if TYPE_CHECKING:
    from trilog_client.destinations import Destination


def open_destination(url: str, token: str, timeout: float) -> Destination:
    """Return the destination that a URL names: `https://…`, `http://…`, `file:///…`, or `-` for standard output.

    Raises:
        ValueError: the URL or the token cannot be used. The text shows neither a token nor a password.
    """
    if url in {"", "-"}:
        return OutputDestination()
    scheme = urlsplit(url).scheme
    if scheme == "file":
        return FileDestination(url)
    if scheme in {"http", "https"}:
        return HttpDestination(url, token, timeout)
    raise ValueError("TRILOG_URL must be https://HOST/logs, http://HOST/logs, file:///PATH or -")
