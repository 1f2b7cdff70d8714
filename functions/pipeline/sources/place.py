"""Places that lines come from: which one the environment names, and what a place is called in the store."""

from __future__ import annotations

import re
from hashlib import blake2b

from functions.pipeline.config import Options, setting

_PLAIN = r"[a-z0-9./:-]*"  # what a namespace tells apart


def _without_credentials(value: str) -> str:
    """Take a place that may be shown."""
    if re.match(r"\w+://[^/?#]*@", value.strip()):
        raise ValueError("an address without a user and a password: they have variables of their own")
    return value.strip()


class PlaceOptions(Options):
    """Where lines come from, when it is not the Space at GRADIO_URL: a place as `trilog --source` takes it."""

    place: str = setting("PIPELINE_SOURCE", _without_credentials, "")


def namespace(place: str) -> str:
    """Turn a host and path, or a whole address, into a source's name: lower-case letters, digits, dots and hyphens.

    A hash is added where there is more than that, slashes and colons in the place, so that places that differ in it
    have different names.
    """
    plain = re.sub(r"[^a-z0-9.]+", "-", place.lower()).strip("-.")
    if re.fullmatch(_PLAIN, place):
        return plain
    return f"{plain}-{blake2b(place.encode(), digest_size=4).hexdigest()}"
