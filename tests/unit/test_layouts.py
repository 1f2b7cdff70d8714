"""Each layout's samples become the events beside them, by that layout and no other."""

import json
import time
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.pipeline.framing import split_records
from functions.pipeline.layouts.patterns import Layout, Pattern, Times
from functions.pipeline.layouts.registry import Patterns, layouts
from functions.pipeline.parser import Parser, ParserOptions
from functions.pipeline.times import Clock
from tests.programs import corpus

MADE = datetime(2025, 1, 20, 12, tzinfo=UTC)
PARSER = Parser(ParserOptions())
SAMPLES = [(layout, sample) for layout in layouts() for sample in layout.samples]


PROSE = (
    "Error: something went wrong",
    "error in line 3 of model.py",
    "WARNING this is text",
    "Warning: unused variable",
    "Info about the model",
    "3.11.7 is the version of Python",
    "10.0.0.7 is the address",
    "/srv/models/2025-01-20/model.joblib",
    "2025 was a good year",
    "2025-01-20 is a date alone",
    "10:30 is no time of a record",
    "[a list, of, values]",
    "[1, 2, 3]",
    "key: value",
    "GET /predict",
    "a=1 b=2",
    "I think that it works",
    "* an item",
    "(see pid=3)",
    "Not Found",
    "info",
)
TRACEBACKS = {
    "Python, chained, with notes": """Traceback (most recent call last):
  File "/srv/app/model.py", line 9, in predict
    value = row["AGE"]
            ~~~^^^^^^^
KeyError: 'AGE'
while reading 2025-01-20 10:30:00

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/app/api.py", line 20, in <module>
    raise ValueError("bad: row") from error
ValueError: bad: row
sklearn.exceptions.NotFittedError: This model is not fitted yet.
RuntimeError""",
    "Python, a group": """  + Exception Group Traceback (most recent call last):
  |   File "/srv/app/api.py", line 4, in <module>
  |     raise ExceptionGroup("several", errors)
  | ExceptionGroup: several (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +---------------- 2 ----------------
    | TypeError: 2
    +------------------------------------""",
    "Java": """java.lang.IllegalStateException: model not loaded: INFO
\tat com.example.Api.score(Api.java:27) ~[app.jar:1.0]
\tat java.base/java.lang.Thread.run(Thread.java:840)
\tSuppressed: java.io.IOException: closed
Caused by: java.lang.NumberFormatException: For input string: "n/a"
\t... 3 more
Exception in thread "main" java.lang.OutOfMemoryError: Java heap space""",
    "Go": """panic: model not loaded
\tpanic: again [recovered]
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4a]

goroutine 1 [running]:
main.(*Server).score(0xc000010250, {0xc00001c0a8, 0x3})
\t/srv/app/main.go:24 +0x2a6
created by net/http.(*Server).Serve in goroutine 7
exit status 2""",
    "Node.js": """/srv/app/index.js:3
    throw new Error("model not loaded");
    ^

Error: model not loaded
    at Object.<anonymous> (/srv/app/index.js:3:9)
    at node:internal/main/run_main_module:28:49 {
  code: 'ERR_MODEL',
  [cause]: TypeError: fetch failed
}

Node.js v20.11.0""",
    "Rust": """thread 'main' panicked at src/main.rs:4:5:
called `Result::unwrap()` on an `Err` value: ParseIntError { kind: InvalidDigit }
stack backtrace:
   0: rust_begin_unwind
             at /rustc/07dca489ac2d/library/std/src/panicking.rs:645:5
   1: scoring::main
note: run with `RUST_BACKTRACE=full` for a verbose backtrace""",
    ".NET": """Unhandled exception. System.InvalidOperationException: model not loaded
 ---> System.FormatException: The input string 'n/a' was not in a correct format.
   at Api.Scoring.Parse(String text) in /srv/app/Scoring.cs:line 12
   --- End of inner exception stack trace ---
   at Program.<Main>$(String[] args)""",
    "Ruby": """app.rb:3:in `score': model not loaded (RuntimeError)
\tfrom app.rb:7:in `<main>'""",
}


def event(content: bytes) -> dict[str, Any]:
    """Read one record; return its log document, and its layout's name under `layout`."""
    parsing, made = PARSER.open(MADE), defaultdict(list)
    (record,) = split_records([content], "a.log", parsing.reader)
    parsing.parse(record, "2000-01-01T00:00:00.000Z", 1, b"id", made)
    ((_, _, body),) = made["logs"]
    *_, head, _, _ = record
    return {"layout": head[4][1] if head and head[4] else None, **json.loads(body)}


@pytest.mark.parametrize(("layout", "sample"), SAMPLES, ids=[f"{each.name}-{n}" for n, (each, _) in enumerate(SAMPLES)])
def test_a_sample_becomes_the_event_beside_it(layout: Layout, sample: dict[str, Any]):
    found = event(sample["line"].encode())
    assert found["layout"] == layout.name
    assert {name: found.get(name) for name in sample["event"]} == sample["event"]


@pytest.mark.parametrize("layout", layouts(), ids=lambda layout: layout.name)
def test_every_layout_has_a_sample(layout: Layout):
    assert layout.samples


@pytest.mark.parametrize(("layout", "line"), [(layout, line) for layout in layouts() for line in layout.not_this])
def test_what_only_looks_like_a_layout_is_not_read_by_it(layout: Layout, line: str):
    assert event(line.encode())["layout"] != layout.name


@pytest.mark.parametrize("line", PROSE)
def test_prose_is_no_record_of_any_layout(line: str):
    assert Patterns().head(line.encode(), Clock(made=MADE)) is None
    assert event(line.encode())["unread"]


@pytest.mark.parametrize("trace", TRACEBACKS)
def test_the_lines_of_a_traceback_stay_with_the_record_before(trace: str):
    content = f"2025-01-20 10:30:00,123 - app - ERROR - request failed\n{TRACEBACKS[trace]}"
    found = event(content.encode())
    assert found["raw_log"] == content
    assert found["level"] == "ERROR"


def lines() -> list[bytes]:
    """Return what programs wrote, and all samples of layouts."""
    written = [line for each in corpus.SAMPLES.glob("*.log") for line in each.read_bytes().splitlines()]
    return [line for line in (*written, *(each["line"].encode() for _, each in SAMPLES)) if line.strip()]


def test_a_line_is_read_by_the_first_layout_that_matches_however_it_was_chosen():
    clock, patterns = Clock(made=MADE), Patterns()
    ordered = sorted(map(Pattern, layouts()), key=lambda each: -each.specific)
    for line in lines():
        found = next((head for each in ordered if (head := each.head(line, Times(line), clock))), None)
        patterns.head(b"-", clock)  # no line after which another is awaited
        chosen = patterns.head(line, clock)
        assert (chosen and chosen[4].layout) == (found and found[4].layout), line


def test_what_a_layout_tells_of_a_line_is_the_same_when_it_is_remembered():
    line = b"2025-01-20 10:30:00,123 | INFO | app.api:predict:16 | scored"
    first, second = event(line), event(line.replace(b"00,123", b"07,456").replace(b"scored", b"again"))
    assert first["@timestamp"] == "2025-01-20T10:30:00.123Z"
    assert second["@timestamp"] == "2025-01-20T10:30:07.456Z"
    assert (first["message"], second["message"]) == ("scored", "again")
    assert first["data"] == second["data"] == {"function": "predict", "line": "16"}


@pytest.mark.parametrize("filler", ["a", " ", "a ", "[", '"', "a=", 'a="', "1", "a{}: ", "- ", "a.", ": "])
def test_a_long_line_takes_linear_time(filler: str):
    patterns, clock, size = Patterns(), Clock(made=MADE), 20_000
    started = time.process_time()
    for _, sample in SAMPLES:
        first = sample["line"].partition("\n")[0]
        patterns.head((first[: len(first) // 2] + filler * (size // len(filler))).encode(), clock)
    assert time.process_time() - started < len(SAMPLES) * size / 1e6 + 1  # a second for a megabyte


def test_own_layouts_come_first_and_may_use_all_that_expressions_have():
    own = Layout("own", r"%{time} (?P<quote>['\"])(?P<job>\w+)(?P=quote) (?:(a)|b) ", duration="s")
    head = Patterns([own]).head(b"2025-01-20 10:30:00 'train' b started", Clock(made=MADE))
    assert head[0] == b"2025-01-20 10:30:00 'train' b "
    assert head[4][:2] == ({"quote": "'", "job": "train"}, "own")


def test_names_of_layouts_are_different():
    names = [each.name for each in layouts()]
    assert len(names) == len(set(names))
