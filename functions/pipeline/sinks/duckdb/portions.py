"""Documents on their way into the database: NDJSON files of their bytes, some of them at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from functions.pipeline.documents import Row


class File:
    """One kind's documents, a line each.

    Attributes:
        path: where they are.
        lines: how many there are.
        longest: the bytes of the longest line.
        objects: those that the documents are of.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.lines, self.longest = path, 0, 0
        self.objects: set[bytes] = set()
        self._file = path.open("wb")

    def add(self, rows: list[Row], *, new: bool) -> int:
        """Append documents; return how many bytes they have."""
        lines = [_line(identity, body) for identity, _, body in rows]
        sizes = list(map(len, lines))
        self._file.writelines(lines)
        self.lines += len(lines)
        self.longest = max(self.longest, *sizes)
        self.objects.update(identity.rpartition(b"-")[0] for identity, _, _ in (rows[:1] if new else rows))
        return sum(sizes)

    def close(self) -> None:
        """Let others read all that was written."""
        self._file.close()


class Portion:
    """The documents of one transaction.

    Attributes:
        files: by kind.
        new: none of them can be in the database.
        size: their bytes.
    """

    def __init__(self, folder: Path) -> None:
        """Take a folder for the files, in which there may be older ones."""
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self.files: dict[str, File] = {}
        self.new, self.size = True, 0

    def add(self, kind: str, rows: list[Row], *, new: bool) -> None:
        """Take documents of one kind; those that are new are of one object."""
        if kind not in self.files:
            self.files[kind] = File(self._folder / f"{kind}.ndjson")
        self.size += self.files[kind].add(rows, new=new)
        self.new = self.new and new

    def close(self) -> None:
        """Let others read the files."""
        for each in self.files.values():
            each.close()


def _line(identity: bytes, body: bytes) -> bytes:
    """Put the id in front of the body's fields, which stay the bytes that they are."""
    return b"".join((b'{"_id":"', identity, b'",', body[1:], b"\n"))
