"""Executions of models send what they took, as the document that their users know has it."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from trilog_client import current_execution, model_execution

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from tests.client.server import Ingest
    from trilog_client import Client, Execution

    Sent = Callable[[], list[dict[str, Any]]]

TEXT = "invalid literal for int() with base 10: 'seven'"
ABOUT = ("IsolationForest", "1.0.0", "AnomalyDetectionApp")


@pytest.fixture
def execution(client: Client) -> Execution:
    return model_execution(*ABOUT, client=client)


def test_a_block_sends_that_it_started_and_that_it_is_completed(execution: Execution, sent: Sent):
    with execution as running:
        time.sleep(0.1)
        running.details["anomalies_count"] = 3
    started, completed = sent()
    about = {
        "event": "model_execution",
        "execution_id": running.execution_id,
        "model_name": "IsolationForest",
        "model_version": "1.0.0",
        "application_name": "AnomalyDetectionApp",
        "log_level": "INFO",
    }
    assert started == {**about, "timestamp": started["timestamp"], "status": "started", "details": {}}
    measured = {name: completed.pop(name) for name in ("response_time", "cpu_usage", "memory_usage")}
    assert completed == {
        **about,
        "timestamp": completed["timestamp"],
        "status": "completed",
        "details": {"anomalies_count": 3},
    }
    assert 0.1 <= measured["response_time"] < 1
    assert 0 <= measured["cpu_usage"] < 90
    assert measured["memory_usage"] == pytest.approx(psutil.Process().memory_info().rss / 1024**2, rel=0.2)
    times = [datetime.fromisoformat(each["timestamp"]) for each in (started, completed)]
    assert timedelta(seconds=0.1) <= times[1] - times[0] < timedelta(seconds=1)
    assert times[0].tzinfo == UTC


def test_work_is_seen_in_the_usage_of_the_cpu(execution: Execution, sent: Sent):
    with execution:
        until = time.process_time() + 0.2
        while time.process_time() < until:
            pass
    assert sent()[1]["cpu_usage"] > 20


def test_an_exception_is_sent_and_goes_on(execution: Execution, sent: Sent):
    with pytest.raises(ValueError, match="invalid literal"), execution as running:
        running.details["rows"] = int("7") + int("seven")
    _, failed = sent()
    assert (failed["status"], failed["error_message"], failed["log_level"]) == ("failed", TEXT, "ERROR")
    assert failed["response_time"] >= 0


@pytest.mark.parametrize("error", [KeyboardInterrupt(), AssertionError(), SystemExit(2)])
def test_an_exception_without_a_text_is_named(execution: Execution, sent: Sent, error: BaseException):
    with pytest.raises(type(error)), execution:
        raise error
    assert sent()[1]["error_message"] in {type(error).__name__, "2"}


def test_an_exception_whose_text_raises_goes_on_all_the_same(execution: Execution, sent: Sent):
    class BrokenError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    with pytest.raises(BrokenError), execution:
        raise BrokenError
    assert sent()[1]["error_message"] == "<BrokenError>"


def test_each_call_of_a_function_is_an_execution(execution: Execution, sent: Sent):
    @execution
    def predict(rows: int, *, twice: bool = False) -> int:
        """Predict."""
        current = current_execution()
        assert current
        current.details["rows"] = rows
        return rows * (2 if twice else 1)

    assert [predict(3, twice=True), predict(4)] == [6, 4]
    assert (predict.__name__, predict.__doc__) == ("predict", "Predict.")
    assert current_execution() is None
    records = sent()
    assert [record["status"] for record in records] == ["started", "completed"] * 2
    assert [record["details"].get("rows") for record in records] == [None, 3, None, 4]
    ids = [record["execution_id"] for record in records]
    assert ids[0] == ids[1] != ids[2] == ids[3]


def test_a_function_may_call_itself(execution: Execution, sent: Sent):
    @execution
    def count(down: int) -> int:
        return 0 if down == 0 else 1 + count(down - 1)

    assert count(3) == 3
    assert [record["status"] for record in sent()] == ["started"] * 4 + ["completed"] * 4


def test_coroutines_that_run_together_are_told_apart(execution: Execution, sent: Sent):
    @execution
    async def predict(number: int) -> int:
        current = current_execution()
        await asyncio.sleep(0.05 * (3 - number))
        assert current_execution() is current
        assert current
        current.details["number"] = number
        return number

    async def all_of_them() -> list[int]:
        return await asyncio.gather(*map(predict, range(3)))

    assert asyncio.run(all_of_them()) == [0, 1, 2]
    completed = [record for record in sent() if record["status"] == "completed"]
    assert [record["details"]["number"] for record in completed] == [2, 1, 0]
    assert len({record["execution_id"] for record in completed}) == 3


def test_a_coroutine_that_is_cancelled_has_failed(execution: Execution, sent: Sent):
    @execution
    async def predict() -> None:
        await asyncio.sleep(10)

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(asyncio.wait_for(predict(), 0.05))
    assert (sent()[1]["status"], sent()[1]["error_message"]) == ("failed", "CancelledError")


def test_a_generator_is_measured_until_it_is_exhausted_or_given_up(execution: Execution, sent: Sent):
    @execution
    def tokens() -> Iterator[int]:
        for each in range(3):
            time.sleep(0.05)
            yield each

    @execution
    async def asynchronous() -> AsyncIterator[int]:
        for each in range(2):
            await asyncio.sleep(0.05)
            yield each

    async def read() -> list[int]:
        return [each async for each in asynchronous()]

    assert list(tokens()) == [0, 1, 2]
    given_up = tokens()
    next(given_up)
    given_up.close()
    assert asyncio.run(read()) == [0, 1]
    completed = [record for record in sent() if record["status"] == "completed"]
    assert len(completed) == 3
    assert all(least <= each["response_time"] < 1 for least, each in zip((0.15, 0.05, 0.1), completed, strict=True))


def test_details_that_are_given_are_in_both_and_are_not_shared(client: Client, sent: Sent):
    given = {"region": "north"}
    execution = model_execution(*ABOUT, details=given, client=client)
    for number in range(2):
        with execution as running:
            running.details[f"n{number}"] = number
    assert given == {"region": "north"}
    north = {"region": "north"}
    assert [record["details"] for record in sent()] == [north, {**north, "n0": 0}, north, {**north, "n1": 1}]


def test_details_that_json_cannot_hold_break_nothing(execution: Execution, sent: Sent):
    with execution as running:
        running.details.update(score=float("nan"), when=datetime(2025, 1, 20, tzinfo=UTC), itself=running.details)
    assert sent()[1]["details"] == {"score": None, "when": "2025-01-20T00:00:00+00:00", "itself": "<circular>"}


# --- The code that users have already

DOCUMENT = Path(__file__).parent / "show_anomalie_detection.txt"


class Frame(dict[Any, Any]):
    """As much of a table as that code needs."""

    def __getitem__(self, key: Any) -> Any:
        return (
            [super(Frame, self).__getitem__(each) for each in key]
            if isinstance(key, list)
            else super().__getitem__(key)
        )


class Model:
    """Finds what is negative."""

    def predict(self, columns: list[list[float]]) -> list[int]:
        return [-1 if value < 0 else 1 for value in columns[0]]


@pytest.mark.parametrize(("values", "status"), [([1.0, -1.0], "completed"), (None, "failed")])
def test_the_function_of_the_users_document_runs_unchanged_but_for_its_import(
    run: Callable[..., tuple[str, str]], server: Ingest, values: list[float] | None, status: str
):
    program = f"""
import time
from datetime import datetime
from trilog_client import send_log_to_elastic
from tests.client.test_execution import Frame, Model
df, hourly_columns, loaded_model = Frame(h1={values!r}), ["h1"], Model()
exec(open({str(DOCUMENT)!r}).read())
show_anomalie_detection()
"""
    root = str(Path(__file__).parents[2])
    run(program, PYTHONPATH=f"{root}:{root}/clients/python/src", PYTHONWARNINGS="ignore")
    (record,) = server.records()
    assert record["status"] == status
    assert ("error_message" in record) == (status == "failed")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", record["timestamp"])
