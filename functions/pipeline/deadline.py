"""When an invocation must be over: the platform ends it then, finished or not."""

from threading import Thread
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from functions.pipeline.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_LEAST, _MOST = 1.0, 10.0  # seconds to keep in reserve; between them, a quarter of the time that there is


class Deadline:
    """The end of one invocation, by the word of an AWS Lambda context; without a context there is none.

    `reserve` is the time in seconds that is kept for handing back what is not finished.
    """

    def __init__(self, context: object = None) -> None:
        self._remaining: Callable[[], int] | None = getattr(context, "get_remaining_time_in_millis", None)
        self.reserve = min(max(self._seconds() / 4, _LEAST), _MOST)

    @property
    def left(self) -> float:
        """The seconds until the reserve begins; less than 0 within it."""
        return self._seconds() - self.reserve

    def check(self) -> None:
        """Raise TransientError when only the reserve is left."""
        if self.left <= 0:
            raise _out_of_time()

    def run(
        self, work: "Callable[[], T]", most: float = float("inf"), going: "Callable[[], bool]" = lambda: False
    ) -> T:
        """Do some work, and return or raise what it does.

        The work has a thread of its own, for a server that does not answer may hold it longer than there is time: then
        it is left there. It should call `check` now and then, so that it does not go on for long.

        Args:
            work: the work.
            most: the seconds after which it is left, where that is less than there are.
            going: says whether it gets on, so that it is waited for all the same.

        Raises:
            TransientError: the reserve began, or the time was over, before the work was done.
        """
        if self._remaining is None:
            return work()
        try:
            return within(min(self.left, most), work, lambda: self.left if going() else 0)
        except OutOfTime:
            raise _out_of_time() from None

    def _seconds(self) -> float:
        return self._remaining() / 1000 if self._remaining else float("inf")


class OutOfTime(TimeoutError):  # noqa: N818 (a fact to act on)
    """Work is not done within its time. What times out inside the work is another error."""


def within(seconds: float, work: "Callable[[], T]", more: "Callable[[], float]" = lambda: 0) -> T:
    """Do some work in a thread of its own, which does not outlive the process, and return or raise what it does.

    Args:
        seconds: how long to wait for it.
        work: the work.
        more: is asked then for how many seconds more.

    Raises:
        OutOfTime: it takes longer; it is left there.
    """
    outcomes: list[T | _Failure] = []
    thread = Thread(target=lambda: outcomes.append(_outcome(work)), daemon=True)
    thread.start()
    thread.join(max(seconds, 0))
    if not outcomes:
        thread.join(max(more(), 0))
    if not outcomes:
        raise OutOfTime
    (outcome,) = outcomes
    if isinstance(outcome, _Failure):
        raise outcome.error
    return outcome


class _Failure(NamedTuple):
    """What some work raised instead of returning."""

    error: BaseException


def _outcome(work: "Callable[[], T]") -> T | _Failure:
    try:
        return work()
    except BaseException as error:  # noqa: BLE001 (it is raised where the work is waited for)
        return _Failure(error)


def _out_of_time() -> TransientError:
    return TransientError("The invocation's time is nearly over. What is not finished is handed back")
