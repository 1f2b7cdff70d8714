"""Two lines of one request: the application's own, and the access line that its server writes.

Both stand in one log, some lines apart, and nothing in them says that they are of one request; but each request has at
most one of each. So of two lines of different writers that are alike in all else, the later one is of a request that
is counted already, unless that had been told by another line before.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

WINDOW = 200  # lines that tell of requests: so far apart the two lines of one may be
Request = tuple[str, ...]


class _Line(NamedTuple):
    """A line whose other line has not come.

    Attributes:
        number: its place among the log's lines.
        own: whether the application wrote it.
        timed: whether it told how long the request took.
    """

    number: int
    own: bool
    timed: bool


class Pairs:
    """Finds the second lines of the requests of a log."""

    def __init__(self, waiting: Iterable[list[object]] = ()) -> None:
        """Take what `waiting` returned at the end of the log's last batch."""
        self._waiting: dict[Request, deque[_Line]] = {}
        self._number = 0
        for request, age, own, timed in waiting:
            line = _Line(-int(age), bool(own), bool(timed))  # type: ignore[call-overload]
            self._waiting.setdefault(tuple(request), deque()).append(line)  # type: ignore[arg-type]

    def first(self, request: Request, *, own: bool, timed: bool) -> tuple[bool, bool]:
        """Take a line; return whether it is the first one of its request, and the first one that has a duration.

        Args:
            request: what both lines say: the service, the method, the route, the status.
            own: whether the application wrote it.
            timed: whether it has a duration.
        """
        self._number += 1
        if self._number % WINDOW == 0:
            self._forget()
        lines = self._waiting.setdefault(request, deque())
        while lines and not self._may_wait(lines[0]):
            lines.popleft()
        if lines and lines[0].own != own:
            before = lines.popleft()
            return False, timed and not before.timed
        lines.append(_Line(self._number, own, timed))
        return True, timed

    def waiting(self) -> list[list[object]]:
        """Return the lines whose other line may come in the log's next batch, as JSON values, oldest first."""
        self._forget()
        left = [(line, request) for request, lines in self._waiting.items() for line in lines]
        left.sort(key=lambda each: each[0].number)
        return [[[*request], self._number - line.number, line.own, line.timed] for line, request in left]

    def _may_wait(self, line: _Line) -> bool:
        return self._number - line.number < WINDOW

    def _forget(self) -> None:
        for request, lines in [*self._waiting.items()]:
            while lines and not self._may_wait(lines[0]):
                lines.popleft()
            if not lines:
                del self._waiting[request]
