"""Redaction of OTLP, whose attributes are lists of names and values: rules for fields know names as members only."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any

import orjson

from functions.pipeline.envelopes.otlp import attributes_of

if TYPE_CHECKING:
    from functions.pipeline.redaction import Matches, Redaction


_KINDS = {bool: "boolValue", float: "doubleValue", str: "stringValue"}


def redacted(part: Any, redaction: Redaction, matches: Matches) -> Any:  # noqa: ANN401 (any JSON)
    """Return a part of a request with the attributes in it redacted, and bytes that are text; else as it was."""
    if isinstance(part, list):
        listed = [redacted(each, redaction, matches) for each in part]
        return _attributes(listed, redaction, matches) if _are_attributes(listed) else listed
    if isinstance(part, dict):
        if len(part) == 1 and type(part.get("stringValue")) is str:  # as most values are
            return part
        changed = {
            name: redacted(value, redaction, matches) if isinstance(value, list | dict) else value
            for name, value in part.items()
        }
        return _bytes(changed, redaction, matches) if "bytesValue" in changed else changed
    return part


def redacted_line(line: bytes, redaction: Redaction, matches: Matches) -> bytes:
    """Return a line with the attributes in it redacted, if it is OTLP/JSON; any other line as it is."""
    if b'"resourceLogs"' not in line:
        return line
    try:
        sent = orjson.loads(line)
        hidden = redacted(sent, redaction, matches)
        return line if hidden == sent else orjson.dumps(hidden)
    except (ValueError, RecursionError):
        return line


def _are_attributes(listed: list[Any]) -> bool:
    return bool(listed) and all(isinstance(each, dict) and "key" in each for each in listed)


def _attributes(listed: list[Any], redaction: Redaction, matches: Matches) -> list[Any]:
    plain = attributes_of({"attributes": listed})
    hidden = redaction.labels(plain, matches)
    if hidden is plain:
        return listed
    return [{"key": name, "value": _written(value)} for name, value in hidden.items()]


def _bytes(value: dict[str, Any], redaction: Redaction, matches: Matches) -> dict[str, Any]:
    """Hide what is in text that was sent as bytes."""
    try:
        text = b64decode(value["bytesValue"], validate=True).decode()
    except (ValueError, TypeError):
        return value
    hidden = redaction.text(text, matches)
    return value if hidden is text else {"stringValue": hidden}


def _written(value: Any) -> dict[str, Any] | None:  # noqa: ANN401 (any JSON)
    """Write a plain value as OTLP has it."""
    if isinstance(value, list):
        return {"arrayValue": {"values": [_written(each) for each in value]}}
    if isinstance(value, dict):
        listed = [{"key": name, "value": _written(each)} for name, each in value.items()]
        return {"kvlistValue": {"values": listed}}
    if type(value) is int:
        return {"intValue": str(value)}
    return None if value is None else {_KINDS[type(value)]: value}
