"""What stands for a hidden value."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b

_REMEMBERED = 4096  # words: sexes, ages and yes or no come in every line
SHAPE = re.compile(r"redacted(?::[0-9a-f]{16})?")
"""How a word is known again, so that it is not hidden once more."""


class Words:
    """Makes the words that stand for hidden values."""

    def __init__(self, key: bytes) -> None:
        self._key = blake2b(key, person=b"words").digest()  # of a length that a keyed hash takes
        self.hash = lru_cache(_REMEMBERED)(self._hash)

    def _hash(self, value: str) -> str:
        """Return the word for a value: the same for the same value, and telling nothing without the key."""
        content = value.encode("utf-8", "surrogatepass")
        return f"redacted:{blake2b(content, digest_size=8, key=self._key).hexdigest()}"
