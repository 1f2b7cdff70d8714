"""What is not text is refused and named; what is text, in any charset and with odd bytes in it, never is."""

import bz2
import gzip
import io
import os
import pickle
import random
import shutil
import sqlite3
import struct
import subprocess
import sys
import tarfile
import zlib
from pathlib import Path

import duckdb
import pytest

from functions.pipeline.codecs import decoded
from functions.pipeline.errors import NotText

LINE = "2025-01-20 10:30:00,123 - api - INFO - prédiction renvoyée en 12 ms\n"


def parquet(folder: Path) -> bytes:
    duckdb.sql("SELECT range AS id, range * 1.5 AS score FROM range(5000)").write_parquet(str(folder / "a.parquet"))
    return (folder / "a.parquet").read_bytes()


def tar(folder: Path) -> bytes:
    (folder / "a.log").write_text(LINE * 1000)
    with tarfile.open(folder / "a.tar", "w") as made:
        made.add(folder / "a.log", "a.log")
    return (folder / "a.tar").read_bytes()


def png(_: Path) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(6))) + chunk(b"IEND", b"")


def sqlite(folder: Path) -> bytes:
    with sqlite3.connect(folder / "a.db") as database:
        database.execute("CREATE TABLE logs (line TEXT)")
    database.close()
    return (folder / "a.db").read_bytes()


def duckdb_file(folder: Path) -> bytes:
    with duckdb.connect(str(folder / "a.duckdb")) as database:
        database.sql("CREATE TABLE logs AS SELECT 'line' AS line")
    return (folder / "a.duckdb").read_bytes()


def java_class(folder: Path) -> bytes:
    if not shutil.which("javac"):
        pytest.skip("there is no javac on this machine")
    (folder / "A.java").write_text("class A { }")
    subprocess.run(["javac", "-d", folder, folder / "A.java"], check=True)
    return (folder / "A.class").read_bytes()


def tool(*command: str) -> bytes:
    if not shutil.which(command[0]):
        pytest.skip(f"there is no {command[0]} on this machine")
    return subprocess.run(command, input=LINE.encode() * 100, capture_output=True, check=True).stdout


REAL = {
    "a Parquet file": parquet,
    "a tar archive": tar,
    "a PNG image": png,
    "an SQLite database": sqlite,
    "a DuckDB database": duckdb_file,
    "a Java class or an executable (Mach-O)": java_class,
    "a pickle": lambda _: pickle.dumps({"AGE": [1, 2, 3]}),
    "data compressed by lz4, which is not supported": lambda _: tool("lz4", "-c"),
    "data encrypted by OpenSSL": lambda _: tool("openssl", "enc", "-aes-256-cbc", "-pass", "pass:secret", "-pbkdf2"),
}
if sys.platform == "linux":
    REAL["an executable (ELF)"] = lambda _: Path(sys.executable).read_bytes()[: 1 << 20]
BEGINNINGS = {  # as their specifications have them, with what always follows
    "an ORC file": b"ORC\n\x16\n\x04\x08\x02P\x00",
    "an Avro file": b"Obj\x01\x04\x16avro.schema",
    "a JPEG image": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    "a GIF image": b"GIF89a\x01\x00\x01\x00\x80",
    "a PDF document": b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n",
    "a NumPy array": b"\x93NUMPY\x01\x00v\x00{'descr': '<f8'}\n",
    "an HDF5 file": b"\x89HDF\r\n\x1a\n\x00\x00",
    "a 7-Zip archive": b"7z\xbc\xaf\x27\x1c\x00\x04",
    "a RAR archive": b"Rar!\x1a\x07\x01\x00",
    "data compressed by snappy, which is not supported": b"\xff\x06\x00\x00sNaPpY\x01",
    "an Arrow file": b"ARROW1\x00\x00\xff\xff\xff\xff",
}


def refusal(stored: bytes, size: int = 1000) -> str:
    with pytest.raises(NotText) as caught:
        list(decoded((stored[at : at + size] for at in range(0, len(stored), size)), "raw/a.log"))
    return str(caught.value)


@pytest.mark.parametrize("kind", REAL)
@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress])
def test_a_real_file_of_another_kind_is_refused_and_named(kind, compress, tmp_path):
    stored = compress(REAL[kind](tmp_path))
    for size in (1, 1 << 20):
        assert refusal(stored, size) == (
            f"raw/a.log is not text but {kind}. Nothing of it was read. Leave it out, or remove it; if its records "
            "are wanted, export them as lines of text or JSON. If it is text after all, set PIPELINE_ENCODING to its "
            "charset"
        )


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_a_file_of_another_kind_is_known_by_its_beginning(kind):
    assert f"is not text but {kind}." in refusal(BEGINNINGS[kind] + b"and more\xc3\x28")


NOISE = random.Random(5)  # noqa: S311 (no secret)
UNKNOWN = {
    "encrypted": NOISE.randbytes(100_000),
    "a little": NOISE.randbytes(300),
    "numbers": struct.pack("<5000d", *(NOISE.random() for _ in range(5000))),
    "small numbers": struct.pack("<20000h", *(NOISE.randrange(2000) for _ in range(20_000))),
    "larger numbers": struct.pack("<20000i", *(NOISE.randrange(2000) for _ in range(20_000))),
    "flags": bytes(NOISE.randrange(2) for _ in range(5000)),
    "a model": b"".join(struct.pack("<f", NOISE.gauss(0, 1)) for _ in range(20_000)),
}


@pytest.mark.parametrize("kind", UNKNOWN)
def test_what_is_of_no_known_kind_is_refused_too(kind):
    assert "is not text but binary data of an unknown kind" in refusal(UNKNOWN[kind])
    assert "is not text but binary data of an unknown kind" in refusal(gzip.compress(UNKNOWN[kind]))


JAPANESE = "2025-01-20 10:30:00 - api - INFO - 予測を返しました: エラー\n"
TEXTS = {
    "cp1252": (LINE + "“quoted” — œuvre €\n").encode("cp1252") * 500,
    "latin-1": LINE.encode("latin-1") * 500,
    "shift_jis": JAPANESE.encode("shift_jis") * 500,
    "euc_jp": JAPANESE.encode("euc_jp") * 500,
    "iso-2022-jp": JAPANESE.encode("iso-2022-jp") * 500,
    "gb18030": "2025-01-20 信息 预测\n".encode("gb18030") * 500,
    "koi8-r": "предсказание готово\n".encode("koi8-r") * 500,
    "accents alone": ("é" * 60_000).encode("latin-1"),
    "colours": b"\x1b[32mINFO\x1b[0m \x1b[1mapi\x1b[0m caf\xc3\xa9\n" * 500,
    "progress bars": b"\rEpoch 1:  50%|\xe2\x96\x88\xe2\x96\x88|\r" * 500 + b"\x08\x08\x08done\n" * 200,
    "FIX": b"8=FIX.4.2\x019=178\x0135=8\x0149=A\x0156=B\x0134=4\x0152=20250120\x01\n" * 500,
    "a few binary bytes": (LINE.encode() * 20 + b"body: \x00\x01\x02\x03\x80\xff\x05\x06\x07\x08\x0e\n") * 10,
    "a hole": bytes(60_000) + LINE.encode(),
    "ORC": "ORC reader démarré\n".encode(),
    "PAR1": "PAR1 démarré\n".encode(),
    "GIF89a": "GIF89a accepté\n".encode(),
    "RIFF": "RIFF démarré\n".encode(),
    "a short line": b"\xff\x01\x02\n",
}


@pytest.mark.parametrize("kind", TEXTS)
def test_text_is_never_refused(kind):
    found = b"".join(decoded([TEXTS[kind]], "a.log"))
    assert found.replace(b"\0", b"") == TEXTS[kind].replace(b"\0", b"")


def test_the_kind_of_what_is_in_an_archive_of_arrays_is_named():
    import zipfile

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("weights.npy", b"\x93NUMPY\x01\x00v\x00" + os.urandom(1000))
    assert refusal(target.getvalue()).startswith("raw/a.log: weights.npy is not text but a NumPy array.")
