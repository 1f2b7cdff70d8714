"""Documents that the server refuses for now while it takes others: they are tried again when the others are written.

At last each is tried alone, and then given up: one document that makes the server fail must not hold back the rest of
its object. Where the server is busy, or an index away, that is no document's fault, and all are handed back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pipeline.backoff import Backoff, Patience
from functions.pipeline.documents import Rejection
from functions.pipeline.errors import TransientError
from functions.pipeline.sinks.elasticsearch.body import LARGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from functions.pipeline.documents import Written
    from functions.pipeline.sinks.elasticsearch.results import Leftover

_SHARE = 100  # taken for each that is refused: fewer, and the server is busy
_FEW = 10  # that are set aside out of a small request
_TOO_LARGE, _FAULT = 413, 500
_MEMORY = "circuit_breaking_exception"


def are_few(leftovers: list[Leftover], sent: int) -> bool:
    """Say whether a server that refuses these of so many documents takes documents as a rule."""
    if len(leftovers) * _SHARE <= sent:
        return True
    return (len(leftovers) < sent or sent == 1) and len(leftovers) <= _FEW and all(map(_suspect, leftovers))


def insist(
    leftovers: list[Leftover],
    send: Callable[[list[Leftover]], list[Leftover]],
    error: Callable[[list[Leftover]], TransientError],
    backoff: Backoff,
    written: Written,
) -> None:
    """Try documents again, in ever smaller requests, until each is taken or has been refused alone for long enough.

    Args:
        leftovers: the documents.
        send: sends some in one request; returns those that are not taken.
        error: makes the error of those that are handed back.
        backoff: how long to go on while none is taken.
        written: what the server took otherwise; those that are given up are added to its rejections.

    Raises:
        TransientError: the server is busy, or takes nothing.
    """
    parts, left, tries, patience = [leftovers], leftovers, 0, Patience(backoff)
    while left:
        sent, tries = len(left), tries + 1
        parts = [rest for rest in map(send, _halves(parts)) if rest]
        left = [each for part in parts for each in part]
        if len(left) < sent:
            patience = Patience(backoff)
            continue
        if not (written.created or written.duplicates):
            raise error(left)
        try:
            patience.wait(error(left))
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
    for kind in {document.kind for document, _, _ in left}:
        refused = [each for each in left if each[0].kind == kind]
        taken = written.created.get(kind, 0) + written.duplicates.get(kind, 0)
        if taken < (1 if all(map(_suspect, refused)) else _SHARE * len(refused)):
            return False
    return True


def _suspect(left: Leftover) -> bool:
    """Say whether the document may be the cause: it is large, or its answer is not that of a busy server."""
    document, result, _ = left
    return len(document.body) > LARGEST or result.status in (_TOO_LARGE, _FAULT) or result.error == _MEMORY


def _rejection(left: Leftover, tries: int) -> Rejection:
    document, result, _ = left
    reason = f"refused {tries + 1} times, at last alone, while others were taken: {result.cause}"
    return Rejection(document, result.status, reason)
