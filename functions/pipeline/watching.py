"""Waits until log files change: the system says so, by watchfiles; without that library, by looking at their sizes."""

from __future__ import annotations

import time
from fnmatch import fnmatch
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence
    from threading import Event

_TOGETHER_MS = 300  # what changes within this time is told at once: a batch each would be many
_LOOK = 0.5  # seconds between two looks, without the library
_STEP_MS = 1000  # how long the library waits before it says that nothing has changed


class Watch:
    """The files of some patterns, watched from when the first `wait` begins."""

    def __init__(self, patterns: Sequence[str], stopping: Event) -> None:
        """Take the patterns, or paths; and what ends each wait."""
        self._patterns = [str(Path(each).expanduser().absolute()) for each in patterns]
        self._stopping = stopping
        self._changes: Iterator[object] | None = None
        self._seen = self._state()

    def wait(self, seconds: float) -> None:
        """Return once a file has changed since the last call, after so many seconds, or when all is to stop."""
        ends = time.monotonic() + seconds
        changes = self._watched()
        while time.monotonic() < ends and not self._stopping.is_set():
            if changes is None:
                self._stopping.wait(min(_LOOK, max(ends - time.monotonic(), 0)))
                if self._has_changed():
                    return
            elif next(changes, None):
                return

    def _watched(self) -> Iterator[object] | None:
        """Return what yields sets of changes, empty ones now and then; None without the library."""
        if self._changes is None:
            try:
                from watchfiles import watch
            except ModuleNotFoundError:
                return None
            self._changes = watch(
                *{_folder(each) for each in self._patterns},
                watch_filter=lambda _change, path: any(fnmatch(path, each) for each in self._patterns),
                debounce=_TOGETHER_MS,
                rust_timeout=_STEP_MS,
                yield_on_timeout=True,
                stop_event=self._stopping,
                recursive=any("**" in each for each in self._patterns),
                raise_interrupt=False,
                ignore_permission_denied=True,
            )
        return self._changes

    def _has_changed(self) -> bool:
        before, self._seen = self._seen, self._state()
        return before != self._seen

    def _state(self) -> dict[str, tuple[int, int]]:
        paths = (path for each in self._patterns for path in _matching(each))
        return {path: (status.st_mtime_ns, status.st_size) for path in paths if (status := _status(path))}


def _folder(pattern: str) -> Path:
    """Return the folder in which all that a pattern can match lies, the nearest that there is."""
    folder = Path(pattern).parent
    while has_magic(str(folder)) or not folder.is_dir():
        folder = folder.parent
    return folder


def _matching(pattern: str) -> list[str]:
    return glob(pattern, recursive=True) if has_magic(pattern) else [pattern]  # noqa: PTH207 (as the source does)


def _status(path: str) -> os.stat_result | None:
    try:
        return Path(path).stat()
    except OSError:
        return None
