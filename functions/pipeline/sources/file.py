"""The file source: the lines of log files that grow, rotate and get compressed."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import stat
import sys
import time
from bisect import bisect_right
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from functions.pipeline.compression import decompressed, is_compressed
from functions.pipeline.errors import PermanentError, TransientError
from functions.pipeline.sources import Position, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from io import FileIO

_T = TypeVar("_T")

SETTLE_S = 2.0  # a last line without its end is taken once the file has been quiet for so many seconds
LONGEST_LINE = 10 << 20  # bytes; a longer line is cut into lines of this length, so that memory stays bounded
LARGEST_READING = 8 << 20  # bytes, line ends included
_LONGEST_CUT_BACK = 1000  # lines that a reading may be shorter by, so that it ends where a record ends
_BLOCK = 256 << 10  # bytes read at once
_EDGE = 1024  # bytes at the beginning, and before the offset, by which content is known again
_POLL_S = 0.05
_GONE = 100  # files that are remembered after they have left the pattern


class FileSource:
    """The lines of one file, or of all the files that a pattern matches.

    A file is known by its content, not by its path: renamed (rotation), copied and truncated (copytruncate), or
    compressed, it is read on from where it was left, as long as the pattern covers its new name. A file with other
    content than was read, or with less, is a new one. Content that is there twice (a log and its copy) is read once.

    What is compared is a hash of the first 1,024 bytes and one of the 1,024 bytes before the offset; of a shorter file,
    that is all that was read. So these cannot be told apart:

    - a file that was emptied and written anew from one that grew, if it begins with all that had been read of it;
    - a file of which less than 1,024 bytes were read, and that a new one with the same beginning has replaced, from
      its copy: it is read again, rather twice than never. A copy is known when it is compressed, when it kept the time,
      and when the original lies there truncated;
    - a copy of less than 1,024 bytes from another file with the same few lines, while both are there: both are read,
      unless one is the other compressed, with the same time;
    - two files of more than 1,024 bytes, of which one begins with the whole of the other, from a file and its copy.

    What is written between the copying and the truncation of copytruncate is lost unless it was read in between.

    Only a line feed ends a line; all other bytes are kept. A last line without its end is taken once the file has been
    quiet for SETTLE_S; text that is added to it later is a line of its own.
    """

    def __init__(self, pattern: str, begins_record: Callable[[bytes], bool] | None = None) -> None:
        """Take a path or a pattern (`*`, `?`, `[…]`, `**`, `~`).

        Args:
            pattern: where the files are; a path is taken as it is when something exists there.
            begins_record: says whether a line begins a record. With it, a reading ends before such a line where one is
                near enough, so that a traceback stays whole.
        """
        self._pattern = os.path.abspath(Path(pattern).expanduser())  # noqa: PTH100 (links stay as they are)
        self._begins_record = begins_record

    @property
    def name(self) -> str:
        """The file name's readable part, and a hash of the whole absolute pattern."""
        readable = re.sub(r"[^a-z0-9.]+", "-", Path(self._pattern).name.lower()).strip("-.")
        return f"{readable[:40] or 'file'}-{_digest(os.fsencode(self._pattern))[:8]}"

    def check(self) -> str:
        """Return how many files there are, and how large they are as stored; raise as `read` does."""
        files = [_File(path, status) for path, status in self._matches()]
        number = "1 file" if len(files) == 1 else f"{len(files)} files"
        return f"{number}, {_readable_size(sum(each.size for each in files))}"

    def read(self, position: Position | None, size: int, limit: int | None = None) -> Iterator[Reading]:
        """Yield the new lines, file by file, the file that was modified longest ago first.

        A reading holds lines of one file: at most `size` of them, and at most LARGEST_READING bytes unless one line is
        longer. Memory does not grow with the files. A file that cannot be read does not keep the others from being
        read: its error is raised after them.

        Raises:
            TransientError: files that were read before are gone, and nothing is there now.
            PermanentError: nothing matches the pattern, or a file cannot be read, is damaged or ends too early.
        """
        traces = [_Trace(**each) for each in (position or {"files": []})["files"]]
        problems: list[PermanentError] = []
        files = self._present(problems, known=bool(traces))
        gone = _recognise(files, traces)
        _find_copies(files)
        cutter, patience = _Cutter(size, limit, self._begins_record), _Patience()
        for file in files:
            try:
                for lines in _read_file(file, cutter, patience):
                    yield Reading(lines, _position(gone, files))
            except PermanentError as error:
                problems.append(error)
        if problems:
            raise problems[0] if len(problems) == 1 else PermanentError("\n".join(map(str, problems)))

    def _present(self, problems: list[PermanentError], *, known: bool) -> list[_File]:
        files = []
        for path, status in self._matches(known=known):
            try:
                files.append(_File(path, status))
            except PermanentError as error:
                problems.append(error)
        return files

    def _matches(self, *, known: bool = False) -> list[tuple[Path, os.stat_result]]:
        """Return the regular files, oldest first; one that has several names (a link "latest") by its first."""
        found: dict[tuple[int, int], tuple[Path, os.stat_result]] = {}
        for path in map(Path, sorted(self._paths())):
            status = _status(path)
            if status and stat.S_ISREG(status.st_mode):
                found.setdefault((status.st_dev, status.st_ino), (path, status))
        if not found:
            raise self._nothing_there(known=known)
        return sorted(found.values(), key=lambda each: (each[1].st_mtime_ns, each[0]))

    def _paths(self) -> list[str]:
        if os.path.lexists(self._pattern):
            return [self._pattern]
        return glob.glob(self._pattern, recursive=True)  # noqa: PTH207 (Path.glob gives hidden files, and no `**`)

    def _nothing_there(self, *, known: bool) -> PermanentError | TransientError:
        if Path(self._pattern).is_dir():
            return PermanentError(
                "{pattern} is a directory; name the files in it: {pattern}/*.log",
                pattern=self._pattern,
            )
        if Path(self._pattern).exists():
            return PermanentError(
                "{pattern} is not a regular file; name a log file, or a pattern such as *.log",
                pattern=self._pattern,
            )
        if known:
            return TransientError(
                "{pattern}: the files that were read before are gone; waiting for new ones",
                pattern=self._pattern,
            )
        return PermanentError(
            "{pattern}: no such file; correct the path, or put a pattern in quotes",
            pattern=self._pattern,
        )


class _Trace(NamedTuple):
    """What is kept of a file that was read, to know it again."""

    fingerprint: str  # of its first `length` bytes; all lengths are of uncompressed content
    length: int  # _EDGE, or all that was read if that is less
    ending: str  # of the last `length` bytes that were read
    offset: int  # bytes that were read
    inode: int
    size: int  # bytes as stored
    modified: int  # ns
    finished: bool  # a compressed file was read to its end: nothing is new until it changes


class _File:
    """A file that is there now.

    Raises:
        PermanentError: it cannot be read.
    """

    def __init__(self, path: Path, status: os.stat_result) -> None:
        self.path, self.inode = path, status.st_ino
        self.size, self.modified = status.st_size, status.st_mtime_ns
        self.trace: _Trace | None = None
        self.original: _File | None = None  # another that begins with all that this one holds, and is read instead
        self._copied: _Trace | None = None  # what is known of this one when the original has been read so far
        self._ending = b""
        self.compressed = is_compressed(next(self._stored(block=_EDGE), b""))
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
    def known(self) -> _Trace | None:
        """What the position keeps of this file."""
        original = self.original
        while original and original.original:
            original = original.original
        if original:
            return self._copied if self._copied and original.offset >= self._copied.offset else None
        return self.trace

    def continues(self, trace: _Trace) -> bool:
        """Say whether this file begins with what was read when the trace was left."""
        if _digest(self.head[: trace.length]) != trace.fingerprint:
            return False
        if self.compressed and self._unchanged(trace):
            return True
        return _digest(self._span(trace.offset - trace.length, trace.offset)) == trace.ending

    def follow(self, trace: _Trace) -> None:
        """Read on from where the trace was left."""
        self.trace = trace._replace(
            inode=self.inode,
            size=self.size,
            modified=self.modified,
            finished=trace.finished and self._unchanged(trace),
        )

    def is_copy(self, other: _File) -> bool:
        """Say whether the other begins with all that this file holds, and remember it.

        Less than _EDGE bytes may be alike by chance; then it takes a compressed file with its original's own time.
        """
        alike = self.modified == other.modified and self.compressed and not other.compressed
        longer = self.size > other.size and not self.compressed and not other.compressed
        if longer or not other.head.startswith(self.head) or (len(self.head) < _EDGE and not alike):
            return False
        failures: list[Exception] = []
        shared = _shared(_caught(self.text(0), failures), _caught(other.text(0), []))
        if shared is None:
            return False
        self.original = other
        self._copied = None if failures else self._left_at(*shared, finished=True)
        return True

    def unread(self, patience: _Patience) -> Iterator[bytes]:
        """Yield the content after the offset; nothing when the file is not the one that it was."""
        start = max(0, self.offset - _EDGE)
        text, seen = self.text(start, patience), b""
        for block in text:
            seen += block
            if len(seen) > self.offset - start:
                break
        self._ending, new = seen[: self.offset - start], seen[self.offset - start :]
        if self.trace and _digest(self._ending) != self.trace.ending:
            return
        if new.startswith(b"\n") and self._ending[-1:] not in {b"", b"\n"}:
            self.advance([b""], b"\n")  # the end of a line that was taken without it
            new = new[1:]
        yield new
        yield from text

    def advance(self, lines: list[bytes], end: bytes, *, finished: bool = False) -> None:
        """Note that these lines have been read, of which the last had this end."""
        text = b"\n".join(lines) + end
        if self.offset < _EDGE:
            self.head = (self.head[: self.offset] + text[:_EDGE])[:_EDGE]
        self._ending = (self._ending + text[-_EDGE:])[-_EDGE:]
        self.trace = self._left_at(self.offset + len(text), self._ending, finished=finished and self.compressed)

    def finish(self) -> None:
        """Note that a compressed file has been read to its end."""
        if self.trace:
            self.trace = self.trace._replace(finished=self.compressed)

    def is_fresh(self) -> bool:
        """Say whether the file was being written a moment ago."""
        status = _status(self.path)
        return status is None or time.time() - status.st_mtime < SETTLE_S

    def _unchanged(self, trace: _Trace) -> bool:
        return (trace.inode, trace.size, trace.modified) == (self.inode, self.size, self.modified)

    def _left_at(self, offset: int, ending: bytes, *, finished: bool) -> _Trace:
        length = min(offset, _EDGE)
        ends = _digest(self.head[:length]), length, _digest(ending)
        return _Trace(*ends, offset, self.inode, self.size, self.modified, finished)

    def _span(self, start: int, end: int) -> bytes:
        """Return the content from `start` to `end`, or as much of it as there is."""
        span = b""
        for block in _caught(self.text(start, block=_EDGE), []):
            span += block[: end - start - len(span)]
            if len(span) == end - start:
                break
        return span

    def text(self, start: int, patience: _Patience | None = None, block: int = _BLOCK) -> Iterator[bytes]:
        """Yield the uncompressed content from `start` on."""
        if not self.compressed:
            return self._stored(start, patience, block)
        return _after(start, decompressed(self._stored(), str(self.path)))

    def _stored(self, start: int = 0, patience: _Patience | None = None, block: int = _BLOCK) -> Iterator[bytes]:
        """Yield the bytes as stored; none when the path has meanwhile become another file's, or nobody's."""
        try:
            with self.path.open("rb", buffering=0) as handle:
                if os.fstat(handle.fileno()).st_ino == self.inode:
                    handle.seek(start)
                    yield from _blocks(handle, patience, block)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _unreadable(self.path, error) from error


class _Unfinished(Exception):  # noqa: N818 (no fault: the rest comes with the next read)
    """The last line is still being written."""


class _Patience:
    """The waiting of one read for the ends of lines that are being written: SETTLE_S in all."""

    def __init__(self) -> None:
        self._until: float | None = None

    def sees_growth(self, handle: FileIO) -> bool:
        """Wait until the file has grown, or has been quiet for SETTLE_S.

        Raises:
            _Unfinished: neither happened in time, or the file was truncated.
        """
        began = time.monotonic()
        self._until = self._until or began + SETTLE_S
        while (status := os.fstat(handle.fileno())).st_size == handle.tell():
            now = time.monotonic()
            if max(time.time() - status.st_mtime, now - began) >= SETTLE_S:
                return False
            if now >= self._until:
                raise _Unfinished
            time.sleep(_POLL_S)
        if status.st_size < handle.tell():
            raise _Unfinished
        return True


class _Lines(NamedTuple):
    """Lines that follow each other in a file."""

    lines: list[bytes]
    ended: bool  # with a line end each; else it is one line, or a piece of one
    last: bool  # nothing comes after them


class _Cutter:
    """Cuts lines into readings, up to the limit of one read."""

    def __init__(self, size: int, limit: int | None, begins_record: Callable[[bytes], bool] | None) -> None:
        self._size, self._begins_record = size, begins_record
        self._pending: list[bytes] = []
        self._volume = 0  # bytes of the pending lines
        self.left = sys.maxsize if limit is None else limit

    def readings(self, lines: Iterator[_Lines]) -> Iterator[tuple[list[bytes], bytes, bool]]:
        """Yield for each reading its lines, how the last of them ended, and whether nothing comes after it.

        When `lines` fail, what came before is yielded first.
        """
        failures: list[Exception] = []
        self._pending, self._volume = [], 0
        for each in _caught(lines, failures):
            self._pending += each.lines
            self._volume += sum(map(len, each.lines))
            yield from self._full() if each.ended else self._all(b"", last=each.last)
            if not self.left:
                return
        yield from self._all(b"\n", last=not failures)
        if failures:
            raise failures[0]

    def _full(self) -> Iterator[tuple[list[bytes], bytes, bool]]:
        """Take readings as long as a line remains, to see whether it begins a record."""
        while self.left and self._overflows():
            yield self._take(), b"\n", False

    def _all(self, end: bytes, *, last: bool) -> Iterator[tuple[list[bytes], bytes, bool]]:
        """Take all the lines, the last of which ends with `end`."""
        while self.left and self._pending:
            lines = self._take()
            yield lines, b"\n" if self._pending else end, last and not self._pending

    def _overflows(self) -> bool:
        waiting = len(self._pending)
        return waiting > min(self._size, self.left) or (waiting > 1 and self._volume > LARGEST_READING)

    def _take(self) -> list[bytes]:
        count = self._count()
        lines = self._pending[:count]
        del self._pending[:count]
        self._volume -= sum(map(len, lines))
        self.left -= count
        return lines

    def _count(self) -> int:
        """Return how many lines the next reading has: as many as may be, less those that begin a record cut short."""
        most = min(self._size, self.left, len(self._pending))
        if self._volume > LARGEST_READING:
            volumes = list(accumulate(map(len, self._pending[:most])))
            most = max(1, bisect_right(volumes, LARGEST_READING))
        if most == len(self._pending) or not self._begins_record:
            return most
        fewest = max(1, most - min(self._size, _LONGEST_CUT_BACK))
        count = next((n for n in range(most, fewest - 1, -1) if self._begins_record(self._pending[n])), most)
        if most == self.left:
            self.left = count  # the record that follows is larger than what the limit leaves
        return count


def _read_file(file: _File, cutter: _Cutter, patience: _Patience) -> Iterator[list[bytes]]:
    """Yield a file's new lines, reading by reading, and note in the file how far that is."""
    if not cutter.left or not file.has_news:
        return
    try:
        for lines, end, last in cutter.readings(_lines(file.unread(patience))):
            file.advance(lines, end, finished=last)
            yield lines
    except _Unfinished:
        return
    except PermanentError:
        if not file.is_fresh():  # else it is being compressed just now
            raise
        return
    if cutter.left:
        file.finish()


def _lines(text: Iterable[bytes]) -> Iterator[_Lines]:
    """Split text, which comes in blocks, into lines; without copying more than the last one of each block."""
    rest = b""
    for block in text:
        rest += block
        while len(rest) > LONGEST_LINE and rest.find(b"\n", 0, LONGEST_LINE + 1) < 0:
            yield _Lines([rest[:LONGEST_LINE]], ended=False, last=False)
            rest = rest[LONGEST_LINE:]
        lines = rest.split(b"\n")
        rest = lines.pop()
        yield _Lines(lines, ended=True, last=False)
    if rest:
        yield _Lines([rest], ended=False, last=True)


def _recognise(files: list[_File], traces: list[_Trace]) -> list[_Trace]:
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


def _follow_one(file: _File, candidates: list[_Trace], left: list[_Trace]) -> None:
    for trace in sorted(candidates, key=lambda each: each.offset, reverse=True):
        if file.continues(trace):
            file.follow(trace)
            left.remove(trace)
            return


def _find_copies(files: list[_File]) -> None:
    """Mark the new files whose content another file holds too; of a file and its compressed copy, that is the copy."""
    for file in sorted(files, key=lambda each: not each.compressed):
        if not file.trace and file.head:
            any(file.is_copy(other) for other in files if other is not file and not other.original)


def _position(gone: list[_Trace], files: list[_File]) -> Position:
    known = [file.known for file in files]
    return {"files": [trace._asdict() for trace in (*gone[-_GONE:], *known) if trace]}


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


def _blocks(handle: FileIO, patience: _Patience | None, size: int) -> Iterator[bytes]:
    last = b"\n"
    while True:
        block = handle.read(size)
        if block:
            last = block[-1:]
            yield block
        elif not patience or last == b"\n" or not patience.sees_growth(handle):
            return


def _after(start: int, text: Iterable[bytes]) -> Iterator[bytes]:
    for block in text:
        if start < len(block):
            yield block[start:]
        start = max(0, start - len(block))


def _caught(values: Iterator[_T], failures: list[Exception]) -> Iterator[_T]:
    """Yield the values up to the failure, and keep that for later."""
    try:
        yield from values
    except (PermanentError, _Unfinished) as failure:
        failures.append(failure)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> PermanentError:
    return PermanentError(
        "{path} cannot be read: {strerror}; check its permissions, or leave it out",
        path=path,
        strerror=error.strerror,
    )


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _readable_size(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:  # noqa: PLR2004 (what each unit is of the one before)
            return f"{size:.1f} {unit}" if unit != "B" else f"{size:.0f} B"
        size /= 1000
    return f"{size:.1f} TB"
