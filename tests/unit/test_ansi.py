"""Escape sequences are stripped from text that was written for a terminal, and nothing else is."""

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.pipeline.ansi import stripped, stripped_text
from tests.programs import corpus

COLOURED = [
    path
    for path in sorted(corpus.SAMPLES.glob("*.log"))
    if b"\x1b[" in path.read_bytes() and not path.name.startswith("cloudwatch")  # these are compressed
]


@pytest.mark.parametrize("path", COLOURED, ids=lambda path: path.stem)
def test_what_programs_wrote_in_colour_is_left_as_plain_text(path):
    sent = path.read_bytes()
    plain = stripped(sent)
    assert stripped_text(sent.decode()) == plain.decode()
    assert b"\x1b" not in plain
    assert not re.search(rb"(^|\s)\[?\d{1,3}m", plain)
    for record in json.loads(path.with_suffix(".json").read_text())["records"]:
        assert record.get("message_begins", "").encode() in plain


def test_there_are_samples_of_loguru_structlog_uvicorn_and_rich():
    assert {"loguru-color", "structlog-console", "uvicorn-colors", "fastapi-dev"} <= {path.stem for path in COLOURED}


@pytest.mark.parametrize(
    ("sent", "plain"),
    [
        ("\x1b[1;31merror\x1b[0m", "error"),
        ("\x1b[38;2;1;2;3mtrue colour\x1b[39;49m", "true colour"),
        ("\x1b[2K\x1b[1Aup", "up"),
        ("\x1b[?25lhidden cursor\x1b[?25h", "hidden cursor"),
        ("\x1b[4:3mcurly\x1b[24m", "curly"),
        ("\x9b31mred\x9b0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;id=1;https://example.org/?a=b\x1b\\link\x1b]8;;\x1b\\ after", "link after"),
        ("\x1bPq#0~\x1b\\image", "image"),
        ("\x1b(Bcharset\x1b7\x1b8\x1bc", "charset"),
        ("\x1b]0;unterminated\nnext line", "0;unterminated\nnext line"),
        ("cut \x1b[12", "cut 12"),
        ("cut \x1b", "cut \x1b"),
        ("10%\r20%\r\n", "10%\r20%\r\n"),
        ("[0m no sequence ÀÛ€", "[0m no sequence ÀÛ€"),
    ],
)
def test_each_kind_of_sequence_is_stripped(sent: str, plain: str):
    assert stripped(sent.encode()) == plain.encode()
    assert stripped_text(sent) == plain
    escaped = json.dumps({"m": sent})
    if "\x1b[" in sent and "cut" not in sent:
        assert json.loads(stripped_text(escaped)) == {"m": plain}


@pytest.mark.parametrize("depth", range(4))
def test_sequences_within_json_are_stripped_at_any_depth_and_json_stays_json(depth: int):
    sent, plain = ('a \x1b[1m"x"\x1b[0m \\ \x1b]8;;https://example.org\x1b\\b\x1b]8;;\x07', 'a "x" \\ b')
    for _ in range(depth + 1):
        sent, plain = json.dumps({"m": sent}), json.dumps({"m": plain})
    assert stripped_text(sent) == plain


def test_sequences_in_a_repr_are_stripped():
    assert stripped_text(repr({"AGE": "\x1b[1m48\x1b[0m"})) == repr({"AGE": "48"})


@given(st.text().filter(lambda text: not re.search(r"[\x1b\x9b]|u00[19]|\\x[19]", text)))
def test_text_without_sequences_is_the_same_object(text: str):
    raw = text.encode("utf-8", "surrogatepass")
    assert stripped_text(text) is text
    assert stripped(raw) is raw


@given(st.text('\x1b\x9b[]\\;0 9mP\x07\n"u01bx1BA', max_size=60))
def test_line_feeds_stay_whatever_the_text(text: str):
    assert stripped_text(text).count("\n") == text.count("\n")
    assert stripped(text.encode()).count(b"\n") == text.count("\n")


@pytest.mark.parametrize("damaged", ["\x1b", "\x1b[", "\x9b", "\x9b1;", "\x1b[31", "\x1b(", "\x1b]0;x"])
def test_a_damaged_sequence_in_json_takes_no_structure_with_it(damaged: str):
    for sent in ({"m": damaged, "n": 1}, {"m": damaged + '"', "n": 1}, {damaged: [damaged + "\\", damaged + ","]}):
        found = json.loads(stripped_text(json.dumps(sent)))
        assert len(found) == len(sent)
        assert found.get("n") == sent.get("n")
        assert stripped_text(json.dumps(sent, ensure_ascii=False)).count('"') == json.dumps(sent).count('"')


SHAPES = ["\x1b", "\x1b[1", "\x1b]a", "\x1bP", "\\u001b[1", "\\u001b]a", "\\u001b]a\\u001b\\\\", "\\", "\x1b]\x1b"]


@pytest.mark.parametrize("shape", [*SHAPES, "1", "a", " "])
@pytest.mark.parametrize("start", ["u001", "\x1b[", "\x1b]", "\\u001b["])
def test_twice_the_text_takes_about_twice_the_time(start: str, shape: str):
    def seconds(length: int) -> float:
        text = start + shape * (length // len(shape))
        begun = time.process_time()
        stripped(text.encode())
        stripped_text(text)
        return time.process_time() - begun

    assert min(seconds(64_000) for _ in range(3)) < 8 * min(seconds(16_000) for _ in range(3)) + 0.05  # 16 if quadratic
