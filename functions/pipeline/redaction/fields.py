"""Values of fields by name, wherever JSON stands: a whole line, within text, within strings of JSON at any depth.

Python's way of writing a dictionary (`{'AGE': 48}`), which tracebacks and validation errors show, is understood too.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from functions.pipeline.redaction.escapes import content, halved, is_json
from functions.pipeline.redaction.literals import Literals, Reading
from functions.pipeline.redaction.values import PLAIN, Value, find_value
from functions.pipeline.redaction.words import SHAPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from functions.pipeline.redaction.rules import FieldRule
    from functions.pipeline.redaction.words import Words

_PLAIN = r"""()(?:(-?[0-9]+(?:\.[0-9]+)?)(?=[,}])|"([^"\\]*)"(?=[,}]))?"""  # most values: found with the name at once
_BLANKS = r"(?:\s|\\+[nrt])*"  # between a name and its value, escaped ones too
_OTHER_NAMES = (("alcohol", "alcoholconsuming"), ("httpmethod", "method"), ("httppath", "path"))
"""Fields that the indexes call otherwise than the services do: who names one means both."""
_NOTHING = ("", "null", "None")  # values that tell nothing
_MOST_NAMES = 1000  # remembered; with wildcards, it is strangers who choose them


class Fields:
    """Finds the values of some fields, and puts words in their places."""

    def __init__(self, rules: Iterable[FieldRule], words: Words) -> None:
        self._words = words
        exact_first = sorted(rules, key=lambda rule: rule.name.count("*"))
        named = [(_expression(name), rule.action) for rule in exact_first for name in _names(rule.name)]
        names = "|".join(expression for expression, _ in named)
        key = rf"[ ]{{0,8}}({names})[ ]{{0,8}}(\\*)%s{_BLANKS}:{_BLANKS}{_PLAIN}"
        self._keys = {quote: re.compile(quote + key % quote) for quote in "\"'"}  # two, for each begins with one sign
        self._rules = [(re.compile(expression), action) for expression, action in named]
        self._actions: dict[str, str] = {}

    def redacted(self, text: str) -> str:
        """Return the text with the fields' values hidden."""
        text = self._redacted(text, '"')
        return self._redacted(text, "'") if "'" in text else text

    def _redacted(self, text: str, quote: str) -> str:
        pieces: list[str] = []
        search = self._keys[quote].search
        done, key = 0, search(text)
        find = _finder(text, quote) if key else None
        while key and find:
            kept, action = key.start(3), self._action(key[1])
            if action != "off":  # else its value, which may be long, need not be found
                value, reading = find(key)
                if word := self._word(key, quote, value, reading, action):
                    pieces += text[done:kept], word, "\n" * value.content.count("\n")
                    done = kept = value.end
            key = search(text, kept)
        return "".join(pieces) + text[done:] if pieces else text

    def _word(self, key: re.Match[str], quote: str, value: Value, reading: Reading, action: str) -> str | None:
        """Return what stands for a field's value; None when the value stays."""
        if value.content in _NOTHING:
            return None
        if action == "drop":
            return "null" if quote == '"' else "None"
        if value.content.startswith("redacted") and SHAPE.fullmatch(value.content):
            return None
        mark = "\\" * reading.backslashes(reading.level(len(key[2]))) + quote
        return f"{mark}{self._words.hash(_plain(value, reading))}{mark}"

    def _action(self, name: str) -> str:
        """Return what becomes of a field: as its own rule says, else the first one with wildcards."""
        if name not in self._actions:
            if len(self._actions) >= _MOST_NAMES:
                self._actions.clear()
            self._actions[name] = next(action for expression, action in self._rules if expression.fullmatch(name))
        return self._actions[name]


def _finder(text: str, quote: str) -> Callable[[re.Match[str]], tuple[Value, Reading]]:
    """Make what finds the value of a name in such quotes, and how backslashes are read there."""
    if quote == "'":
        lowest = int(is_json(text))  # in JSON, a dictionary of Python is in a string
        return lambda key: (_value(text, key, quote, lowest, PLAIN), PLAIN)
    literals = Literals(text)

    def find(key: re.Match[str]) -> tuple[Value, Reading]:
        reading = literals.reading(key.start(), key.end(2) + 1)
        return _value(text, key, quote, reading.level(len(key[2])), reading), reading

    return find


def _value(text: str, key: re.Match[str], quote: str, lowest: int, reading: Reading) -> Value:
    _, backslashes, _, number, words = key.groups()
    if number is not None:
        return Value(key.end(), number, 0)
    if words is not None and quote == '"' and not backslashes:
        return Value(key.end(), words, 0)
    return find_value(text, key.start(3), quote, lowest, reading)


def _plain(value: Value, reading: Reading) -> str:
    """Return a value's content without what escapes it: by the JSON around literals, by these, by the JSON in them."""
    if not reading.literals:
        return content(value.content, value.levels)
    text = content(value.content, reading.outer)
    for _ in range(reading.literals):
        text = halved(text)
    return content(text, value.levels - reading.outer)


def _names(name: str) -> list[str]:
    """Return a name without what its spellings differ in ("CHEST PAIN", "chest_pain"), and others of the same field."""
    plain = re.sub("[ _-]", "", unicodedata.normalize("NFC", name).lower())
    return [plain, *(other for pair in _OTHER_NAMES if plain in pair for other in pair if other != plain)]


def _expression(name: str) -> str:
    """Match all spellings of a name."""
    return "[ _.-]?".join(_letter(each) for each in name)


def _letter(letter: str) -> str:
    if letter == "*":
        return r"[^\"'\\\n]{0,60}?"
    cases = {letter, letter.upper()} if len(letter.upper()) == 1 else {letter}
    composed = f"[{re.escape(''.join(sorted(cases)))}]"
    apart = unicodedata.normalize("NFD", letter)  # an accent may be a character of its own
    return f"(?:{composed}|{_letter(apart[0])}{apart[1:]})" if len(apart) > 1 else composed
