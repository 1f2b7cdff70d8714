"""JSON records are read whatever the program calls their members."""

import json
from collections import defaultdict
from typing import Any

import pytest

from functions.pipeline.framing import split_records
from functions.pipeline.parser import Parser, ParserOptions

TIME = "2025-01-20T10:30:00.123Z"


def event(sent: dict[str, Any], options: ParserOptions | None = None) -> dict[str, Any]:
    """Read a JSON line; return its log document, with the names of the kinds it has documents of under `kinds`."""
    parsing, made = Parser(options or ParserOptions()).open(), defaultdict(list)
    (record,) = split_records([json.dumps(sent).encode()], "a.log", parsing.reader)
    parsing.parse(record, "2000-01-01T00:00:00.000Z", 1, b"id", made)
    return {"kinds": sorted(made), **json.loads(made["logs"][0][2])}


@pytest.mark.parametrize(
    "sent",
    [
        {"asctime": "2025-01-20 10:30:00,123", "levelname": "WARNING", "name": "api", "message": "late"},
        {"event": "late", "level": "warning", "logger": "api", "timestamp": "2025-01-20T10:30:00.123Z"},
        {"@timestamp": TIME, "log.level": "warn", "log": {"logger": "api", "origin": {}}, "message": "late"},
        {"@timestamp": TIME, "log": {"level": "WARN", "logger": "api"}, "message": "late"},
        {"severity": "WARNING", "time": TIME, "message": "late", "logger": "api"},
        {"level": 40, "time": 1737369000123, "pid": 7, "hostname": "h", "name": "api", "msg": "late", "v": 0},
        {"levelno": 30, "created": 1737369000.123, "name": "api", "msg": "late"},
        {"level": "warn", "ts": 1737369000.123, "logger": "api", "msg": "late"},
        {"version": "1.1", "short_message": "late", "level": 4, "timestamp": 1737369000.123, "logger": "api"},
        {
            "instant": {"epochSecond": 1737369000, "nanoOfSecond": 123000000},
            "level": "WARN",
            "loggerName": "api",
            "message": "late",
        },
        {"timestamp": TIME, "level": "WARN", "fields": {"message": "late"}, "target": "api"},
        {"severityNumber": 13, "timestamp": TIME, "body": "late", "logger.name": "api"},
    ],
)
def test_time_level_logger_and_message_are_found_by_their_usual_names(sent: dict[str, Any]):
    found = event(sent)
    expected = {"@timestamp": TIME, "level": "WARNING", "logger": "api", "message": "late"}
    assert {name: found.get(name) for name in expected} == expected


def test_loguru_writes_its_record_beside_its_text():
    record = {
        "message": "scored",
        "name": "api",
        "level": {"name": "SUCCESS", "no": 25},
        "extra": {"request_id": "r-1"},
        "time": {"repr": "2025-01-20 10:30:00.123000+00:00", "timestamp": 1737369000.123},
        "line": 7,
    }
    found = event({"text": "2025-01-20 … | scored\n", "record": record})
    assert (found["@timestamp"], found["level"], found["logger"]) == (TIME, "INFO", "api")
    assert (found["message"], found["transaction_id"]) == ("scored", "r-1")


@pytest.mark.parametrize(
    ("sent", "field", "expected"),
    [
        ({"request_id": "r"}, "transaction_id", "r"),
        ({"transaction": {"id": "r"}, "trace": {"id": "t"}}, "transaction_id", "r"),
        ({"trace_id": "t", "correlation_id": "c"}, "transaction_id", "c"),
        ({"method": "GET"}, "http_method", "GET"),
        ({"http": {"request": {"method": "GET"}}}, "http_method", "GET"),
        ({"http": {"response": {"status_code": 404}}}, "status_code", 404),
        ({"status": 404}, "status_code", 404),
        ({"url": "https://api.example/v1/score?x=1"}, "http_path", "/v1/score"),
        ({"url": {"path": "/v1"}}, "http_path", "/v1"),
        ({"path": "model.joblib"}, "data", {"path": "model.joblib"}),
        ({"duration_ms": 12.5}, "execution_time_ms", 12.5),
        ({"elapsed": "0,0125 s"}, "execution_time_ms", 12.5),
        ({"duration": "12500us"}, "execution_time_ms", 12.5),
        ({"duration": "12.5 msec"}, "execution_time_ms", 12.5),
        ({"duration": "5 secs"}, "execution_time_ms", 5000),
        ({"duration": "1m2.5s"}, "execution_time_ms", 62500),
        ({"duration": "-3ms"}, "execution_time_ms", -3),
        ({"duration_seconds": 0.0125}, "execution_time_ms", 12.5),
        ({"event": {"duration": 12500000}}, "execution_time_ms", 12.5),
        ({"features": {"a": 1}}, "input_data", {"a": 1}),
        ({"prediction": "YES"}, "result", {"prediction": "YES"}),
    ],
)
def test_the_owners_own_fields_are_found_by_their_usual_names(sent: dict[str, Any], field: str, expected: object):
    assert event(sent)[field] == pytest.approx(expected)


def test_a_word_is_no_status_and_stays_beside():
    assert event({"status": "ok", "message": "x"})["data"] == {"status": "ok"}


def test_of_several_names_for_one_field_the_surest_is_meant_and_the_others_stay():
    found = event({"trace_id": "t", "request_id": "r", "message": "x"})
    assert (found["transaction_id"], found["data"]) == ("r", {"trace_id": "t"})


def test_what_counts_as_a_prediction_can_be_set():
    sent = {"path": "/v1/score", "method": "POST", "features": {"a": 1}, "output": {"b": 2}}
    assert event(sent)["kinds"] == ["logs"]
    assert event(sent, ParserOptions(prediction_paths="/other, /v1/*"))["kinds"] == ["logs", "message"]


@pytest.mark.parametrize(
    "path", ["/invocations", "/v1/models/churn:predict", "/v2/models/churn/infer", "/predict_proba", "/run/predict"]
)
def test_the_paths_of_model_servers_are_known(path: str):
    sent = {"path": path, "method": "POST", "inputs": {"a": 1}, "outputs": {"b": 2}}
    assert event(sent)["kinds"] == ["logs", "message"]
    assert event(sent, ParserOptions(prediction_paths="/score"))["kinds"] == ["logs"]
