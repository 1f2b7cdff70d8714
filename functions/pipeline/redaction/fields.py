"""Finds values by the names of their fields in JSON: a whole line, within text, within JSON strings at any depth.

The repr of a Python dictionary (`{'AGE': 48}`), which tracebacks and validation errors show, is read as well. So are
pairs (`AGE=48`), as in logfmt, in the query of an address and in the repr of an object.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from functions.pipeline.redaction.escapes import content, halved, is_json, level
from functions.pipeline.redaction.literals import EscapeContext, Literals
from functions.pipeline.redaction.replacements import REPLACEMENT
from functions.pipeline.redaction.values import PLAIN, Value, find_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from functions.pipeline.redaction.matches import Matches
    from functions.pipeline.redaction.replacements import Pseudonyms
    from functions.pipeline.redaction.rules import FieldRule

_SIMPLE_VALUE = (
    r"""()(?:(-?[0-9]+(?:\.[0-9]+)?)(?=[,}])|"([^"\\]*)"(?=[,}]))?"""  # most values: matched together with the name
)
_BLANKS = r"(?:\s|\\+[nrt])*"  # between a name and its value, escaped or not
_OTHER_NAMES = (("alcohol", "alcoholconsuming"), ("httpmethod", "method"), ("httppath", "path"))
"""Fields whose name in the indexes differs from the one that services log: a rule for one covers both."""
_PAIR_VALUE = (
    r"""(?:"(?![,:}\]])(?P<double>(?:[^"\\\n]|\\.)*+)"|'(?P<single>[^'"\\\n]*+)'"""
    r"""|(?P<escape>\\+)"(?P<escaped>(?:[^"\\\n]|\\++(?=[^"\\\n])|(?P=escape)\\+")*+)(?P=escape)["]"""
    r"""|(?P<bare>[^\s,;&"'\\()\[\]{}]+))"""
)
_JSON_PAIR_VALUE = _PAIR_VALUE.replace('"(?![,:', '(?!)"(?![,:')  # there, a quote that is not escaped ends the string
_EMPTY = ("", "null", "None")  # values with nothing to hide
_MOST_NAMES = 1000  # cached; with wildcards, the names come from untrusted records


class Fields:
    """Replaces the values of some fields."""

    def __init__(self, rules: Iterable[FieldRule], pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        exact_first = sorted(rules, key=lambda rule: rule.name.count("*"))
        named = [(_expression(name), rule) for rule in exact_first for name in _names(rule.name)]
        names = "|".join(expression for expression, _ in named)
        key = rf"[ ]{{0,8}}({names})[ ]{{0,8}}(\\*)%s{_BLANKS}:{_BLANKS}{_SIMPLE_VALUE}"
        self._keys = {quote: re.compile(quote + key % quote) for quote in "\"'"}  # two: a literal prefix is found fast
        pairs = "|".join(
            _expression(name, "", r"[^\s\"'\\=]{0,60}?") for rule in exact_first for name in _names(rule.name)
        )
        self._pairs = [
            re.compile(rf"(?<![\w.-])(?P<name>{pairs})={value}") for value in (_PAIR_VALUE, _JSON_PAIR_VALUE)
        ]
        self._rules = [(re.compile(expression), rule) for expression, rule in named]
        self._rule_by_name: dict[str, FieldRule] = {}

    def redacted(self, text: str, matches: Matches) -> str:
        """Return the text with the fields' values replaced, and count them."""
        text = self._redacted(text, '"', matches)
        text = self._redacted(text, "'", matches) if "'" in text else text
        if "=" not in text:
            return text
        return self._pairs[is_json(text)].sub(lambda pair: self._redacted_pair(pair, matches), text)

    def _redacted_pair(self, pair: re.Match[str], matches: Matches) -> str:
        """Redact a pair: a name, an equals sign, and a value."""
        rule = self._rule(pair["name"])
        if rule.action == "off":
            return pair[0]
        kind = pair.lastgroup or ""
        value = (
            content(pair[kind], level(len(pair["escape"] or "")) + 1) if kind in {"double", "escaped"} else pair[kind]
        )
        matches.seen.add(rule.written)
        if value in _EMPTY or REPLACEMENT.fullmatch(value):
            return pair[0]
        matches.count(rule.written)
        return f"{pair['name']}={'null' if rule.action == 'drop' else self._pseudonyms.of(value)}"

    def _redacted(self, text: str, quote: str, matches: Matches) -> str:
        pieces: list[str] = []
        search = self._keys[quote].search
        done, key = 0, search(text)
        find = _finder(text, quote) if key else None
        while key and find:
            kept, rule = key.start(3), self._rule(key[1])
            if rule.action != "off":  # else its value, which may be long, need not be found
                matches.seen.add(rule.written)
                value, context = find(key)
                if replacement := self._replacement(key, quote, value, context, rule.action):
                    pieces += text[done:kept], replacement, "\n" * value.content.count("\n")
                    done = kept = value.end
                    matches.count(rule.written)
            key = search(text, kept)
        return "".join(pieces) + text[done:] if pieces else text

    def _replacement(
        self, key: re.Match[str], quote: str, value: Value, context: EscapeContext, action: str
    ) -> str | None:
        """Return what replaces a field's value; None to leave it as it is."""
        if value.content in _EMPTY:
            return None
        if action == "drop":
            return "null" if quote == '"' else "None"
        if value.content.startswith("redacted") and REPLACEMENT.fullmatch(value.content):
            return None
        quoted = "\\" * context.backslashes(context.level(len(key[2]))) + quote
        return f"{quoted}{self._pseudonyms.of(_plain(value, context))}{quoted}"

    def _rule(self, name: str) -> FieldRule:
        """Return the rule for a field: its own, else the first one with wildcards that matches."""
        if name not in self._rule_by_name:
            if len(self._rule_by_name) >= _MOST_NAMES:
                self._rule_by_name.clear()
            self._rule_by_name[name] = next(rule for expression, rule in self._rules if expression.fullmatch(name))
        return self._rule_by_name[name]


def _finder(text: str, quote: str) -> Callable[[re.Match[str]], tuple[Value, EscapeContext]]:
    """Return a function that finds the value of a name in such quotes, and the escaping in force there."""
    if quote == "'":
        lowest = int(is_json(text))  # in JSON, a Python dictionary is within a string
        return lambda key: (_value(text, key, quote, lowest, PLAIN), PLAIN)
    literals = Literals(text)

    def find(key: re.Match[str]) -> tuple[Value, EscapeContext]:
        context = literals.context(key.start(), key.end(2) + 1)
        return _value(text, key, quote, context.level(len(key[2])), context), context

    return find


def _value(text: str, key: re.Match[str], quote: str, lowest: int, context: EscapeContext) -> Value:
    _, backslashes, _, number, string = key.groups()
    if number is not None:
        return Value(key.end(), number, 0)
    if string is not None and quote == '"' and not backslashes:
        return Value(key.end(), string, 0)
    return find_value(text, key.start(3), quote, lowest, context)


def _plain(value: Value, context: EscapeContext) -> str:
    """Return a value's content unescaped: the JSON around Python literals first, then these, then the JSON in them."""
    if not context.literals:
        return content(value.content, value.levels)
    text = content(value.content, context.outer)
    for _ in range(context.literals):
        text = halved(text)
    return content(text, value.levels - context.outer)


def _names(name: str) -> list[str]:
    """Return the normal form of a name's spellings ("CHEST PAIN", "chest_pain"), and the field's other names."""
    plain = re.sub("[ _-]", "", unicodedata.normalize("NFC", name).lower())
    return [plain, *(other for pair in _OTHER_NAMES if plain in pair for other in pair if other != plain)]


def _expression(name: str, blank: str = " ", anything: str = r"[^\"'\\\n]{0,60}?") -> str:
    """Match all spellings of a name; `anything` is what a wildcard matches."""
    return f"[{blank}_.-]?".join(anything if each == "*" else _letter(each) for each in name)


def _letter(letter: str) -> str:
    cases = {letter, letter.upper()} if len(letter.upper()) == 1 else {letter}
    composed = f"[{re.escape(''.join(sorted(cases)))}]"
    apart = unicodedata.normalize("NFD", letter)  # an accent may be a separate character
    return f"(?:{composed}|{_letter(apart[0])}{apart[1:]})" if len(apart) > 1 else composed
