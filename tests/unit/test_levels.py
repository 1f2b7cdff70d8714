"""Levels, whatever a program calls them."""

import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.pipeline.levels import LETTER, LEVEL, level, numbered_level

LEVELS = ("TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
IN_LINES, IN_BYTES = re.compile(LEVEL), re.compile(LEVEL.encode())
WORDS = {
    # Python, Loguru
    "logging": "DEBUG=DEBUG INFO=INFO WARNING=WARNING ERROR=ERROR CRITICAL=CRITICAL WARN=WARNING FATAL=CRITICAL",
    "loguru": "TRACE=TRACE SUCCESS=INFO",
    # Go: logrus, zap, zerolog; Rust: tracing
    "go": "TRAC=TRACE DEBU=DEBUG ERRO=ERROR FATA=CRITICAL PANI=CRITICAL dpanic=CRITICAL panic=CRITICAL",
    "zerolog": "TRC=TRACE DBG=DEBUG INF=INFO WRN=WARNING ERR=ERROR FTL=CRITICAL",
    # .NET's console, Serilog, Azure
    "dotnet": "trce=TRACE dbug=DEBUG info=INFO warn=WARNING fail=ERROR crit=CRITICAL",
    "azure": "Verbose=DEBUG Information=INFO Warning=WARNING Error=ERROR Critical=CRITICAL VRB=DEBUG",
    # java.util.logging, log4j
    "java": "SEVERE=ERROR CONFIG=DEBUG FINE=DEBUG FINER=DEBUG FINEST=TRACE",
    # RFC 5424, NGINX, Apache, Google Cloud
    "syslog": "emerg=CRITICAL alert=CRITICAL crit=CRITICAL err=ERROR notice=INFO informational=INFO debug=DEBUG",
    "servers": "EMERGENCY=CRITICAL trace1=TRACE trace8=TRACE LOG=INFO DEBUG5=DEBUG",
    "otel": "DEBUG2=DEBUG INFO4=INFO WARN3=WARNING ERROR2=ERROR FATAL4=CRITICAL",
    "french": "ERREUR=ERROR AVERTISSEMENT=WARNING ATTENTION=WARNING CRITIQUE=CRITICAL",
}
PAIRS = [tuple(pair.split("=")) for words in WORDS.values() for pair in words.split()]


@pytest.mark.parametrize(("word", "expected"), PAIRS)
def test_a_word_is_read_in_any_case_with_its_brackets_and_padding(word: str, expected: str):
    for written in (word, word.upper(), word.lower(), word.title(), f"[{word}]", f"{word:<9}", f"{word}:", f"<{word}>"):
        assert level(written) == expected
    assert IN_LINES.search(f"[{word}] x")[0] == word
    assert IN_BYTES.search(f"a - {word.lower()} - x".encode())[0] == word.lower().encode()


@pytest.mark.parametrize("name", LEVELS)
def test_a_level_is_itself(name: str):
    assert level(name) == name


@pytest.mark.parametrize(
    "pair", ["T=TRACE", "D=DEBUG", "V=DEBUG", "I=INFO", "N=INFO", "W=WARNING", "E=ERROR", "C=CRITICAL", "F=CRITICAL"]
)
def test_a_letter_is_a_level_only_where_it_is_asked_for(pair: str):
    letter, expected = pair.split("=")
    assert level(letter) == expected
    assert re.fullmatch(LETTER, letter)
    assert re.fullmatch(LETTER.encode(), letter.encode())
    assert not IN_LINES.search(f"{letter} x")


@pytest.mark.parametrize(
    "word",
    ["", " ", "x", "api", "NOTSET", "DEFAULT", "20", "[]", "INFOS-X", "\u0131", "\u0131nfo", "\u0130NFO", "A" * 10**6],
)
def test_another_word_is_none(word: str):
    assert level(word) is None


@pytest.mark.parametrize(
    "text", ["information_id", "terror", "inform", "errors", "warning_count", "my_error", "error2x"]
)
def test_a_level_is_a_whole_word(text: str):
    assert not IN_LINES.search(text)
    assert not IN_BYTES.search(text.encode())


@given(st.text())
def test_no_text_raises(text: str):
    assert level(text) in {*LEVELS, None}


@given(st.sampled_from(["python", "syslog", "bunyan", "otel", "gcp", "azure"]), st.integers() | st.floats())
def test_no_number_raises(scale: str, number: float):
    assert numbered_level(number, scale) in {*LEVELS, None}


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        ("python", "0=None 5=TRACE 10=DEBUG 20=INFO 25=INFO 30=WARNING 40=ERROR 50=CRITICAL 60=CRITICAL -1=None"),
        (
            "syslog",
            "0=CRITICAL 1=CRITICAL 2=CRITICAL 3=ERROR 4=WARNING 5=INFO 6=INFO 7=DEBUG 8=None -1=None",
        ),
        ("bunyan", "10=TRACE 20=DEBUG 30=INFO 35=INFO 40=WARNING 50=ERROR 60=CRITICAL 0=None"),
        ("otel", "0=None 1=TRACE 4=TRACE 5=DEBUG 8=DEBUG 9=INFO 13=WARNING 17=ERROR 21=CRITICAL 24=CRITICAL 25=None"),
        ("gcp", "0=None 100=DEBUG 200=INFO 300=INFO 400=WARNING 500=ERROR 600=CRITICAL 700=CRITICAL 800=CRITICAL"),
        ("azure", "0=DEBUG 1=INFO 2=WARNING 3=ERROR 4=CRITICAL 5=None"),
    ],
)  # fmt: skip
def test_a_number_is_read_by_its_scale(scale: str, expected: str):
    pairs = [pair.split("=") for pair in expected.split()]
    assert [str(numbered_level(int(number), scale)) for number, _ in pairs] == [name for _, name in pairs]


def test_pythons_own_names_and_numbers_agree():
    for name, number in logging.getLevelNamesMapping().items():
        assert numbered_level(number, "python") == level(name)


@pytest.mark.parametrize("number", [True, False, float("nan")])
def test_what_is_no_number_of_a_level_is_none(number: float):
    assert numbered_level(number, "python") is None
