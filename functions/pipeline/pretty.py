"""JSON that is written over several lines, as `json.dumps(…, indent=2)` writes an object or an array of them."""

from __future__ import annotations

from functions.pipeline.expressions import compiled
from functions.pipeline.records import json_object

MOST_LINES, MOST_BYTES = 10_000, 1 << 20  # of one object

_INSIDE = (
    # a line of an object that goes over several
    rb'\s*(?:"(?:[^"\\]|\\.)*+"\s*(?::|,?\s*$)|[\[\]{}]|(?:-?\d[\d.eE+-]*|true|false|null|NaN|-?Infinity)\s*,?\s*$|$)'
)

_RECORDS = rb'"Records"\s*:\s*\['  # in an object around them: what is in brackets is an array's elements

Lines = list[tuple[int, bytes]]
"""Texts with their positions."""


class Pretty:
    """Collects the lines of one object after the other, and leaves out the brackets of an array around them.

    An object begins with a line that begins with a brace, and ends with a line that is a brace with the same
    indentation.

    Attributes:
        waiting: the lines of an object, or the bracket before one, that wait for more.
        size: bytes of these.
        closing: the brackets that were left out as they opened, and have not been closed: `]` of an array, `]}` where
            that is in an object, `}` right behind the array.
    """

    def __init__(self) -> None:
        self.size = 0
        self.waiting: Lines = []
        self.closing = ""
        self._end = b""  # the line, without a comma, that the object ends with
        self._indent = 0  # of what closed the last array; what closes the object around it is indented less

    def begins(self, line: bytes) -> bool:
        """Say whether a line may begin an object, or an array of them."""
        text = line.strip()
        return text in {b"[", b"{", b"[{"} or (text.startswith(b"{") and not text.endswith((b"}", b"},")))

    def is_bracket(self, line: bytes) -> bool:
        """Say whether a line closes the array that the last object was in, or the object around that."""
        indent = len(line) - len(line.lstrip())
        if self.closing[:1] == "]" and line.strip() in {b"]", b"],"}:
            self.closing, self._indent = self.closing[1:], indent
            return True
        if self.closing != "}":
            return False
        self.closing = ""
        return line.strip() == b"}" and indent < self._indent

    def take(self, position: int, line: bytes) -> Lines:
        """Take a line; return what is complete by that: an object as one text, or lines that are none after all."""
        if not self._end and not self.begins(line):
            return [*self.given_up(), (position, line)]
        if len(self.waiting) == 1 and compiled(_RECORDS).fullmatch(line.strip()) and self.waiting[0][1].strip() == b"{":
            self.given_up()
            self.closing = "]}"
            return []
        if self.waiting and not compiled(_INSIDE).match(line):
            return [*self.given_up(), (position, line)]
        self.waiting.append((position, line))
        self.size += len(line) + 1
        if not self._end:
            self._open(line)
        elif line.rstrip(b" \t\r,") == self._end:
            return self._closed()
        too_much = len(self.waiting) >= MOST_LINES or self.size >= MOST_BYTES
        return self.given_up() if too_much else []

    def given_up(self) -> Lines:
        """Return the lines that wait, and forget them."""
        lines, self.waiting = self.waiting, []
        self.size, self._end = 0, b""
        return lines

    def _open(self, line: bytes) -> None:
        if line.strip() != b"[":
            self._end = line[: len(line) - len(line.lstrip())] + b"}"

    def _closed(self) -> Lines:
        """Read the object that is complete; an array's bracket before it is left out."""
        lines = self.given_up()
        inner = lines[1:] if lines[0][1].strip() == b"[" else lines
        position, first = inner[0]
        text = b"\n".join((first.replace(b"[{", b"{", 1), *(line for _, line in inner[1:]))).rstrip(b" \t\r,")
        if json_object(text) is None:
            return lines
        if inner is not lines or first.lstrip().startswith(b"[") or b"," in lines[-1][1]:
            self.closing = self.closing if self.closing[:1] == "]" else "]" + self.closing
        return [(position, text)]
