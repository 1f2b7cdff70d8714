"""The file source: the lines of log files that grow, rotate and get compressed."""

from __future__ import annotations

import glob
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from functions.pipeline.codecs.charsets import UTF_8
from functions.pipeline.errors import NoSuchPlace, NotText, PermanentError, TransientError
from functions.pipeline.fingerprints import PLAIN
from functions.pipeline.sources import Position, Reading, unreadable_position
from functions.pipeline.sources.file_content import Patience, is_fresh, status_of
from functions.pipeline.sources.file_readings import Cutter, Unfinished
from functions.pipeline.sources.file_traces import File, Trace, find_copies, recognise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions.pipeline.fingerprints import Fingerprints

_GONE = 100  # files that are remembered after they have left the pattern


class FileSource:
    """The lines of one file, or of all the files that a pattern matches.

    A file is known by its content, not by its path: renamed (rotation), copied and truncated (copytruncate), or
    compressed, it is read on from where it was left, as long as the pattern covers its new name. A file with other
    content than was read, or with less, is a new one. Content that is there twice (a log and its copy) is read once.

    What is compared is a hash of the first 1,024 bytes and one of the 1,024 bytes before the offset; of a shorter file,
    that is all that was read. So these cannot be told apart:

    - a file that was emptied and rewritten from one that grew, if it begins with all that had been read of it;
    - a file of which less than 1,024 bytes were read, and that a new one with the same beginning has replaced, from
      its copy: it is read again, rather twice than never. A copy is known when it is compressed, when it kept the time,
      and when the original lies there truncated;
    - a copy of less than 1,024 bytes from another file with the same few lines, while both are there: both are read,
      unless one is the other compressed, with the same time;
    - two files of more than 1,024 bytes, of which one begins with the whole of the other, from a file and its copy.

    What is written between the copying and the truncation of copytruncate is lost unless it was read in between.

    Only a line feed ends a line, and runs of NUL bytes are left out. Lines come in UTF-8 where their charset is known;
    else all their bytes are kept. A last line without its end is taken once the file has been quiet for SETTLE_S; text
    that is added to it later is a line of its own.
    """

    def __init__(
        self,
        pattern: str,
        begins_record: Callable[[bytes], object] | None = None,
        fingerprints: Fingerprints = PLAIN,
        encoding: str = UTF_8,
    ) -> None:
        """Take a path or a pattern (`*`, `?`, `[…]`, `**`, `~`).

        Args:
            pattern: where the files are; a path is taken as it is when something exists there.
            begins_record: says whether a line begins a record. With it, a reading ends before such a line where one is
                near enough, so that a traceback stays whole.
            fingerprints: know the files' content again.
            encoding: the charset of lines that are not UTF-8.
        """
        self._pattern = os.path.abspath(Path(pattern).expanduser())  # noqa: PTH100 (links stay as they are)
        self._begins_record = begins_record
        self._fingerprints = fingerprints
        self._encoding = encoding

    @property
    def name(self) -> str:
        """The file name's readable part, and a hash of the whole absolute pattern."""
        readable = re.sub(r"[^a-z0-9.]+", "-", Path(self._pattern).name.lower()).strip("-.")
        return f"{readable[:40] or 'file'}-{PLAIN.new(os.fsencode(self._pattern), 16)[:8]}"

    def check(self) -> str:
        """Return how many files there are, and how large they are as stored; raise as `read` does."""
        files = [File(path, status, self._fingerprints, self._encoding) for path, status in self._matches()]
        number = "1 file" if len(files) == 1 else f"{len(files)} files"
        return f"{number}, {_readable_size(sum(each.size for each in files))}"

    def read(self, position: Position | None, size: int, limit: int | None = None) -> Iterator[Reading]:
        """Yield the new lines, file by file, the file that was modified longest ago first.

        A reading holds lines of one file: at most `size` of them, and at most LARGEST_READING bytes unless one line is
        longer. Memory does not grow with the files. A file that cannot be read does not keep the others from being
        read: its error is raised after them.

        Raises:
            TransientError: files that were read before are gone, and nothing is there now.
            NoSuchPlace: nothing matches the pattern.
            PermanentError: a file cannot be read, is not text, is damaged or ends too
                early; or a key by which files are known is not configured any more.
        """
        traces = self._traces(position)
        problems: list[PermanentError] = []
        files = self._present(problems, known=bool(traces))
        gone = recognise(files, traces)
        find_copies(files)
        cutter, patience = Cutter(size, limit, self._begins_record), Patience()
        for file in files:
            try:
                for lines in _read_file(file, cutter, patience):
                    yield Reading(lines, _position(gone, files))
            except PermanentError as error:
                problems.append(error)
        if problems:
            raise problems[0] if len(problems) == 1 else _together(problems)

    def _traces(self, position: Position | None) -> list[Trace]:
        try:
            traces = [Trace.remembered(each) for each in position["files"]] if position is not None else []
        except (KeyError, TypeError) as error:
            raise unreadable_position(self.name) from error
        self._fingerprints.check((fingerprint for trace in traces for fingerprint in trace.fingerprints), self.name)
        return traces

    def _present(self, problems: list[PermanentError], *, known: bool) -> list[File]:
        files = []
        for path, status in self._matches(known=known):
            try:
                files.append(File(path, status, self._fingerprints, self._encoding))
            except PermanentError as error:
                problems.append(error)
        return files

    def _matches(self, *, known: bool = False) -> list[tuple[Path, os.stat_result]]:
        """Return the regular files, oldest first; one that has several names (a link "latest") by its first."""
        found: dict[tuple[int, int], tuple[Path, os.stat_result]] = {}
        for path in map(Path, sorted(self._paths())):
            status = status_of(path)
            if status and stat.S_ISREG(status.st_mode):
                found.setdefault((status.st_dev, status.st_ino), (path, status))
        if not found:
            raise self._nothing_there(known=known)
        return sorted(found.values(), key=lambda each: (each[1].st_mtime_ns, each[0]))

    def _paths(self) -> list[str]:
        if os.path.lexists(self._pattern):
            return [self._pattern]
        return glob.glob(self._pattern, recursive=True)  # noqa: PTH207 (Path.glob gives hidden files, and no `**`)

    def _nothing_there(self, *, known: bool) -> NoSuchPlace | TransientError:
        if Path(self._pattern).is_dir():
            return NoSuchPlace(
                "{pattern} is a directory; name the files in it: {pattern}/*.log",
                pattern=self._pattern,
            )
        if Path(self._pattern).exists():
            return NoSuchPlace(
                "{pattern} is not a regular file; name a log file, or a pattern such as *.log",
                pattern=self._pattern,
            )
        if known:
            return TransientError(
                "{pattern}: the files that were read before are gone; waiting for new ones",
                pattern=self._pattern,
            )
        return NoSuchPlace(
            "{pattern}: no such file; correct the path, or put a pattern in quotes",
            pattern=self._pattern,
        )


def _read_file(file: File, cutter: Cutter, patience: Patience) -> Iterator[list[bytes]]:
    """Yield a file's new lines, reading by reading, and note in the file how far that is."""
    if not cutter.left or not file.has_news:
        return
    try:
        for lines, end, last in cutter.readings(file.unread(patience)):
            file.advance(lines, end, finished=last)
            yield file.shown(lines)
    except Unfinished:
        return
    except NotText:
        raise
    except PermanentError:
        if not is_fresh(file.path):  # else it is being compressed just now
            raise
        return
    if cutter.left:
        file.finish()


def _position(gone: list[Trace], files: list[File]) -> Position:
    known = [file.known for file in files]
    return {"files": [trace._asdict() for trace in (*gone[-_GONE:], *known) if trace]}


def _together(problems: list[PermanentError]) -> PermanentError:
    """Make one error of several, a line each."""
    values = {f"problem_{number}": each for number, each in enumerate(problems)}
    a_line_each = "\n".join(f"{{{name}}}" for name in values)
    return PermanentError(a_line_each, **values)


def _readable_size(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:  # noqa: PLR2004 (what each unit is of the one before)
            return f"{size:.1f} {unit}" if unit != "B" else f"{size:.0f} B"
        size /= 1000
    return f"{size:.1f} TB"
