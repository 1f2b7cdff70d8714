"""The ids of traces and spans, by W3C Trace Context (https://www.w3.org/TR/trace-context/#traceparent-header).

A trace id is 32 hexadecimal digits in small letters, a span id 16; all zeros are none.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from functions.pipeline.expressions import compiled

if TYPE_CHECKING:
    from typing import TypeGuard

_TRACEPARENT = r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_TRACE_ID, _SPAN_ID = r"(?!0{32})[0-9a-f]{32}", r"(?!0{16})[0-9a-f]{16}"
_LONGEST = 200  # characters of what may have an id in it


def trace_id(value: object) -> str | None:
    """Take a trace id, or the last part of a path that ends with one, as Google Cloud writes it; None for others."""
    return _id(value.rpartition("/")[2] if isinstance(value, str) else value, _TRACE_ID)


def span_id(value: object) -> str | None:
    """Take a span id; None for anything else."""
    return _id(value, _SPAN_ID)


def parent_ids(value: object) -> tuple[str, str] | None:
    """Take the trace id, and the span id of the caller, out of a `traceparent`; None for anything else."""
    found = compiled(_TRACEPARENT).fullmatch(value.strip().lower()) if _is_short_text(value) else None
    trace, span = (trace_id(found[1]), span_id(found[2])) if found else (None, None)
    return (trace, span) if trace and span else None


def trace_id_of(transaction: str) -> str:
    """Return the trace id of a transaction that no trace is known of, always the same one.

    A transaction's id that is a UUID, or a trace id, stays what it is; others are hashed.
    """
    plain = transaction.strip().lower()
    if _is_short_text(plain) and compiled(_UUID).fullmatch(plain):
        plain = plain.replace("-", "")
    return _id(plain, _TRACE_ID) or blake2b(transaction.encode("utf-8", "replace"), digest_size=16).hexdigest()


def span_id_of(trace: str, *role: str) -> str:
    """Return the span id of what has a role in a trace, always the same one: no other record need have been seen."""
    return blake2b("\0".join((trace, *role)).encode("utf-8", "replace"), digest_size=8).hexdigest()


def _id(value: object, form: str) -> str | None:
    plain = value.strip().lower() if _is_short_text(value) else ""
    return plain if compiled(form).fullmatch(plain) else None


def _is_short_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= _LONGEST
