"""The first users' records are recognised in every form, filtered by their rule, and become documents."""

import json
from collections import defaultdict
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.pipeline.framing import split_records
from functions.pipeline.parser import Parser, ParserOptions

HEAD = "2025-01-20 10:30:00 - api - INFO - "
INPUT = '{"AGE": 74, "GENDER": "M", "SMOKING": 1}'
RESULT = '{"prediction": 1, "probability": 0.81, "message": "Prédiction positive"}'


TIME = "2025-01-01T00:00:00.000Z"


def parsed(content: bytes, options: ParserOptions | None = None) -> tuple[dict[str, dict[str, Any]], bool]:
    """Parse one record: its documents by kind, and whether it passed the filter."""
    parsing = Parser(options or ParserOptions()).open()
    (record,) = split_records([content], "x.log", parsing.reader)
    made = defaultdict(list)
    time, passed = parsing.parse(record, TIME, 7, b"id", made)
    found = {kind: orjson.loads(body) for kind, [(identity, timestamp, body)] in made.items() if identity == b"id"}
    assert {document["@timestamp"] for document in found.values()} == {time}
    assert {document.pop("sequence") for document in found.values()} == {7}
    return found, passed


def documents(line: str | bytes, options: ParserOptions | None = None) -> dict[str, dict[str, Any]]:
    """Parse one record: its documents by kind."""
    return parsed(line.encode() if isinstance(line, str) else line, options)[0]


def test_the_long_form_of_a_request():
    text = f"[9d1c-77] API Call - POST /predict - Status: 200 - Time: 15.98ms - Input: {INPUT} - Result: {RESULT}"
    made = documents(HEAD + text)
    assert made["logs"] == {
        "@timestamp": "2025-01-20T10:30:00.000Z",
        "level": "INFO",
        "logger": "api",
        "message": text,
        "raw_log": HEAD + text,
        "transaction_id": "9d1c-77",
        "http_method": "POST",
        "http_path": "/predict",
        "status_code": 200,
        "execution_time_ms": 15.98,
        "input_data": json.loads(INPUT),
        "result": json.loads(RESULT),
    }
    assert made["message"] == {
        name: value for name, value in made["logs"].items() if name not in {"level", "logger", "message", "raw_log"}
    }
    assert set(made) == {"logs", "message"}


def test_the_short_form_of_a_request():
    made = documents(f"{HEAD}[abc-123] POST /predict - 200 - 45ms - {INPUT} - {RESULT}")
    assert made["message"] == {
        "@timestamp": "2025-01-20T10:30:00.000Z",
        "transaction_id": "abc-123",
        "http_method": "POST",
        "http_path": "/predict",
        "status_code": 200,
        "execution_time_ms": 45,
        "input_data": json.loads(INPUT),
        "result": json.loads(RESULT),
    }


def test_the_form_with_one_object_that_names_its_parts():
    parts = {
        "transaction_id": "t-1",
        "http_method": "POST",
        "http_path": "/predict",
        "status_code": 200,
        "execution_time_ms": 3.5,
        "input_data": {"AGE": 1},
        "result": {"prediction": "YES"},
    }
    made = documents(f"{HEAD}API Call - POST /predict - {json.dumps(parts)}")
    assert made["message"] == {"@timestamp": "2025-01-20T10:30:00.000Z", **parts}


def test_a_bare_result_is_the_prediction():
    assert documents(HEAD + '[a-1] POST /predict - 200 - 4ms - {"AGE": 1} - "YES"')["message"]["result"] == {
        "prediction": "YES"
    }


def test_an_input_without_a_result_is_an_input():
    made = documents(HEAD + '[a-1] POST /predict - 200 - 4ms - {"AGE": 1, "CHEST PAIN": 1} - error: none')
    assert made["logs"]["input_data"] == {"AGE": 1, "CHEST_PAIN": 1}
    assert set(made) == {"logs"}


def test_why_a_request_failed_is_kept_beside():
    made = documents(HEAD + '[a-1] POST /predict - 422 - 4ms - {"detail": "champ AGE invalide"}')
    assert made["logs"]["data"] == {"detail": "champ AGE invalide"}


@pytest.mark.parametrize(
    "figures", ["Status: 200 - Time: 1.5e-05ms", "Status: None - Time: -1.5ms", "Status: 200 - Time: ?"]
)
def test_odd_figures_do_not_hide_the_input(figures: str):
    text = f"[a-1] API Call - POST /predict - {figures} - Input: {INPUT} - Result: {RESULT}"
    assert documents(HEAD + text)["message"]["input_data"] == json.loads(INPUT)


def test_the_form_with_one_object_takes_what_is_present():
    made = documents(f'{HEAD}API Call - POST /predict - {{"transaction_id": "t-1", "note": "x"}}')
    assert made["logs"]["transaction_id"] == "t-1"
    assert made["logs"]["http_path"] == "/predict"
    assert made["logs"]["data"] == {"note": "x"}
    assert set(made) == {"logs"}


METRICS = {
    "transaction_id": "abc-1",
    "inference_time_ms": 25.5,
    "cpu_time_ms": 18.2,
    "memory_mb": 210.5,
    "memory_delta_mb": 0.25,
    "function_calls": 1234,
    "latency_ms": 31,
}


def test_performance_metrics_become_a_performance_document():
    functions = [
        {"function_name": "predict", "cumulative_time": 0.01, "calls": 3, "filename": "m.py", "line_number": 7}
    ]
    made = documents(HEAD + json.dumps({"performance_metrics": {**METRICS, "top_functions": functions}}))
    assert set(made) == {"logs", "perfs"}
    functions[0]["function"] = functions[0].pop("function_name")
    assert made["perfs"] == {"@timestamp": "2025-01-20T10:30:00.000Z", **METRICS, "top_functions": functions}
    assert made["logs"]["transaction_id"] == "abc-1"


def test_a_metric_that_is_no_number_is_kept_beside_the_others():
    made = documents(
        HEAD + json.dumps({"performance_metrics": {"cpu_time_ms": "18.2", "memory_mb": {"rss": 1}, "gpu": 2}})
    )
    assert made["perfs"]["cpu_time_ms"] == 18.2
    assert made["perfs"]["data"] == {"memory_mb": {"rss": 1}, "gpu": 2}


def test_anything_else_is_a_log_with_its_message():
    made = documents("2025-01-20 10:30:00 - uvicorn.error - WARNING - API démarrée - avec succès {")
    assert set(made) == {"logs"}
    assert made["logs"]["level"] == "WARNING"
    assert made["logs"]["logger"] == "uvicorn.error"
    assert made["logs"]["message"] == "API démarrée - avec succès {"


def test_a_text_record_keeps_its_traceback():
    text = "boom\nTraceback (most recent call last):\n  x"
    assert documents(HEAD + text)["logs"]["message"] == text


def test_what_is_no_record_at_all_is_a_log_of_its_raw_text():
    assert documents("no time here")["logs"] == {
        "@timestamp": "2025-01-01T00:00:00.000Z",
        "message": "no time here",
        "raw_log": "no time here",
        "unread": True,
    }


def test_a_transaction_is_recognised_in_any_message():
    assert documents(HEAD + "[1f2e-3a] Erreur lors de la prédiction")["logs"]["transaction_id"] == "1f2e-3a"
    assert "transaction_id" not in documents(HEAD + "[WARNING] disk")["logs"]


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2025-01-20 10:30:00", "2025-01-20T10:30:00.000Z"),
        ("2025-01-20T10:30:00", "2025-01-20T10:30:00.000Z"),
        ("2025-01-20 10:30:00,123", "2025-01-20T10:30:00.123Z"),
        ("2025-01-20 10:30:00.123456", "2025-01-20T10:30:00.123456Z"),
        ("2025-01-20 10:30:00.123456789", "2025-01-20T10:30:00.123456Z"),
        ("2025-01-20T10:30:00Z", "2025-01-20T10:30:00.000Z"),
        ("2025-01-20T10:30:00+02:00", "2025-01-20T08:30:00.000Z"),
        ("2025-01-20 10:30:00 +0200", "2025-01-20T08:30:00.000Z"),
        ("2025-01-20 10:30:00 UTC", "2025-01-20T10:30:00.000Z"),
    ],
)
def test_times_are_read_with_fractions_and_zones(time: str, expected: str):
    made = documents(f"{time} - api - INFO - x")["logs"]
    assert (made["@timestamp"], made["message"]) == (expected, "x")
    assert documents(json.dumps({"timestamp": time, "message": "x"}))["logs"]["@timestamp"] == expected


def test_a_time_without_a_zone_is_in_the_configured_one():
    options = ParserOptions(timezone=ZoneInfo("Europe/Paris"))
    assert documents(HEAD + "x", options)["logs"]["@timestamp"] == "2025-01-20T09:30:00.000Z"


def test_a_time_may_be_a_number_in_json():
    assert documents('{"timestamp": 1737369000, "message": "x"}')["logs"]["@timestamp"] == "2025-01-20T10:30:00.000Z"
    assert documents('{"timestamp": "1737369000123"}')["logs"]["@timestamp"] == "2025-01-20T10:30:00.123Z"
    assert documents('{"timestamp": 1737369000123}')["logs"]["@timestamp"] == "2025-01-20T10:30:00.123Z"


def test_a_time_that_cannot_be_is_not_taken():
    assert documents('{"timestamp": "' + "9" * 5000 + '"}')["logs"]["@timestamp"] == "2025-01-01T00:00:00.000Z"
    assert documents("2025-13-45 10:30:00 - api - INFO - x")["logs"]["@timestamp"] == "2025-01-01T00:00:00.000Z"


ENTRY = {"timestamp": "2025-11-18 16:55:02", "level": "INFO", "message": "x", "data": None}


def test_an_entry_is_read_like_a_line():
    text = f"[9d1c-77] API Call - POST /predict - Status: 200 - Time: 15.98ms - Input: {INPUT} - Result: {RESULT}"
    line = documents(f"2025-11-18 16:55:02 - api - INFO - {text}")
    entry = documents(json.dumps({**ENTRY, "logger": "api", "message": text}, ensure_ascii=False))
    assert entry["message"] == line["message"]
    raw_logs = line["logs"].pop("raw_log"), entry["logs"].pop("raw_log")
    assert entry["logs"] == line["logs"]
    assert raw_logs[0] != raw_logs[1]


def test_the_fields_of_data_count_like_parsed_ones():
    data = {
        "method": "POST",
        "path": "/predict",
        "status_code": "200",
        "execution_time_ms": 12,
        "transaction_id": "t-9",
        "input_data": {"CHEST PAIN": 1},
        "result": '{"prediction": "NO"}',
        "user": {"id": 7},
    }
    made = documents(json.dumps({**ENTRY, "data": data}))
    assert made["message"] == {
        "@timestamp": "2025-11-18T16:55:02.000Z",
        "transaction_id": "t-9",
        "http_method": "POST",
        "http_path": "/predict",
        "status_code": 200,
        "execution_time_ms": 12,
        "input_data": {"CHEST_PAIN": 1},
        "result": {"prediction": "NO"},
    }
    assert made["logs"]["data"] == {"user": {"id": 7}}


def test_performance_metrics_may_come_in_data():
    made = documents(json.dumps({**ENTRY, "message": "metrics", "data": {"performance_metrics": METRICS}}))
    assert made["perfs"]["function_calls"] == 1234


def test_any_other_json_object_is_taken_by_its_fields():
    made = documents('{"level": "ERROR", "status_code": 503, "host": "a", "message": {"text": "b"}}')["logs"]
    assert (made["level"], made["status_code"], made["data"]) == ("ERROR", 503, {"host": "a", "text": "b"})
    assert made["message"] == made["raw_log"]


def test_a_value_that_does_not_fit_its_field_is_kept_beside():
    made = documents('{"status_code": "abc", "execution_time_ms": [1], "transaction_id": {"a": 1}, "input_data": 3}')
    assert made["logs"]["data"] == {
        "status_code": "abc",
        "execution_time_ms": [1],
        "transaction_id": {"a": 1},
        "input_data": 3,
    }


def test_feature_names_with_spaces_become_the_documents_names():
    names = ("ALCOHOL CONSUMING", "SHORTNESS OF BREATH", "SWALLOWING DIFFICULTY", "CHEST PAIN", "CHRONIC DISEASE")
    sent = json.dumps(dict.fromkeys(names, 1))
    made = documents(f"{HEAD}[a-1] POST /predict - 200 - 45ms - {sent} - {RESULT}")
    assert made["message"]["input_data"] == {
        "ALCOHOL": 1,
        "SHORTNESS_OF_BREATH": 1,
        "SWALLOWING_DIFFICULTY": 1,
        "CHEST_PAIN": 1,
        "CHRONIC_DISEASE": 1,
    }
    assert sent in made["logs"]["raw_log"]


TRICKY = '{"note": "a - b} - {c - Result: {\\" }", "AGE": 1}'


@pytest.mark.parametrize(
    "text",
    [
        f"[a-1] POST /predict - 200 - 45ms - {TRICKY} - {TRICKY}",
        f"[a-1] API Call - POST /predict - Status: 200 - Time: 45ms - Input: {TRICKY} - Result: {TRICKY}",
    ],
)
def test_a_dash_or_a_brace_inside_a_string_does_not_confuse(text: str):
    made = documents(HEAD + text)["message"]
    assert made["input_data"] == made["result"] == json.loads(TRICKY)


def test_json_over_several_lines_becomes_one_line():
    made = documents(f'{HEAD}[a-1] POST /predict - 200 - 45ms - {{"AGE":\n 1}} - {{"p":\n 2}}')
    assert (made["message"]["input_data"], made["message"]["result"]) == ({"AGE": 1}, {"p": 2})


def test_a_name_that_comes_twice_is_written_once():
    line = HEAD + '[a-1] POST /predict - 200 - 45ms - {"AGE": 1, "AGE": 2} - {"p": 2}'
    parsing, made = Parser(ParserOptions()).open(), defaultdict(list)
    (record,) = split_records([line.encode()], "x.log", parsing.reader)
    parsing.parse(record, TIME, 1, b"id", made)
    assert made["message"][0][2].count(b"AGE") == 1


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("API Call - POST /predict - 500", True),
        ("API Call - POST /predict_proba - 500", True),
        ("[a-1] POST /predict - 500 - 1ms", True),
        ("[a-1] POST /predict_proba - 500 - 1ms", False),
        ("[a-1] GET /predict - 500 - 1ms", False),
        ("performance_metrics: none", True),
        ("API démarrée avec succès", False),
    ],
)
def test_the_seeds_rule_decides_what_may_go_on(text: str, passes: bool):  # noqa: FBT001
    assert parsed((HEAD + text).encode())[1] == passes


def test_the_pattern_is_configurable():
    line = f"{HEAD}GET /score - 200 - 1ms - {INPUT} - {RESULT}"
    assert set(documents(line)) == {"logs"}
    assert set(documents(line, ParserOptions(filter_pattern="GET /score"))) == {"logs", "message"}


@pytest.mark.parametrize("bad", ["74", "", "null"])
def test_what_is_no_input_gives_no_prediction(bad: str):
    made = documents(
        f"{HEAD}[a-1] API Call - POST /predict - Status: 200 - Time: 1ms - Input: {bad} - Result: {RESULT}"
    )
    assert set(made) == {"logs"}
    assert "input_data" not in made["logs"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("{'AGE': 74, 'SMOKER': True, 'NOTE': None}", {"AGE": 74, "SMOKER": True, "NOTE": None}),
        ('{"AGE": NaN, "X": Infinity}', {"AGE": None, "X": None}),
        ("[5.1, 3.5]", {"values": [5.1, 3.5]}),
        ("[[5.1, 3.5]]", {"values": [[5.1, 3.5]]}),
        ('[{"AGE": 1}, {"AGE": 2}]', [{"AGE": 1}, {"AGE": 2}]),
        ("what is the weather - today?", {"text": "what is the weather - today?"}),
        ('"what is the weather - Result: today?"', {"text": "what is the weather - Result: today?"}),
        ("Summarise: {all} of it", {"text": "Summarise: {all} of it"}),
        ('{"id": 20250120103000123456}', {"id": "20250120103000123456"}),
    ],
)
def test_an_input_is_kept_whatever_its_form(given: str, expected: Any):
    text = f"[a-1] API Call - POST /predict - Status: 200 - Time: 1ms - Input: {given} - Result: {RESULT}"
    made = documents(HEAD + text)["message"]
    assert made["result"] == json.loads(RESULT)
    assert made["input_data"] == expected


@pytest.mark.parametrize(
    "behind",
    [
        " done",
        'INFO:     127.0.0.1:53422 - "POST /predict HTTP/1.1" 200 OK',
        "\nno names",
        "}",
    ],
)
def test_what_follows_a_result_costs_nothing(behind: str):
    for text in (
        f"[a-1] API Call - POST /predict - Status: 200 - Time: 1ms - Input: {INPUT} - Result: {RESULT}",
        f"[a-1] POST /predict - 200 - 1ms - {INPUT} - {RESULT}",
    ):
        made = documents(HEAD + text + behind)
        assert made["message"]["result"] == json.loads(RESULT)
        assert made["message"]["input_data"] == json.loads(INPUT)
        assert made["logs"]["message"].endswith(behind)


def test_what_follows_a_result_in_a_layout_of_its_own_is_a_record_of_its_own():
    text = f"[a-1] API Call - POST /predict - Status: 200 - Time: 1ms - Input: {INPUT} - Result: {RESULT}"
    warning = "/app/model.py:9: UserWarning: no names"
    parsing, made = Parser(ParserOptions()).open(), defaultdict(list)
    for record in split_records([f"{HEAD}{text}\n{warning}".encode()], "a.log", parsing.reader):
        parsing.parse(record, "2000-01-01T00:00:00.000Z", 1, b"id", made)
    first, second = (json.loads(body) for _, _, body in made["logs"])
    assert first["message"] == text
    assert second["message"] == warning
    assert second["level"] == "WARNING"


@pytest.mark.parametrize(
    ("time", "milliseconds"),
    [
        ("15.98ms", 15.98),
        ("45,3ms", 45.3),
        ("45,3 ms", 45.3),
        ("0.0159s", 15.9),
        ("12us", 0.012),
        ("12 µs", 0.012),
        ("1500ns", 0.0015),
        ("1e-3s", 1),
    ],
)
def test_a_duration_has_any_unit(time: str, milliseconds: float):
    for text in (
        f"API Call - POST /predict - Status: 200 - Time: {time} - Input: {INPUT}",
        f"[a-1] POST /p - 200 - {time}",
    ):
        assert documents(HEAD + text)["logs"]["execution_time_ms"] == pytest.approx(milliseconds)


def test_invalid_utf8_is_kept_with_replacement_characters():
    assert documents(HEAD.encode() + b"caf\xe9")["logs"]["message"] == "caf\ufffd"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["timestamp", "level", "logger", "message", "data", "method", "path", "status_code", "execution_time_ms",
     "transaction_id", "input_data", "result", "performance_metrics", "other"]
)  # fmt: skip
PIECES = st.sampled_from(
    [HEAD, "[a-1] ", "API Call - ", "POST /predict", " - ", "Status: 200", "Time: 1ms", "Input: ", INPUT, "Result: ",
     RESULT, '{"performance_metrics": ', "}", "{", '"', "\\", "\u2028", "\x00", "\ud800", "é", "\r", "\n", "9" * 40]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=14).map("".join)


@given(TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=60))
def test_any_text_is_parsed_and_can_be_recovered(raw: bytes):
    parsing = Parser(ParserOptions()).open()
    records = list(split_records([raw], "x.log", parsing.reader))
    for record in records:
        made = defaultdict(list)
        parsing.parse(record, TIME, 1, b"id", made)
        logs = orjson.loads(made["logs"][0][2])
        assert logs["raw_log"] == record[1].decode()
        assert logs["message"] in logs["raw_log"]


@given(st.dictionaries(NAMES, JSON, max_size=6))
def test_any_object_is_parsed_and_can_be_recovered(sent: dict[str, Any]):
    raw = json.dumps(sent).encode()
    for made in (documents(raw), documents(json.dumps({"message": "x", "data": sent}))):
        assert json.dumps(sent)[1:-1] in made["logs"]["raw_log"]


def test_json_that_is_nested_too_deep_for_a_document_is_text_beside_it():
    deep = '{"a":' * 400 + "1" + "}" * 400
    made = documents(f"{HEAD}[a-1] POST /predict - 200 - 4ms - {deep} - {RESULT}")["message"]
    assert made["input_data"] == {}
    assert json.loads(made["misfit"]["input_data.a"]) == json.loads(deep)["a"]
    made = documents(f'{{"message": "x", "data": {deep}}}')
    assert made["logs"]["message"] == "x"
    assert deep in made["logs"]["raw_log"]
