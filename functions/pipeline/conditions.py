"""What documents are chosen by: conditions that all sinks understand alike, each in its own query language.

A field is named as documents have it, dotted inside objects (`input_data.AGE`); a field with several values (a list, or
a list of objects) meets a condition when one of them does. Values are as a user writes them:

- Where field and value are both numbers, they are compared as numbers, so 74 equals 74.0; text is compared by its code
  points. A field of the index that is text is equal to the same text only.
- `!=` is the opposite of `=`: it holds for documents that have no such field, too. The others do not.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Operator = Literal["=", "!=", ">", ">=", "<", "<="]

NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
"""What is taken for a number; DuckDB and Python agree on its meaning."""

_NUMBER = re.compile(rf"(?a:{NUMBER})")
_MOST_DIGITS = 18  # of a whole number that every sink takes as one


class Compare(NamedTuple):
    """A field's value compared with another: `status_code >= 500`."""

    field: str
    operator: Operator
    value: str


class Begins(NamedTuple):
    """A field of words begins so: an id of which somebody typed the beginning."""

    field: str
    text: str


class Glob(NamedTuple):
    """A field of words is like a pattern, in which `*` is any text and `?` any character; nothing else is special."""

    field: str
    pattern: str


class Contains(NamedTuple):
    """A document's running text, or its raw text, contains a text; capitals do not matter."""

    text: str


class Matches(NamedTuple):
    """A document's running text, or its raw text, has a match of an RE2 expression, which takes linear time."""

    expression: str


class AnyOf(NamedTuple):
    """At least one of the conditions holds; with none, nothing does."""

    conditions: tuple[Condition, ...]


Condition = Compare | Begins | Glob | Contains | Matches | AnyOf


def number(text: str) -> int | float | None:
    """Read what a user wrote as a number; None when it is none."""
    if not _NUMBER.fullmatch(text):
        return None
    return int(text) if len(text) <= _MOST_DIGITS and text.lstrip("+-").isdigit() else float(text)


def one_of(field: str, values: tuple[str, ...]) -> AnyOf:
    """Make the condition that a field has one of some values."""
    return AnyOf(tuple(Compare(field, "=", each) for each in values))
