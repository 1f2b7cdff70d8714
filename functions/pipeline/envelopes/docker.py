r"""Docker's json-file log driver: `{"log":"…\n","stream":"stderr","time":"2025-01-20T10:30:00.9Z"}`.

A line of more than 16 KiB comes in several parts, of which only the last ends with a line feed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.envelopes import Carried, Envelope, chosen

if TYPE_CHECKING:
    from functions.pipeline.times import Clock

_MEMBERS = frozenset(("log", "stream", "time", "attrs"))
_LABELS = {stream: {"stream": stream} for stream in ("stdout", "stderr", "")}  # one each: most lines have no others


def _from_object(sent: dict[str, Any], clock: Clock) -> list[Carried] | None:
    log, time, stream = sent["log"], sent["time"], sent.get("stream", "")
    if not isinstance(log, str) or not isinstance(time, str) or not sent.keys() <= _MEMBERS:
        return None
    written, whole = clock.read(time), log[-1:] == "\n"
    line = (log.rstrip("\r\n") if whole else log).encode("utf-8", "replace")
    labels = _LABELS.get(stream) if isinstance(stream, str) else None
    if labels is None or not (stream or (whole and written)):
        return None
    if "attrs" in sent:
        labels = chosen(sent, ("stream", "attrs"))
    return [Carried(line, written, labels, stream, not whole)]


ENVELOPE = Envelope(
    name="docker",
    description="Docker's json-file log driver",
    source="https://docs.docker.com/engine/logging/drivers/json-file/",
    members=("log", "time"),
    from_object=_from_object,
    samples=(
        (
            b'{"log":"INFO:     Started server process [7]\\n","stream":"stderr","time":"2025-01-20T10:30:00.9Z"}',
            (b"INFO:     Started server process [7]",),
        ),
        (
            (
                b'{"log":"a long ","stream":"stdout","time":"2025-01-20T10:30:00.9Z"}\n'
                b'{"log":"line\\n","stream":"stdout","time":"2025-01-20T10:30:00.9Z"}'
            ),
            (b"a long line",),
        ),
    ),
)
