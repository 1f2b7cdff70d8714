"""The key of the cursors' fingerprints where PIPELINE_REDACT_KEY is not set: a random one, kept in the store.

Rules that only drop values need no key. But given the plain hash of a line, and its batch with the rest of the line, a
dropped value with few possibilities is found by trying them all. Without its key, a cursor cannot be read any more.
"""

from __future__ import annotations

from os import urandom
from typing import TYPE_CHECKING

from functions.pipeline.errors import Conflict

if TYPE_CHECKING:
    from functions.pipeline.store import Store

_OBJECT = "cursors/.fingerprint-key"  # the collector may already read and write there
_SIZE = 32  # bytes


def load_key(store: Store) -> bytes | None:
    """Return the store's key; None where it has none."""
    found = store.load(_OBJECT)
    return found[0] if found else None


def load_or_create_key(store: Store) -> bytes:
    """Return the store's key, which is created once, whoever else is creating it now."""
    key = load_key(store)
    if key:
        return key
    try:
        key = urandom(_SIZE)
        store.save(_OBJECT, key, None)
    except Conflict:
        return load_or_create_key(store)
    return key
