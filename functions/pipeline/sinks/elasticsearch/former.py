"""The documents of an object's former content: found by the numbers that its records had, and deleted.

Elasticsearch finds no ids by what they begin with. The number by which a record sorts tells when its object was made,
and which of the documents with such numbers are the object's, their ids tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from functions.pipeline.errors import TransientError
from functions.pipeline.kinds import kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions.pipeline.documents import Former
    from functions.pipeline.names import IndexNames

    Ask = Callable[[str, bytes, str], Any]
    """Sends a body of a content type to a path; returns what is answered, read."""

_PAGE = 1000  # documents found at a time
_JSON, _NDJSON = "application/json", "application/x-ndjson"
_GONE = (200, 404)


def delete_former(ask: Ask, names: IndexNames, former: Former) -> int:
    """Delete an object's former documents, in whichever periods' indexes they are; return how many there were."""
    places = ",".join(f"{base},{base}-*" for base in map(names.base, kinds()))
    ask(f"/{places}/_refresh?ignore_unavailable=true", b"", _JSON)
    return sum(_delete(ask, page) for page in _pages(ask, places, former))


def _pages(ask: Ask, places: str, former: Former) -> Iterator[list[tuple[str, str]]]:
    """Yield the indexes and ids of the documents, page by page."""
    first, last = former.numbers
    either = [{"range": {"sequence": {"gte": first, "lte": last}}}, {"term": {"store_key": former.name}}]
    search = {"size": _PAGE, "_source": False, "query": {"bool": {"should": either}}, "sort": ["_doc"]}
    found = ask(f"/{places}/_search?ignore_unavailable=true&scroll=1m", orjson.dumps(search), _JSON)
    while hits := found["hits"]["hits"]:
        yield [(hit["_index"], hit["_id"]) for hit in hits if hit["_id"].startswith(f"{former.prefix}-")]
        scroll = {"scroll": "1m", "scroll_id": found["_scroll_id"]}
        found = ask("/_search/scroll", orjson.dumps(scroll), _JSON)


def _delete(ask: Ask, places: list[tuple[str, str]]) -> int:
    if not places:
        return 0
    actions = (orjson.dumps({"delete": {"_index": index, "_id": identity}}) for index, identity in places)
    answer = ask("/_bulk", b"\n".join((*actions, b"")), _NDJSON)
    statuses = [each["delete"]["status"] for each in answer["items"]]
    if not set(statuses) <= {*_GONE}:
        raise TransientError("Elasticsearch does not delete a document now ({status})", status=max(statuses))
    return statuses.count(200)
