import errno
import gzip
import json
import os
import random
import shutil
import tempfile
import threading
import time
import tracemalloc
from pathlib import Path

import pytest
import zstandard
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from functions.pipeline.errors import PermanentError, TransientError
from functions.pipeline.fingerprints import PLAIN, Fingerprints
from functions.pipeline.sources import file_content
from functions.pipeline.sources.file import FileSource
from functions.pipeline.sources.file_readings import LARGEST_READING, LONGEST_LINE

COMPRESSORS = {"gz": gzip.compress, "zst": zstandard.ZstdCompressor().compress}


def write(path, content, age=60.0, mode="wb"):
    """Write a file, or append to it ("ab"), as if `age` seconds ago."""
    with path.open(mode) as handle:
        handle.write(content)
    os.utime(path, (time.time() - age,) * 2)


def append(path, content, age=60.0):
    write(path, content, age, "ab")


def compress(path, suffix="gz"):
    """Do as gzip and zstd do: the compressed file keeps the time, the plain one goes when it is complete."""
    target = compressed_copy(path, suffix)
    path.unlink()
    return target


def compressed_copy(path, suffix="gz"):
    target = path.with_name(f"{path.name}.{suffix}")
    target.write_bytes(COMPRESSORS[suffix](path.read_bytes()))
    shutil.copystat(path, target)
    return target


def copytruncate(path, target):
    shutil.copyfile(path, target)
    os.truncate(path, 0)


def numbered(start, stop, width=20):
    """Return lines with a number each, `width` bytes long with their ends."""
    return b"".join(b"%0*d\n" % (width - 1, number) for number in range(start, stop))


def numbers(lines):
    return [int(line) for line in lines]


class Reader:
    """Reads a source as the collector does: the position is all that it keeps between two reads."""

    def __init__(self, pattern, begins_record=None):
        self.pattern, self.begins_record, self.position = str(pattern), begins_record, None
        self.fingerprints = PLAIN

    def readings(self, size=1000, limit=None):
        """Yield the lines of each reading."""
        for reading in FileSource(self.pattern, self.begins_record, self.fingerprints).read(self.position, size, limit):
            self.position = json.loads(json.dumps(reading.position))
            yield reading.lines

    def new(self, size=1000, limit=None):
        """Return all the lines."""
        return [line for lines in self.readings(size, limit) for line in lines]


@pytest.fixture
def log(tmp_path):
    return tmp_path / "app.log"


@pytest.fixture
def reader(log):
    return Reader(f"{log}*")


# Lines


@pytest.mark.parametrize(
    "line",
    [
        "\ufeff2025-01-20 line".encode(),
        b"with a carriage return\r",
        b"a lone \r inside",
        "line\u2028separator, \x0b and \x85".encode(),
        b"invalid \xff\xfe UTF-8",
        b"\0\0",
        b"",
        b"x" * 1_000_000,
    ],
)
def test_a_line_keeps_all_its_bytes_but_the_line_feed(log, line):
    write(log, line + b"\n" + line + b"\nnext\n")
    assert Reader(log).new() == [line, line, b"next"]


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_compressed_file_is_read_whatever_its_name(log, suffix):
    write(log, COMPRESSORS[suffix](numbered(0, 3000)))
    assert numbers(Reader(log).new()) == list(range(3000))


def test_a_line_above_the_longest_is_cut_into_pieces_and_the_others_are_not(log):
    write(log, b"a\n" + b"b" * LONGEST_LINE + b"\n" + b"c" * (2 * LONGEST_LINE + 1) + b"\nd\n")
    reader = Reader(log)
    pieces = [b"a", b"b" * LONGEST_LINE, b"c" * LONGEST_LINE, b"c" * LONGEST_LINE, b"c", b"d"]
    assert reader.new(limit=3) == pieces[:3]
    assert reader.new() == pieces[3:]
    assert reader.new() == []


def test_an_empty_file_has_no_lines(log):
    write(log, b"")
    assert Reader(log).new() == []


# Last lines without their ends


def test_an_old_last_line_is_taken_at_once_without_its_end(log):
    write(log, b"one\ntwo", age=file_content.SETTLE_S)
    began = time.monotonic()
    assert Reader(log).new() == [b"one", b"two"]
    assert time.monotonic() - began < 0.5


def test_a_young_last_line_is_taken_when_the_file_has_been_quiet(log):
    write(log, b"one\ntwo", age=file_content.SETTLE_S - 0.3)
    began = time.monotonic()
    assert Reader(log).new() == [b"one", b"two"]
    assert 0.2 < time.monotonic() - began < 1.5


def test_a_last_line_that_is_completed_while_waiting_is_one_line(log):
    write(log, b"one\ntw", age=0)
    completion = threading.Timer(0.2, append, [log, b"o\nthree\n"])
    completion.start()
    assert Reader(log).new() == [b"one", b"two", b"three"]
    completion.join()


def test_a_last_line_that_grows_all_the_time_is_left_for_the_next_read(log, monkeypatch):
    monkeypatch.setattr(file_content, "SETTLE_S", 0.3)
    write(log, b"one\ntwo", age=0)
    stop = threading.Event()

    def grow():
        while not stop.wait(0.02):
            append(log, b".", age=0)

    writer = threading.Thread(target=grow)
    writer.start()
    reader = Reader(log)
    try:
        assert reader.new() == [b"one"]
    finally:
        stop.set()
        writer.join()
    append(log, b"\n")
    assert reader.new()[0].startswith(b"two....")


def test_a_file_that_is_truncated_while_waiting_is_read_on_in_its_copy(log, reader, monkeypatch):
    monkeypatch.setattr(file_content, "SETTLE_S", 0.4)
    write(log, b"one\ntwo", age=0)
    truncation = threading.Timer(0.1, copytruncate, [log, Path(f"{log}.1")])
    truncation.start()
    assert reader.new() == [b"one"]
    truncation.join()
    append(Path(f"{log}.1"), b" is complete\n")
    assert reader.new() == [b"two is complete"]


def test_a_file_from_the_future_is_waited_for_and_then_taken(log, monkeypatch):
    monkeypatch.setattr(file_content, "SETTLE_S", 0.2)
    write(log, b"one", age=-3600)
    assert Reader(log).new() == [b"one"]


def test_text_added_to_a_line_that_was_taken_is_a_line_of_its_own(log, reader):
    write(log, b"one")
    assert reader.new() == [b"one"]
    append(log, b" more\ntwo\n")
    assert reader.new() == [b" more", b"two"]


def test_the_end_of_a_line_that_was_taken_is_no_line(log, reader):
    write(log, b"one")
    assert reader.new() == [b"one"]
    append(log, b"\n")
    assert reader.new() == []
    append(log, b"\ntwo\n")
    assert reader.new() == [b"", b"two"]


# Growth, position, limit


def test_of_a_file_that_grew_only_the_new_lines_are_read(log, reader):
    write(log, numbered(0, 1))
    assert numbers(reader.new()) == [0]
    assert reader.new() == []
    append(log, numbered(1, 500))
    assert numbers(reader.new()) == list(range(1, 500))
    append(log, numbered(500, 501))
    assert numbers(reader.new()) == [500]


def test_a_read_that_is_broken_off_goes_on_after_the_last_reading(log, reader):
    write(log, numbered(0, 100))
    assert numbers(next(reader.readings(size=30))) == list(range(30))
    assert numbers(reader.new()) == list(range(30, 100))


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6])
def test_a_compressed_file_without_a_last_line_end_is_read_to_its_end_within_any_limit(log, limit):
    write(log, gzip.compress(b"1\n2\n3\n4\n5"))
    reader = Reader(log)
    lines = reader.new(size=2, limit=limit)
    assert numbers(lines + reader.new(size=2)) == [1, 2, 3, 4, 5]
    assert reader.new() == []


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_what_is_added_to_a_compressed_file_is_read(log, suffix):
    write(log, COMPRESSORS[suffix](numbered(0, 100)))
    reader = Reader(log)
    assert len(reader.new()) == 100
    append(log, COMPRESSORS[suffix](numbered(100, 110)), age=10)
    assert numbers(reader.new()) == list(range(100, 110))


@pytest.mark.parametrize("suffix", [None, "gz", "zst"])
def test_the_limit_leaves_the_rest_for_the_next_read(log, reader, suffix):
    write(log, numbered(0, 100))
    if suffix:
        compress(log, suffix)
    assert [numbers(lines) for lines in reader.readings(size=20, limit=50)] == [
        list(range(20)),
        list(range(20, 40)),
        list(range(40, 50)),
    ]
    assert numbers(reader.new(limit=50)) == list(range(50, 100))
    assert reader.new(limit=50) == []
    assert reader.new(limit=0) == []


def test_the_limit_counts_the_lines_of_all_files(tmp_path):
    write(tmp_path / "b.log", numbered(0, 10), age=90)
    write(tmp_path / "a.log", numbered(10, 20), age=80)
    reader = Reader(tmp_path / "*.log")
    assert numbers(reader.new(limit=15)) == list(range(15))
    assert numbers(reader.new(limit=15)) == list(range(15, 20))


def test_files_are_read_oldest_first_and_those_of_one_time_by_name(tmp_path):
    now = time.time()
    for name, content, age in [("new", b"4\n", 10), ("b", b"3\n", 20), ("a", b"2\n", 20), ("old", b"1\n", 30)]:
        write(tmp_path / name, content)
        os.utime(tmp_path / name, (now - age, now - age))
    assert numbers(Reader(tmp_path / "*").new()) == [1, 2, 3, 4]


def test_a_plain_file_is_read_on_without_reading_it_again(log):
    write(log, b"")
    with log.open("r+b") as handle:  # a sparse file that would take long to read
        handle.write(b"one\n")
        handle.truncate(200 << 30)
    reader = Reader(log)
    reader.position = {"files": [read_to(log, 200 << 30)]}
    append(log, b"two\n")
    began = time.monotonic()
    assert reader.new() == [b"two"]
    assert time.monotonic() - began < 0.5


def read_to(path, offset):
    """Return what the position keeps of a file with 1,024 zeros before the offset."""
    status = path.stat()
    with path.open("rb") as handle:
        fingerprint = PLAIN.new(handle.read(1024), 16)  # nobody could read so far in a test
    return {
        "fingerprint": fingerprint,
        "length": 1024,
        "ending": PLAIN.new(bytes(1024), 16),
        "offset": offset,
        "inode": status.st_ino,
        "size": status.st_size,
        "modified": status.st_mtime_ns,
        "finished": False,
    }


def test_a_compressed_file_that_was_read_is_not_decompressed_again(log, reader):
    write(log, gzip.compress(random.Random(1).randbytes(2_000_000).hex().encode() + b"\n"))  # noqa: S311
    assert reader.new()
    damage_but_keep_time_and_size(log)
    assert reader.new() == []


def test_a_compressed_file_that_was_read_while_it_was_plain_is_not_decompressed_for_long(log, reader):
    write(log, random.Random(1).randbytes(2_000_000).hex().encode() + b"\n")  # noqa: S311
    assert reader.new()
    log.rename(f"{log}.1")
    compressed = compress(Path(f"{log}.1"))
    write(log, b"next\n", age=10)
    assert reader.new() == [b"next"]
    damage_but_keep_time_and_size(compressed)
    assert reader.new() == []


def damage_but_keep_time_and_size(path):
    status = path.stat()
    with path.open("r+b") as handle:
        handle.seek(status.st_size // 2)
        handle.write(bytes(1000))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_the_position_stays_small_however_many_files_came_and_went(tmp_path):
    reader = Reader(tmp_path / "*.log")
    for number in range(130):
        path = tmp_path / f"{number}.log"
        write(path, numbered(number, number + 1))
        assert numbers(reader.new()) == [number]
        path.unlink()
    assert len(reader.position["files"]) == 101
    assert len(json.dumps(reader.position)) < 40_000


# Rotation

SIZES = pytest.mark.parametrize("count", [1, 10, 500], ids=["one line", "200 bytes", "10 kB"])


@SIZES
def test_a_renamed_file_is_read_on_and_the_new_one_from_its_start(log, reader, count):
    write(log, numbered(0, count))
    assert numbers(reader.new()) == list(range(count))
    append(log, numbered(count, count + 5))
    log.rename(f"{log}.1")
    write(log, numbered(count + 5, count + 10), age=10)
    assert numbers(reader.new()) == list(range(count, count + 10))
    assert reader.new() == []


@SIZES
@pytest.mark.parametrize("unread", [0, 5])
def test_a_copied_and_truncated_file_is_read_on_in_its_copy(log, reader, count, unread):
    write(log, numbered(0, count))
    assert numbers(reader.new()) == list(range(count))
    append(log, numbered(count, count + unread))
    copytruncate(log, Path(f"{log}.1"))
    os.utime(f"{log}.1", (time.time() - 50,) * 2)
    assert numbers(reader.new()) == list(range(count, count + unread))
    append(log, numbered(1000, 1005), age=10)
    assert numbers(reader.new()) == list(range(1000, 1005))
    assert reader.new() == []


def test_what_is_read_between_copy_and_truncation_is_not_read_again_in_the_copy(log, reader):
    write(log, numbered(0, 100))
    assert len(reader.new()) == 100
    append(log, numbered(100, 110))
    shutil.copy2(log, f"{log}.1")
    append(log, numbered(110, 120), age=50)
    assert numbers(reader.new()) == list(range(100, 120))
    write(log, numbered(120, 130), age=40)
    assert numbers(reader.new()) == list(range(120, 130))


@SIZES
@pytest.mark.parametrize("suffix", ["gz", "zst"])
@pytest.mark.parametrize("unread", [0, 5])
def test_a_compressed_rotated_file_is_read_on(log, reader, count, suffix, unread):
    write(log, numbered(0, count))
    assert numbers(reader.new()) == list(range(count))
    append(log, numbered(count, count + unread))
    log.rename(f"{log}.1")
    compress(Path(f"{log}.1"), suffix)
    write(log, numbered(1000, 1005), age=10)
    assert numbers(reader.new()) == [*range(count, count + unread), *range(1000, 1005)]
    assert reader.new() == []


@SIZES
@pytest.mark.parametrize("read_before", [False, True])
def test_a_file_and_its_compressed_copy_are_read_once(log, reader, count, read_before):
    write(log, numbered(0, count))
    if read_before:
        assert numbers(reader.new()) == list(range(count))
    append(log, numbered(count, count + 5))
    compressed_copy(log)
    assert numbers(reader.new()) == list(range(0 if not read_before else count, count + 5))
    assert reader.new() == []
    log.unlink()
    assert reader.new() == []


def test_a_log_that_grows_while_its_compressed_copy_waits_for_its_turn_is_read_once(log, reader):
    write(log, numbered(0, 100))
    compressed_copy(log)
    assert numbers(reader.new(limit=60)) == list(range(60))
    append(log, numbered(100, 110), age=10)
    assert numbers(reader.new()) == list(range(60, 110))
    assert reader.new() == []


def test_copies_of_copies_are_read_once(log, reader):
    for count, age, name in [(100, 30, "app.log.1"), (150, 20, "app.log.2"), (200, 10, "app.log")]:
        write(log.with_name(name), numbered(0, count), age)
    assert numbers(reader.new()) == list(range(200))
    log.unlink()
    assert reader.new() == []
    Path(f"{log}.2").unlink()
    assert reader.new() == []


def test_of_two_files_that_are_gone_the_one_that_was_read_further_is_continued(log, reader):
    write(log, numbered(0, 100), age=30)
    assert len(reader.new()) == 100
    shutil.copyfile(log, f"{log}.1")
    os.utime(f"{log}.1", (time.time() - 25,) * 2)
    append(log, numbered(100, 120), age=20)
    assert len(reader.new()) == 20
    append(log, numbered(120, 130), age=20)
    compress(log)
    Path(f"{log}.1").unlink()
    assert numbers(reader.new()) == list(range(120, 130))


@pytest.mark.parametrize("count", [1, 100])
def test_a_compressed_file_is_known_without_any_trace_of_its_original(log, tmp_path, count):
    write(log, numbered(0, count))
    reader = Reader(tmp_path / "*")
    assert len(reader.new()) == count
    append(log, numbered(count, count + 5), age=20)
    compress(log)
    assert numbers(reader.new()) == list(range(count, count + 5))


def test_a_copy_of_more_than_a_kilobyte_is_known_without_any_trace_of_its_original(log, reader):
    write(log, numbered(0, 100))
    assert len(reader.new()) == 100
    append(log, numbered(100, 105), age=20)
    shutil.copyfile(log, f"{log}.bak")
    log.unlink()
    assert numbers(reader.new()) == list(range(100, 105))


def test_a_file_that_is_rotated_in_the_middle_of_a_read_waits_for_the_next(tmp_path):
    write(tmp_path / "a.log", numbered(0, 3), age=30)
    write(tmp_path / "b.log", numbered(3, 6), age=20)
    reader = Reader(tmp_path / "*")
    readings = reader.readings()
    assert numbers(next(readings)) == [0, 1, 2]
    (tmp_path / "b.log").rename(tmp_path / "b.log.1")
    write(tmp_path / "b.log", numbered(6, 9), age=10)
    assert list(readings) == []
    assert numbers(reader.new()) == [3, 4, 5, 6, 7, 8]


def test_a_file_that_is_being_compressed_is_read_once(log, reader):
    content = random.Random(2).randbytes(300_000).hex().encode() + b"\nlast\n"  # noqa: S311
    write(log, content)
    partial = Path(f"{log}.gz")
    partial.write_bytes(gzip.compress(content)[:100_000])
    assert reader.new(size=1) == content.splitlines()
    log.unlink()
    write(partial, gzip.compress(content))
    assert reader.new() == []


def test_a_file_is_known_through_rename_growth_compression_and_another_rename(log, reader):
    write(log, numbered(0, 3))
    assert numbers(reader.new(limit=2)) == [0, 1]
    log.rename(f"{log}.1")
    append(Path(f"{log}.1"), numbered(3, 200))
    assert numbers(reader.new(limit=100)) == list(range(2, 102))
    compress(Path(f"{log}.1"))
    assert numbers(reader.new(limit=50)) == list(range(102, 152))
    Path(f"{log}.1.gz").rename(f"{log}.2.gz")
    assert numbers(reader.new()) == list(range(152, 200))


@SIZES
@pytest.mark.parametrize("rewritten", [1, 3, 600])
def test_a_file_that_was_truncated_and_rewritten_is_read_from_its_start(log, reader, count, rewritten):
    write(log, numbered(0, count))
    assert len(reader.new()) == count
    write(log, numbered(5000, 5000 + rewritten), age=10)
    assert numbers(reader.new()) == list(range(5000, 5000 + rewritten))


def test_a_rewritten_file_with_the_same_long_beginning_is_read_from_its_start(log, reader):
    banner = b"=" * 2000 + b"\n"
    write(log, banner + numbered(0, 100))
    assert len(reader.new()) == 101
    write(log, banner + numbered(100, 300), age=10)
    assert numbers(reader.new()[1:]) == list(range(100, 300))
    write(log, banner, age=5)
    assert reader.new() == [banner[:-1]]


def test_a_file_that_left_the_pattern_and_came_back_is_read_on(log, reader):
    write(log, numbered(0, 100))
    assert len(reader.new()) == 100
    away = log.rename(log.parent / "away")
    write(log, numbered(200, 201))
    assert numbers(reader.new()) == [200]
    append(away, numbered(100, 101))
    away.rename(f"{log}.1")
    assert numbers(reader.new()) == [100]


def test_a_file_that_is_rewritten_in_the_middle_of_a_read_waits_for_the_next(tmp_path):
    write(tmp_path / "a.log", numbered(0, 3), age=30)
    write(tmp_path / "b.log", numbered(3, 6), age=20)
    reader = Reader(tmp_path / "*")
    assert len(reader.new()) == 6
    append(tmp_path / "a.log", numbered(6, 9), age=30)
    append(tmp_path / "b.log", numbered(9, 12), age=20)
    readings = reader.readings()
    assert numbers(next(readings)) == [6, 7, 8]
    write(tmp_path / "b.log", numbered(20, 30), age=10)
    assert list(readings) == []
    assert numbers(reader.new()) == list(range(20, 30))


# Files that resemble each other


@pytest.mark.parametrize("first", [b"started\n", b"=" * 2000 + b"\n"], ids=["short", "long"])
def test_two_files_that_begin_alike_are_two_files(tmp_path, first):
    write(tmp_path / "a.log", first + b"a1\n", age=30)
    write(tmp_path / "b.log", first + b"b1\n", age=20)
    reader = Reader(tmp_path / "*.log")
    assert reader.new() == [first[:-1], b"a1", first[:-1], b"b1"]
    append(tmp_path / "a.log", b"a2\n", age=10)
    append(tmp_path / "b.log", b"b2\n", age=5)
    assert reader.new() == [b"a2", b"b2"]


def test_two_small_files_of_the_same_content_are_two_files(tmp_path):
    write(tmp_path / "a.log", b"started\n", age=30)
    write(tmp_path / "b.log", b"started\n", age=20)
    reader = Reader(tmp_path / "*.log")
    assert reader.new() == [b"started", b"started"]
    append(tmp_path / "b.log", b"b\n", age=10)
    (tmp_path / "a.log").rename(tmp_path / "c.log")
    assert reader.new() == [b"b"]


def test_a_small_file_that_begins_like_one_that_was_read_is_new(tmp_path):
    write(tmp_path / "a.log", b"started\n", age=30)
    reader = Reader(tmp_path / "*.log")
    assert reader.new() == [b"started"]
    write(tmp_path / "b.log", b"started\nb\n", age=20)
    assert reader.new() == [b"started", b"b"]


def test_a_small_file_that_was_replaced_by_one_with_the_same_beginning_is_new(log, tmp_path):
    write(log, b"started\n", age=30)
    reader = Reader(log)
    assert reader.new() == [b"started"]
    log.rename(tmp_path / "elsewhere")
    write(log, b"started\nagain\n")
    assert reader.new() == [b"started", b"again"]


def test_a_file_with_two_names_is_read_once(tmp_path):
    write(tmp_path / "app-1.log", numbered(0, 3))
    (tmp_path / "latest.log").symlink_to("app-1.log")
    (tmp_path / "linked.log").hardlink_to(tmp_path / "app-1.log")
    assert numbers(Reader(tmp_path / "*.log").new()) == [0, 1, 2]


# Readings


def begins(line):
    return line.startswith(b"2025")


def test_a_reading_ends_where_the_next_record_begins(log):
    write(log, b"2025 a\n2025 b\n  1\n  2\n2025 c\n  3\n")
    assert list(Reader(log, begins).readings(size=3)) == [
        [b"2025 a"],
        [b"2025 b", b"  1", b"  2"],
        [b"2025 c", b"  3"],
    ]


def test_a_record_longer_than_a_reading_is_cut_at_its_size(log):
    write(log, b"2025 a\n" + b"  more\n" * 5 + b"2025 b\n")
    assert list(map(len, Reader(log, begins).readings(size=4))) == [4, 3]


def test_a_reading_is_at_most_a_thousand_lines_shorter_than_its_size(log):
    write(log, b"2025 a\n" * 3000 + b"  more\n" * 3000)
    assert list(map(len, Reader(log, begins).readings(size=3999))) == [2999, 3001]
    assert list(map(len, Reader(log, begins).readings(size=4001))) == [4001, 1999]


def test_the_limit_does_not_cut_a_record_that_could_stay_whole(log):
    write(log, b"2025 a\n2025 b\n  1\n  2\n2025 c\n")
    reader = Reader(log, begins)
    assert reader.new(limit=3) == [b"2025 a"]
    assert reader.new(limit=3) == [b"2025 b", b"  1", b"  2"]
    assert reader.new(limit=1) == [b"2025 c"]


def test_the_limit_cuts_a_record_that_is_longer(log):
    write(log, b"2025 a\n  1\n  2\n  3\n2025 b\n")
    reader = Reader(log, begins)
    assert [len(reader.new(limit=3)) for _ in range(3)] == [3, 2, 0]


def test_a_reading_has_at_most_eight_mebibytes_unless_a_line_is_longer(log):
    lines = [b"2025" + b"x" * 3_000_000] * 4 + [b"y" * 9_000_000] + [b"2025"] * 3
    write(log, b"\n".join(lines) + b"\n")
    readings = list(Reader(log).readings())
    assert [line for reading in readings for line in reading] == lines
    assert list(map(len, readings)) == [2, 2, 1, 3]
    assert all(sum(map(len, reading)) <= LARGEST_READING for reading in readings if len(reading) > 1)


def test_a_reading_holds_lines_of_one_file_only(tmp_path):
    write(tmp_path / "a.log", b"1\n", age=30)
    write(tmp_path / "b.log", b"2\n", age=20)
    assert list(Reader(tmp_path / "*.log").readings()) == [[b"1"], [b"2"]]


@pytest.mark.parametrize(("size", "most"), [(1000, 5_000_000), (1_000_000, 40_000_000)])
@pytest.mark.parametrize("suffix", [None, "gz", "zst"])
def test_memory_does_not_grow_with_the_file(log, suffix, size, most):
    write(log, numbered(0, 100_000, width=300))
    path = compress(log, suffix) if suffix else log
    count = 0
    tracemalloc.start()
    try:
        for reading in FileSource(str(path), begins).read(None, size):
            count += len(reading.lines)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 100_000
    assert peak < most, peak


# Patterns, names, errors


def test_a_pattern_finds_files_in_folders_and_leaves_out_the_rest(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "folder.log").mkdir()
    (tmp_path / "dangling.log").symlink_to("nowhere")
    write(tmp_path / "1.log", b"1\n", age=30)
    write(tmp_path / "a" / "2.log", b"2\n", age=20)
    write(tmp_path / "a" / "b" / "3.log", b"3\n", age=10)
    assert numbers(Reader(tmp_path / "**" / "*.log").new()) == [1, 2, 3]


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path / "app.log", b"1\n")
    assert numbers(Reader("~/*.log").new()) == [1]


def test_a_path_that_exists_is_no_pattern(tmp_path):
    write(tmp_path / "app[1].log", b"1\n")
    write(tmp_path / "app1.log", b"2\n")
    assert numbers(Reader(tmp_path / "app[1].log").new()) == [1]


def test_the_name_is_readable_and_of_the_absolute_pattern(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert FileSource("API Logs_é*.log").name == FileSource(str(tmp_path / "API Logs_é*.log")).name
    assert FileSource("API Logs_é*.log").name.startswith("api-logs-.log-")
    assert FileSource("**").name.startswith("file-")
    names = {FileSource(pattern).name for pattern in ("a.log", "b/a.log", "A.log", "**", "a.log*", "x" * 200)}
    assert len(names) == 6
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-") and len(name) < 60 for name in names)


def test_check_tells_the_number_and_the_size(tmp_path):
    write(tmp_path / "a.log", bytes(999))
    assert FileSource(str(tmp_path / "*.log")).check() == "1 file, 999 B"
    write(tmp_path / "b.log", bytes(1_199_001))
    assert FileSource(str(tmp_path / "*.log")).check() == "2 files, 1.2 MB"


@pytest.mark.parametrize("pattern", ["no.log", "*.log"])
def test_nothing_there_is_an_error_that_names_the_pattern(tmp_path, pattern):
    source = FileSource(str(tmp_path / pattern))
    for call in (source.check, lambda: list(source.read(None, 10))):
        with pytest.raises(PermanentError) as caught:
            call()
        assert str(tmp_path / pattern) in str(caught.value)
        assert "no such file; correct the path" in str(caught.value)


def test_a_file_that_was_read_and_is_gone_may_come_back(log):
    write(log, b"one\n")
    reader = Reader(log)
    assert reader.new() == [b"one"]
    log.unlink()
    with pytest.raises(TransientError, match=r"app\.log: the files that were read before are gone"):
        reader.new()
    write(log, b"two\n")
    assert reader.new() == [b"two"]


def test_a_directory_is_an_error_that_suggests_a_pattern(tmp_path):
    with pytest.raises(PermanentError) as caught:
        FileSource(str(tmp_path)).check()
    assert f"{tmp_path} is a directory; name the files in it: {tmp_path}/*.log" in str(caught.value)


def test_a_pipe_is_an_error_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PermanentError, match="is not a regular file"):
        FileSource(str(tmp_path / "pipe")).check()


@pytest.fixture
def ordinary_user():
    """Let the test run without root's right to read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.fixture
def forbidden():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        write(Path(folder) / "a.log", b"1\n", age=30)
        write(Path(folder) / "b.log", b"2\n", age=20)
        (Path(folder) / "a.log").chmod(0)
        yield Path(folder) / "*.log"


@pytest.mark.usefixtures("forbidden", "ordinary_user")
def test_a_file_that_may_not_be_read_is_an_error_after_the_others_are_read(forbidden):
    reader, lines = Reader(forbidden), []
    with pytest.raises(PermanentError) as caught:
        list(map(lines.extend, reader.readings()))
    assert lines == [b"2"]
    expected = f"{forbidden.parent / 'a.log'} cannot be read: {os.strerror(errno.EACCES)}; check its permissions"
    assert expected in str(caught.value)


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_of_a_damaged_file_the_lines_before_are_read_and_then_it_is_named(tmp_path, suffix):
    noise = random.Random(3)  # noqa: S311 (no secret; it does not compress)
    content = [noise.randbytes(50).hex().encode() for _ in range(10_000)]
    stored = COMPRESSORS[suffix](b"\n".join(content) + b"\n")
    write(tmp_path / "a.log", stored[: len(stored) // 2], age=30)
    write(tmp_path / "b.log", b"of another file\n", age=20)
    reader, lines = Reader(tmp_path / "*.log"), []
    with pytest.raises(PermanentError, match=r"a\.log: its .* content ends too early"):
        list(map(lines.extend, reader.readings()))
    assert lines[-1] == b"of another file"
    assert len(lines) > 3000
    assert lines[:-1] == content[: len(lines) - 1]
    with pytest.raises(PermanentError, match=r"a\.log"):
        reader.new()
    write(tmp_path / "a.log", stored, age=10)
    assert lines[:-1] + reader.new() == content


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_compressed_file_that_is_still_being_written_is_read_as_far_as_it_goes(log, suffix):
    content = [b"%d %s" % (number, random.Random(number).randbytes(50).hex().encode()) for number in range(10_000)]  # noqa: S311
    stored = COMPRESSORS[suffix](b"\n".join(content) + b"\n")
    write(log, stored[: len(stored) // 2], age=0)
    reader = Reader(log)
    lines = reader.new()
    assert 3000 < len(lines) < 7000
    write(log, stored)
    assert lines + reader.new() == content


# Everything together


class Rotation(RuleBasedStateMachine):
    """A program that logs numbered lines, a rotation of its logs in one of the two ways, and reads in between."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.log = self.folder / "app.log"
        self.reader = Reader(f"{self.log}*")
        self.written: list[list[int]] = [[]]
        self.read: list[int] = []
        self.counter = 0

    def teardown(self):
        """Remove the files."""
        shutil.rmtree(self.folder)

    @initialize(rotate=st.sampled_from(["rename", "copytruncate"]))
    def start(self, rotate):
        """Begin with an empty log."""
        self.rotation = getattr(self, f"_{rotate}")
        self.log.touch()

    @rule(count=st.integers(1, 5), width=st.sampled_from([10, 10, 300, 2000]))
    def log_lines(self, count, width):
        """Append lines, of which some are longer than what a file is known by."""
        with self.log.open("ab") as handle:
            handle.write(numbered(self.counter, self.counter + count, width))
        self.written[-1] += range(self.counter, self.counter + count)
        self.counter += count

    @rule(look_in_between=st.booleans())
    def rotate(self, look_in_between):
        """Rename app.log.1 to app.log.2, and so on, and make the log app.log.1."""
        for path in sorted(self.folder.glob("app.log.*"), key=lambda each: -int(each.name.split(".")[2])):
            name = path.name.split(".")
            name[2] = str(int(name[2]) + 1)
            path.rename(path.with_name(".".join(name)))
        self.rotation(look_in_between)
        self.written.append([])

    def _rename(self, look_in_between):
        self.log.rename(f"{self.log}.1")
        if look_in_between:
            self.look(1000, None)
        self.log.touch()

    def _copytruncate(self, look_in_between):
        shutil.copyfile(self.log, f"{self.log}.1")
        if look_in_between and self.log.stat().st_size >= 1024:  # less is taken for another file of the same lines
            self.look(1000, None)
        os.truncate(self.log, 0)

    @rule(suffix=st.sampled_from(["gz", "zst"]), data=st.data(), look_in_between=st.booleans())
    @precondition(lambda self: self._rotated())
    def compress_a_rotated_file(self, suffix, data, look_in_between):
        """Compress app.log.1, or an older one."""
        path = data.draw(st.sampled_from(self._rotated()))
        compressed_copy(path, suffix)
        if look_in_between:
            self.look(1000, None)
        path.unlink()

    def _rotated(self):
        return sorted(path for path in self.folder.glob("app.log.*") if path.suffix not in {".gz", ".zst"})

    @rule(size=st.integers(1, 8), limit=st.none() | st.integers(1, 20))
    def look(self, size, limit):
        """Read what is new."""
        for lines in self.reader.readings(size, limit):
            assert 0 < len(lines) <= size
            self.read += numbers(lines)

    @invariant()
    def nothing_is_read_twice_and_each_file_in_order(self):
        """Compare what was read with what was written."""
        assert len(self.read) == len(set(self.read))
        for written in self.written:
            of_file = [number for number in self.read if number in set(written)]
            assert of_file == written[: len(of_file)]

    @invariant()
    def a_read_without_a_limit_completes_what_was_read(self):
        """Read all, and then pretend that it did not happen."""
        position, read = self.reader.position, len(self.read)
        self.look(1000, None)
        assert sorted(self.read) == list(range(self.counter))
        self.reader.position, self.read = position, self.read[:read]


TestRotation = Rotation.TestCase
TestRotation.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


# Keys

OLD, NEW = b"old" * 6, b"new" * 6


def read_by(reader, *keys):
    """Read with these keys, the newest first."""
    reader.fingerprints = Fingerprints(keys)
    return reader.new()


def test_an_idle_file_that_was_read_by_an_older_key_is_not_read_again_without_it(tmp_path):
    idle = tmp_path / "idle.log.gz"
    write(idle, gzip.compress(b"idle\n" * 100))
    write(tmp_path / "gone.log", b"gone\n" * 300)  # so long that it is known again though its inode may be another
    write(tmp_path / "busy.log", b"busy\n")
    reader = Reader(tmp_path / "*.log*")
    assert len(read_by(reader, OLD)) == 401
    (tmp_path / "gone.log").unlink()
    append(tmp_path / "busy.log", b"more\n")
    assert read_by(reader, NEW, OLD) == [b"more"]
    with pytest.raises(PermanentError, match="another PIPELINE_REDACT_KEY"):
        read_by(reader, NEW)
    write(tmp_path / "gone.log", b"gone\n" * 300 + b"back\n")
    append(idle, gzip.compress(b"new\n"))
    assert sorted(read_by(reader, NEW, OLD)) == [b"back", b"new"]
    assert read_by(reader, NEW) == []


def test_an_older_key_may_go_when_the_files_that_are_there_were_seen_by_the_new_one(tmp_path):
    for count in (1, 100):
        write(tmp_path / f"idle-{count}.log", numbered(0, count))
    write(tmp_path / "busy.log", b"busy\n")
    reader = Reader(tmp_path / "*.log")
    read_by(reader, OLD)
    append(tmp_path / "busy.log", b"more\n")
    assert read_by(reader, NEW, OLD) == [b"more"]
    append(tmp_path / "idle-100.log", b"new\n")
    assert read_by(reader, NEW) == [b"new"]
