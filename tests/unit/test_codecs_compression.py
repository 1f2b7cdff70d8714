import bz2
import gzip
import lzma
import random
import shutil
import subprocess
import time
import tracemalloc
import zlib
from datetime import UTC, datetime, timedelta

import pytest
import zstandard
from hypothesis import assume, given
from hypothesis import strategies as st

from functions.pipeline.codecs import decompressed as opened
from functions.pipeline.codecs import is_compressed
from functions.pipeline.errors import CorruptObject, PermanentError

NOISE = random.Random(7).randbytes(300_000)  # noqa: S311 (no secret; it does not compress)


def zstd(content, **options):
    return zstandard.ZstdCompressor(**options).compress(content)


def bzip2(content):
    return bz2.compress(content, 1)  # in blocks of 100 kB


def xz(content):
    return lzma.compress(content, preset=0)  # with a dictionary of 256 KiB


EACH = {"gzip": gzip.compress, "zstd": zstd, "bz2": bzip2, "xz": xz, "zlib": zlib.compress}
FAST = pytest.mark.parametrize("compress", [gzip.compress, zstd], ids=["gzip", "zstd"])
COMPRESSORS = pytest.mark.parametrize("compress", EACH.values(), ids=EACH)


def decompressed(chunks, name):
    return opened(chunks, name).chunks


def cut(content, size):
    return (content[start : start + size] for start in range(0, len(content), size))


def plain(content, size=1000):
    return b"".join(decompressed(cut(content, size), "a.log"))


@COMPRESSORS
@pytest.mark.parametrize("size", [1, 3, 1000, 1 << 20])
def test_compressed_content_is_read_from_chunks_of_any_size(compress, size):
    assert plain(compress(NOISE[:5000] * 30), size) == NOISE[:5000] * 30


@COMPRESSORS
@pytest.mark.parametrize("content", [b"", b"a", bytes(128 << 10), bytes(256 << 10), b"ab" * (64 << 10) + b"c"])
def test_content_of_any_length_is_read_to_its_end(compress, content):
    assert plain(compress(content)) == content


@COMPRESSORS
def test_parts_that_follow_each_other_are_one_content(compress):
    assert plain(compress(b"one\n") + compress(b"") + compress(b"two\n")) == b"one\ntwo\n"


@COMPRESSORS
@pytest.mark.parametrize("size", [1, 1000])
def test_zeros_after_the_end_are_nothing(compress, size):
    assert plain(compress(b"one\n") + bytes(700), size) == b"one\n"


def test_zstd_is_read_with_and_without_checksum_size_and_content_size():
    content = NOISE + bytes(400_000) + NOISE
    for checksum in (True, False):
        for size in (True, False):
            assert plain(zstd(content, write_checksum=checksum, write_content_size=size)) == content


def test_zstd_that_was_written_piece_by_piece_is_read():
    compressor = zstandard.ZstdCompressor().compressobj()
    pieces = [compressor.compress(b"line\n") + compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK) for _ in range(50)]
    assert plain(b"".join(pieces) + compressor.flush()) == b"line\n" * 50


def test_zstd_frames_without_content_are_skipped():
    skippable = b"\x5e\x2a\x4d\x18" + (3).to_bytes(4, "little") + b"xyz"
    assert plain(skippable + zstd(b"one\n") + skippable + zstd(b"two\n")) == b"one\ntwo\n"


def test_plain_content_passes_without_a_copy():
    chunks = [b"", b"2", b"0", b"25-01-20 line\n", b"more"]
    assert all(given is taken for given, taken in zip(chunks, decompressed(chunks, "a.log"), strict=True))


@pytest.mark.parametrize("content", [b"", b"\x1f", b"\x28\xb5", b"line\n", b"\0\0\0\0"])
def test_what_only_resembles_compressed_content_is_plain(content):
    assert not is_compressed(content)
    assert plain(content) == content


@COMPRESSORS
def test_highly_compressed_content_comes_in_small_pieces(compress):
    bomb = compress(bytes(100_000_000))
    tracemalloc.start()
    try:
        pieces = [len(piece) for piece in decompressed([bomb], "a.log")]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(pieces) == 100_000_000
    assert max(pieces) <= 128 << 10
    assert peak < 3_000_000


def rle_bomb(blocks):
    """Make a zstd frame in which each block, of four bytes, is 128 KiB of the same byte."""
    headers = ((128 << 10) << 3 | 1 << 1 | (number == blocks) for number in range(1, blocks + 1))
    return b"\x28\xb5\x2f\xfd\x00\x38" + b"".join(header.to_bytes(3, "little") + b"a" for header in headers)


ZEROS = gzip.compress(bytes(64 << 20))
BOMBS = {
    "gzip of zeros": lambda: [ZEROS] * 40,
    "zstd of one byte": lambda: [rle_bomb(20_000)],
    "zstd frames": lambda: [rle_bomb(100)] * 200,
    "a bomb after honest lines": lambda: [gzip.compress(b"honest\n"), *[ZEROS] * 40],
}


@pytest.mark.parametrize("chunks", BOMBS.values(), ids=BOMBS)
def test_a_bomb_ends_in_an_error_that_says_so_and_costs_neither_memory_nor_time(chunks):
    chunks, sizes, begun = chunks(), [], time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(CorruptObject) as caught:
            sizes.extend(map(len, decompressed(chunks, "raw/a.log.gz")))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert str(caught.value) == (
        "raw/a.log.gz: its content inflates to more than 1 GiB and more than 300 times what is stored (a decompression "
        "bomb). What came before was read. Remove it; if its lines are wanted, store them in several smaller objects."
    )
    assert (1 << 30) - (128 << 10) <= sum(sizes) <= 1 << 30
    assert peak < 4_000_000
    assert time.process_time() - begun < 10


def times(count):
    """Log the same request again and again, every second: as repetitive as honest lines with a time get."""
    start = datetime(2025, 1, 20, tzinfo=UTC)
    lines = (f"{start + timedelta(seconds=number):%F %T} - api - INFO - GET /health - 200\n" for number in range(count))
    return "".join(lines).encode()


@FAST
def test_honest_lines_are_read_to_their_end_however_many_they_are(compress):
    part = times(400_000)
    stored = compress(part)
    assert sum(map(len, decompressed([stored] * 60, "a.log"))) == len(part) * 60 > 1 << 30


@FAST
def test_up_to_a_gibibyte_even_one_line_again_and_again_is_read(compress):
    part = b"the same line, without a time\n" * (1 << 20)
    stored = compress(part)
    assert sum(map(len, decompressed([stored] * 34, "a.log"))) == len(part) * 34 > 1_000_000_000


def test_content_in_tiny_parts_comes_in_large_pieces():
    parts = [gzip.compress(b"a") * 100_000, zstd(b"a") * 100_000]
    for part in parts:
        assert [len(piece) for piece in decompressed([part], "a.log")] == [100_000]


def test_zeros_after_the_end_take_no_time():
    begun = time.process_time()
    assert b"".join(decompressed([zstd(b"one\n"), bytes(50 << 20), zstd(b"two\n")], "a.log")) == b"one\ntwo\n"
    assert time.process_time() - begun < 2


def read_until_error(content):
    read = bytearray()
    with pytest.raises(PermanentError) as caught:
        list(map(read.extend, decompressed(cut(content, 1000), "raw/a.log.gz")))
    return bytes(read), str(caught.value)


@COMPRESSORS
def test_of_truncated_content_all_that_is_there_is_read_before_the_error(compress):
    stored = compress(NOISE)
    read, message = read_until_error(stored[: len(stored) // 2])
    assert NOISE.startswith(read)
    assert len(read) >= (99_000 if compress is bzip2 else 128 << 10)
    assert message.startswith("raw/a.log.gz: its ")
    assert "ends too early" in message
    assert message.endswith("Replace it by a complete copy, or remove it.")


def test_of_truncated_gzip_as_much_is_read_as_zlib_reads():
    stored = gzip.compress(bytes(1_000_000))
    for length in range(20, len(stored), 7):
        read, _ = read_until_error(stored[:length])
        assert len(read) == len(zlib.decompressobj(wbits=31).decompress(stored[:length]))


@pytest.mark.parametrize("compress", [gzip.compress, zstd, bzip2, xz])  # so little zlib may be text
@pytest.mark.parametrize("missing", [1, 4, 8])
def test_a_missing_end_is_an_error_even_if_all_the_content_is_there(compress, missing):
    options = {"write_checksum": True} if compress is zstd else {}
    read, message = read_until_error(compress(b"line\n", **options)[:-missing])
    assert read in {b"line\n", b""}
    assert "ends too early" in message


@COMPRESSORS
def test_a_second_part_that_is_truncated_is_an_error(compress):
    read, message = read_until_error(compress(b"one\n") + compress(b"two\n")[:3])
    assert read == b"one\n"
    assert "ends too early" in message


@COMPRESSORS
def test_of_damaged_content_what_comes_before_is_read_before_the_error(compress):
    options = {"write_checksum": True} if compress is zstd else {}
    stored = bytearray(compress(NOISE, **options))
    stored[-3] ^= 0xFF
    read, message = read_until_error(bytes(stored))
    assert NOISE.startswith(read)
    assert len(read) >= len(NOISE) - (128 << 10)
    assert "is damaged (" in message


@COMPRESSORS
def test_something_else_after_the_end_is_an_error(compress):
    read, message = read_until_error(compress(b"one\n") + b"something else")
    assert read == b"one\n"
    assert "is damaged" in message


@COMPRESSORS
@given(parts=st.lists(st.binary(max_size=3000), min_size=1, max_size=4), size=st.integers(1, 4000))
def test_whatever_was_compressed_is_read_again(compress, parts, size):
    assume(not is_compressed(b"".join(parts)))
    assert plain(b"".join(map(compress, parts)), size) == b"".join(parts)


@COMPRESSORS
@given(content=st.binary(max_size=500), at=st.integers(0, 400), bit=st.integers(0, 7))
def test_damage_is_read_or_a_permanent_error_and_nothing_else(compress, content, at, bit):
    stored = bytearray(compress(content))
    stored[at % len(stored)] ^= 1 << bit
    try:
        plain(bytes(stored))
    except PermanentError as error:
        assert "a.log" in str(error)  # noqa: PT017 (whether it raises is up to the damage)


def test_a_damaged_header_is_damage_however_it_is_cut():
    content = bytes.fromhex("1f8b08ff28002de7036b00000003") + bytes(26)
    for size in (1, 4, 40):
        chunks = [content[at : at + size] for at in range(0, len(content), size)]
        with pytest.raises(CorruptObject, match=r"x\.gz: its gzip content"):
            list(decompressed(chunks, "x.gz"))


# --- What the tools write


TOOLS = {
    "gzip": ["gzip", "-c"],
    "bzip2": ["bzip2", "-c"],
    "xz": ["xz", "-c"],
    "xz -9e": ["xz", "-9e", "-T2", "-c"],
    "lzma": ["xz", "--format=lzma", "-c"],
    "zstd": ["zstd", "-c", "-q"],
    "pzstd": ["pzstd", "-c", "-q"],
    "zip": ["zip", "-q", "-", "-"],
    "zip, bzip2": ["zip", "-q", "-Z", "bzip2", "-", "-"],
}
LINES = b"".join(b"2025-01-20 10:30:%02d - api - INFO - caf\xc3\xa9 %d\n" % (n % 60, n) for n in range(20_000))


def run(*command, content=LINES):
    if not shutil.which(command[0]):
        pytest.skip(f"there is no {command[0]} on this machine")
    return subprocess.run(command, input=content, capture_output=True, check=True).stdout


@pytest.mark.parametrize("command", TOOLS.values(), ids=TOOLS)
@pytest.mark.parametrize("size", [1, 70_000])
def test_what_a_tool_has_written_is_read(command, size):
    assert plain(run(*command), size) == LINES


@pytest.mark.parametrize("command", [TOOLS[name] for name in ("gzip", "bzip2", "xz", "zstd")])
def test_what_a_tool_has_written_twice_is_read_twice(command):
    assert plain(run(*command) * 2) == LINES * 2


def test_xz_that_needs_too_much_memory_is_refused_and_says_so():
    stored = run("xz", "--lzma2=dict=256MiB", "-c")
    read, message = read_until_error(stored)
    assert read == b""
    assert message == (
        "raw/a.log.gz: its xz content needs more than 80 MiB to be decompressed. What came before was read. Compress "
        "it again, with gzip for example, or remove it."
    )


# --- One in the other


NESTED = {
    "gzip in gzip": [gzip.compress, gzip.compress],
    "four times": [gzip.compress] * 4,
    "xz in bz2 in zstd": [xz, bzip2, zstd],
}


@pytest.mark.parametrize("order", NESTED.values(), ids=NESTED)
@pytest.mark.parametrize("size", [1, 1000])
def test_what_is_compressed_more_than_once_is_read(order, size):
    stored = LINES
    for compress in order:
        stored = compress(stored)
    assert plain(stored, size) == LINES


def test_what_is_compressed_too_often_is_refused():
    stored = LINES
    for _ in range(5):
        stored = gzip.compress(stored)
    read, message = read_until_error(stored)
    assert read == b""
    assert "is compressed more than 4 times over" in message


@COMPRESSORS
def test_what_is_there_of_truncated_content_is_read_through_what_is_around_it(compress):
    stored = gzip.compress(compress(NOISE))
    read, message = read_until_error(stored[: -len(stored) // 3])
    assert NOISE.startswith(read)
    assert len(read) >= 100_000 - (64 << 10)
    assert "its gzip content ends too early" in message


def test_a_bomb_in_the_middle_ends_in_time():
    skippable = b"\x50\x2a\x4d\x18" + (0xFFFFFFFF).to_bytes(4, "little")  # a frame of nothing, 4 GiB long
    inner, begun = gzip.compress(bytes(64 << 20), 9), time.process_time()
    with pytest.raises(CorruptObject, match="a decompression bomb"):
        list(decompressed([gzip.compress(skippable), *[inner] * 40], "a.log"))
    assert time.process_time() - begun < 10


# --- Text that begins like something compressed


@pytest.mark.parametrize(
    "content",
    [
        b"x^2 + y^2\n",
        b"x^2 + y^2\n" * 500,
        "x\u00da \u00e9t\u00e9\n".encode("latin-1") * 500,
        "x\u0153uf\n".encode("cp1252") * 500,
        b"BZh9 is no bzip2 \xe9\n",
        b"PK\xc3\xa9\n",
        b"]\0\0 odd\n",
    ],
)
def test_text_that_begins_like_something_compressed_is_text(content):
    assert not is_compressed(content[:4096])
    assert plain(content) == content
