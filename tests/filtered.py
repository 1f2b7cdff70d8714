"""Documents, and what conditions find among them: the same table for every index; and conditions in plain Python."""

from __future__ import annotations

import re
from fnmatch import translate
from typing import TYPE_CHECKING, Any

import orjson

from functions.pipeline.conditions import AnyOf, Begins, Compare, Condition, Contains, Glob, Matches, number, one_of
from functions.pipeline.documents import LOGS, Document
from functions.pipeline.groups import Grouping
from functions.pipeline.kinds.templates import field, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

TIME = "2025-01-20T10:30:0{}.000Z"
FIELDS: dict[str, dict[str, Any]] = {
    "a": {"level": "INFO", "message": "API démarrée avec succès", "raw_log": "INFO API démarrée avec succès"},
    "b": {
        "level": "WARNING", "message": "100% of 'disk' used\nsee C:\\logs", "raw_log": '{"x": "TOP"}',
        "transaction_id": "9d1c-77",
    },
    "c": {
        "level": "ERROR", "message": "[31mboom[0m", "raw_log": "x", "http_path": "/users/42", "status_code": 500,
        "execution_time_ms": 2500.5, "transaction_id": "9d1c-78", "unread": True,
    },
    "d": {
        "level": "INFO", "message": "call", "raw_log": "call", "http_path": "/predict", "status_code": 200,
        "execution_time_ms": 15.0, "input_data": {"AGE": 74, "Sepal.Length": 5.1, "GENDER": "M", "petal": 3},
        "result": {"prediction": 1, "probabilities": [0.2, 0.8]}, "data": {"user": {"id": 7}, "tags": ["x", "y"]},
    },
    "e": {
        "level": "INFO", "message": "call", "raw_log": "call", "http_path": "/predict_all", "status_code": 404,
        "execution_time_ms": 2000.0, "input_data": [{"AGE": 20}, {"AGE": 70.5}], "result": {"prediction": "YES"},
        "data": {"user.id": "7", "n": 12.0}, "labels": {"k8s": {"pod": "api-1"}},
    },
    "f": {"message": "a" * 3000 + "!", "raw_log": "%_*?", "data": {"user": {"id": "it's \"7\""}, "n": None}},
}  # fmt: skip
FOUND: list[tuple[Condition, str]] = [
    (one_of("level", ("WARNING", "ERROR", "CRITICAL")), "bc"),
    (AnyOf(()), ""),
    (Compare("level", "!=", "INFO"), "bcf"),
    (Compare("log.level", "=", "INFO"), "ade"),  # an alias
    (Contains("DÉMARRÉE"), "a"),
    (Contains("'disk'"), "b"),
    (Contains("100% of"), "b"),
    (Contains("top"), "b"),  # in the raw text
    (Contains("c:\\LOGS"), "b"),
    (Contains("[31m"), "c"),
    (Contains("%_*?"), "f"),
    (Contains('\'; DROP TABLE "ml-api-logs"; --'), ""),
    (Matches("^call$"), "de"),
    (Matches("(?i)BOOM|disk"), "bc"),
    (Matches("(a+)+$"), ""),  # others would count for ever
    (Matches("(a|aa)+!$"), "f"),
    (Compare("message", "=", "call"), "de"),
    (Compare("message", "!=", "call"), "abcf"),
    (Compare("status_code", ">=", "404"), "ce"),
    (Compare("status_code", "=", "200.0"), "d"),
    (Compare("status_code", ">", "5000000000"), ""),
    (Compare("status_code", "<", "5e9"), "cde"),
    (Compare("status_code", "!=", "200"), "abcef"),
    (Compare("execution_time_ms", ">", "2000"), "c"),
    (Compare("execution_time_ms", ">=", "2e3"), "ce"),
    (Compare("unread", "=", "true"), "c"),
    (Compare("unread", "!=", "true"), "abdef"),
    (Compare("@timestamp", ">", "2025-01-20T10:30:03Z"), "ef"),
    (Compare("@timestamp", "<=", "2025-01-20T10:30:01Z"), "ab"),
    (Compare("@timestamp", "=", "2025-01-20T10:30:01Z"), "b"),
    (Compare("input_data.AGE", ">", "70"), "de"),
    (Compare("input_data.AGE", "<", "70.4"), "e"),
    (Compare("input_data.AGE", "=", "74.0"), "d"),
    (Compare("input_data.AGE", ">", "70.45"), "de"),  # which an index of single precision rounds
    (Compare("input_data.AGE", "!=", "74"), "abcef"),
    (Compare("input_data.AGE", "=", "old"), ""),
    (Compare("input_data.Sepal.Length", ">", "5"), "d"),
    (Compare("input_data.GENDER", "=", "M"), "d"),
    (Compare("input_data.petal", "=", "3"), "d"),
    (Compare("input_data.none", ">", "1"), ""),
    (Compare("result.prediction", "=", "1"), "d"),
    (Compare("result.prediction", "=", "1.0"), "d"),
    (Compare("result.prediction", "=", "YES"), "e"),
    (Compare("result.probabilities", ">", "0.5"), "d"),
    (Compare("data.user.id", "=", "7"), "de"),
    (Compare("data.user.id", ">", "6"), "de"),
    (Compare("data.user.id", "=", 'it\'s "7"'), "f"),
    (Compare("data.tags", "=", "y"), "d"),
    (Compare("data.n", "=", "12"), "e"),
    (Compare("data.n", "!=", "12"), "abcdf"),
    (Compare("labels.k8s.pod", "=", "api-1"), "e"),
    (Compare('data."quoted"] ~/', "=", "x"), ""),
    (Glob("http_path", "/users/*"), "c"),
    (Glob("http_path", "/predict"), "d"),
    (Glob("http_path", "/predict?all"), "e"),
    (Glob("http_path", "/predict_a[l]l"), ""),
    (Glob("http_path", "\\*"), ""),
    (Begins("transaction_id", "9d1c-7"), "bc"),
    (Begins("transaction_id", "9d1c-78"), "c"),
    (Begins("transaction_id", "%"), ""),
    (Compare("transaction_id", "=", "9d1c-7"), ""),
    (Compare("transaction_id", ">", "9d1c-77"), "c"),
]


FAILED = AnyOf((one_of("level", ("ERROR", "CRITICAL")), Compare("status_code", ">=", "500")))
COUNTED: list[tuple[Grouping, tuple[Condition, ...], list[tuple[str, int, int, int, float | None]]]] = [
    (Grouping(FAILED), (), [("", 6, 1, 3, 2000.0)]),
    (Grouping(FAILED), (Compare("level", "=", "DEBUG"),), []),
    (
        Grouping(FAILED, "level"),
        (),
        [("INFO", 3, 0, 2, 1007.5), ("ERROR", 1, 1, 1, 2500.5), ("WARNING", 1, 0, 0, None)],
    ),
    (Grouping(FAILED, "level", most=1), (), [("INFO", 3, 0, 2, 1007.5)]),
    (Grouping(FAILED, period="day"), (), [("2025-01-20T00:00:00.000Z", 6, 1, 3, 2000.0)]),
    (
        Grouping(FAILED, "http_path", most=2, slowest=True),
        (),
        [("/users/42", 1, 1, 1, 2500.5), ("/predict_all", 1, 0, 1, 2000.0)],
    ),
    (Grouping(FAILED, "result.prediction"), (), [("1", 1, 0, 1, 15.0), ("YES", 1, 0, 1, 2000.0)]),
    (Grouping(FAILED, "data.tags"), (), [("x", 1, 0, 1, 15.0), ("y", 1, 0, 1, 15.0)]),
    (
        Grouping(FAILED, "status_code"),
        (Compare("status_code", "<", "500"),),
        [("200", 1, 0, 1, 15.0), ("404", 1, 0, 1, 2000.0)],
    ),
    (
        Grouping(FAILED, "input_data.AGE"),
        (),
        [("20", 1, 0, 1, 2000.0), ("70.5", 1, 0, 1, 2000.0), ("74", 1, 0, 1, 15.0)],
    ),
    (Grouping(FAILED, "unread"), (), [("true", 1, 1, 1, 2500.5)]),
    (Grouping(FAILED, "level"), (Contains("CALL"),), [("INFO", 2, 0, 2, 1007.5)]),  # not by a server
    (Grouping(FAILED, "level"), (Matches("o+m$|^nothing"),), []),
]
"""Groups: their keys, how many documents they have, failures, timed ones, and the median."""


def documents() -> Iterator[Document]:
    """Yield the documents, in the order of their times."""
    for at, (identity, fields) in enumerate(FIELDS.items()):
        time = TIME.format(at)
        yield Document(LOGS, identity, time, orjson.dumps({"@timestamp": time, "sequence": at, **fields}))


def holds(condition: Condition, document: dict[str, Any], kind: str = LOGS) -> bool:
    """Say whether a condition holds for a document, as `functions.pipeline.conditions` describes it."""
    match condition:
        case AnyOf(conditions):
            return any(holds(each, document, kind) for each in conditions)
        case Contains(text):
            return any(text.lower() in document.get(each, "").lower() for each in texts(kind))
        case Matches(expression):
            return any(each in document and re.search(expression, document[each]) for each in texts(kind))
        case Begins(name, text):
            return document.get(name, "").startswith(text) if name in document else False
        case Glob(name, pattern):
            escaped = pattern.replace("[", "[[]")
            return name in document and re.match(translate(escaped), document[name]) is not None
        case Compare(name, operator, value):
            column, path = field(kind, name) or ("", "")
            found = list(inside(document[column], path)) if column in document else []
            equal = any(compared(each, "=" if operator == "!=" else operator, value, path) for each in found)
            return not equal if operator == "!=" else equal


def inside(value: Any, path: str) -> Iterator[Any]:
    """Yield the scalar values at a path; a name in it may have dots."""
    if isinstance(value, list):
        for each in value:
            yield from inside(each, path)
    elif not path:
        if value is not None and not isinstance(value, dict):
            yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            if name == path:
                yield from inside(each, "")
            elif path.startswith(f"{name}."):
                yield from inside(each, path[len(name) + 1 :])


def compared(value: Any, operator: str, written: str, path: str) -> bool:
    """Compare a value with what a user wrote."""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    wanted, mine = number(written), number(text)
    if operator == "=" and text == written:
        return True
    if wanted is None:
        return bool({"=": text == written, ">": text > written, ">=": text >= written}.get(operator)) or (
            text < written if operator == "<" else operator == "<=" and text <= written
        )
    if mine is None or (operator == "=" and isinstance(value, str) and not path):
        return False
    return {"=": mine == wanted, ">": mine > wanted, ">=": mine >= wanted, "<": mine < wanted, "<=": mine <= wanted}[
        operator
    ]
