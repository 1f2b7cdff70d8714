"""Text as it comes: put into envelopes, compressed, in other charsets."""

from __future__ import annotations

import base64
import bz2
import codecs
import gzip
import io
import json
import lzma
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import zstandard

from functions.pipeline.packed import unpacked

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.pipeline.envelopes import Envelope


def enveloped(envelope: Envelope, text: str) -> str:
    """Put each line of a text into an envelope, made like the first sample that carries a line of text.

    Raises:
        LookupError: the envelope has no such sample.
    """
    for sent, carried in envelope.samples:
        lines = [each.decode() for each in carried]
        if lines and "\n" not in sent.decode() and _with(sent.decode(), lines, "another") != sent.decode():
            return "\n".join(_with(sent.decode(), lines, line) for line in text.split("\n"))
    raise LookupError(f"{envelope.name} has no sample whose line can be replaced")


def _with(sent: str, lines: list[str], line: str) -> str:
    """Put a line in the place of a sample's first one; leave the others out."""
    before, brace, _ = sent.partition("{")
    try:
        value = json.loads(sent[len(before) :]) if brace else None
    except ValueError:
        value = None
    if value is None:
        return sent.replace(lines[0], line)
    return before + json.dumps(_replaced(value, lines, line), ensure_ascii=False)


def _replaced(value: Any, lines: list[str], line: str) -> Any:
    if isinstance(value, str):
        packed = unpacked(value) or b""
        return value.replace(lines[0], line) if lines[0].encode() not in packed else _packed(value, packed, lines, line)
    if isinstance(value, dict):
        return {name: _replaced(each, lines, line) for name, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, lines, line) for each in value if not _is_other(json.dumps(each), lines)]
    return value


def _packed(value: str, packed: bytes, lines: list[str], line: str) -> str:
    content = _with(packed.decode(), lines, line).encode()
    return base64.b64encode(gzip.compress(content) if value.startswith("H4sI") else content).decode()


def _is_other(element: str, lines: list[str]) -> bool:
    return lines[0] not in element and any(each in element for each in lines[1:])


def zipped(content: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr("api.log", content)
    return archive.getvalue()


CODECS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": zipped,
    "zlib": zlib.compress,
}
"""What compresses, by the name of the codec that decompresses it."""

STORED: dict[str, Callable[[str], bytes]] = {
    "as it is": str.encode,
    "utf-8-sig": lambda text: text.encode("utf-8-sig"),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16-be": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "utf-16-le without a mark": lambda text: text.encode("utf-16-le"),
    "utf-32": lambda text: text.encode("utf-32"),
    "gzip of utf-16": lambda text: gzip.compress(text.encode("utf-16")),
    "gzip of gzip": lambda text: gzip.compress(gzip.compress(text.encode())),
    "zip of bz2": lambda text: zipped(bz2.compress(text.encode())),
    "several gzip members": lambda text: b"".join(gzip.compress(part.encode()) for part in text.partition("\n")),
    **{name: lambda text, compress=compress: compress(text.encode()) for name, compress in CODECS.items()},
}
"""How text is stored: in a charset, and compressed, perhaps more than once."""
