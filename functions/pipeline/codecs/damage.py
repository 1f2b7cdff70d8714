"""The errors of content that cannot be decompressed, or not to its end."""

from __future__ import annotations

from functions.pipeline.errors import CorruptObject


def unreadable(name: str, kind: str, cause: object) -> CorruptObject:
    """Make the error of some content of a kind ("gzip"); the cause completes "its gzip content …"."""
    return CorruptObject(
        "{name}: its {kind} content {cause}. What came before was read. Replace it by a complete copy, or remove it.",
        name=name,
        kind=kind,
        cause=cause,
    )


def unsupported(name: str, kind: str, cause: object) -> CorruptObject:
    """Make the error of content that is whole, but cannot be read here; the cause completes "its zip content …"."""
    return CorruptObject(
        "{name}: its {kind} content {cause}. What came before was read. Compress it again, with gzip for example, or "
        "remove it.",
        name=name,
        kind=kind,
        cause=cause,
    )


def cut_short(name: str, kind: str) -> CorruptObject:
    """Make the error of content that ends before its end."""
    return unreadable(name, kind, "ends too early (an incomplete copy, or one that is still being written)")
