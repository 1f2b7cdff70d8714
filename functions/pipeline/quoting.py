"""Names and texts as SQL has them."""

from __future__ import annotations


def quoted(name: str) -> str:
    """Quote a name for SQL: an index's name holds hyphens, a field's an @."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """Write a text, or a path, as a literal of SQL."""
    return "'" + str(value).replace("'", "''") + "'"
