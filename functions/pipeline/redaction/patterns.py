"""Text of some forms, hidden wherever it stands, so that JSON stays JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from functions.pipeline.redaction.escapes import backslashes_before, is_json, level, quote_at
from functions.pipeline.redaction.words import SHAPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from functions.pipeline.redaction.known import Form
    from functions.pipeline.redaction.rules import PatternRule
    from functions.pipeline.redaction.words import Words

_ESCAPES = re.compile(r"\\+(?:u[0-9a-fA-F]{4}|[bfnrt/])?")
_HIDDEN = "\0"  # stands for what is hidden already: no letter, and no blank
_EDGES = f' \t\r\n"{_HIDDEN}'
_NEAR = 8  # characters between which and a number the structure of JSON is looked for
_FAR = 1000  # characters back from a number in which a quote tells how deep it stands
_NUMBER = "0123456789+-.eE"
_LONGEST = 64  # characters of a number on either side of what was found in it; a longer run is no number
_JSON_SCALAR = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"|-?[0-9][0-9.eE+-]*')


class _Span(NamedTuple):
    """A part of the text to hide. `floor` is where the string or the text begins that it is in."""

    start: int
    end: int
    floor: int = 0


class Patterns:
    """Finds text of some forms, and puts words in its place."""

    def __init__(self, rules: Iterable[PatternRule], words: Words) -> None:
        self._forms = [(form, rule.action) for rule in rules for form in rule.forms]
        self._words = words

    def redacted(self, text: str) -> str:
        """Return the text with all that has one of the forms hidden."""
        view = None
        for form, action in self._forms:
            if form.sign is None or form.sign(text):
                view = view or _view(text)
                spans = list(_found(form, view))
                if spans:
                    text, view = self._hidden(text, view, spans, action), None
        return text

    def _hidden(self, text: str, view: str, spans: list[_Span], action: str) -> str:
        if text.lstrip()[:1] in ("{", "[", '"') and is_json(text):
            spans = [each for span in _within_scalars(text, spans) if (each := _trimmed(view, *span))]
        pieces: list[str] = []
        done = 0
        for span in spans:
            start, end, word = self._replacement(text, span, action)
            if start >= done:
                pieces += text[done:start], word, "\n" * text.count("\n", start, end)
                done = end
        return "".join(pieces) + text[done:]

    def _replacement(self, text: str, span: _Span, action: str) -> tuple[int, int, str]:
        """Return what to replace, and the word for it: in quotes, or null, if it is a number of JSON."""
        whole = _number_around(text, span)
        start, end, _ = whole or span
        if not whole:
            return start, end, "redacted" if action == "drop" else self._words.hash(text[start:end])
        if action == "drop":
            return start, end, "null"
        mark = quote_at(_level_of_value(text, start, span.floor))
        return start, end, f"{mark}{self._words.hash(text[start:end])}{mark}"


def _view(text: str) -> str:
    """Return the text as expressions see it, of the same length: escapes as blanks, what is hidden already unseen."""
    if "\\" in text:
        text = _ESCAPES.sub(lambda found: " " * len(found[0]), text)
    if "redacted" in text:
        text = SHAPE.sub(lambda found: _HIDDEN * len(found[0]), text)
    return text


def _found(form: Form, view: str) -> Iterator[_Span]:
    for found in form.expression.finditer(view):
        group = 1 if form.expression.groups and found.start(1) >= 0 else 0
        span = _trimmed(view, *found.span(group))
        if span and form.accepts(view[span.start : span.end]):
            yield span


def _trimmed(view: str, start: int, end: int, floor: int = 0) -> _Span | None:
    """Leave out blanks and quotes at the edges, so that no escape is cut in two; None when nothing is left."""
    start += len(view[start:end]) - len(view[start:end].lstrip(_EDGES))
    end = start + len(view[start:end].rstrip(_EDGES))
    return _Span(start, end, floor) if start < end else None


def _within_scalars(text: str, spans: list[_Span]) -> Iterator[_Span]:
    """Cut what was found in a line of JSON into the strings and numbers that it touches: the structure stays."""
    waiting = iter(spans)
    span = next(waiting, None)
    for scalar in _JSON_SCALAR.finditer(text):
        group = 1 if scalar[1] is not None else 0
        start, end = scalar.span(group)
        while span and span.end <= start:
            span = next(waiting, None)
        if not group and span and span.start < end:
            yield _Span(start, end)  # a number once, however much was found in it
        while span and span.start < end:
            if group:
                yield _Span(max(start, span.start), min(end, span.end), start)
            if span.end > end:
                break
            span = next(waiting, None)


def _level_of_value(text: str, start: int, floor: int) -> int:
    """Return the level of the quotes that a value would have here: those of its neighbours, or of what it stands in."""
    nearest = max(floor, start - _FAR)
    last = text.rfind('"', nearest, start)
    if last < 0:
        return 1 if floor else 0
    closes = text[last + 1 : last + 1 + _NEAR].lstrip()[:1] in (":", ",", "]", "}")
    return level(backslashes_before(text, last, nearest)) + (0 if closes else 1)


def _number_around(text: str, span: _Span) -> _Span | None:
    """Return the number of JSON that a span is, or is in; None when it is in a string or in plain text."""
    start, end = span.start, span.end
    if not all(each in _NUMBER for each in text[start:end]):
        return None
    first, last = max(span.floor, start - _LONGEST), min(len(text), end + _LONGEST)
    while start > first and text[start - 1] in _NUMBER:
        start -= 1
    while end < last and text[end] in _NUMBER:
        end += 1
    before = text[max(span.floor, start - _NEAR) : start].rstrip()[-1:]
    after = text[end : end + _NEAR].lstrip()[:1]
    inside = before in (":", "[", ",") and after in (",", "}", "]") if before and after else start == 0 == len(after)
    return _Span(start, end, span.floor) if inside else None
