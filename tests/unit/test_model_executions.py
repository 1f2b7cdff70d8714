"""Executions of models: the users' document's own objects, what others send, and what does not fit."""

import json
import time
from datetime import datetime
from typing import Any

import pytest

from functions.pipeline.framing import split_records
from functions.pipeline.kinds.model_execution.lost import lost
from functions.pipeline.parser import Parser, ParserOptions

START = {
    "timestamp": "2025-01-20T10:30:00.123456",
    "event": "model_execution",
    "model_name": "IsolationForest",
    "model_version": "1.0.0",
    "status": "started",
    "log_level": "INFO",
}


def read(*lines: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the executions, and the log documents."""
    parsing = Parser(ParserOptions()).open()
    made: dict[str, list[Any]] = {"model_execution": [], "logs": [], "message": []}
    moment = "2025-01-01T00:00:00.000Z"
    for number, record in enumerate(split_records(["\n".join(lines).encode()], "a.log", parsing.reader)):
        moment, _ = parsing.parse(record, moment, number, b"id", made)
    executions, logs = ([json.loads(body) for _, _, body in made[kind]] for kind in ("model_execution", "logs"))
    for each in (*executions, *logs):
        del each["sequence"]
    return executions, logs


def one(**changed: object) -> dict[str, Any]:
    """Return the document of the start with other members; None leaves one out."""
    sent = {name: value for name, value in {**START, **changed}.items() if value is not None}
    ((document,), _) = read(json.dumps(sent))
    return document


def test_the_users_own_code_gives_the_document():
    """The document's first example, with values for its variables."""
    response_time, cpu_usage, memory_usage = 0.42, 12.5, 48.1
    anomalies_count, successful_predictions, failed_predictions = 3, 97, 0
    log_data = {
        "timestamp": datetime.utcnow().isoformat(),  # noqa: DTZ003 (theirs)
        "event": "model_execution",
        "model_name": "IsolationForest",
        "model_version": "1.0.0",
        "application_name": "AnomalyDetectionApp",
        "status": "completed",
        "response_time": response_time,
        "cpu_usage": cpu_usage,
        "memory_usage": memory_usage,
        "details": {
            "anomalies_count": anomalies_count,
            "successful_predictions": successful_predictions,
            "failed_predictions": failed_predictions,
        },
        "log_level": "INFO",
    }
    ((document,), (log,)) = read(json.dumps(log_data))
    at = f"{log_data['timestamp']}Z"
    assert document.pop("@timestamp") == document["timestamp"]
    assert document == {**log_data, "timestamp": at}
    assert (log["@timestamp"], log["level"], log["message"]) == (at, "INFO", "model_execution")
    assert log["execution_time_ms"] == 420.0
    assert "status_code" not in log


@pytest.mark.parametrize("fails", [False, True])
def test_the_users_own_function_gives_one_event(fails: bool):  # noqa: FBT001
    """The document's second example: one dictionary, updated, sent once at the end."""
    start_time = time.time()
    log_data: dict[str, Any] = {
        "timestamp": datetime.utcnow().isoformat(),  # noqa: DTZ003 (theirs)
        "event": "model_execution",
        "model_name": "IsolationForest",
        "model_version": "1.0.0",
        "status": "started",
        "log_level": "INFO",
    }
    try:
        if fails:
            float("n/a")
        log_data.update({"status": "completed", "response_time": time.time() - start_time})
    except Exception as e:  # noqa: BLE001 (theirs)
        log_data.update({"status": "failed", "error_message": str(e), "response_time": time.time() - start_time})
    ((document,), _) = read(json.dumps(log_data))
    assert document["status"] == ("failed" if fails else "completed")
    assert document.get("error_message") == ("could not convert string to float: 'n/a'" if fails else None)
    assert document["response_time"] == log_data["response_time"]


@pytest.mark.parametrize(
    "sent",
    [
        {"model_name": "m", "status": "completed"},
        {"modelName": "m", "status": "FAILED"},
        {"event": "model_execution", "status": "success"},
        {"event": "Model Execution", "model_name": "m"},
        {"message": "model_execution", "model_name": "m", "status": "started", "level": "info"},
        {"message": {"event": "model_execution", "model_name": "m", "status": "started"}, "level": "INFO"},
        {"timestamp": "2025-01-20T10:30:00Z", "message": "done", "data": {"model_name": "m", "status": "completed"}},
    ],
)
def test_what_is_an_execution(sent: dict[str, Any]):
    ((document,), _) = read(json.dumps(sent))
    assert document["event"] == "model_execution"
    assert document.get("status") in {None, "started", "completed", "failed"}


@pytest.mark.parametrize(
    "sent",
    [
        {"model_name": "m", "message": "loaded"},
        {"model_name": "m", "status": "loaded"},
        {"model_name": "m", "status": 200},
        {"model_name": "m", "status": "ok", "message": "registered"},
        {"status": "completed", "message": "backup"},
        {"event": "model_loaded", "status": "error"},
    ],
)
def test_what_is_none(sent: dict[str, Any]):
    executions, logs = read(json.dumps(sent))
    assert (executions, len(logs)) == ([], 1)


def test_an_execution_in_the_message_of_a_text_line_is_one():
    ((document,), (log,)) = read(f"2025-01-20 10:30:01 - app - INFO - {json.dumps(START | {'execution_id': 'e1'})}")
    assert document["@timestamp"] == log["@timestamp"] == "2025-01-20T10:30:01.000Z"
    assert document["timestamp"] == "2025-01-20T10:30:00.123456Z"
    assert (document["log_level"], log["transaction_id"]) == ("INFO", "e1")


def test_an_execution_id_is_the_transaction_unless_there_is_one():
    ((document,), (log,)) = read(json.dumps(START | {"execution_id": "e1"}))
    assert document["transaction_id"] == log["transaction_id"] == document["execution_id"] == "e1"
    ((document,), (log,)) = read(json.dumps(START | {"execution_id": "e1", "request_id": "r1"}))
    assert document["transaction_id"] == log["transaction_id"] == "r1"
    assert document["execution_id"] == "e1"
    assert "transaction_id" not in one()


def test_nan_of_python_is_nothing():
    sent = START | {
        "response_time": float("nan"),
        "cpu_usage": float("inf"),
        "details": {"score": float("nan"), "n": 1},
    }
    assert "NaN" in json.dumps(sent)
    ((document,), _) = read(json.dumps(sent))
    assert not {"response_time", "cpu_usage", "misfit"} & document.keys()
    assert document["details"] == {"n": 1, "score": None}


@pytest.mark.parametrize(
    ("changed", "misfit"),
    [
        ({"response_time": "fast"}, {"response_time": "fast"}),
        ({"response_time": -1}, {"response_time": -1}),
        ({"cpu_usage": {"user": 1}}, {"cpu_usage": {"user": 1}}),
        ({"memory_usage": True}, {"memory_usage": True}),
        ({"details": "three anomalies"}, {"details": "three anomalies"}),
        ({"details": {" ": 1, "n": 2}}, {"details. ": 1}),
        ({"timestamp": "yesterday"}, {"timestamp": "yesterday"}),
    ],
)
def test_what_does_not_fit_is_kept_beside(changed: dict[str, Any], misfit: dict[str, Any]):
    assert one(**changed)["misfit"] == misfit


def test_numbers_may_be_text():
    found = one(response_time="0,42", cpu_usage="12.5")
    assert (found["response_time"], found["cpu_usage"]) == (0.42, 12.5)


def test_other_members_are_kept():
    assert one(region="QC")["data"] == {"region": "QC"}


def test_lost_are_those_that_started_and_have_no_end():
    def event(identity: str | None, status: str, number: int) -> dict[str, Any]:
        return {"status": status, "number": number} | ({"execution_id": identity} if identity else {})

    events = [
        event("a", "started", 0),
        event("b", "started", 1),
        event(None, "started", 2),  # nothing tells which end is its own
        event("c", "completed", 3),
        event("c", "started", 3),  # in the same millisecond
        event("a", "completed", 4),
        event("d", "started", 5),
        event("d", "failed", 6),
        event("d", "started", 7),  # tried again
    ]
    assert [each["number"] for each in lost(events)] == [1, 7]
