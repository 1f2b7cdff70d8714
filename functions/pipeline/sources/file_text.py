"""The text that a file's content is, and how much of the content each part of that text is: what a position counts."""

from __future__ import annotations

import codecs
from collections import deque
from typing import TYPE_CHECKING

from functions.pipeline.codecs.charsets import UTF_8, WIDE, as_utf8, line_as_utf8
from functions.pipeline.codecs.nuls import RUN, without_runs_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SHOWN = 1024  # NUL bytes that stand for a longer run where content is known by its edges
_SHORTEST_HOLE = 4096  # bytes


class Text:
    """The text of some content, from a place in it on.

    Args:
        charset: the content's charset; of one that is not wide, lines stay as they are until they are `shown`.
    """

    def __init__(self, charset: str = UTF_8) -> None:
        self.charset = charset
        self.line_end = b"\n".decode().encode(charset) if charset in WIDE else b"\n"
        self._has_nuls = False
        self._read = self._taken = 0  # bytes of text
        self._holes: deque[tuple[int, int]] = deque()  # after so much text, so many bytes of content that are not in it
        self._content = bytearray()  # of a wide charset, what has been read and not been taken
        self._cut = codecs.getincrementaldecoder(UTF_8)()  # a piece of a long line may end in half a character

    def blocks(self, content: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the text; of blocks of nothing but NUL bytes, a few of these."""
        for block in self._decoded(content) if self.charset in WIDE else self._without_holes(content):
            self._has_nuls = self._has_nuls or b"\0" in block
            yield block

    def content_of(self, text: bytes) -> tuple[bytes, int]:
        """Take the next part of the text; return what it was in the content, and how many bytes that is.

        Holes in the content are shown shorter.
        """
        if self.charset in WIDE:
            size = len(self._cut.decode(text).encode(self.charset))
            taken = bytes(self._content[:size])
            del self._content[:size]
            return taken, size
        return self._with_holes(text)

    def shown(self, lines: list[bytes]) -> list[bytes]:
        """Return lines in UTF-8 and without runs of NUL bytes."""
        if self.charset != UTF_8 and self.charset not in WIDE:
            lines = [line_as_utf8(line, self.charset) for line in lines]
        return list(map(without_runs_in, lines)) if self._has_nuls else lines

    def _decoded(self, content: Iterable[bytes]) -> Iterator[bytes]:
        def kept() -> Iterator[bytes]:
            for block in content:
                self._content += block
                yield block

        return as_utf8(kept(), self.charset, complete=False)

    def _without_holes(self, content: Iterable[bytes]) -> Iterator[bytes]:
        """Yield a run of NUL bytes in place of blocks of nothing else, however many follow each other."""
        in_hole = False
        for block in content:
            was_in_hole = in_hole
            in_hole = len(block) >= _SHORTEST_HOLE and not block.rstrip(b"\0")
            text = b"" if in_hole and was_in_hole else RUN if in_hole else block
            self._read += len(text)
            if in_hole:
                before = self._holes.pop()[1] if was_in_hole and self._holes else 0
                self._holes.append((self._read, before + len(block) - len(text)))
            if text:
                yield text

    def _with_holes(self, text: bytes) -> tuple[bytes, int]:
        parts, size = [], len(text)
        end = self._taken + len(text)
        while self._holes and self._holes[0][0] <= end:
            at, hole = self._holes.popleft()
            parts += [text[: at - self._taken], bytes(min(hole, _SHOWN))]
            text = text[at - self._taken :]
            self._taken = at
            size += hole
        self._taken = end
        return (b"".join((*parts, text)) if parts else text), size
