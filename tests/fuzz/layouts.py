"""Whatever a log holds, in any layout or in none, is in its records, and takes its time."""

from __future__ import annotations

from functions.pipeline.layouts.registry import layouts
from tests.formats import IN_CODE
from tests.fuzz import read
from tests.fuzz.chunks import cut

_TRACES = (  # of Python, Java and Go, and JSON over several lines
    b"Traceback (most recent call last):\n  File x\nValueError: a\n\nDuring handling of the above exception, x\n",
    b"java.lang.IllegalStateException: a\n\tat a.B.c(B.java:1)\nCaused by: b\n\t... 3\npanic: a\ngoroutine 1 [r]:\n",
    b'[\n  {\n    "a": 1\n  },\n  {\n    "b": [1]\n  }\n]\n{"a":1},{"b":2} x\n[{"a":1},{"b":2}]\n',
)
SEEDS = [
    *(b"\x40" + sample["line"].encode() + b"\n" for layout in layouts() for sample in layout.samples),
    *(b"\x40" + line.encode() for line in IN_CODE.values()),
    *(b"\x40" + trace for trace in _TRACES),
]


def target(data: bytes) -> None:
    """Read the bytes as lines."""
    found = read.records(*cut(data))
    if read.bare(found):
        read.nothing_lost(found, data[1:])
    read.in_time(data[1:])
