"""One request under way while the next is being made."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class Overlap:
    """Runs work in the background, one piece at a time and in order; what a piece raises is raised by the next call.

    The work is to wait for a server, or to compress: neither keeps other Python code from running.
    """

    def __init__(self) -> None:
        self._thread: Thread | None = None
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._join()
        if error is None:
            self._raise()

    def start(self, work: Callable[[], None]) -> None:
        """Wait for the work before, then begin this."""
        self._join()
        self._raise()
        self._thread = Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 (it is raised where the work is waited for)
            self._error = error

    def _join(self) -> None:
        if self._thread:
            self._thread.join()

    def _raise(self) -> None:
        if self._error:
            raise self._error
