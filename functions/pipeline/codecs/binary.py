"""What is not text at all, by its first bytes: so that a file of another kind is refused, and not read as garbage."""

from __future__ import annotations

from functions.pipeline.codecs.charsets import UTF_8, WIDE, charset_of
from functions.pipeline.errors import NotText
from functions.pipeline.expressions import compiled

SAMPLE = 64 << 10  # bytes that are looked at
_UNKNOWN = "binary data of an unknown kind (encrypted, or compressed in a way that is not supported?)"
_HEADER = 512  # bytes, among which all these kinds have a control byte; text that begins like one has none
_PDF = b"%PDF-"  # but this
_KINDS = (  # where the bytes are, what they are, and what begins so
    (0, b"PAR1", "a Parquet file"),
    (0, b"PARE", "an encrypted Parquet file"),
    (0, b"ORC", "an ORC file"),
    (0, b"Obj\x01", "an Avro file"),
    (0, b"ARROW1\0\0", "an Arrow file"),
    (0, b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"GIF87a", "a GIF image"),
    (0, b"GIF89a", "a GIF image"),
    (0, b"RIFF", "a RIFF file (WebP, WAV, AVI)"),
    (4, b"ftyp", "a video or an image in ISO's container (MP4, HEIC)"),
    (0, _PDF, "a PDF document"),
    (257, b"ustar", "a tar archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"\x7fELF", "an executable (ELF)"),
    (0, b"\xcf\xfa\xed\xfe", "an executable (Mach-O)"),
    (0, b"MZ\x90\0", "an executable (Windows)"),
    (0, b"\xca\xfe\xba\xbe", "a Java class or an executable (Mach-O)"),
    (0, b"SQLite format 3\0", "an SQLite database"),
    (8, b"DUCK", "a DuckDB database"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (0, b"\x80\x02", "a pickle"),
    (0, b"\x80\x03", "a pickle"),
    (0, b"\x80\x04", "a pickle"),
    (0, b"\x80\x05", "a pickle"),
    (0, b"\xff\x06\0\0sNaPpY", "data compressed by snappy, which is not supported"),
    (0, b"\x04\x22\x4d\x18", "data compressed by lz4, which is not supported"),
    (0, b"\x02\x21\x4c\x18", "data compressed by lz4, which is not supported"),
    (0, b"\x1f\x9d", "data compressed by compress, which is not supported"),
    (0, b"LZIP\x01", "data compressed by lzip, which is not supported"),
    (0, b"Salted__", "data encrypted by OpenSSL"),
)
_RUNS = rb"\0{4,}"
_CONTROLS = bytes({*range(9), *range(14, 27), *range(28, 32), 127})  # but blanks, line ends, and what begins a colour
_OTHERS = bytes(set(range(256)) - set(_CONTROLS))
_FEWEST = 8  # control bytes, and kinds of them: text may have some, between its fields (FIX) or for a terminal
_MOST, _MOST_OF_ONE_KIND = 0.05, 0.3  # of all bytes: noise has a tenth, and nearly every kind


def check_text(sample: bytes, name: str, encoding: str = UTF_8) -> None:
    """Refuse content that is not text.

    Args:
        sample: its first SAMPLE bytes, or all there is.
        name: what it is called in the error.
        encoding: the charset of what is not UTF-8.

    Raises:
        NotText: names what it is.
    """
    if sample.isascii() and b"\0" not in sample and not sample.startswith(_PDF):
        return
    kind = next((kind for at, magic, kind in _KINDS if sample.startswith(magic, at)), None)
    if kind and (_controls(sample[:_HEADER]) or sample.startswith(_PDF)):
        raise _not_text(name, kind)
    charset = charset_of(sample, encoding)
    text = sample.decode(charset, "replace").encode() if charset in WIDE else sample
    if _is_noisy(compiled(_RUNS).sub(b"", text) if b"\0" in text else text):
        raise _not_text(name, _UNKNOWN)


def _is_noisy(text: bytes) -> bool:
    """Say whether text has more control bytes than any text has."""
    controls = _controls(text)
    kinds = len(set(controls))
    if len(controls) < _FEWEST:
        return False
    return len(controls) > len(text) * (_MOST if kinds >= _FEWEST else _MOST_OF_ONE_KIND)


def _controls(text: bytes) -> bytes:
    return text.translate(None, _OTHERS)


def _not_text(name: str, kind: str) -> NotText:
    return NotText(
        "{name} is not text but {kind}. Nothing of it was read. Leave it out, or remove it; if its records are wanted, "
        "export them as lines of text or JSON. If it is text after all, set PIPELINE_ENCODING to its charset",
        name=name,
        kind=kind,
    )
