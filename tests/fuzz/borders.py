"""However a log is cut into chunks, and wherever its reading begins again, it becomes the same documents."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain, cycle
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from functions.pipeline import borders, framing, pretty, reader, streams
from functions.pipeline.borders import Border, Borders
from functions.pipeline.config import load
from functions.pipeline.envelopes import envelopes
from functions.pipeline.framing import split
from functions.pipeline.layouts import registry
from functions.pipeline.layouts.patterns import Layout
from functions.pipeline.layouts.registry import layouts
from functions.pipeline.own import Own
from functions.pipeline.parser import Parser, ParserOptions
from functions.pipeline.redacted import redacted_record
from functions.pipeline.redaction import NO_REDACTION, Redaction, RedactionOptions
from tests.carried import enveloped
from tests.formats import IN_CODE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_MADE = datetime(2025, 10, 26, 5, tzinfo=UTC)  # of a night in which clocks are set back
_OWN = (Layout("own", r"%{time}#(?P<host>\w+) "), Layout("own-two", r"<(?P<pid>\d+)> ", rest=r"\n(?P<message>[^\n]+)"))
_REDACTION = Redaction(*load({"PIPELINE_REDACT_PATTERNS": r"/m \d{1,4}/:drop"}, RedactionOptions))
_READ_BY = (  # a parser, and what is hidden
    (Parser(ParserOptions()), NO_REDACTION),
    (Parser(ParserOptions(timezone=ZoneInfo("Europe/Paris")), Own("trilog.toml", layouts=_OWN)), NO_REDACTION),
    (Parser(ParserOptions(timezone=ZoneInfo("Europe/Paris"))), _REDACTION),
)
_START = Border()
_LIMITS = (  # so low that they are met, and a sample so short that most lines come after it
    *((module, "SAMPLE", 200) for module in (borders, framing, reader)),
    *((streams, "MOST_LINES", 9), (streams, "MOST_BYTES", 900), (pretty, "MOST_LINES", 12)),
    *((streams, "_MOST_STREAMS", 4), (streams, "_MOST_COMPLETE", 6), (framing, "LONGEST_LINE", 700)),
    (registry, "MANY", 3),
)
_TRACE = ("Traceback (most recent call last):", '  File "a.py", line 1, in f', "    g()", "ValueError: no")
_CHAIN = (*_TRACE, "", "During handling of the above exception, another exception occurred:", "", *_TRACE)
_ARRAY = json.dumps([{"message": "a", "data": {"list": [1]}}, {"message": "b"}], indent=2).splitlines()
_IN_OBJECT = json.dumps({"Records": [{"message": "a"}, {"message": "b", "x": {}}]}, indent=1).splitlines()


def _at(number: int) -> str:
    """Return a time of day; the further ones are of later days."""
    return f"{number * 5 % 24:02}:{number % 60:02}:{number * 7 % 60:02}"


_WRITTEN: tuple[Callable[[int], Iterable[str]], ...] = (
    lambda n: [f"2025-10-26 {_at(n)} - api - ERROR - m {n}"],
    lambda n: [f"2025-10-26 {_at(n)} - api - ERROR - m {n}", *_TRACE[: n % 5]],
    lambda n: _TRACE[: 1 + n % 4],
    lambda n: _CHAIN[: 4 + n % 8],
    lambda n: [f"{_at(n)} INFO m {n}"],
    lambda n: [json.dumps({"timestamp": _at(n), "message": f"j {n}", "transaction_id": f"t{n}"})],
    lambda n: [json.dumps({"time": f"2025-10-26T{_at(n)}Z", "msg": f"é {n}"}, ensure_ascii=n % 2)],
    lambda n: [json.dumps({"event": "model_execution", "status": "started", "timestamp": _at(n)})],
    lambda n: [f'2025-10-26 {_at(n)} - api - INFO - {{"model_name": "m", "status": "started"}}'],
    lambda n: json.dumps({"message": f"p {n}", "a": {"b": [1, 2]}}, indent=2).splitlines()[: 1 + n % 9],
    lambda n: _ARRAY[n % 3 :],
    lambda n: _ARRAY[: 1 + n % len(_ARRAY)],
    lambda n: _IN_OBJECT[: len(_IN_OBJECT) - n % 4],
    lambda n: [f"more {each}" for each in range(n % 24)],
    lambda n: ["  indented", "\tat x.y(Z.java:3)", "    {}", '  {"a": 1}["b"]'][n % 4 :][:2],
    lambda n: [""] * (n % 3) + ["   "] * (n % 2),
    lambda n: [["{", "}", "[", "]", "},", "[{", '"a": 1,', '{"a": 1', "Caused by: x", "  ... 3 more"][n % 10]],
    lambda n: [
        json.dumps({"a": 1}),
        json.dumps({"a": 1}) + json.dumps({"b": n}),
        f'{{"a":1}},{{"b":2}} {n}',
    ],
    lambda n: [f"\x1b[31mred\x1b[0m {n}", "\x1b[0m", f"INFO:     \x1b[1mm {n}\x1b[0m"][n % 3 :],
    lambda n: ["Oct 26, 2025 10:30:00 AM org.a.B run", "INFO: started"][n % 2 :],
    lambda n: ["info: Api[0]", "      started"][n % 2 :],
    lambda n: [f"time=2025-10-26T{_at(n)}Z level=info msg=started n={n}"],
    lambda n: ["x" * (n * 4)],
    lambda n: [f"03/0{1 + n % 9}/2025 {_at(n)} INFO m"],
    lambda n: [f"2025-10-26 {_at(n)}#h m", f"<{n}> ", f"2025-10-26 {_at(n)}#h m"][n % 3 :],
    lambda n: [f"m \udce9 {n}\r", "\r", f"2025-10-26 {_at(n)} - api - INFO - \udcff\r"][n % 3 :],
)
_SAMPLES = (
    *(sample["line"] for layout in layouts() for sample in layout.samples),
    *IN_CODE.values(),
    *(sent.decode() for each in envelopes() for sent, _ in each.samples),
)


def _docker(lines: Iterable[str], number: int) -> Iterator[str]:
    """Write lines as Docker's json-file does, and some of them in two parts."""
    kept = {"stream": ("stdout", "stderr")[number % 2], "time": f"2025-10-26T{_at(number)}.123456789Z"}
    for line in lines:
        parts = [line[:4], line[4:] + "\n"] if number % 7 == 0 and line else [line + "\n"]
        yield from (json.dumps({"log": part, **kept}) for part in parts)


def _cri(lines: Iterable[str], number: int) -> Iterator[str]:
    for line in lines:
        yield f"2025-10-26T{_at(number)}.123456789Z {('stdout', 'stderr')[number % 2]} {'PF'[number % 9 > 0]} {line}"


_CARRIED: tuple[Callable[[Iterable[str], int], Iterable[str]], ...] = (
    lambda lines, _: lines,
    lambda lines, number: (f"2025-10-26T{_at(number)}.123456789Z {line}" for line in lines),
    _docker,
    _cri,
    lambda lines, number: (f"{('api', 'db', 'web')[number % 3]}-{number % 2}  | {line}" for line in lines),
    lambda lines, number: (f"Oct 26 {_at(number)} host api[{number % 3}]: {line}" for line in lines),
    *(lambda lines, _, each=each: enveloped(each, "\n".join(lines)).splitlines() for each in envelopes()),
)
_LARGEST = 60  # bytes: each log is read as often as it has borders
_OFTEN = 6  # of these: the others are asked for seldom
SEEDS = [bytes(chain.from_iterable((which, how, 5 * which % 251) for which in range(how, 60, 8))) for how in range(8)]


def target(data: bytes) -> None:
    """Write a log of which each three bytes tell some lines; read it as a whole and in chunks, and from each border."""
    sizes, choices = data[:3], data[3:_LARGEST]
    check(written(zip(*[iter(choices)] * 3, strict=False)), [1 + 2 * size for size in sizes] or [100], sum(data))


def written(choices: Iterable[tuple[int, ...]]) -> bytes:
    """Write lines: which ones, in which envelope, and a number that they have."""
    return "\n".join(chain.from_iterable(_lines(*choice) for choice in choices)).encode("utf-8", "surrogateescape")


def _lines(which: int, how: int, number: int) -> Iterable[str]:
    lines = _WRITTEN[which](number) if which < len(_WRITTEN) else [_SAMPLES[(which * 256 + number) % len(_SAMPLES)]]
    carry = _CARRIED[how % (_OFTEN if how < 200 else len(_CARRIED))]
    try:
        return list(carry(lines, number))
    except (LookupError, UnicodeError):  # this envelope does not carry such lines
        return lines


def check(content: bytes, sizes: list[int], how: int = 0) -> None:
    """Check that content gives the same in chunks of these sizes, by turns, and from each border on."""
    with _low_limits():
        whole, _ = read([content], how)
        in_chunks, found = read(_cut(content, sizes), how)
        _same(in_chunks, whole, content, "in chunks")
        for border in found:
            rest, _ = read(_cut(content, sizes[::-1]), how, border)
            _same(rest, whole[border.records :], content, str(border))


def _same(found: list[object], expected: list[object], content: bytes, how: str) -> None:
    if found != expected:
        pairs = enumerate(zip(found, expected, strict=False))
        place = next((place for place, (one, other) in pairs if one != other), min(len(found), len(expected)))
        shown = "\n".join(map(repr, (content, found[place : place + 1], expected[place : place + 1])))
        raise AssertionError(f"{how}: record {place}\n{shown}")


def _cut(content: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = 0
    for size in cycle(sizes):
        if at >= len(content):
            return
        yield content[at : at + size]
        at += size


@contextmanager
def _low_limits() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module, name, limit in _LIMITS:
            patch.setattr(module, name, limit)
        yield


def read(chunks: Iterable[bytes], how: int = 0, start: Border = _START) -> tuple[list[object], list[Border]]:
    """Read from a border on, by one of several parsers; return the records with their documents, and all borders."""
    parser, redaction = _READ_BY[how % len(_READ_BY)]
    parsing, count, time = parser.open(_MADE), start.records, start.time
    found = Borders(parsing.reader, start)
    seen: list[object] = []
    borders_found: dict[Border, None] = {}
    for records in split(iter(chunks), "a.log", parsing.reader, found, start.offset):
        found.reach(count, time)
        borders_found[found.last] = None
        for record in [redacted_record(each, redaction, parsing.reader) for each in records]:
            documents: defaultdict[str, list[object]] = defaultdict(list)
            time, _ = parsing.parse(record, time, count, b"%d" % record[0], documents)  # type: ignore[arg-type]
            count += 1
            seen.append((record[0], record[1], time, dict(documents)))
    return seen, [border for border in borders_found if border.offset]
