"""Ending what goes on without end: whatever the signal interrupts, and however many come."""

import os
import signal
import sys
from collections.abc import Iterator
from threading import Event, Timer
from types import FrameType

import duckdb
import pytest

from functions.cli import signals
from functions.cli.signals import interruptible, on_stop


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Put the handlers back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.timeout(20)
def test_a_signal_that_interrupts_an_event_does_not_wait_for_it():
    stopping = Event()
    on_stop(stopping.set)
    with stopping._cond:  # noqa: SLF001 (as `wait` and `set` hold it)
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
    assert stopping.wait(10)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("line", [1, 2, 3])
def test_a_signal_that_interrupts_the_handler_of_another_changes_nothing(line: int):
    stopping, lines = Event(), []

    def interrupt(frame: FrameType, event: str, _: object) -> object:
        """Send a second signal before some line of the handler."""
        if event == "line" and frame.f_code.co_filename == signals.__file__:
            lines.append(frame.f_lineno)
            if len(lines) == line:
                os.kill(os.getpid(), signal.SIGTERM)
        return interrupt

    on_stop(stopping.set)
    sys.settrace(interrupt)
    try:
        os.kill(os.getpid(), signal.SIGINT)
    finally:
        sys.settrace(None)
    assert len(lines) >= line
    assert stopping.wait(5)


@pytest.mark.timeout(20)
def test_of_several_signals_the_first_is_enough():
    stopped, called = Event(), []

    def stop() -> None:
        called.append(1)
        stopped.set()

    on_stop(stop)
    for _ in range(50):
        os.kill(os.getpid(), signal.SIGTERM)
    assert stopped.wait(10)
    assert called == [1]


@pytest.mark.timeout(20)
def test_ctrl_c_during_a_query_of_duckdb_is_a_keyboard_interrupt():
    Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    one = {"threads": 1}  # as everywhere here: with more, DuckDB may wait for them without a look at signals
    with duckdb.connect(config=one) as database, pytest.raises(KeyboardInterrupt), interruptible():
        database.execute("SELECT count(*) FROM range(1000000000000) AS numbers(n) WHERE n % 7 = 3").fetchall()


def test_other_errors_are_none():
    with pytest.raises(RuntimeError, match=r"^Query failed$"), interruptible():
        raise RuntimeError("Query failed")
