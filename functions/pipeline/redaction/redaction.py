"""What the configuration hides in records, before anything stores or shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pipeline.config import Options, setting
from functions.pipeline.errors import ConfigError
from functions.pipeline.redaction.rules import FieldRule, PatternRule, field_rules, keys, pattern_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_CONTINUING = (b" ", b"\t", b"}", b"]", b")")
_MOST_LINES = 1000  # of one record


class RedactionOptions(Options):
    """What is hidden, and the keys of the hashes that stand for it: the newest first, then older ones."""

    fields: tuple[FieldRule, ...] | None = setting("PIPELINE_REDACT_FIELDS", field_rules, None)
    patterns: tuple[PatternRule, ...] | None = setting("PIPELINE_REDACT_PATTERNS", pattern_rules, None)
    keys: tuple[bytes, ...] | None = setting("PIPELINE_REDACT_KEY", keys, None, secret=True)


class Redaction:
    """Hides the values of some fields, and text of some forms, wherever they stand in a record.

    A hidden value becomes `redacted:` and a keyed hash of it, always the same one for the same value; or, dropped,
    null (a field's) or `redacted` (a pattern's). Redacting JSON twice is redacting it once; of malformed text, a second
    time may hide more.

    Attributes:
        active: whether there is anything to hide; if not, nobody needs to call.

    Raises:
        ConfigError: something is to be hidden, but there is no key (when made).
    """

    def __init__(self, options: RedactionOptions) -> None:
        actions = {rule.action for rules in (options.fields, options.patterns) for rule in rules or ()}
        self.active = bool(actions - {"off"})
        if self.active:
            if not options.keys:
                raise ConfigError(
                    "PIPELINE_REDACT_KEY: not set, but PIPELINE_REDACT_FIELDS or PIPELINE_REDACT_PATTERNS is; expected "
                    "a secret of 16 characters or more. Make one with: openssl rand -hex 32"
                )
            self._hidden = _hiding(options.fields or (), options.patterns or (), options.keys[0])

    def line(self, raw: bytes) -> bytes:
        """Redact one record: a JSON line, or text of one line or several. Never raises; keeps the line feeds."""
        text = raw.decode("utf-8", "surrogateescape")
        redacted = self.text(text)
        return raw if redacted is text else redacted.encode("utf-8", "surrogateescape")

    def text(self, text: str) -> str:
        """Redact text as `line` does; return the very same object when there is nothing to hide."""
        return self._hidden(text) if self.active else text

    def lines(self, lines: list[bytes]) -> list[bytes]:
        """Redact lines that follow each other, so that a value of several lines is hidden in all of them."""
        redacted = []
        for record in _records(lines):
            texts = iter(self.line(b"\n".join(record)).split(b"\n"))
            redacted += [b"\n".join(next(texts) for _ in range(each.count(b"\n") + 1)) for each in record]
        return redacted


def _hiding(fields: tuple[FieldRule, ...], patterns: tuple[PatternRule, ...], key: bytes) -> Callable[[str], str]:
    # Imported only here: without anything to hide, a cold start does not pay for all the expressions.
    from functions.pipeline.redaction.hiding import Hiding

    return Hiding(fields, patterns, key).text


def _records(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield the lines together that may be one record: indented ones, and closing brackets, go on with those before."""
    record: list[bytes] = []
    for line in lines:
        if record and not (line.startswith(_CONTINUING) and len(record) < _MOST_LINES):
            yield record
            record = []
        record.append(line)
    if record:
        yield record


NO_REDACTION = Redaction(RedactionOptions())
