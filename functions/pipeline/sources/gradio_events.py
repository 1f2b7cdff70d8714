"""The events by which a Space sends its answers, looked at before Gradio's client reads them. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_END = b"\n\n"
_OF_NO_CALL = ("heartbeat", "close_stream")  # messages about the stream itself
_STOPPED = "Server stopped unexpectedly."  # the text of another


def readable_events(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a stream's events, whole, as long as they are such as the client reads.

    Raises:
        ValueError: an event is not: at that the client would print a traceback, from a thread of its own.
    """
    rest = b""
    for chunk in chunks:
        *events, rest = (rest + chunk).split(_END)
        for event in filter(None, events):
            _check(event)
            yield event + _END


def _check(event: bytes) -> None:
    try:
        message = json.loads(event.removeprefix(b"data:"))
        of_no_call = message["msg"] in _OF_NO_CALL or message.get("message") == _STOPPED
        known = of_no_call or isinstance(message["event_id"], str)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        known = False
    if not known:
        raise ValueError(f"an event of an unknown form: {event[:100].decode('utf-8', 'replace')}")
