"""Replaces sensitive text of some forms wherever it occurs, and keeps valid JSON valid."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from functions.pipeline.redaction.escapes import backslashes_before, is_json, level, quote_at
from functions.pipeline.redaction.replacements import REPLACEMENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from functions.pipeline.redaction.matches import Matches
    from functions.pipeline.redaction.named_patterns import Detector
    from functions.pipeline.redaction.replacements import Pseudonyms
    from functions.pipeline.redaction.rules import PatternRule

_ESCAPES = re.compile(r"\\+(?:u[0-9a-fA-F]{4}|[bfnrt/])?")
_HIDDEN = "\0"  # masks earlier replacements: neither a letter nor a blank
_EDGES = f' \t\r\n"{_HIDDEN}'
_NEAR = 8  # characters around a number in which JSON punctuation is expected
_FAR = 1000  # characters before a number in which a quote shows its depth
_NUMBER = "0123456789+-.eE"
_LONGEST = 64  # characters of a number on either side of a match; a longer run is not a number
_JSON_SCALAR = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"|-?[0-9][0-9.eE+-]*')


class _Span(NamedTuple):
    """A part of the text to replace. `floor` is where the string, or the text, around it begins."""

    start: int
    end: int
    floor: int = 0


class Patterns:
    """Replaces text that detectors find.

    Attributes:
        written: the rules, as configured.
    """

    def __init__(self, rules: Iterable[PatternRule], pseudonyms: Pseudonyms) -> None:
        self._detectors = [(detector, rule) for rule in rules for detector in rule.detectors]
        self.written = frozenset(rule.written for _, rule in self._detectors)
        self._pseudonyms = pseudonyms

    def redacted(self, text: str, matches: Matches) -> str:
        """Return the text with everything that was found replaced, and count it."""
        view = None
        for detector, rule in self._detectors:
            if detector.prefilter is None or detector.prefilter(text):
                view = view or _view(text)
                spans = list(_found(detector, view))
                if spans:
                    text, view = self._replaced(text, view, spans, rule, matches), None
        return text

    def _replaced(self, text: str, view: str, spans: list[_Span], rule: PatternRule, matches: Matches) -> str:
        if text.lstrip()[:1] in ("{", "[", '"') and is_json(text):
            spans = [each for span in _within_scalars(text, spans) if (each := _trimmed(view, *span))]
        pieces: list[str] = []
        done = 0
        for span in spans:
            start, end, replacement = self._replacement(text, span, rule.action)
            if start >= done:
                pieces += text[done:start], replacement, "\n" * text.count("\n", start, end)
                done = end
                matches.count(rule.written)
        return "".join(pieces) + text[done:]

    def _replacement(self, text: str, span: _Span, action: str) -> tuple[int, int, str]:
        """Return what to replace, and by what: for a number in JSON, a quoted pseudonym or null."""
        whole = _number_around(text, span)
        start, end, _ = whole or span
        if not whole:
            return start, end, "redacted" if action == "drop" else self._pseudonyms.of(text[start:end])
        if action == "drop":
            return start, end, "null"
        quote = quote_at(_level_of_value(text, start, span.floor))
        return start, end, f"{quote}{self._pseudonyms.of(text[start:end])}{quote}"


def _view(text: str) -> str:
    """Return the text as detectors see it, of the same length: escapes as blanks, earlier replacements masked."""
    if "\\" in text:
        text = _ESCAPES.sub(lambda found: " " * len(found[0]), text)
    if "redacted" in text:
        text = REPLACEMENT.sub(lambda found: _HIDDEN * len(found[0]), text)
    return text


def _found(detector: Detector, view: str) -> Iterator[_Span]:
    for found in detector.expression.finditer(view):
        group = 1 if detector.expression.groups and found.start(1) >= 0 else 0
        span = _trimmed(view, *found.span(group))
        if span and detector.is_valid(view[span.start : span.end]):
            yield span


def _trimmed(view: str, start: int, end: int, floor: int = 0) -> _Span | None:
    """Trim blanks and quotes from the edges, so that no escape is split; None when nothing is left."""
    start += len(view[start:end]) - len(view[start:end].lstrip(_EDGES))
    end = start + len(view[start:end].rstrip(_EDGES))
    return _Span(start, end, floor) if start < end else None


def _within_scalars(text: str, spans: list[_Span]) -> Iterator[_Span]:
    """Split matches in a JSON line into the strings and numbers that they overlap: the structure stays."""
    waiting = iter(spans)
    span = next(waiting, None)
    for scalar in _JSON_SCALAR.finditer(text):
        group = 1 if scalar[1] is not None else 0
        start, end = scalar.span(group)
        while span and span.end <= start:
            span = next(waiting, None)
        if not group and span and span.start < end:
            yield _Span(start, end)  # a number once, however many matches it has
        while span and span.start < end:
            if group:
                yield _Span(max(start, span.start), min(end, span.end), start)
            if span.end > end:
                break
            span = next(waiting, None)


def _level_of_value(text: str, start: int, floor: int) -> int:
    """Return the level that a string's quotes would have here: that of its neighbours, or of what encloses it."""
    nearest = max(floor, start - _FAR)
    last = text.rfind('"', nearest, start)
    if last < 0:
        return 1 if floor else 0
    closes = text[last + 1 : last + 1 + _NEAR].lstrip()[:1] in (":", ",", "]", "}")
    return level(backslashes_before(text, last, nearest)) + (0 if closes else 1)


def _number_around(text: str, span: _Span) -> _Span | None:
    """Return the JSON number that a span is, or is in; None when it is in a string or in plain text."""
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
