"""Runs of NUL bytes end a line and are nothing else, however long they are and however they are cut."""

import re
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.pipeline.codecs import decoded
from functions.pipeline.codecs.nuls import without_runs, without_runs_in


def cleaned(text, size):
    return b"".join(without_runs(text[at : at + size] for at in range(0, len(text), size)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"a\0b\0\0c\0\0\0d\n\0\0", b"a\0b\0\0c\0\0\0d\n\0\0"),
        (bytes(5000) + b"first\n", b"first\n"),
        (b"cut o" + bytes(4) + b"next\n", b"cut o\nnext\n"),
        (b"whole\n" + bytes(100) + b"next\n", b"whole\nnext\n"),
        (b"whole" + bytes(100) + b"\nnext\n", b"whole\nnext\n"),
        (b"whole\n" + bytes(100), b"whole\n"),
        (b"blank\n\nlines\n", b"blank\n\nlines\n"),
        (bytes(100), b""),
        (b"", b""),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
def test_a_run_ends_a_line(text, expected, size):
    assert cleaned(text, size) == expected


PIECES = st.sampled_from([b"\0", b"\0\0", bytes(4), b"\n", b"a", b"bc"])


@given(text=st.lists(PIECES).map(b"".join), size=st.integers(1, 9))
def test_how_text_is_cut_makes_no_difference_and_nothing_else_is_lost(text, size):
    found = cleaned(text, size)
    assert found == cleaned(text, 1000)
    assert found.replace(b"\n", b"") == re.sub(rb"\0{4,}", b"", text).replace(b"\n", b"")


def test_a_line_is_cleaned_by_itself():
    assert without_runs_in(b"a\0b") == b"a\0b"
    assert without_runs_in(bytes(9) + b"a" + bytes(9) + b"b") == b"a\nb"


@pytest.mark.parametrize("size", [64 << 10, 1 << 20])
def test_a_gibibyte_of_nuls_takes_neither_memory_nor_time(size):
    chunk, begun = bytes(size), time.process_time()

    def chunks():
        yield b"before\n"
        for _ in range((1 << 30) // size):
            yield chunk
        yield b"\0after\n"

    tracemalloc.start()
    try:
        found = b"".join(decoded(chunks(), "a.log"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == b"before\nafter\n"
    assert peak < 8_000_000
    assert time.process_time() - begun < 10
