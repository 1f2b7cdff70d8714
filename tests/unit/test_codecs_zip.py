"""Zip archives as streams: each member in order, whatever wrote them."""

import bz2
import gzip
import io
import random
import shutil
import subprocess
import time
import zipfile

import pytest

from functions.pipeline.codecs import decoded
from functions.pipeline.errors import CorruptObject, NotText, ObjectError

FIRST = b"".join(b"2025-01-20 10:30:%02d - api - INFO - first %d\n" % (n % 60, n) for n in range(5000))
METHODS = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED}
METHODS |= {"bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}


class Pipe(io.RawIOBase):
    """What cannot go back to write sizes into a header, so that they follow the content."""

    def __init__(self) -> None:
        self.written = b""

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        self.written += bytes(data)
        return len(data)


def archive(members, method=zipfile.ZIP_DEFLATED, *, piped=False, large=False):
    target = Pipe() if piped else io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as made:
        for name, content in members.items():
            with made.open(zipfile.ZipInfo(name) if name.endswith("/") else name, "w", force_zip64=large) as member:
                member.write(content)
    return target.written if isinstance(target, Pipe) else target.getvalue()


def read(stored, size=1000, encoding="utf-8"):
    """Return what is read, and the error that ends it."""
    found = b""
    try:
        for piece in decoded((stored[at : at + size] for at in range(0, len(stored), size)), "a.zip", encoding):
            found += piece
    except ObjectError as error:
        return found, error
    return found, None


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
@pytest.mark.parametrize("size", [1, 1000, 1 << 20])
@pytest.mark.parametrize("large", [False, True])
def test_each_member_is_read_in_order_and_ends_its_last_line(method, size, large):
    stored = archive(
        {"b/first.log": FIRST, "a.log": b"second, no end", "empty": b"", "c": b"third\n"}, method, large=large
    )
    assert read(stored, size) == (FIRST + b"second, no end\nthird\n", None)


@pytest.mark.parametrize("method", [each for each in METHODS.values() if each])
@pytest.mark.parametrize("large", [False, True])
def test_an_archive_whose_sizes_follow_the_content_is_read(method, large):
    stored = archive({"first.log": FIRST, "second.log": b"second\n"}, method, piped=True, large=large)
    assert read(stored) == (FIRST + b"second\n", None)


def test_stored_content_whose_size_follows_it_is_refused():
    found, error = read(archive({"a.log": FIRST}, zipfile.ZIP_STORED, piped=True))
    assert found == b""
    assert "cannot be read as a stream (a.log is stored, its size behind it)" in str(error)
    assert isinstance(error, CorruptObject)


def test_folders_and_what_macos_adds_are_left_out():
    members = {
        "logs/": b"",
        "logs/.DS_Store": b"\0\0\0\1Bud1",
        "logs/a.log": b"a\n",
        "__MACOSX/logs/._a.log": b"\0\5\x16\7",
    }
    assert read(archive(members)) == (b"a\n", None)
    assert read(archive(members, piped=True)) == (b"a\n", None)


def test_members_may_be_compressed_and_in_charsets_of_their_own():
    members = {
        "a.log.gz": gzip.compress(b"a\n"),
        "b.log.bz2": bz2.compress(b"b"),
        "c.log": "c é\r\n".encode("utf-16"),
        "d.log": "d é\n".encode("cp1252"),
        "e.log": "e é".encode(),
        "f.zip": archive({"f.log": b"f\n"}),
    }
    found, error = read(archive(members), encoding="cp1252")
    assert error is None
    assert found.decode() == "a\nb\n\ufeffc é\r\nd é\ne é\nf\n"


def test_a_member_that_is_no_text_costs_none_of_the_others():
    members = {"a.log": b"a\n", "plot.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 100, "b.log": b"b\n"}
    found, error = read(archive(members))
    assert found == b"a\nb\n"
    assert isinstance(error, NotText)
    assert str(error).startswith("a.zip: plot.png is not text but a PNG image.")


def test_what_a_tool_has_written_is_read(tmp_path):
    if not shutil.which("zip"):
        pytest.skip("there is no zip on this machine")
    (tmp_path / "a.log").write_bytes(FIRST)
    (tmp_path / "b.log").write_bytes(b"b\n")
    (tmp_path / "folder").mkdir()
    command = ["zip", "-q", "-r", "made.zip", "a.log", "b.log", "folder"]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert read((tmp_path / "made.zip").read_bytes()) == (FIRST + b"b\n", None)
    subprocess.run(["zip", "-q", "-P", "secret", "secret.zip", "b.log"], cwd=tmp_path, check=True)
    found, error = read((tmp_path / "secret.zip").read_bytes())
    assert found == b""
    assert "its zip content is encrypted (b.log)" in str(error)


def test_an_empty_archive_is_nothing():
    assert read(archive({})) == (b"", None)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_truncated_archive_is_read_as_far_as_it_goes(method):
    stored = archive({"a.log": b"a\n", "b.log": random.Random(1).randbytes(300_000).hex().encode()}, method)  # noqa: S311
    for length in (len(stored) // 2, len(stored) - 10, len(stored) - 100):
        found, error = read(stored[:length])
        assert found.startswith(b"a\n")
        assert "its zip content ends too early" in str(error)


def test_a_wrong_checksum_is_damage():
    stored = archive({"a.log": FIRST, "b.log": b"b\n"}, zipfile.ZIP_STORED).replace(b"first 4999", b"fir5t 4999")
    found, error = read(stored)
    assert len(found) == len(FIRST)
    assert "its zip content is damaged (a.log: its checksum or its size is wrong)" in str(error)


def test_something_else_behind_the_archive_is_damage():
    found, error = read(archive({"a.log": FIRST}) + b"something else")
    assert found == FIRST
    assert "bytes that are neither a member nor the directory follow" in str(error)


def test_a_bomb_ends_in_time_even_in_what_is_left_out():
    begun = time.process_time()
    for name in ("a.log", "__MACOSX/a"):
        stored = archive({f"{name}{number}": bytes(64 << 20) for number in range(2)}, piped=True)
        end = stored.index(b"PK\1\2")
        _, error = read(stored[:end] * 10, 1 << 20)
        assert "a decompression bomb" in str(error)
    assert time.process_time() - begun < 20
