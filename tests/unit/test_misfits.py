"""What does not fit its field is beside it: in the same place whichever sink has the document."""

import json
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.pipeline.framing import split_records
from functions.pipeline.kinds import performance
from functions.pipeline.kinds.flattened import flattened
from functions.pipeline.kinds.misfits import Misfits
from functions.pipeline.kinds.templates import template
from functions.pipeline.parser import Parser, ParserOptions

PARSER = Parser(ParserOptions())


def documents(line: str) -> dict[str, dict[str, Any]]:
    """Parse one line; give its document of each kind."""
    parsing, made = PARSER.open(), defaultdict(list)
    for record in split_records([line.encode()], "a.log", parsing.reader):
        parsing.parse(record, "2025-01-01T00:00:00.000Z", 1, b"id", made)
    return {kind: json.loads(row[2]) for kind, (row,) in made.items()}


def prediction(sent: str, result: str = '{"prediction": 1}') -> dict[str, Any]:
    made = documents(f"2025-01-20 10:30:00 - api - INFO - [t-1] POST /predict - 200 - 4ms - {sent} - {result}")
    return made["message"]


@pytest.mark.parametrize(
    ("sent", "fitting", "misfit"),
    [
        ({"AGE": {"years": 1}}, {}, {"input_data.AGE": {"years": 1}}),
        ({"AGE": {"0": 74}, "COUGHING": {"0": 1}}, {}, {"input_data.AGE": {"0": 74}, "input_data.COUGHING": {"0": 1}}),
        ({"AGE": "old", "GENDER": "M"}, {"GENDER": "M"}, {"input_data.AGE": "old"}),
        ({"AGE": [1, "old"]}, {}, {"input_data.AGE": [1, "old"]}),
        ({"GENDER": ["M", {"a": 1}]}, {}, {"input_data.GENDER": ["M", {"a": 1}]}),
        ({"": 1, "AGE": 2}, {"AGE": 2}, {"input_data.": 1}),
        ({"a..b": 1, ".": 2}, {}, {"input_data.a..b": 1, "input_data..": 2}),
        ({".a": 1, "a.": 2}, {}, {"input_data..a": 1, "input_data.a.": 2}),
        ({"x" * 300: 1}, {}, {"input_data." + "x" * 300: 1}),
        ({"x": {"": 1}}, {}, {"input_data.x": {"": 1}}),
        ({"x": [1, "a"]}, {}, {"input_data.x": [1, "a"]}),
        ({"x": {"y": 1}, "x.y": "a"}, {"x": {"y": 1}}, {"input_data.x.y": "a"}),
        ([{"x": 1}, {"x": "a"}], [{"x": 1}, {}], {"input_data.1.x": "a"}),
        ({"x.as_text": 1}, {}, {"input_data.x.as_text": 1}),
        ([{"AGE": 1}, {"AGE": "old"}], [{"AGE": 1}, {}], {"input_data.1.AGE": "old"}),
    ],
)
def test_what_does_not_fit_is_beside_its_field(sent: Any, fitting: Any, misfit: dict[str, Any]):
    found = prediction(json.dumps(sent))
    assert found["input_data"] == fitting
    assert found["misfit"] == misfit


@pytest.mark.parametrize(
    "sent",
    [
        {"AGE": 74, "GENDER": "M"},
        {"AGE": "74.5", "GENDER": 1},
        {"AGE": None, "SMOKING": True},
        {"AGE": [74, [75]], "GENDER": ["M", "F"]},
        {"AGE.1": 74, "Sepal.Length": 5.1, "petal": "small", "is_new": True},
        {"probabilities": {"YES": 0.8}, "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]},
        {"values": [[5.1, 3.5], [4.9, 3.0]]},
        {"text": "a prompt"},
    ],
)
def test_what_fits_stays_as_it_was_given(sent: Any):
    found = prediction(json.dumps(sent))
    assert found["input_data"] == sent
    assert "misfit" not in found


def test_half_a_surrogate_pair_costs_no_prediction():
    assert prediction(r'{"name": "a\ud800", "\udc00": 1}')["input_data"] == {"name": "a?", "?": 1}


def test_a_result_is_compared_too():
    found = prediction('{"AGE": 1}', '{"prediction": {"label": 1}, "probability": "?", "probabilities": {"YES": 0.8}}')
    assert found["result"] == {"probabilities": {"YES": 0.8}}
    assert found["misfit"] == {"result.prediction": {"label": 1}, "result.probability": "?"}


def test_the_log_index_has_the_same():
    line = '2025-01-20 10:30:00 - api - INFO - [t-1] POST /predict - 200 - 4ms - {"AGE": "old"} - {"prediction": 1}'
    made = documents(line)
    assert made["logs"]["misfit"] == made["message"]["misfit"] == {"input_data.AGE": "old"}


def test_an_object_that_names_its_parts_is_compared_too():
    found = documents('{"input_data": {"AGE": {"0": 74}, "": 1}, "result": {"prediction": 1}, "path": "/predict"}')
    assert found["message"]["misfit"] == {"input_data.AGE": {"0": 74}, "input_data.": 1}


@pytest.mark.parametrize("depth", [21, 100, 300, 900])
def test_what_is_nested_too_deeply_is_text(depth: int):
    nested = '{"a":' * depth + "1" + "}" * depth
    found = prediction(f'{{"AGE": 1, "x": {nested}}}')
    assert found["input_data"] == {"AGE": 1}
    assert isinstance(found["misfit"]["input_data.x"], str)


def test_what_came_before_does_not_decide():
    first = prediction('{"AGE": 1, "SMOKING": 2}')
    for sent in ('{"AGE": "old", "SMOKING": 2}', '{"AGE": {"a": 1}, "SMOKING": 2}', '{"AGE": [{}], "SMOKING": 2}'):
        assert prediction(sent)["input_data"] == {"SMOKING": 2}
    assert prediction('{"AGE": 1, "SMOKING": 2}') == first


@pytest.mark.parametrize(
    "functions",
    [
        [{"function": {"a": 1}}],
        [{"function": "f", "calls": "many"}],
        [{"function": "f", "": 1}],
        [{"function": "f", "a.b": 1}],
        [{"function": "f"}] * 1001,
        [1],
        "f",
    ],
)
def test_profiled_functions_that_do_not_fit_are_data(functions: Any):
    found = documents(json.dumps({"performance_metrics": {"cpu_time_ms": 1.5, "top_functions": functions}}))["perfs"]
    assert found["cpu_time_ms"] == 1.5
    assert found["data"] == {"top_functions": functions}
    assert "top_functions" not in found


def test_the_types_of_profiled_functions_are_those_of_the_template():
    types = Misfits(("perfs",)).types["top_functions"]
    properties = template("perfs")["template"]["mappings"]["properties"]["top_functions"]["properties"]
    assert {name: types[name] for name in properties} == performance._FUNCTION  # noqa: SLF001 (what is compared)


def test_data_that_is_not_taken_as_objects_is_text():
    deep: Any = 1
    for _ in range(30):
        deep = {"a": deep}
    sent = {"a\0b": 1, "deep": deep, "k" * 5000: {"k" * 5000: 1}, "fine": {"x": [1, {"y": None}]}}
    found = flattened(sent)
    assert found["fine"] == sent["fine"]
    assert found["a\ufffdb"] == 1
    assert json.loads(found["deep"]) == deep
    assert flattened(found) == found


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["AGE", "GENDER", "x", "a.b", ""]) | st.text(max_size=5), JSON, max_size=6))
def test_nothing_is_lost_and_a_second_look_finds_nothing(sent: dict[str, Any]):
    misfits = Misfits(("message",))
    document = {"input_data": dict(sent)}
    misfits.move(document)
    moved = document.get("misfit", {})
    beside = {f"input_data.{name}".replace("\0", "\ufffd") for name in sent.keys() - document["input_data"].keys()}
    assert beside == moved.keys()
    assert all(document["input_data"][name] == sent[name] for name in document["input_data"])
    again = json.loads(json.dumps(document))
    misfits.move(again)
    assert again == json.loads(json.dumps(document))
