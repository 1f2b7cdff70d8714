"""Knowing a file again by its content: renamed, copied, truncated or compressed since it was read."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.codecs import HEAD, Content, is_compressed, opened
from functions.pipeline.codecs.binary import SAMPLE, check_text
from functions.pipeline.codecs.charsets import UTF_8, charset_of
from functions.pipeline.fingerprints import PLAIN, digest
from functions.pipeline.sources.file_content import BLOCK, stored
from functions.pipeline.sources.file_readings import caught
from functions.pipeline.sources.file_text import Text

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from functions.pipeline.fingerprints import Fingerprints
    from functions.pipeline.sources.file_content import Patience

_FINGERPRINT_SIZE = 16  # bytes
_FARTHEST = 1 << 63  # bytes: no file is so long
_EDGE = 1024  # bytes at the beginning, and before the offset, by which content is known again


class Trace(NamedTuple):
    """What the position keeps of a file that was read, to know it again."""

    fingerprint: str  # of its first `length` bytes; all lengths are of uncompressed content
    length: int  # _EDGE, or all that was read if that is less
    ending: str  # of the last `length` bytes that were read
    offset: int  # bytes that were read
    inode: int
    size: int  # bytes as stored
    modified: int  # ns
    finished: bool  # a compressed file was read to its end: nothing is new until it changes

    @classmethod
    def remembered(cls, parts: dict[str, Any]) -> Trace:
        """Make a trace of what the position keeps; raise TypeError if that is damaged."""
        trace = cls(**parts)
        typed = tuple(map(type, trace)) == (str, int, str, int, int, int, int, bool)
        if not typed or trace.length != min(trace.offset, _EDGE) or not 0 <= trace.offset < _FARTHEST:
            raise TypeError
        if {len(digest(fingerprint)) for fingerprint in trace.fingerprints} != {2 * _FINGERPRINT_SIZE}:
            raise TypeError
        return trace

    @property
    def fingerprints(self) -> tuple[str, str]:
        """By what the content is known."""
        return self.fingerprint, self.ending


class File:
    """A file that is there now, and how far it has been read.

    Attributes:
        path: where it is.
        inode: which file it was when it was found there.
        size: bytes as stored.
        modified: ns.
        trace: what is known of it from reading it; None: it is new.
        original: another that begins with all that this one holds, and is read instead.
        compressed: whether it is, by any codec.
        head: its first 1,024 bytes of uncompressed content, or all there are.

    Raises:
        PermanentError: it cannot be read.
    """

    def __init__(
        self, path: Path, status: os.stat_result, fingerprints: Fingerprints = PLAIN, encoding: str = UTF_8
    ) -> None:
        self.path, self.inode, self._fingerprints, self._encoding = path, status.st_ino, fingerprints, encoding
        self.size, self.modified = status.st_size, status.st_mtime_ns
        self.trace: Trace | None = None
        self.original: File | None = None
        self._copied: Trace | None = None  # what is known of this one when the original has been read so far
        self._ending = b""
        self._text = Text()
        self._beginning = next(stored(path, self.inode, block=HEAD), b"")  # as stored
        self.compressed = is_compressed(self._beginning)
        self.head = self._span(0, _EDGE)

    @property
    def offset(self) -> int:
        """How much has been read, in bytes of uncompressed content."""
        return self.trace.offset if self.trace else 0

    @property
    def has_news(self) -> bool:
        """Whether there may be something to read."""
        if self.original:
            return False
        if not self.trace:
            return True
        return not self.trace.finished if self.compressed else self.size > self.trace.offset

    @property
    def known(self) -> Trace | None:
        """What the position keeps of this file."""
        original = self.original
        while original and original.original:
            original = original.original
        if original:
            return self._copied if self._copied and original.offset >= self._copied.offset else None
        return self.trace

    def continues(self, trace: Trace) -> bool:
        """Say whether this file begins with what was read when the trace was left."""
        if not self._fingerprints.knows(self.head[: trace.length], trace.fingerprint):
            return False
        if self.compressed and self._unchanged(trace):
            return True
        self._ending = self._span(trace.offset - trace.length, trace.offset)
        return self._fingerprints.knows(self._ending, trace.ending)

    def follow(self, trace: Trace) -> None:
        """Read on from where the trace was left, which this file continues.

        Its fingerprints are made anew, so that an older key is not needed for ever; but not those of a
        compressed file that is unchanged, which would have to be decompressed.
        """
        unchanged = self.compressed and self._unchanged(trace)
        self.trace = trace if unchanged else self._left_at(trace.offset, self._ending, finished=False)

    def is_copy(self, other: File) -> bool:
        """Say whether the other begins with all that this file holds, and remember it.

        Less than _EDGE bytes may be alike by chance; then it takes a compressed file with its original's own time.
        """
        alike = self.modified == other.modified and self.compressed and not other.compressed
        longer = self.size > other.size and not self.compressed and not other.compressed
        if longer or not other.head.startswith(self.head) or (len(self.head) < _EDGE and not alike):
            return False
        failures: list[Exception] = []
        shared = _shared(caught(self._content(0), failures), caught(other._content(0), []))
        if shared is None:
            return False
        self.original = other
        self._copied = None if failures else self._left_at(*shared, finished=True)
        return True

    def unread(self, patience: Patience) -> Iterator[bytes]:
        """Yield the text after the offset; nothing when the file is not the one that it was.

        Raises:
            NotText: it is none.
        """
        start = max(0, self.offset - _EDGE)
        content, charset = self._opened(start, patience)
        self._text, seen = Text(charset or UTF_8), b""
        for block in content:
            seen += block
            if len(seen) > self.offset - start:
                break
        self._ending, new = seen[: self.offset - start], seen[self.offset - start :]
        if self.trace and not self._fingerprints.knows(self._ending, self.trace.ending):
            return
        line_end = self._text.line_end
        if new.startswith(line_end) and self._ending and not self._ending.endswith(line_end):
            self._note(line_end, len(line_end), finished=False)  # the end of a line that was taken without it
            new = new[len(line_end) :]
        if not self.offset and not self.compressed:
            check_text(new[:SAMPLE], str(self.path), self._encoding)
        yield from self._text.blocks(chain([new], content))

    def advance(self, lines: list[bytes], end: bytes, *, finished: bool = False) -> None:
        """Note that these lines have been read, of which the last had this end."""
        self._note(*self._text.content_of(b"\n".join(lines) + end), finished=finished)

    def shown(self, lines: list[bytes]) -> list[bytes]:
        """Return lines that were read as a source gives them: in UTF-8, without runs of NUL bytes."""
        return self._text.shown(lines)

    def finish(self) -> None:
        """Note that a file has been read to its end, and of a compressed one that this will not change."""
        if self.trace:
            self.trace = self.trace._replace(finished=self.compressed)

    def _note(self, content: bytes, size: int, *, finished: bool) -> None:
        """Note that so many bytes of content have been read, which begin and end like these."""
        if self.offset < _EDGE:
            self.head = (self.head[: self.offset] + content[:_EDGE])[:_EDGE]
        self._ending = (self._ending + content[-_EDGE:])[-_EDGE:]
        self.trace = self._left_at(self.offset + size, self._ending, finished=finished and self.compressed)

    def _unchanged(self, trace: Trace) -> bool:
        return (trace.inode, trace.size, trace.modified) == (self.inode, self.size, self.modified)

    def _left_at(self, offset: int, ending: bytes, *, finished: bool) -> Trace:
        length = min(offset, _EDGE)
        ends = (
            self._fingerprints.new(self.head[:length], _FINGERPRINT_SIZE),
            length,
            self._fingerprints.new(ending, _FINGERPRINT_SIZE),
        )
        return Trace(*ends, offset, self.inode, self.size, self.modified, finished)

    def _span(self, start: int, end: int) -> bytes:
        """Return the content from `start` to `end`, or as much of it as there is."""
        span = b""
        for block in caught(self._content(start, block=_EDGE), []):
            span += block[: end - start - len(span)]
            if len(span) == end - start:
                break
        return span

    def _content(self, start: int, block: int = BLOCK) -> Iterator[bytes]:
        return self._opened(start, None, block).chunks

    def _opened(self, start: int, patience: Patience | None, block: int = BLOCK) -> Content:
        """Open the uncompressed content from `start` on."""
        if self.compressed:
            chunks, charset = opened(stored(self.path, self.inode), str(self.path), self._encoding)
            return Content(_after(start, chunks), charset)
        chunks = stored(self.path, self.inode, start, patience, block)
        return Content(chunks, charset_of(self._beginning, self._encoding))


def recognise(files: list[File], traces: list[Trace]) -> list[Trace]:
    """Find the file that continues each trace; return the traces that none does.

    A file that kept its inode comes first. Less than _EDGE bytes may begin a foreign file too; then a file with another
    inode needs one more sign that it is a copy: the same time, its compression, or the original lying there truncated.
    """
    left = list(traces)
    for file in files:
        _follow_one(file, [each for each in left if each.inode == file.inode], left)
    inodes = {file.inode for file in files}
    for file in files:
        if not file.trace:
            signs = {file.modified} | inodes
            _follow_one(
                file, [t for t in left if t.length == _EDGE or file.compressed or {t.modified, t.inode} & signs], left
            )
    return left


def find_copies(files: list[File]) -> None:
    """Mark the new files whose content another file holds too; of a file and its compressed copy, that is the copy."""
    for file in sorted(files, key=lambda each: not each.compressed):
        if not file.trace and file.head:
            any(file.is_copy(other) for other in files if other is not file and not other.original)


def _follow_one(file: File, candidates: list[Trace], left: list[Trace]) -> None:
    for trace in sorted(candidates, key=lambda each: each.offset, reverse=True):
        if file.continues(trace):
            file.follow(trace)
            left.remove(trace)
            return


def _shared(shorter: Iterator[bytes], longer: Iterator[bytes]) -> tuple[int, bytes] | None:
    """Return the length and the last _EDGE bytes of the shorter content if the longer begins with it."""
    length, ending, ahead = 0, b"", b""
    for block in shorter:
        while len(ahead) < len(block):
            more = next(longer, b"")
            if not more:
                return None
            ahead += more
        if not ahead.startswith(block):
            return None
        ahead = ahead[len(block) :]
        length += len(block)
        ending = (ending + block[-_EDGE:])[-_EDGE:]
    return length, ending


def _after(start: int, text: Iterable[bytes]) -> Iterator[bytes]:
    for block in text:
        if start < len(block):
            yield block[start:]
        start = max(0, start - len(block))
