"""The route of a request's path: what stays the same where ids, numbers and the like differ."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

OTHER = "other"
_LONGEST = 200  # characters of a route
_LONGEST_PATH = 2000  # and of a path: a longer one is not looked at
_ID = "{id}"
_IDS = re.compile(
    r"\{[^}]*\}|<[^>]*>|:\w+"  # as frameworks write what varies: {item_id}, <int:item>, :item
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # a UUID
    r"|(?=[a-f]*[0-9])[0-9a-f]{8,}|[0-9a-f]{16,}"  # hexadecimal
    r"|(?=[^0-9]*[0-9])(?=[^a-z]*[a-z])[\w~=-]{24,}"  # a token
    r"|[^@]+@[^@]+",  # an address
    re.IGNORECASE,
)
_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")


@lru_cache(4096)
def route_of(path: str) -> str:
    """Return the route of a path; OTHER for what is none, or too long, or holds characters that no page shows.

    A segment becomes `{id}` where it is a UUID, a hexadecimal number of 8 characters or more, a token of 24 or more, an
    e-mail address, a parameter as frameworks write it, or has more digits than letters: 42, 2025-01-20, INV-20250042;
    but not v1. Of an address, the path is taken; a query is cut off.
    """
    if len(path) > _LONGEST_PATH:
        return OTHER
    bare = re.split("[?#]", path, maxsplit=1)[0]
    if "://" in bare:
        _, slash, rest = bare.partition("://")[2].partition("/")
        bare = slash + rest or "/"
    plain = unquote(bare)
    if not plain.startswith("/") or not plain.isprintable():
        return OTHER
    route = "/".join(map(_segment, plain.split("/")))
    return route if len(route) <= _LONGEST else OTHER


def _segment(text: str) -> str:
    varies = _IDS.fullmatch(text) or len(_DIGIT.findall(text)) > len(_LETTER.findall(text))
    return _ID if varies else text
