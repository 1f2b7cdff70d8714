"""Documents that the server refuses for now while it takes others: they are tried again when the others are written.

At last each is tried alone, and then given up: one document that makes the server fail must not hold back the rest of
its object. Where the server is busy, or an index away, that is no document's fault, and all are handed back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from functions.pipeline.documents import Rejection
from functions.pipeline.errors import TransientError
from functions.pipeline.sinks.elasticsearch.body import LARGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from functions.pipeline.documents import Document, Written
    from functions.pipeline.sinks.elasticsearch.results import Result

_SHARE = 100  # taken for each that is refused: fewer, and the server is busy
_FEW = 10  # that are set aside out of a small request
_TOO_LARGE, _FAULT = 413, 500
_MEMORY = "circuit_breaking_exception"


class Leftover(NamedTuple):
    """A document that was not taken.

    Attributes:
        document: the document.
        result: what the server last said of it; its status is 0 where there was no answer.
        error: why the whole request failed that it was in, if it did.
    """

    document: Document
    result: Result
    error: TransientError | None = None

    @property
    def suspect(self) -> bool:
        """Say whether the document may be the cause: it is large, or its answer is not that of a busy server."""
        large = len(self.document.body) > LARGEST
        return large or self.result.status in (_TOO_LARGE, _FAULT) or self.result.error == _MEMORY


def are_few(leftovers: list[Leftover], sent: int) -> bool:
    """Say whether a server that refuses these of so many documents takes documents as a rule."""
    if len(leftovers) * _SHARE <= sent:
        return True
    return (len(leftovers) < sent or sent == 1) and len(leftovers) <= _FEW and all(each.suspect for each in leftovers)


def insist(
    leftovers: list[Leftover],
    send: Callable[[list[Leftover]], list[Leftover]],
    wait: Callable[[list[Leftover]], None],
    written: Written,
) -> None:
    """Try documents again, in ever smaller requests, until each is taken or has been refused alone for long enough.

    Args:
        leftovers: the documents.
        send: sends some in one request; returns those that are not taken.
        wait: pauses; raises TransientError when that has been long enough.
        written: what the server took otherwise; those that are given up are added to its rejections.

    Raises:
        TransientError: the server is busy, or takes nothing.
    """
    parts, left, tries = [leftovers], leftovers, 0
    while left:
        sent, tries = len(left), tries + 1
        parts = [rest for rest in map(send, _halves(parts)) if rest]
        left = [each for part in parts for each in part]
        if len(left) < sent:
            continue
        try:
            wait(left)
        except TransientError:
            if len(parts) < len(left) or not _are_the_cause(left, written):
                raise
            written.rejected += (_rejection(each, tries) for each in left)
            return


def _halves(parts: Iterable[list[Leftover]]) -> Iterator[list[Leftover]]:
    for part in parts:
        middle = (len(part) + 1) // 2
        yield from (half for half in (part[:middle], part[middle:]) if half)


def _are_the_cause(left: list[Leftover], written: Written) -> bool:
    """Say whether the server took enough documents of the same kinds for these not to be what a busy one left."""
    for kind in {each.document.kind for each in left}:
        refused = [each for each in left if each.document.kind == kind]
        taken = written.created.get(kind, 0) + written.duplicates.get(kind, 0)
        if taken < (1 if all(each.suspect for each in refused) else _SHARE * len(refused)):
            return False
    return True


def _rejection(left: Leftover, tries: int) -> Rejection:
    reason = f"refused {tries + 1} times, at last alone, while others were taken: {left.result.cause}"
    return Rejection(left.document, left.result.status, reason)
