r"""The configuration of redaction: `AGE:drop, patient_*:hash`, and `email:hash, /P-(\d{6})/:drop`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.config import Expected

if TYPE_CHECKING:
    from functions.pipeline.redaction.known import Form

_ACTIONS = "hash|drop|off"
_FIELD = rf"(?i)\s*([^,:]+?)\s*:\s*({_ACTIONS})\s*(?:,|$)"
_PATTERN = rf"(?i)\s*(?:/((?:[^/\\]|\\.)+)/|([a-z_ ]+?))\s*:\s*({_ACTIONS})\s*(?:,|$)"
_LEAST_KEY = 16  # characters


class FieldRule(NamedTuple):
    """What becomes of the values of a field; `name` may have wildcards (`*`)."""

    name: str
    action: str


class PatternRule(NamedTuple):
    """What becomes of text of some forms."""

    forms: tuple[Form, ...]
    action: str


def field_rules(value: str) -> tuple[FieldRule, ...]:
    """Take a list of fields and what becomes of each."""
    expected = Expected("a list such as AGE:drop, patient_*:hash (each field with drop, hash or off)")
    return tuple(_field(name, action) for name, action in _listed(_FIELD, value, expected))


def pattern_rules(value: str) -> tuple[PatternRule, ...]:
    """Take a list of known patterns and of regular expressions, and what becomes of what they find."""
    from functions.pipeline.redaction.known import KNOWN  # imported where patterns are: a cold start pays for it

    expected = Expected(
        r"a list such as email:hash, /P-(\d{{6}})/:drop (each with drop, hash or off); known are {known}",
        known=", ".join(KNOWN),
    )
    return tuple(_pattern(expected, *each) for each in _listed(_PATTERN, value, expected))


def keys(value: str) -> tuple[bytes, ...]:
    """Take secrets, the newest first, separated by blanks."""
    if value.startswith(("ssm:", "secretsmanager:")):  # or else this text, which is no secret, would be the key
        raise Expected("the secret itself: only the functions on AWS follow a reference")
    found = value.split()
    if not found or any(len(each) < _LEAST_KEY for each in found):
        raise Expected("a secret of {least} characters or more; older ones may follow after blanks", least=_LEAST_KEY)
    return tuple(each.encode() for each in found)


def _listed(form: str, value: str, expected: Expected) -> list[Any]:
    found, end = [], 0
    while end < len(value.rstrip()):
        each = re.compile(form).match(value, end)
        if not each:
            raise expected
        found.append(each.groups())  # what a form captures: texts, or None
        end = each.end()
    return found


def _field(name: str, action: str) -> FieldRule:
    if "." in name:
        raise Expected("a field's name alone, not a path: {name} is found at any depth", name=name.rpartition(".")[2])
    if not name.strip("* _-"):
        raise Expected("names of fields, with letters beside the wildcard")
    return FieldRule(name, action.lower())


def _pattern(expected: Expected, expression: str | None, name: str | None, action: str) -> PatternRule:
    from functions.pipeline.redaction.expressions import bounded
    from functions.pipeline.redaction.known import KNOWN, Form

    if expression is not None:
        return PatternRule((Form(bounded(expression.replace("\\/", "/"))),), action.lower())
    known = KNOWN.get((name or "").strip().lower().replace(" ", "_"))
    if known is None:
        raise expected
    return PatternRule(known(), action.lower())
