"""Several JSON objects on a line: one after the other, with commas between, or in an array."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pipeline.loose_json import DECODER

if TYPE_CHECKING:
    from collections.abc import Iterator

_BETWEEN = " \t\r\n,"
_UNKNOWN = "\ufffd"
_MOST = 10_000  # objects on one line; what follows them is one piece

Pieces = list[tuple[int, bytes]]
"""Texts, with the byte of the line at which each begins."""


def objects(line: bytes) -> Pieces | None:
    """Cut a line that is several JSON objects into these; None for a line that does not begin with one.

    One object with a comma behind it, or brackets around it, is one too. What is no object, at the end, is the last
    piece.
    """
    if line.lstrip(b" \t[")[:1] != b"{":
        return None
    text = line.decode("utf-8", "replace")
    bracket = text.lstrip().startswith("[")
    at = _next(text, text.index("[") + 1 if bracket else 0)
    pieces: list[tuple[int, int]] = []
    while len(pieces) < _MOST and text.startswith("{", at):
        try:
            _, end = DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        pieces.append((at, end))
        at = _next(text, end)
    if not pieces:
        return None
    rest = text[at:].strip(_BETWEEN + ("]" if bracket else ""))
    if rest and rest != "]":
        pieces.append((at, len(text)))
    return list(_placed(text, pieces))


def _placed(text: str, pieces: list[tuple[int, int]]) -> Iterator[tuple[int, bytes]]:
    """Yield each piece with its place: a byte of the line as it was sent, where U+FFFD may have been a single one."""
    place = last = 0
    for start, end in pieces:
        between = text[last:start]
        place += len(between.encode()) - (len(_UNKNOWN.encode()) - 1) * between.count(_UNKNOWN)
        last = start
        yield place, text[start:end].strip(_BETWEEN).encode()


def _next(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BETWEEN:
        at += 1
    return at
