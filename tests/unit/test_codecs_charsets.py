"""Text in any charset becomes UTF-8, however it is cut."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.pipeline.codecs import decoded
from functions.pipeline.codecs.charsets import charset_of
from functions.pipeline.codecs.options import CodecOptions
from functions.pipeline.config import load
from functions.pipeline.errors import ConfigError

WIDE = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
TEXT = "2025-01-20 10:30:00 - api - INFO - café 😀 ログ\r\n" * 50
JAPANESE = "2025-01-20 10:30:00 - api - INFO - 予測を返しました: エラー\n" * 50


def read(stored, size=1000, encoding="utf-8"):
    chunks = (stored[at : at + size] for at in range(0, len(stored), size))
    return b"".join(decoded(chunks, "a.log", encoding))


@pytest.mark.parametrize("charset", WIDE)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("size", [1, 3, 1000, 1 << 20])
def test_wide_text_is_known_with_a_mark_and_without(charset, mark, size):
    assert read((mark + TEXT).encode(charset), size).decode() == mark + TEXT


@pytest.mark.parametrize("charset", WIDE)
def test_half_a_character_at_the_end_is_replaced(charset):
    assert read("\ufefflong enough".encode(charset)[:-1]).decode() == "\ufefflong enoug\ufffd"


@pytest.mark.parametrize("charset", WIDE)
@given(text=st.text(), size=st.integers(1, 50))
def test_any_text_with_a_mark_comes_back_but_for_what_is_no_text(charset, text, size):
    text = "\ufeff" + "".join(each for each in text if each.isprintable()) + "\n"
    assert read(text.encode(charset, "replace"), size).decode() == text


@pytest.mark.parametrize("charset", ["cp1252", "latin-1", "iso8859-15", "mac_roman"])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_what_is_not_utf8_is_in_the_charset_that_is_set(charset, size):
    text = "prédiction : 5 µs, naïve — fin\n".replace("—", "-") * 50
    assert read(text.encode(charset), size, charset).decode() == text
    assert read(text.encode(), size, charset).decode() == text


@pytest.mark.parametrize("charset", ["shift_jis", "cp932", "euc_jp", "gb18030"])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_charset_of_several_bytes_is_decoded(charset, size):
    assert read(JAPANESE.encode(charset), size, charset).decode() == JAPANESE


def test_a_line_in_utf8_stays_among_others():
    assert read(b"caf\xc3\xa9\ncaf\xe9\nplain\ncaf\xc3\xa9", encoding="cp1252").decode() == "café\ncafé\nplain\ncafé"


def test_what_a_charset_does_not_know_is_replaced():
    assert read(b"caf\xe9 \x81\n", encoding="cp1252").decode() == "café \ufffd\n"


@pytest.mark.parametrize("stored", [b"caf\xe9\n" * 100, b"a\0b\n", b"\0\0\n", b"\xc3"])
def test_without_a_charset_bytes_stay_as_they_are(stored):
    assert read(stored, 1) == stored


@pytest.mark.parametrize("charset", WIDE)
def test_a_wide_charset_that_is_set_leaves_utf8_alone(charset):
    assert read("café\n".encode(), encoding=charset).decode() == "café\n"
    assert read(JAPANESE.encode(charset), encoding=charset).decode() == JAPANESE


@pytest.mark.parametrize(
    ("head", "charset"),
    [
        (b"", "utf-8"),
        (b"a\0b\0", "utf-8"),  # too little to tell
        (b"a\0b\0c\0d\0", "utf-16-le"),
        (b"\0a\0b\0c\0d", "utf-16-be"),
        (bytes(400) + b"a line\n", "utf-8"),
        (b"a line\n" + bytes(400), "utf-8"),
        (b"one\0two\n" * 100, "utf-8"),
        (b"\xef\xbb\xbfa line\n", "utf-8"),
        (bytes(400) + "a line\n".encode("utf-16-le"), "utf-16-le"),
    ],
)
def test_a_charset_is_told_by_the_first_bytes(head, charset):
    assert charset_of(head) == charset


def test_a_mark_wins_over_what_is_set():
    assert charset_of("\ufeffa".encode("utf-16-le"), "cp1252") == "utf-16-le"
    assert charset_of("\ufeffa".encode(), "cp1252") == "utf-8"


@pytest.mark.parametrize("charset", ["utf-16", "cp1252"])
def test_memory_does_not_grow_with_the_content(charset):
    block = ("é" * 79 + "\n").encode(charset) * 1000
    tracemalloc.start()
    try:
        size = sum(map(len, decoded((block for _ in range(300)), "a.log", charset)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > 40_000_000
    assert peak < 5_000_000


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("cp1252", "cp1252"),
        ("Latin-1", "iso8859-1"),
        ("UTF-16", "utf-16-le"),
        ("utf8", "utf-8"),
        (" sjis ", "shift_jis"),
    ],
)
def test_a_charset_is_set_by_any_of_its_names(given_name, name):
    (options,) = load({"PIPELINE_ENCODING": given_name}, CodecOptions)
    assert options.encoding == name


@pytest.mark.parametrize(
    "given_name",
    ["latin-99", "rot13", "hex", "utf-7", "cp037", "iso-2022-jp", "a\0b", "idna", "unicode_escape", "punycode"],
)
def test_what_is_no_charset_of_lines_is_refused_with_examples(given_name):
    with pytest.raises(ConfigError, match=r"PIPELINE_ENCODING: .* is wrong; expected a charset .*cp1252, latin-1"):
        load({"PIPELINE_ENCODING": given_name}, CodecOptions)
