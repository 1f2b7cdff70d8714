"""Marks: how far an object is indexed, so that whoever goes on writes nothing again."""

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from functions.pipeline.borders import Border

if TYPE_CHECKING:
    from functions.pipeline.documents import Rows


class Mark(NamedTuple):
    """How far an object is indexed.

    Attributes:
        border: where its reading can begin again.
        done: how many of its records are in the sink, or are dead letters; they are the first ones.
        plain: whether the object is stored as it is read: its bytes before the border can be left out, then.
    """

    border: Border = Border()
    done: int = 0
    plain: bool = False


BEGIN = Mark()


class Marks:
    """The marks of an object that is on its way to a sink, by the documents that the sink must have for them.

    Attributes:
        last: the last mark whose documents the sink has all.
    """

    def __init__(self, last: Mark) -> None:
        self.last = self._first = last
        self._given = self._taken = 0  # portions of one kind: made; and in earlier writes
        self._waiting: deque[tuple[int, Mark]] = deque()

    @property
    def advanced(self) -> bool:
        """Whether that is another one than at first."""
        return self.last != self._first

    def count(self, documents: "Rows") -> "Rows":
        """Count documents that are given to the sink."""
        self._given += 1
        return documents

    def note(self, mark: Mark) -> None:
        """Note a mark that all the documents given so far are needed for."""
        self._waiting.append((self._given, mark))

    def confirm(self, count: int) -> None:
        """Note that the sink has the first ones of those of this write."""
        while self._waiting and self._waiting[0][0] <= self._taken + count:
            self.last = self._waiting.popleft()[1]

    def end_write(self) -> None:
        """Note that the sink has all that were given, or that dead letters stand for them."""
        self._taken = self._given
        self.confirm(0)
