"""Redaction: hides what the configuration names in records, before anything stores or shows them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from functions.pipeline.config import Options, setting
from functions.pipeline.errors import ConfigError
from functions.pipeline.redaction.matches import Matches
from functions.pipeline.redaction.rules import FieldRule, PatternRule, field_rules, keys, pattern_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from functions.pipeline.redaction.redactor import Redactor

_CONTINUING = (b" ", b"\t", b"}", b"]", b")")
_MOST_LINES = 1000  # of one record
_as_json = json.JSONEncoder(ensure_ascii=False).encode


class RedactionOptions(Options):
    """What is hidden, and the keys of the pseudonyms that replace it: the newest first, then older ones."""

    fields: tuple[FieldRule, ...] | None = setting("PIPELINE_REDACT_FIELDS", field_rules, None)
    patterns: tuple[PatternRule, ...] | None = setting("PIPELINE_REDACT_PATTERNS", pattern_rules, None)
    keys: tuple[bytes, ...] | None = setting("PIPELINE_REDACT_KEY", keys, None, secret=True)


class Redaction:
    """Hides the values of some fields, and text of some forms, wherever they occur in a record.

    A hashed value becomes `redacted:` and a keyed hash, always the same one for the same value; a dropped one becomes
    null (a field's) or `redacted` (a pattern's). Redacting JSON twice gives the same as redacting it once; where text,
    or text within JSON, is malformed, a second pass may hide more.

    Attributes:
        active: whether there are rules that hide anything; if not, nothing needs to be called.

    Raises:
        ConfigError: a rule hashes, but there is no key (when made).
    """

    def __init__(self, options: RedactionOptions) -> None:
        rules = [rule for rules in (options.fields, options.patterns) for rule in rules or () if rule.action != "off"]
        self.active = bool(rules)
        self._written = tuple(rule.written for rule in rules)
        if not options.keys and any(rule.action == "hash" for rule in rules):
            raise ConfigError(
                "PIPELINE_REDACT_KEY: not set, but PIPELINE_REDACT_FIELDS or PIPELINE_REDACT_PATTERNS has a rule with "
                "hash; expected a secret of 16 characters or more. Make one with: openssl rand -hex 32"
            )
        if self.active:
            self._redactor = _redactor(options)

    def matches(self) -> Matches:
        """Return a count of what the rules match, which the other methods add to."""
        return Matches(self._written)

    def line(self, raw: bytes, matches: Matches | None = None) -> bytes:
        """Redact one record: a JSON line, or text of one line or several. Never raises; keeps the line feeds.

        Terminal escape sequences are stripped from a record in which something is hidden.

        Args:
            raw: the record in UTF-8, or nearly.
            matches: counts what is hidden.

        Returns:
            The record, redacted; the very same object when there is nothing to hide.
        """
        text = raw.decode("utf-8", "surrogateescape")
        redacted = self.text(text, matches)
        return raw if redacted is text else redacted.encode("utf-8", "surrogateescape")

    def text(self, text: str, matches: Matches | None = None) -> str:
        """Redact text as `line` does; return the very same object when there is nothing to hide."""
        return self._redactor.text(text, matches or Matches()) if self.active else text

    def lines(self, lines: list[bytes], matches: Matches | None = None) -> list[bytes]:
        """Redact consecutive lines, so that a value that spans several of them is hidden in all of them."""
        redacted = []
        for record in _records(lines):
            texts = iter(self.line(b"\n".join(record), matches).split(b"\n"))
            redacted += [b"\n".join(next(texts) for _ in range(each.count(b"\n") + 1)) for each in record]
        return redacted

    def labels(self, labels: Mapping[str, Any], matches: Matches | None = None) -> Mapping[str, Any]:
        """Redact labels (names with JSON values); return the very same object when there is nothing to hide."""
        if not self.active or not labels:
            return labels
        text = _as_json(dict(labels))
        redacted = self.text(text, matches)
        return labels if redacted is text else dict(json.loads(redacted))


def _redactor(options: RedactionOptions) -> Redactor:
    # Imported only here: without anything to hide, a cold start does not pay for all the expressions.
    from functions.pipeline.redaction.redactor import Redactor

    return Redactor(options.fields or (), options.patterns or (), options.keys[0] if options.keys else None)


def _records(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Group lines that may be one record: indented lines and closing brackets continue the one before."""
    record: list[bytes] = []
    for line in lines:
        if record and not (line.startswith(_CONTINUING) and len(record) < _MOST_LINES):
            yield record
            record = []
        record.append(line)
    if record:
        yield record


NO_REDACTION = Redaction(RedactionOptions())
