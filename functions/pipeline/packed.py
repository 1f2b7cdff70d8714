"""Content in base64, compressed or not, as AWS hands logs over: unpacked, so that it can be read, and redacted."""

from __future__ import annotations

import json
from binascii import Error, a2b_base64
from typing import Any

from functions.pipeline.records import json_object

LARGEST = 64 << 20  # bytes of plain content; Lambda is invoked with 6 MB at most
_GZIP = 31  # zlib's wbits
_BOM = b"\xef\xbb\xbf"
_HOLDERS = ("awslogs", "kinesis")


def content_of(holder: object) -> bytes | None:
    """Return what an object holds: as `text`, or as base64 in `data`; None where it holds nothing that can be read."""
    if not isinstance(holder, dict):
        return None
    text = holder.get("text")
    return unpacked(holder.get("data")) if text is None else text.encode() if isinstance(text, str) else None


def unpacked(data: object) -> bytes | None:
    """Return what is in base64, and in gzip if it is; None for what is not, or has more than LARGEST bytes."""
    from zlib import decompressobj, error

    try:
        content = a2b_base64(data, strict_mode=True) if isinstance(data, str) else b""
        if content.startswith(b"\x1f\x8b"):
            stream = decompressobj(_GZIP)
            content = stream.decompress(content, LARGEST)
            if not stream.eof:
                return None
    except (Error, ValueError, error):  # ValueError: other letters than ASCII's
        return None
    return content.decode("utf-8", "replace").strip("\r\n").encode() or None


def as_text(line: bytes) -> bytes:
    """Return a line with its packed content as text; the very same line where it has none."""
    if b'"data"' not in line or not any(f'"{name}"'.encode() in line for name in _HOLDERS):
        return line
    text = line.removeprefix(_BOM)
    sent = json_object(text) or {}
    records = sent["Records"] if isinstance(sent.get("Records"), list) else [sent]
    changed = [_hold_text(record.get(name)) for record in records if isinstance(record, dict) for name in _HOLDERS]
    if not any(changed):
        return line
    return line[: len(line) - len(text)] + json.dumps(sent, ensure_ascii=False).encode("utf-8", "replace")


def _hold_text(holder: Any) -> bool:  # noqa: ANN401 (any value)
    content = content_of(holder)
    if content is None:
        return False
    holder.pop("data", None)
    holder["text"] = content.decode()
    return True
