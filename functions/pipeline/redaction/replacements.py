"""Replacements: what a redacted text has in place of a hidden value."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b

_CACHED = 4096  # pseudonyms: the same few values (sexes, ages, yes and no) come in every line
REPLACEMENT = re.compile(r"redacted(?::[0-9a-f]{16})?")
"""Matches a replacement, so that it is not replaced again."""


class Pseudonyms:
    """Makes pseudonyms: keyed hashes that replace values and stay the same for the same value."""

    def __init__(self, key: bytes) -> None:
        self._key = blake2b(key, person=b"words").digest()  # cut to the length that a keyed hash takes
        self.of = lru_cache(_CACHED)(self._pseudonym)

    def _pseudonym(self, value: str) -> str:
        """Return the pseudonym of a value; without the key it reveals nothing of it."""
        content = value.encode("utf-8", "surrogatepass")
        return f"redacted:{blake2b(content, digest_size=8, key=self._key).hexdigest()}"
