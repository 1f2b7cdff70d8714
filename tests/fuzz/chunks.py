"""Content in chunks, both made of a fuzzer's bytes."""

from __future__ import annotations


def cut(data: bytes) -> tuple[list[bytes], bytes]:
    """Take the first byte as the size of the chunks, and the others as the content; return it in chunks, and whole."""
    size, content = 1 + data[0] if data else 1, data[1:]
    return [content[start : start + size] for start in range(0, len(content), size)], content
