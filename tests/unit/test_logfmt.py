"""Lines of pairs are objects, and pairs behind a message are found."""

import time

import pytest

from functions.pipeline.layouts.logfmt import members, pairs


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'level=info msg="model loaded" rows=2', {"level": "info", "msg": "model loaded", "rows": "2"}),
        (rb'level=info msg="scored: \"YES\"\nat \u00e9"', {"level": "info", "msg": 'scored: "YES"\nat \u00e9'}),
        (b"level=info error= msg=done", {"level": "info", "error": "", "msg": "done"}),
        (b"level=info msg=done error=", {"level": "info", "msg": "done", "error": ""}),
        (b"level=info msg=done url=/a?x=1&y=2", {"level": "info", "msg": "done", "url": "/a?x=1&y=2"}),
        (b"event='it''s' level='info'", None),  # not as repr() quotes
        (rb"event='it\'s loaded' level='info'", {"event": "it's loaded", "level": "info"}),
        (b"""event="it's loaded" level='info'""", {"event": "it's loaded", "level": "info"}),
        (rb'level=info msg="a path: C:\models"', {"level": "info", "msg": r"a path: C:\models"}),
        (b"level=ERROR+4 msg=x http.status=500 done", {"level": "ERROR+4", "msg": "x", "http.status": "500"}),
        (b"a=1 b=2", None),
        (b"level=info", None),
        (b"the level=info was set", None),
        (b'level=info msg="not closed', None),
        (b'level=info msg="closed"too early', None),
    ],
)
def test_a_line_of_pairs_is_an_object(line: bytes, expected: dict[str, str] | None):
    assert members(line) == expected


def test_pairs_are_found_behind_a_message():
    assert pairs(b"""scored a=b:c in 12.5 ms [app] rows=2 using='the median' why="no \\"age\\"" x== =y""") == {
        "a": "b:c",
        "rows": "2",
        "using": "the median",
        "why": 'no "age"',
        "x": "=",
    }


@pytest.mark.parametrize("filler", [b"a=", b'a="', b"a='", b'a="x" ', b"a ", b'\\"', b'a=" ', b"=", b"a=b "])
def test_long_lines_take_linear_time(filler: bytes):
    started = time.process_time()
    line = b"level=info " + filler * (200_000 // len(filler))
    members(line)
    pairs(line)
    assert time.process_time() - started < 1
