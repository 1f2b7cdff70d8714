"""Parsing with the user's own names of fields and constants. The one without them pays nothing for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.layouts.registry import Patterns
from functions.pipeline.own.fields import Renaming
from functions.pipeline.parser import Parser, Parsing
from functions.pipeline.reader import Reader
from functions.pipeline.records import Origin

if TYPE_CHECKING:
    from datetime import datetime

    from functions.pipeline.documents import Row
    from functions.pipeline.own import Own
    from functions.pipeline.records import Head, Record


def open_own(parser: Parser, own: Own, made: datetime | None) -> Parsing:
    """Begin with an object, as `Parser.open` does."""
    renaming, patterns, usual = Renaming(own.fields), Patterns(own.layouts), parser.known

    def known(line: bytes) -> Head | None:
        return (patterns.head(line, reader.clock()) if line else None) or usual(line)

    reader = Reader(usual, lambda: parser.patterns, parser.timezone, day_first=parser.day_first, made=made)
    reader.names = renaming.names
    if own.layouts:
        reader.known, reader.known_may_go_on = known, any(each.has_two_lines for each in own.layouts)
    return _OwnParsing(parser, reader, renaming, dict(own.constants))


class _OwnParsing(Parsing):
    def __init__(self, parser: Parser, reader: Reader, renaming: Renaming, constants: dict[str, Any]) -> None:
        super().__init__(parser, reader)
        self._renaming, self._constants = renaming, constants
        self._origin = Origin(labels=constants)

    def parse(
        self, record: Record, time: str, sequence: int, identity: bytes, documents: dict[str, list[Row]]
    ) -> tuple[str, bool]:
        """Parse a record whose members have the usual names, and which stood where the constants are its labels."""
        position, raw, text, head, sent, origin = record
        if sent is not None:
            sent = dict(sent)
            self._renaming.apply(sent)
        if self._constants:
            origin = origin._replace(labels={**origin.labels, **self._constants}) if origin else self._origin
        return super().parse((position, raw, text, head, sent, origin), time, sequence, identity, documents)
