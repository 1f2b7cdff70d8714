"""Marks: hashes by which a cursor knows text again without keeping it.

A plain hash of a patient's record tells the record to whoever has the rest of it and tries every age. So with a key,
marks are keyed; what was marked before, without a key or with an older one, is still known.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from functions.pipeline.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Marks:
    """Makes marks by the newest of some keys, and knows those made by the others, or by none."""

    def __init__(self, keys: Iterable[bytes] = ()) -> None:
        self._keys = [*(blake2b(key, person=b"marks").digest() for key in keys), b""]

    def new(self, content: bytes, size: int) -> str:
        """Mark content; `size` is in bytes, a mark has two hexadecimal digits for each."""
        return _mark(content, size, self._keys[0])

    def all(self, content: bytes, size: int) -> list[str]:
        """Return the marks that content may have, the newest first."""
        return [_mark(content, size, key) for key in self._keys]

    def knows(self, content: bytes, mark: str) -> bool:
        """Say whether a mark is one of this content."""
        return mark in self.all(content, len(mark) // 2)

    def signed(self, position: dict[str, Any]) -> dict[str, Any]:
        """Note in a position by which key its marks are made."""
        return {**position, "key": _name(self._keys[0])} if self._keys[0] else position

    def check(self, position: dict[str, Any] | None, source: str) -> None:
        """Refuse a position whose marks are made by a key that is not here: every line would seem to be new.

        Raises:
            PermanentError: it is so.
        """
        if position and "key" in position and position["key"] not in map(_name, self._keys):
            raise PermanentError(
                "{source}: its cursor knows lines by another PIPELINE_REDACT_KEY. Put that one too, after the new one "
                "and a blank",
                source=source,
            )


def _mark(content: bytes, size: int, key: bytes) -> str:
    return blake2b(content, digest_size=size, key=key).hexdigest()


def _name(key: bytes) -> str:
    return blake2b(key, digest_size=4, person=b"name").hexdigest()


PLAIN = Marks()
