"""Whatever an application logs becomes one line of strict JSON, as it is at that time."""

from __future__ import annotations

import collections
import dataclasses
import decimal
import enum
import pathlib
import threading
import uuid
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.server import strict
from trilog_client.documents import encode


class Colour(enum.Enum):
    """What is known by its value."""

    RED = "red"


class Level(enum.IntEnum):
    """A number with a name."""

    HIGH = 3


@dataclasses.dataclass
class Point:
    """What is known by its `repr`."""

    x: int


class Hostile:
    """Raises at whatever is asked."""

    def __repr__(self) -> str:
        raise OSError("no")

    def __getattr__(self, name: str) -> object:
        raise RuntimeError(name)


def value(given: object) -> object:
    line = encode({"timestamp": "t", "value": given})
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    return strict(line)["value"]


@pytest.mark.parametrize(
    ("logged", "sent"),
    [
        (datetime(2025, 1, 20, 10, 30, tzinfo=UTC), "2025-01-20T10:30:00+00:00"),
        (date(2025, 1, 20), "2025-01-20"),
        (time(10, 30), "10:30:00"),
        (timedelta(seconds=1.5), "0:00:01.500000"),
        (float("nan"), None),
        ([1.5, float("inf"), -float("inf")], [1.5, None, None]),
        (decimal.Decimal("1.10"), "1.10"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (pathlib.PurePosixPath("/a"), "/a"),
        (b"caf\xc3\xa9", "café"),
        (b"\xff", "\N{REPLACEMENT CHARACTER}"),
        ({1}, [1]),
        ((1, (2,)), [1, [2]]),
        (collections.deque([1]), "deque([1])"),
        (MappingProxyType({"a": 1}), {"a": 1}),
        ({1: 2, None: 3, (1, 2): 4}, {"1": 2, "None": 3, "(1, 2)": 4}),
        (Colour.RED, "red"),
        (Level.HIGH, 3),
        (Point(1), "Point(x=1)"),
        (ValueError("no"), "ValueError: no"),
        ("half \ud83d of a pair", "half ? of a pair"),
        ("a\nb\u2028c", "a\nb\u2028c"),
        (2**70, 2**70),
        (1 + 1j, "(1+1j)"),
        (np.float32(0.5), 0.5),
        (np.float64("nan"), None),
        (np.float32("nan"), None),
        (np.int64(3), 3),
        (np.bool_(True), True),  # noqa: FBT003 - a value, not a flag
        (np.str_("a"), "a"),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array([1.0, np.nan]), [1.0, None]),
        (np.datetime64("2025-01-20T10:30"), "2025-01-20T10:30:00"),
    ],
)
def test_what_json_does_not_have_becomes_what_it_has(logged: object, sent: object):
    assert value(logged) == sent


def test_an_object_that_raises_whatever_is_asked_of_it_is_named():
    assert value(Hostile()) == "<Hostile>"
    assert strict(encode(Hostile()))["message"] == "<Hostile>"


def test_a_large_array_is_summarised():
    assert value(np.zeros(1_000_000)) == "[0. 0. 0. ... 0. 0. 0.]"


def test_a_number_of_more_digits_than_python_writes_is_its_beginning():
    text = value(1 << 100_000)
    assert isinstance(text, str)
    assert text.startswith("0x1000")
    assert len(text) == 10_000


def test_a_circle_ends():
    circle: dict[str, object] = {"a": 1}
    circle["self"] = [circle, circle]
    assert value(circle) == {"a": 1, "self": ["<circular>", "<circular>"]}


def test_a_depth_that_nobody_reads_ends():
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    text = encode({"timestamp": "t", "value": deep})
    assert text.count(b"[") < 50
    strict(text)


def test_a_document_is_sent_as_it_was():
    document = {"timestamp": "t", "details": {"a": [1]}}
    line = encode(document)
    document["details"]["a"].append(2)
    assert strict(line) == {"timestamp": "t", "details": {"a": [1]}}


@pytest.mark.parametrize("logged", ["text", ["a"], None, 3])
def test_what_is_no_mapping_becomes_a_message(logged: object):
    document = strict(encode(logged))
    assert set(document) == {"timestamp", "message"}
    assert document["message"] == logged


def test_a_document_without_a_time_gets_one():
    document = strict(encode({"a": 1}))
    assert abs(datetime.now(UTC) - datetime.fromisoformat(document["timestamp"])) < timedelta(seconds=5)
    assert strict(encode({"@timestamp": "t"})) == {"@timestamp": "t"}


def test_a_mapping_that_raises_is_said_to_be_unreadable():
    class Broken(collections.UserDict[str, object]):
        def __iter__(self):
            raise KeyError("no")

    assert "KeyError" in strict(encode(Broken({"timestamp": "t"})))["message"]


def test_a_document_may_change_while_it_is_read():
    document: dict[str, object] = {"timestamp": "t", "nan": float("nan"), "list": []}
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            document[str(len(document) % 500)] = list(range(len(document) % 50))
            document.pop(next(reversed(document)), None) if len(document) > 400 else None

    thread = threading.Thread(target=change)
    thread.start()
    for _ in range(500):
        strict(encode(document))
    stop.set()
    thread.join()


_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.dates(), st.decimals(), st.uuids()
)
_KEYS = st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.tuples(st.integers()))
_VALUES = st.recursive(_LEAVES, lambda inner: st.lists(inner) | st.dictionaries(_KEYS, inner) | st.tuples(inner))


@given(_VALUES)
def test_any_value_becomes_one_line_of_json(logged: object):
    line = encode(logged)
    assert line.count(b"\n") == 1
    assert isinstance(strict(line), dict)
