"""Runs of NUL bytes: what a file has where it was truncated while a program went on writing, or after a crash.

A run ends a line, and is nothing else. Fewer than RUN bytes are part of the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pipeline.expressions import compiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

RUN = bytes(4)
_RUNS = rb"(?:\n?\0{4,})+\n?"


def without_runs(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield text with a line end in place of each run of NUL bytes; none where the text begins or ends with one.

    However the text is cut, it becomes the same. Memory is bounded, however long a run is.
    """
    held, ended = b"", True  # NULs at the end of what came, fewer than a run, or a whole one; whether a line has ended
    for chunk in chunks:
        if b"\0" not in chunk and not held:
            if chunk:
                ended = chunk.endswith(b"\n")
                yield chunk
            continue
        text = held + chunk
        rest = text.rstrip(b"\0")
        held = text[len(rest) :][: len(RUN)]
        if rest:
            text = _cleaned(rest, ended=ended)
            ended = rest.endswith(b"\n") if text else ended
            if text:
                yield text
    if held and len(held) < len(RUN):
        yield held


def without_runs_in(line: bytes) -> bytes:
    """Return a line as `without_runs` would; there may be several in it."""
    return b"".join(without_runs([line])) if RUN in line else line


def _cleaned(text: bytes, *, ended: bool) -> bytes:
    """Replace the runs in text that does not end with a NUL."""
    if RUN not in text:
        return text
    cleaned = compiled(_RUNS).sub(b"\n", text)
    return cleaned[1:] if ended and text.startswith(RUN) else cleaned
