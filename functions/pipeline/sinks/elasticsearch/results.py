"""What the server says of each document of a `_bulk` request, in its answer."""

from operator import index
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.sinks.elasticsearch.failures import words

if TYPE_CHECKING:
    from functions.pipeline.documents import Document
    from functions.pipeline.errors import TransientError
    from functions.pipeline.sinks.elasticsearch.body import Body

FILTER = (
    "errors,items.*._index,items.*._id,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by"
)
"""The parts of an answer that are read, as `filter_path` has them."""

OK, CREATED, CONFLICT = 200, 201, 409
THERE_ALREADY = (OK, CONFLICT)
THERE = {CREATED, *THERE_ALREADY}


class Mismatch(Exception):  # noqa: N818 (what is wrong with an answer; the sink makes the error of it)
    """The answer is about other documents than those that were sent."""


class Result(NamedTuple):
    """What the server says of a document: the status and, unless the document is there, the error and its words."""

    status: int
    error: str = ""
    cause: str = ""


Leftover = tuple["Document", Result, "TransientError | None"]
"""A document that was not taken, what was last said of it, and why its whole request failed, if it did.

The status of the result is 0 where there was no answer.
"""


def results(said: Any, body: "Body") -> list[Result]:  # noqa: ANN401 (it may be anything, and then errors are wanted)
    """Read what is said of each document, in the order in which they were sent.

    Raises:
        Mismatch: the answer is about other documents.
        LookupError, TypeError, AttributeError, ValueError: it is no answer to `_bulk`.
    """
    items = [each["index"] for each in said.get("items", [])]
    read = [_result(each) for each in items]
    asked, told = list(body.places()), [(each.get("_index"), each.get("_id")) for each in items]
    if told != asked:
        by_place = dict(zip(told, read, strict=True))
        if len(by_place) == len(told) == len(asked) and by_place.keys() == {*asked}:
            return [by_place[place] for place in asked]
        _check(told, asked)
    return read


def _check(told: list[tuple[Any, Any]], asked: list[tuple[str, str]]) -> None:
    """Check that documents are told in order; an alias is told by its index's name, and no name is no contradiction."""
    if len(told) != len(asked):
        raise Mismatch(f"{len(told)} results for {len(asked)} documents")
    for (_, told_id), (_, asked_id) in zip(told, asked, strict=True):
        if told_id not in (None, asked_id):
            raise Mismatch(f"a result for {told_id!r:.100} in place of {asked_id!r}")


def _result(said: Any) -> Result:  # noqa: ANN401 (as above)
    """Read what is said of one document; a status that is no whole number is an error like the lack of one."""
    status = index(said["status"])
    if status in THERE:
        return Result(status)
    return Result(status, str(said["error"]["type"]), words(said["error"]))
