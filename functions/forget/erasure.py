"""Erasure: records are overwritten in their object's text, byte by byte, so that all others stay where they are.

In the place of each stands `{"timestamp":…,"message":"forgotten"}` and blanks. It has to be a record itself: a blank
would be taken for a part of the record before it, others would get the time of another record, and numbers by which
records sort would shift.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from importlib import import_module
from typing import TYPE_CHECKING

from functions.forget.wanted import tombstones
from functions.pipeline.errors import PermanentError
from functions.pipeline.records import PLACE_IN_ENVELOPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LINE = (1 << PLACE_IN_ENVELOPE) - 1  # of a position: where the line is
_MAGIC = {"gzip": b"\x1f\x8b", "bz2": b"BZh", "lzma": b"\xfd7zXZ"}  # by the modules of the standard library


def erased(text: bytes, positions: Mapping[int, bytes], forgotten: Mapping[int, str], *, inside: bool) -> bytes:
    """Return a text of the same length, without some records.

    Args:
        text: the object's text.
        positions: each record's position, and its raw text.
        forgotten: the positions of those that are to go, and their times.
        inside: leave the envelopes of records as they are, which tell others where they belong.

    Raises:
        PermanentError: one of them cannot be found in the text.
    """
    content, lines = bytearray(text), sorted({each & _LINE for each in positions})
    for begin in {each & _LINE for each in forgotten}:
        following = bisect_right(lines, begin)
        end = lines[following] if following < len(lines) else len(text)
        here = {each for each in positions if each & _LINE == begin}
        if here <= forgotten.keys() and not inside:
            content[begin:end] = _overwritten(text[begin:end], forgotten[min(here)])
            continue
        first, newline, others = text[begin:end].partition(b"\n")
        for each in here & forgotten.keys():
            first = _overwritten_within(first, positions[each], forgotten[each])
        if here <= forgotten.keys():
            others = _blank(others)
        content[begin:end] = first + newline + others
    return bytes(content)


def _overwritten(lines: bytes, time: str) -> bytes:
    """Return lines of the same lengths, with a tombstone in the first."""
    first, newline, others = lines.partition(b"\n")
    end = first[len(first.rstrip(b"\r")) :]
    return _filled(tombstones(time), len(first) - len(end)) + end + newline + _blank(others)


def _blank(lines: bytes) -> bytes:
    return b"\n".join(b" " * len(each) for each in lines.split(b"\n"))


def _filled(choices: Iterable[bytes], size: int) -> bytes:
    return next((each for each in choices if len(each) <= size), b"").ljust(size)


def _overwritten_within(line: bytes, raw: bytes, time: str) -> bytes:
    """Return a line of the same length in which the text of a record that it carries is overwritten."""
    for text in (raw.decode("utf-8", "replace"), raw.partition(b"\n")[0].decode("utf-8", "replace")):
        for spelling in {json.dumps(text, ensure_ascii=each)[1:-1].encode() for each in (True, False)}:
            if spelling and line.count(spelling) == 1:
                choices = (json.dumps(choice.decode())[1:-1].encode() for choice in tombstones(time))
                return line.replace(spelling, _filled(choices, len(spelling)))
    raise PermanentError("a record is packed, or written in another way, in an envelope with others")


def plain(body: bytes) -> tuple[bytes, str]:
    """Return the text of an object that is compressed once or not at all, and by what; of any other, not its text."""
    for name, magic in _MAGIC.items():
        if body.startswith(magic):
            return import_module(name).decompress(body), name
    return body, ""


def packed(text: bytes, compression: str) -> bytes:
    """Compress a text as it was."""
    if not compression:
        return text
    options = {"compresslevel": 6, "mtime": 0} if compression == "gzip" else {}
    body: bytes = import_module(compression).compress(text, **options)
    return body
