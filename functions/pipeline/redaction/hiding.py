"""One record of any form, redacted as text: nothing is parsed and written anew, so that all else stays as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pipeline.redaction.escapes import unescaped
from functions.pipeline.redaction.fields import Fields
from functions.pipeline.redaction.patterns import Patterns
from functions.pipeline.redaction.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions.pipeline.redaction.rules import FieldRule, PatternRule


class Hiding:
    """Hides what the rules name: first by fields, then by patterns."""

    def __init__(self, fields: Iterable[FieldRule], patterns: Iterable[PatternRule], key: bytes) -> None:
        words, fields = Words(key), tuple(fields)
        self._fields = Fields(fields, words) if fields else None
        self._patterns = Patterns((rule for rule in patterns if rule.action != "off"), words)

    def text(self, text: str) -> str:
        """Return the text with all that hidden; the very same object when there is nothing to hide."""
        plain = unescaped(text)
        redacted = self._fields.redacted(plain) if self._fields else plain
        redacted = self._patterns.redacted(redacted)
        return text if redacted == plain else redacted
