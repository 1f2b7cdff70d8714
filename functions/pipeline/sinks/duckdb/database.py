"""The database file: opened by one process at a time, with little memory, and what DuckDB's errors mean.

DuckDB refuses a second process while one writes. So that this is a wait and no failure, everybody first takes the
lock file beside the database: a writer for its `with` block, a reader until its result lies in a file of its own.
There is one kind of lock, not one for writers and one for readers: a reader never keeps it for long.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeVar

from functions.pipeline.errors import PermanentError, TransientError
from functions.pipeline.quoting import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from duckdb import DuckDBPyConnection

    from functions.pipeline.errors import TrilogError

T = TypeVar("T")

LOCK_SECONDS = 120.0  # reading or indexing a million records takes less
_PAUSE = 0.05  # seconds between two looks at the lock
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "checkpoint_threshold": "128MB",  # a checkpoint writes the newest rows again: costly when documents are large
    "autoinstall_known_extensions": False,  # a foreign file must not make it look for a reader on the network
    "autoload_known_extensions": False,
}
# Without a limit, its cache grows with the file; beyond it, DuckDB sorts and stages on disk. A second thread needs as
# much memory again, and while documents are written others are made.
_READING: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "128MB", "threads": 1}
_WRITING: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "64MB", "threads": 1}
_DISK_FULL = tuple(os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_NEWER = ("can only read", "newer version")
_DAMAGED = ("not a valid DuckDB", "Corrupt", "existing extension", "invalidated")  # an extension reads a SQLite file


class Database(NamedTuple):
    """An open database, and a folder for files that are needed no longer than it is open."""

    connection: DuckDBPyConnection
    folder: Path


@contextmanager
def writing(path: Path) -> Iterator[Database]:
    """Open the database for reading and writing, made if there is none; nobody else can until the block is left.

    Raises:
        TransientError: it is still in use after LOCK_SECONDS, or the disk is full.
        PermanentError: the file or its folder cannot be used.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path), _folder(path) as folder:
            if not path.exists():
                _create(path, folder)
            with _connected(path, folder, read_only=False) as connection:
                yield Database(connection, folder)


@contextmanager
def reading(path: Path) -> Iterator[Database | None]:
    """Open the database for reading, or give None when there is none; nobody else can until the block is left.

    Raises:
        TransientError: it is still in use after LOCK_SECONDS, or the disk is full.
        PermanentError: the file or its folder cannot be used.
    """
    if path.exists():
        with explained(path), _locked(path):
            if path.exists():  # whoever had the lock may have cleared it
                with _folder(path) as folder, _connected(path, folder, read_only=True) as connection:
                    yield Database(connection, folder)
                    return
    yield None


def rewrite(path: Path) -> None:
    """Put a copy in the file's place, if there is one: what was deleted, whose bytes DuckDB keeps, is not in it.

    Raises:
        TransientError: it is still in use after LOCK_SECONDS, or the disk is full.
        PermanentError: the file or its folder cannot be used.
    """
    if not path.exists():
        return
    with explained(path), _locked(path), _folder(path) as folder:
        copy = folder / "copy.duckdb"
        with _connected(path, folder, read_only=False) as connection:
            connection.execute(f"ATTACH {literal(copy)} AS copied")
            ((name,),) = connection.execute("SELECT current_database()").fetchall()
            with_room(connection, lambda: connection.execute(f"COPY FROM DATABASE {quoted(name)} TO copied"))
            connection.execute("DETACH copied")
        copy.replace(path)


def with_room(connection: DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Do some work in little memory, or else in what the machine has: DuckDB takes 2,048 rows at once, of any size."""
    import duckdb

    try:
        return work()
    except duckdb.OutOfMemoryException:
        connection.execute("RESET memory_limit")
        return work()


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the errors of DuckDB and of the file system within the block into Trilog's, by what the user can do."""
    import duckdb

    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise _explanation(path, error) from error


def _explanation(path: Path, error: Exception) -> TrilogError:
    text = str(error)
    cause = text.partition("\n")[0] or type(error).__name__
    if any(sign in text for sign in _DISK_FULL):
        return TransientError(
            "{path}: the disk is full ({cause}). Free some space and run again; nothing is lost.",
            path=path,
            cause=cause,
        )
    if "Could not set lock" in text:
        return TransientError(
            "{path} is open in another program ({cause}). Close it there, then run again.",
            path=path,
            cause=cause,
        )
    if "Out of Memory" in text:
        return PermanentError(
            "{path}: this takes more memory than there is ({cause}). Read a shorter time, or write smaller records.",
            path=path,
            cause=cause,
        )
    if any(sign in text for sign in _NEWER):
        return PermanentError(
            "{path} was written by a newer DuckDB ({cause}). Install that one, or move it away.",
            path=path,
            cause=cause,
        )
    if any(sign in text for sign in _DAMAGED):
        return PermanentError(
            "{path} is damaged, or no DuckDB file ({cause}). Move it away, then index the batches of the store again.",
            path=path,
            cause=cause,
        )
    return PermanentError(
        "{path} cannot be used ({cause}). See that it is yours to write, or move it away.",
        path=path,
        cause=cause,
    )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock file for the block. It goes when the process does, however that ends; the file stays."""
    with path.with_name(f"{path.name}.lock").open("ab") as file:
        deadline = time.monotonic() + LOCK_SECONDS
        while not _taken(file):
            if time.monotonic() > deadline:
                raise TransientError(
                    "{path} has been in use by another run for {lock_seconds:g} s. Stop that run or let it end, "
                    "then run again; nothing is lost.",
                    path=path,
                    lock_seconds=LOCK_SECONDS,
                )
            time.sleep(_PAUSE)
        yield


def _taken(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _folder(path: Path) -> Iterator[Path]:
    """Make a temporary folder beside the database; needs the lock, for it removes what killed processes left."""
    prefix = f"{path.name}.tmp-"
    for left in path.parent.iterdir():
        if left.name.startswith(prefix):
            shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=path.parent) as folder:
        yield Path(folder)


def _create(path: Path, folder: Path) -> None:
    """Make an empty database, at once or not at all: a file that was cut off would be taken for a damaged one."""
    import duckdb

    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)  # of a database that somebody deleted
    duckdb.connect(folder / "new.duckdb").close()
    (folder / "new.duckdb").rename(path)


@contextmanager
def _connected(path: Path, folder: Path, *, read_only: bool) -> Iterator[DuckDBPyConnection]:
    import duckdb

    config = {**_CONFIG, **(_READING if read_only else _WRITING), "temp_directory": str(folder)}
    with duckdb.connect(path, read_only=read_only, config=config) as connection:
        yield connection
