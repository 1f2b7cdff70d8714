"""Reading that begins again at a border gives the records, and their documents, that reading on would have given."""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.pipeline.borders import Border, Borders
from functions.pipeline.framing import split
from functions.pipeline.parser import Parser, ParserOptions
from functions.pipeline.reader import SAMPLE
from tests.fuzz import borders as fuzz

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PIECE = 2000  # bytes
PARSER = Parser(ParserOptions())
TRACE = '  File "app.py", line 3, in f\n    g()\nValueError: no\n'


def text(chance: random.Random, number: int) -> str:
    head = f"2025-01-20 10:{number // 60 % 60:02}:{number % 60:02},{number % 1000:03} - api - ERROR - {number}"
    return f"{head}\nTraceback (most recent call last):\n{TRACE}" if chance.random() < 0.3 else f"{head}\n"


def uvicorn(chance: random.Random, number: int) -> str:
    rest = f"Traceback (most recent call last):\n{TRACE}" if chance.random() < 0.3 else ""
    return f"INFO:     127.0.0.1:{number} - GET / HTTP/1.1 200\n{rest}"


def of_day(chance: random.Random, number: int) -> str:
    rest = f"Traceback (most recent call last):\n{TRACE}" if chance.random() < 0.2 else ""
    return f"{number // 40 % 24:02}:{number % 60:02}:00 INFO app: {number}\n{rest}"


def objects(chance: random.Random, number: int) -> str:
    time = {"time": f"2025-01-20T10:{number % 60:02}:00Z"} if chance.random() < 0.5 else {}
    return json.dumps({**time, "message": f"m {number}"}, indent=2 if chance.random() < 0.1 else None) + "\n"


def docker(chance: random.Random, number: int) -> str:
    lines = text(chance, number).splitlines(keepends=True)
    kept = {"stream": chance.choice(["stdout", "stderr"]), "time": f"2025-01-20T10:30:{number % 60:02}.5Z"}
    return "".join(json.dumps({"log": line, **kept}) + "\n" for line in lines)


def cri(chance: random.Random, number: int) -> str:
    lines = text(chance, number).splitlines()
    stream = chance.choice(["stdout", "stderr"])
    return "".join(f"2025-01-20T10:30:00.{number % 1000:03}Z {stream} F {line}\n" for line in lines)


def interleaved(chance: random.Random, number: int) -> str:
    """Write the lines of two containers in turns: tracebacks of one go over records of the other."""
    one, other = (text(chance, number + each).splitlines(keepends=True) for each in range(2))
    lines = [(line, "stdout") for line in one] + [(line, "stderr") for line in other]
    places = sorted(chance.sample(range(len(lines)), len(one)))
    order = [lines.pop(0) if place in places else lines.pop() for place in range(len(lines))]
    return "".join(
        json.dumps({"log": line, "stream": stream, "time": "2025-01-20T10:30:00.5Z"}) + "\n" for line, stream in order
    )


def read(content: bytes, start: Border, size: int = PIECE) -> Iterator[tuple[list[object], Border]]:
    """Yield the records of each list with their times, and the last border that was found before."""
    parsing, count, time = PARSER.open(), start.records, start.time
    borders = Borders(parsing.reader, start)
    pieces = (content[at : at + size] for at in range(0, len(content), size))
    for records in split(pieces, "a.log", parsing.reader, borders, start.offset):
        borders.reach(count, time)
        seen: list[object] = []
        for record in records:
            documents: defaultdict[str, list[object]] = defaultdict(list)
            time, _ = parsing.parse(record, time, count, b"%d" % record[0], documents)  # type: ignore[arg-type]
            count += 1
            seen.append((record[0], record[1], dict(documents)))
        yield seen, borders.last


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", [text, uvicorn, of_day, objects, docker, cri, interleaved])
def test_reading_begins_again_at_each_border_as_if_it_had_not_stopped(
    kind: Callable[[random.Random, int], str], seed: int
):
    chance = random.Random(seed)  # noqa: S311 (no secret)
    content = "".join(kind(chance, number) for number in range(4000)).encode()
    found = list(read(content, Border()))
    whole = [each for seen, _ in found for each in seen]
    borders = list(dict.fromkeys(border for _, border in found if border.offset))
    assert len(borders) >= (len(content) - SAMPLE) / PIECE / 8
    for border in chance.sample(borders, 5):
        again = [each for seen, _ in read(content, border, PIECE + 7) for each in seen]
        assert again == whole[border.records :]


_CHOICES = st.tuples(st.integers(0, 30), st.integers(0, 5) | st.integers(0, 255), st.integers(0, 255))


@settings(deadline=None)
@given(st.lists(_CHOICES, max_size=16), st.lists(st.integers(1, 300), min_size=1, max_size=3), st.integers(0, 2))
def test_a_log_becomes_the_same_however_it_is_cut_and_wherever_its_reading_begins_again(
    choices: list[tuple[int, ...]], sizes: list[int], how: int
):
    fuzz.check(fuzz.written(choices), sizes, how)


TIMED = "2025-10-26T10:30:00.123456789Z "
HEAD = "2025-10-26 10:30:00 - api - INFO - "
PYTHON = ["Traceback (most recent call last):", *TRACE.splitlines()]
JUL = ["Oct 26, 2025 10:30:00 AM org.a.B run", "INFO: started"]


def stored(stream: str, *lines: str) -> list[str]:
    """Write lines as Docker's json-file does."""
    kept = {"stream": stream, "time": TIMED.strip()}
    return [json.dumps({"log": f"{line}\n", **kept}) for line in lines]


LOGS = {
    "blank lines behind a traceback with times before it": [TIMED + line for line in [*PYTHON, "", "", f"{HEAD}m"]],
    "a full record": [f"{HEAD}m", *(f"more {number}" for number in range(30)), f"{HEAD}n"],
    "JSON behind a traceback": [*PYTHON, "{", ' "a": 1', "}", f"{HEAD}m"],
    "times of day in JSON, between text with one": [
        *stored("stdout", "23:00:00 INFO a"),
        *stored("stderr", '{"time": "23:30:00"}', '{"time": "09:00:00"}'),
        *stored("stdout", f"{HEAD}b"),
        *stored("stderr", '{"time": "12:00:00"}'),
    ],
    "an array": json.dumps([{"a": 1}, {"b": 2}, {"c": {}}], indent=1).splitlines(),
    "an array in an object": json.dumps({"Records": [{"a": 1}, {"b": 2}]}, indent=1).splitlines(),
    "a head of two lines": [JUL[0], '{"a": 1}', JUL[1], *JUL, *JUL],
    "a line between those of a container": [*stored("stdout", *PYTHON[:2]), f"{HEAD}m", *stored("stdout", *PYTHON[2:])],
    "more streams than are followed": [
        *stored("0", "{}"),
        *(line for stream in "12304" for line in stored(stream, PYTHON[0])),
        *(line for stream in "01234" for line in stored(stream, *PYTHON[1:])),
    ],
    "dates whose order the first bytes tell": ["03/04/2025 10:30:00 INFO a", "03/05/2025 10:30:00 INFO b"],
    "a line that is too long": [f"{HEAD}{'x' * 2000}", "y" * 1400, f"{HEAD}m"],
}


@pytest.mark.parametrize("how", range(3))
@pytest.mark.parametrize("lines", LOGS.values(), ids=LOGS)
def test_each_line_of_a_log_may_be_the_first_of_a_chunk_and_of_a_further_reading(lines: list[str], how: int):
    before = f"01/20/2025 10:30:00 INFO {'x' * 200}\n{{}}\n"
    content = before + "\n".join([*lines, f"{HEAD}last", "{}"])
    fuzz.check(content.encode(), [100], how)
    for line in re.finditer("^", content[len(before) :], re.MULTILINE):
        place = len(before) + line.start()
        fuzz.check(content.encode(), [place, len(content)], how)
