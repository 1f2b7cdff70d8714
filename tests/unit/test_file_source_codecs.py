"""The file source reads the same lines whatever a file is compressed by or written in, and knows it again."""

import bz2
import gzip
import io
import json
import lzma
import os
import shutil
import time
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest

from functions.pipeline.errors import NotText, PermanentError
from functions.pipeline.sources.file import FileSource

LINES = [f"2025-01-20 10:30:00 - api - INFO - café 😀 {number}".encode() for number in range(3000)]
TEXT = b"\n".join(LINES) + b"\n"
WIDE = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]


def zipped(content):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("app.log", content)
    return target.getvalue()


COMPRESSORS = {"bz2": bz2.compress, "xz": lzma.compress, "zip": zipped, "zz": zlib.compress}
COMPRESSORS["gz.gz"] = lambda content: gzip.compress(gzip.compress(content))
ALL = pytest.mark.parametrize("suffix", COMPRESSORS)


def write(path, content, age=60.0, mode="wb"):
    with path.open(mode) as handle:
        handle.write(content)
    os.utime(path, (time.time() - age,) * 2)


class Reader:
    """Reads a source as the collector does: the position is all that it keeps between two reads."""

    def __init__(self, pattern, encoding="utf-8"):
        self.pattern, self.encoding, self.position = str(pattern), encoding, None

    def readings(self, size=1000, limit=None):
        for reading in FileSource(self.pattern, encoding=self.encoding).read(self.position, size, limit):
            self.position = json.loads(json.dumps(reading.position))
            yield reading.lines

    def new(self, size=1000, limit=None):
        return [line for lines in self.readings(size, limit) for line in lines]


@pytest.fixture
def log(tmp_path):
    return tmp_path / "app.log"


# --- Compressed


@ALL
def test_a_compressed_file_is_read_whatever_its_name(log, suffix):
    write(log, COMPRESSORS[suffix](TEXT))
    reader = Reader(log)
    assert reader.new(limit=1200) == LINES[:1200]
    assert reader.new() == LINES[1200:]
    assert reader.new() == []


@ALL
@pytest.mark.parametrize("count", [1, 3000])
def test_a_file_that_was_compressed_is_not_read_again(log, suffix, count):
    write(log, b"\n".join(LINES[:count]) + b"\n")
    reader = Reader(f"{log}*")
    assert reader.new() == LINES[:count]
    compressed = Path(f"{log}.1.{suffix}")
    compressed.write_bytes(COMPRESSORS[suffix](log.read_bytes() + b"unread\n"))
    shutil.copystat(log, compressed)
    write(log, b"next\n", age=10)
    assert reader.new() == [b"unread", b"next"]
    assert reader.new() == []


@ALL
def test_a_file_and_its_compressed_copy_are_read_once(log, suffix):
    write(log, TEXT)
    write(Path(f"{log}.{suffix}"), COMPRESSORS[suffix](TEXT))
    shutil.copystat(log, f"{log}.{suffix}")
    assert Reader(f"{log}*").new() == LINES


@pytest.mark.parametrize("suffix", ["bz2", "xz"])
def test_what_is_added_to_a_compressed_file_is_read(log, suffix):
    write(log, COMPRESSORS[suffix](TEXT))
    reader = Reader(log)
    assert len(reader.new()) == 3000
    write(log, COMPRESSORS[suffix](b"more\n"), age=10, mode="ab")
    assert reader.new() == [b"more"]


# --- Charsets


@pytest.mark.parametrize("charset", WIDE)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress])
def test_a_wide_file_is_read_in_readings_of_any_size(log, charset, mark, compress):
    write(log, compress((mark + TEXT.decode()).encode(charset)))
    reader = Reader(log)
    lines = reader.new(size=7, limit=1001)
    lines += reader.new(size=700)
    assert lines == [mark.encode() + LINES[0], *LINES[1:]]
    assert reader.new() == []


@pytest.mark.parametrize("charset", WIDE)
def test_a_wide_file_that_grows_is_read_on_and_only_its_new_bytes(log, charset, monkeypatch):
    write(log, "\ufeff".encode(charset) + TEXT.decode().encode(charset))
    reader = Reader(log)
    assert len(reader.new()) == 3000
    assert reader.position["files"][0]["offset"] == log.stat().st_size
    monkeypatch.setattr("functions.pipeline.codecs.charsets.charset_of", None)  # only the first bytes tell it
    for number in range(5):
        write(log, f"more é {number}\n".encode(charset), mode="ab")
        assert reader.new() == [f"more é {number}".encode()]


@pytest.mark.parametrize("charset", WIDE)
def test_half_a_line_of_a_wide_file_is_taken_once_it_is_quiet_and_its_end_is_no_line(log, charset):
    write(log, ("\ufeff" + "one\ntwo").encode(charset))
    reader = Reader(log)
    assert reader.new() == ["\ufeffone".encode(), b"two"]
    write(log, "\n".encode(charset), mode="ab")
    assert reader.new() == []
    write(log, "three\n".encode(charset), mode="ab")
    assert reader.new() == [b"three"]


def test_half_a_character_is_left_until_its_other_half_comes(log):
    stored = "\ufeffone\ntwo é\n".encode("utf-16-le")
    write(log, stored[:-3])
    reader = Reader(log)
    assert reader.new() == ["\ufeffone".encode(), b"two "]
    write(log, stored[-3:], mode="ab")
    assert reader.new() == ["é".encode()]


def test_a_wide_file_is_known_when_it_is_renamed_and_compressed(log):
    stored = ("\ufeff" + TEXT.decode()).encode("utf-16-le")
    write(log, stored)
    reader = Reader(f"{log}*")
    assert len(reader.new()) == 3000
    log.unlink()
    write(Path(f"{log}.1.xz"), lzma.compress(stored + "more\n".encode("utf-16-le")))
    assert reader.new() == [b"more"]


@pytest.mark.parametrize("charset", ["cp1252", "shift_jis", "gb18030"])
def test_lines_that_are_not_utf8_are_in_the_charset_that_is_set(log, charset):
    text = {"cp1252": "déjà “vu”", "shift_jis": "予測", "gb18030": "预测"}[charset]
    write(log, f"{text} 1\n".encode(charset) + f"{text} 2\n".encode())
    reader = Reader(log, charset)
    assert reader.new() == [f"{text} 1".encode(), f"{text} 2".encode()]
    write(log, f"{text} 3\n".encode(charset), mode="ab")
    assert reader.new() == [f"{text} 3".encode()]


def test_without_a_charset_the_bytes_stay(log):
    write(log, b"caf\xe9\n")
    assert Reader(log).new() == [b"caf\xe9"]


# --- Runs of NUL bytes


@pytest.mark.parametrize("hole", [4, 5000, 300_000, 3_000_000])
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_a_hole_ends_a_line_and_is_nothing_else(log, hole, compress):
    write(log, compress(bytes(hole) + b"first\ncut o" + bytes(hole) + b"next\nlast\n"))
    reader = Reader(log)
    assert b"\n".join(reader.new(size=1)) == b"first\ncut o\nnext\nlast"
    assert reader.new() == []


def test_a_file_that_was_truncated_under_its_writer_is_read_on(log):
    with log.open("wb", buffering=0) as writer:  # without O_APPEND: it goes on writing where it was
        writer.write(TEXT)
        write(log, b"", mode="ab")
        reader = Reader(log)
        assert reader.new() == LINES
        os.truncate(log, 0)
        writer.write(b"after\n")
        os.utime(log, (time.time() - 60,) * 2)
        assert reader.new() == [b"after"]
        writer.write(b"more\n")
        os.utime(log, (time.time() - 60,) * 2)
        assert reader.new() == [b"more"]


@pytest.mark.parametrize("after", [b"", b"after\n"])
def test_a_gibibyte_of_nuls_takes_neither_memory_nor_time(log, after):
    with log.open("wb") as handle:
        handle.write(b"before\n")
        handle.seek(1 << 30, os.SEEK_CUR)
        handle.write(after)
        handle.truncate()
    os.utime(log, (time.time() - 60,) * 2)
    reader, begun = Reader(log), time.process_time()
    tracemalloc.start()
    try:
        lines = reader.new()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [line for line in lines if line] == [b"before", *after.splitlines()]
    assert peak < 8_000_000
    assert time.process_time() - begun < 40  # it is 4 on a machine that does nothing else
    write(log, b"more\n", mode="ab")
    begun = time.process_time()
    assert reader.new() == [b"more"]
    assert time.process_time() - begun < 1


# --- What is not text


@pytest.mark.parametrize("age", [0, 60])
@pytest.mark.parametrize("compress", [bytes, gzip.compress, zipped])
def test_a_file_that_is_not_text_is_named_and_costs_none_of_the_others(log, age, compress):
    image = log.with_name("a.png")
    write(image, compress(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100), age)
    write(log, TEXT)
    reader, lines = Reader(log.with_name("*")), []
    for expected in (LINES, []):
        with pytest.raises(PermanentError, match=r"a\.png.* is not text but a PNG image\.") as caught:
            list(map(lines.extend, reader.readings()))
        assert isinstance(caught.value, NotText)
        assert lines == expected
        lines.clear()
