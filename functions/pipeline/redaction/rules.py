r"""The configuration of redaction: `AGE:drop, patient_*:hash`, and `email:hash, /P-(\d{6})/:drop`."""

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.pipeline.config import Expected

if TYPE_CHECKING:
    from functions.pipeline.redaction.named_patterns import Detector

_ACTIONS = "hash|drop|off"
_FIELD = rf"(?i)\s*(([^,:]+?)\s*:\s*({_ACTIONS}))\s*(?:,|$)"
_PATTERN = rf"(?i)\s*((?:/((?:[^/\\]|\\.)+)/|([a-z_ ]+?))\s*:\s*({_ACTIONS}))\s*(?:,|$)"
_SHORTEST_KEY = 16  # characters


class FieldRule(NamedTuple):
    """What becomes of the values of a field; `name` may have wildcards (`*`), `written` is the rule as configured."""

    written: str
    name: str
    action: str


class PatternRule(NamedTuple):
    """What becomes of text that detectors find; `written` is the rule as configured."""

    written: str
    detectors: "tuple[Detector, ...]"
    action: str


def field_rules(value: str) -> tuple[FieldRule, ...]:
    """Parse a list of fields, each with an action."""
    expected = Expected("a list such as AGE:drop, patient_*:hash (each field with drop, hash or off)")
    return tuple(_field(*each) for each in _listed(_FIELD, value, expected))


def pattern_rules(value: str) -> tuple[PatternRule, ...]:
    """Parse a list of built-in patterns and regular expressions, each with an action."""
    from functions.pipeline.redaction.named_patterns import NAMED_PATTERNS  # only where patterns are: cold starts

    expected = Expected(
        r"a list such as email:hash, /P-(\d{{6}})/:drop (each with drop, hash or off); known are {known}",
        known=", ".join(NAMED_PATTERNS),
    )
    return tuple(_pattern(expected, *each) for each in _listed(_PATTERN, value, expected))


def keys(value: str) -> tuple[bytes, ...]:
    """Parse secrets separated by blanks, the newest first."""
    if value.startswith(("ssm:", "secretsmanager:")):  # otherwise this text, which is not secret, would be the key
        raise Expected("the secret itself: only the functions on AWS follow a reference")
    found = value.split()
    if not found or any(len(each) < _SHORTEST_KEY for each in found):
        raise Expected(
            "a secret of {least} characters or more; older ones may follow, separated by blanks", least=_SHORTEST_KEY
        )
    return tuple(each.encode() for each in found)


def _listed(rule: str, value: str, expected: Expected) -> list[Any]:
    found, end = [], 0
    while end < len(value.rstrip()):
        each = re.compile(rule).match(value, end)
        if not each:
            raise expected
        found.append(each.groups())  # texts, or None where a group did not take part
        end = each.end()
    return found


def _field(written: str, name: str, action: str) -> FieldRule:
    if "." in name:
        raise Expected("a field's name alone, not a path: {name} is found at any depth", name=name.rpartition(".")[2])
    if not name.strip("* _-"):
        raise Expected("names of fields, with letters beside the wildcard")
    return FieldRule(written, name, action.lower())


def _pattern(expected: Expected, written: str, expression: str | None, name: str | None, action: str) -> PatternRule:
    from functions.pipeline.redaction.expressions import bounded
    from functions.pipeline.redaction.named_patterns import NAMED_PATTERNS, Detector

    if expression is not None:
        detector = Detector(bounded(expression.replace("\\/", "/")))
        return PatternRule(written, (detector,), action.lower())
    known = NAMED_PATTERNS.get((name or "").strip().lower().replace(" ", "_"))
    if known is None:
        raise expected
    return PatternRule(written, known(), action.lower())
