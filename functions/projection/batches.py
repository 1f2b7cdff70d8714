"""The batches that a projection has, in one SQLite file."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Self

from functions.pipeline.errors import ConfigError, PermanentError, TransientError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

_TABLES = """
CREATE TABLE IF NOT EXISTS store (name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS batches (key TEXT PRIMARY KEY) WITHOUT ROWID;
"""


class Batches:
    """Which batches a projection has. A context manager: the file is one process's from enter to exit."""

    def __init__(self, path: Path, subject: str, command: str, tables: str = "") -> None:
        """Take the file, what it is about (the store, and what else decides), whose it is, and its further tables."""
        self._path, self._subject, self._command = path, subject, command
        self._tables = f"BEGIN EXCLUSIVE;{_TABLES}{tables}COMMIT;"

    def __enter__(self) -> Self:
        """Open the file.

        Raises:
            ConfigError: the file is another process's, or about something else.
            PermanentError: the file cannot be made, or is none of ours.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(self._path, isolation_level=None, timeout=1)
        except (OSError, sqlite3.Error) as error:
            raise PermanentError(
                "{path} cannot be made: {cause}. Set PIPELINE_DATA to a folder that can be written",
                path=self._path,
                cause=error,
            ) from error
        try:
            self._open()
        except BaseException:
            self._database.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def _open(self) -> None:
        try:
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.executescript(self._tables)
        except sqlite3.OperationalError as error:
            raise ConfigError(
                "{path} is in use. End the other {command}, or give this one its own PIPELINE_DATA",
                path=self._path,
                command=self._command,
            ) from error
        except sqlite3.DatabaseError as error:
            raise PermanentError(
                "{path} is damaged: {cause}. Delete it: it is made anew from the batches",
                path=self._path,
                cause=error,
            ) from error
        self._check_subject()

    def _check_subject(self) -> None:
        found = self._database.execute("SELECT name FROM store").fetchone()
        if found is None:
            self._database.execute("INSERT INTO store VALUES (?)", (self._subject,))
        elif found[0] != self._subject:
            raise ConfigError(
                "{path} is about {found}, not about {subject}. Delete it, or set another PIPELINE_DATA",
                path=self._path,
                found=found[0],
                subject=self._subject,
            )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:  # the disk is full, or fails
            raise TransientError(
                "{path} cannot be used now: {cause}. Free some space; what was done stays, the rest is done again",
                path=self._path,
                cause=error,
            ) from error

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Return the keys of those batches that the projection has not; raise TransientError when the disk fails."""
        with self._explained(), closing(self._database.cursor()) as cursor:
            found = "SELECT 1 FROM batches WHERE key = ?"
            return [key for key in keys if cursor.execute(found, (key,)).fetchone() is None]

    @contextmanager
    def adding(self, key: str) -> Iterator[sqlite3.Connection]:
        """Have a batch when the context ends, together with what else is written in it.

        Raises:
            TransientError: the disk is full, or fails; nothing of it was written.
        """
        with self._explained(), self._database:
            self._database.execute("BEGIN")
            self._database.execute("INSERT INTO batches VALUES (?)", (key,))
            yield self._database
