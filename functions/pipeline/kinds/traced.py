"""The trace that an event is part of, by what programs and tracing libraries write into their logs.

W3C's `traceparent`, and ids under the names of OpenTelemetry (in its data model, and from Python's `logging`), ECS and
Google Cloud.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.pipeline.trace_ids import parent_ids, span_id, trace_id
from functions.pipeline.values import word

if TYPE_CHECKING:
    from collections.abc import Iterable


def take_trace(names: Iterable[str], rest: dict[str, Any], fields: dict[str, Any]) -> None:
    """Take `trace_id` and `span_id` into an event's fields.

    The trace is the transaction, too, where nothing else was; then it need not be one by W3C's rules.

    Args:
        names: those that may tell of a trace; the surest first, and those of spans last.
        rest: the members that there is no other field for; what is taken goes out of it.
        fields: the event's.
    """
    for name in names:
        told = _told(name.lower(), rest.get(name))
        if told and fields.keys().isdisjoint(told) and ("trace_id" in told or "trace_id" in fields):
            fields |= told
            del rest[name]
    if "transaction_id" not in fields:
        written = next((name for name in names if _is_trace(name.lower()) and word(rest.get(name))), None)
        transaction = fields.get("trace_id") or (word(rest.pop(written)) if written else None)
        if transaction:
            fields["transaction_id"] = transaction


def _told(name: str, value: object) -> dict[str, str]:
    """Return the fields that a member tells: of a `traceparent`, the span is the caller's."""
    if "parent" in name:
        return dict(zip(("trace_id", "span_id"), parent_ids(value) or (), strict=False))
    field, found = ("trace_id", trace_id(value)) if _is_trace(name) else ("span_id", span_id(value))
    return {field: found} if found else {}


def _is_trace(name: str) -> bool:
    return "trace" in name and "parent" not in name
