"""The rows of a file, one after the other: elements of a JSON array, JSON objects, or lines. Pure; bounded memory."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from functions.pipeline.errors import PermanentError
from functions.pipeline.one_line import is_json, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LARGEST = 16 << 20  # bytes of one row
_BRACKET = re.compile(rb'[{}\[\]"]')
_STRING_END = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BLANK = b" \t\r\n,"


def rows(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Yield each row of a file as one line of UTF-8, without its line end.

    A file that begins with a bracket is a JSON array. One whose first line is a brace that the same line does not
    close is JSON objects over several lines each. Any other is read by lines; blank ones are nothing.

    Args:
        chunks: the file's text, in pieces of any size.
        name: what the file is called in an error.

    Raises:
        PermanentError: the JSON ends inside a row, or a row has more than LARGEST bytes. The rows before it are
            yielded first.
    """
    feed = _Feed(chunks, name)
    feed.skip(b" \t\r\n\xef\xbb\xbf")
    if _is_array(feed) or (feed.starts(b"{") and not is_json(feed.line())):
        return _objects(feed)
    return _lines(feed)


class _Feed:
    """Text that is read piece by piece; what has been taken is forgotten."""

    def __init__(self, chunks: Iterable[bytes], name: str) -> None:
        self.text = b""
        self.name = name
        self.at = 0  # bytes that were taken before `text`
        self._chunks = iter(chunks)

    def more(self) -> bool:
        """Read on; say whether there was more."""
        if len(self.text) > LARGEST:
            most = LARGEST >> 20
            raise PermanentError(
                "{file}: the row at byte {place} has more than {most} MB. Is a bracket or a quote missing there?",
                file=self.name, place=self.at, most=most,
            )  # fmt: skip
        chunk = next(self._chunks, b"")
        self.text += chunk
        return bool(chunk)

    def take(self, count: int) -> bytes:
        """Take bytes from the front."""
        taken, self.text = self.text[:count], self.text[count:]
        self.at += count
        return taken

    def skip(self, blank: bytes) -> None:
        """Take what is blank from the front."""
        while True:
            self.take(len(self.text) - len(self.text.lstrip(blank)))
            if self.text or not self.more():
                return

    def starts(self, with_: bytes) -> bool:
        """Say whether the text begins so."""
        return self.text.startswith(with_)

    def line(self) -> bytes:
        """Return the first line, and leave it there."""
        while b"\n" not in self.text and self.more():
            pass
        return self.text.partition(b"\n")[0]


def _is_array(feed: _Feed) -> bool:
    """Tell an array from a line that begins with a bracket: `[INFO] …`."""
    while feed.starts(b"[") and not feed.text[1:].strip() and feed.more():
        pass
    return feed.starts(b"[") and feed.text[1:].lstrip()[:1] in {b"[", b"{", b'"', b"]", b""}


def _lines(feed: _Feed) -> Iterator[bytes]:
    while feed.text or feed.more():
        line = feed.line()
        feed.take(len(line) + 1)
        if line.strip():
            yield line.rstrip(b"\r")


def _objects(feed: _Feed) -> Iterator[bytes]:
    """Yield the elements of an array, or objects that follow each other."""
    array = feed.starts(b"[")
    feed.take(int(array))
    feed.skip(_BLANK)
    while feed.text and not (array and feed.starts(b"]")):
        yield one_line(feed.take(_element_end(feed)).strip(_BLANK))
        feed.skip(_BLANK)
    if array and not feed.text:
        raise _cut_short(feed)


def _element_end(feed: _Feed) -> int:
    """Find where the element at the front ends.

    A scalar ends before the next comma or bracket; an object or array with its own bracket.
    """
    if not feed.starts(b"{") and not feed.starts(b"["):
        return _scalar_end(feed)
    depth = at = 0
    while True:
        found = _BRACKET.search(feed.text, at)
        if found is None:
            at = len(feed.text)
            if not feed.more():
                raise _cut_short(feed)
            continue
        at = found.end()
        if found[0] == b'"':
            at = _string_end(feed, at)
        else:
            depth += 1 if found[0] in b"{[" else -1
        if depth == 0:
            return at


def _scalar_end(feed: _Feed) -> int:
    if feed.starts(b'"'):
        return _string_end(feed, 1)
    while not (found := re.search(rb"[,\]\n]", feed.text)):
        if not feed.more():
            return len(feed.text)
    return found.start()


def _string_end(feed: _Feed, start: int) -> int:
    """Find where a string ends that begins before `start`."""
    while not (found := _STRING_END.match(feed.text, start)):
        if not feed.more():
            raise _cut_short(feed)
    return found.end()


def _cut_short(feed: _Feed) -> PermanentError:
    return PermanentError(
        "{file} ends inside the row at byte {place}. What comes before was sent", file=feed.name, place=feed.at
    )
