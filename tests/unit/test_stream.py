"""Which entries are new of a log that is read from its beginning each time; also as a property of any such log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.pipeline.errors import PermanentError
from functions.pipeline.fingerprints import PLAIN, Fingerprints
from functions.pipeline.sources.stream import WINDOW, Entry, NewEntries, check_position, readings

WHOLE = {"window": [], "time": "", "first": "", "count": 0}


def entry(text, second=0):
    return Entry(text.encode(), f"2025-11-18T16:{second // 60:02}:{second % 60:02}.{0:09}Z")


def read(log, position=None, limit=None, fingerprints=PLAIN):
    """Read a log as it is now; return what is new, the position after it, and how many gaps there were."""
    new, gaps = NewEntries(position, fingerprints), 0
    for each in log:
        new.add(each)
    lines = []
    for reading in readings(new, position, 7, limit, fingerprints):
        lines += reading.lines
        position, gaps = reading.position, gaps + reading.gaps
    return lines, position, gaps


def test_only_what_came_since_is_new_and_repeats_stay():
    log = [entry("start"), entry("same", 1), entry("same", 1)]
    lines, position, _ = read(log)
    assert lines == [b"start", b"same", b"same"]
    assert read([*log, entry("same", 1), entry("end", 2)], position)[::2] == ([b"same", b"end"], 0)


def test_a_restarted_writer_says_the_same_again_and_none_of_it_is_lost_or_doubled():
    start = ["booting", "model loaded", "listening"]
    _, position, _ = read([entry(text, 1) for text in start])
    second = [entry(text, 90) for text in start]
    lines, position, gaps = read(second, position)
    assert (lines, gaps) == ([text.encode() for text in start], 1)
    assert read([*second, entry("POST /predict", 91)], position)[::2] == ([b"POST /predict"], 0)


def test_a_log_that_lost_its_beginning_goes_on_where_it_was():
    log = [entry(str(number), number) for number in range(300)]
    _, position, _ = read(log[:200])
    assert read(log[150:], position)[::2] == ([b"%d" % n for n in range(200, 300)], 0)
    assert read(log[250:], position)[::2] == ([b"%d" % n for n in range(250, 300)], 1)


def test_a_log_whose_window_is_gone_gives_only_later_lines():
    _, position, _ = read([entry("a", 5)])
    assert read([entry("older", 4), entry("newer", 6)], position)[0] == [b"newer"]


def test_decimals_of_any_number_are_compared_as_times():
    _, position, _ = read([Entry(b"a", "2025-11-18T16:55:02.5Z")])
    later = [Entry(b"b", "2025-11-18T16:55:02.499999999Z"), Entry(b"c", "2025-11-18T16:55:03Z")]
    assert read(later, position)[0] == [b"c"]


def test_a_position_keeps_its_size_and_no_text():
    _, position, _ = read([entry(f"line {number}", number) for number in range(5000)])
    assert len(position["window"]) == WINDOW
    assert "line" not in str(position)


def test_a_limit_leaves_the_rest_for_the_next_run():
    log = [entry(str(number), number) for number in range(20)]
    lines, position, _ = read(log, limit=9)
    assert len(lines) == 9
    assert lines + read(log, position)[0] == [each.line for each in log]


def test_lines_known_by_an_older_key_are_still_known():
    log = [entry("a", 1), entry("b", 2)]
    _, position, _ = read(log, fingerprints=Fingerprints([b"old"]))
    assert read([*log, entry("c", 3)], position, fingerprints=Fingerprints([b"new", b"old"]))[0] == [b"c"]


@pytest.mark.parametrize(
    "position", [{}, {"window": []}, {**WHOLE, "window": [7]}, {**WHOLE, "time": None}, {**WHOLE, "count": "7"}]
)
def test_a_damaged_position_is_told(position):
    with pytest.raises(PermanentError, match="its cursor is damaged"):
        check_position(position, "hf-owner-space-run")


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2)), max_size=40),
    st.lists(st.integers(0, 40), max_size=5),
)
def test_however_often_it_is_read_each_line_comes_once_and_in_order(steps, looks):
    log, second = [], 0
    for text, pause in steps:
        second += pause
        log.append(entry(text, second))
    found, position = [], None
    for end in [*sorted(looks), len(log)]:
        lines, position, gaps = read(log[:end], position)
        found += lines
        assert gaps == 0
    assert found == [each.line for each in log]
