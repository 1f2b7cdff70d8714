"""Redacts one record of any form as text. Nothing is parsed and serialised again, so everything else stays as sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.pipeline.ansi import stripped_text
from functions.pipeline.redaction.escapes import unescaped
from functions.pipeline.redaction.fields import Fields
from functions.pipeline.redaction.matches import Matches
from functions.pipeline.redaction.patterns import Patterns
from functions.pipeline.redaction.replacements import REPLACEMENT, Pseudonyms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions.pipeline.redaction.rules import FieldRule, PatternRule


class Redactor:
    """Applies the rules: those for fields first, then those for patterns.

    The key is that of the pseudonyms; only rules that hash need one.
    """

    def __init__(self, fields: Iterable[FieldRule], patterns: Iterable[PatternRule], key: bytes | None) -> None:
        pseudonyms, fields = Pseudonyms(key or b""), tuple(fields)
        self._fields = Fields(fields, pseudonyms) if fields else None
        self._patterns = Patterns((rule for rule in patterns if rule.action != "off"), pseudonyms)

    def text(self, text: str, matches: Matches) -> str:
        """Return the text redacted, and count what was hidden; the very same object when there is nothing to hide.

        A colour code may stand within a value or a field's name, so a text with terminal escape sequences is redacted
        without them, and returned without them where there was anything to hide.
        """
        plain = stripped_text(text)
        redacted = self._redacted(plain, matches)
        if redacted is not plain:
            return redacted
        if plain is text:
            return text
        with_sequences = self._redacted(text, Matches())  # they have text of their own: the address of a link
        return text if with_sequences is text else self._redacted(stripped_text(with_sequences), matches)

    def _redacted(self, text: str, matches: Matches) -> str:
        plain = unescaped(text)
        if "redacted" in plain and REPLACEMENT.search(plain):
            matches.seen |= self._patterns.written  # it was redacted before, and does not say by which patterns
        redacted = self._fields.redacted(plain, matches) if self._fields else plain
        redacted = self._patterns.redacted(redacted, matches)
        return text if redacted == plain else redacted
